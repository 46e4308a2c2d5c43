//! `serve --demo`: a tenant to look around in, with a channel of each platform and the inspector, and its first events.
//!
//! Its password is no secret, so it is only offered on a loopback address without a public URL.

use std::net::SocketAddr;

use socialhook_core::id::TenantId;
use socialhook_relay::Means;
use socialhook_store::tenants;
use url::Url;

use crate::config::Config;
use crate::{provision, simulate};

pub const TENANT: &str = "Demo";
const EMAIL: &str = "demo@socialhook.test";
const PASSWORD: &str = "demo-password";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--demo is for your own machine: listen on a loopback address, and set no public URL")]
    Public,
    #[error("the demo tenant could not be set up")]
    Provision(#[from] provision::Error),
    #[error("the demo tenant could not be set up")]
    Store(#[from] socialhook_store::Error),
    #[error("the demo tenant was just set up, but is not there")]
    Gone,
}

/// What is shown once the service listens.
pub struct Demo {
    means: Means,
    base: Url,
    tenant_id: TenantId,
}

/// Makes the demo tenant, or finds it as it was.
pub async fn prepare(config: &Config, means: &Means, address: SocketAddr) -> Result<Demo, Error> {
    if !address.ip().is_loopback() || config.public_url.is_some() {
        return Err(Error::Public);
    }
    let mut c = means.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    if tenants::find_provisioned(&mut c, TENANT).await?.is_none() {
        provision::apply(&mut c, means, config.policy, &file()).await?;
    }
    let tenant_id = tenants::find_provisioned(&mut c, TENANT).await?.ok_or(Error::Gone)?;
    let base = Url::parse(&format!("http://{address}/")).expect("an address makes a URL");
    Ok(Demo { means: means.clone(), base, tenant_id })
}

fn file() -> String {
    let random = || uuid::Uuid::new_v4().simple().to_string();
    serde_json::json!({ "tenants": [{
        "name": TENANT,
        "owner": { "email": EMAIL, "password": PASSWORD },
        "apps": [{ "name": "Demo app", "app_secret": random(), "verify_token": random() }],
        "channels": [
            { "app": "Demo app", "platform": "whatsapp", "external_id": "109000000000001", "address": "+447700900123", "name": "Demo number" },
            { "app": "Demo app", "platform": "messenger", "external_id": "104512300000001", "name": "Demo page" },
            { "app": "Demo app", "platform": "instagram", "external_id": "17841400000000001", "name": "Demo account" },
        ],
        "endpoints": [{ "name": "Inspector" }],
    }]})
    .to_string()
}

impl Demo {
    /// Says where to look, and sends one message of each platform through the whole relay.
    pub async fn show(self) {
        let base = &self.base;
        println!(
            "\n  SocialHook runs. Open {base}inspector\n\n    e-mail    {EMAIL}\n    password  {PASSWORD}\n\n  \
             Watch events arrive there while you run, in another terminal:\n\n    \
             target/release/socialhook simulate --all\n\n  Ctrl-C stops it; the data is kept.\n"
        );
        // Not by name: others may have signed up by it.
        let tenant = self.tenant_id.to_string();
        for name in ["whatsapp-text", "messenger-text", "instagram-text"] {
            let plan = simulate::Plan { only: Some(name.to_owned()), ..simulate::Plan::default() };
            if let Err(error) = simulate::run(&self.means, base, &tenant, &plan).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the demo's first events could not be sent");
            }
        }
    }
}
