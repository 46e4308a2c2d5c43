//! `socialhook admin provision`: tenants, apps, channels and endpoints from JSON, idempotent.
//!
//! What must hold: the file is the truth for what it names and says nothing of what it does not name. Things are recognised
//! by name (apps, endpoints, and tenants that were made here: anyone may sign up under any name), address and password
//! (owners) and Meta's id (channels). All of it happens, or none.

mod endpoints;
mod meta;
mod options;
mod retention;

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use socialhook_core::event::Platform;
use socialhook_core::id::{AccountId, AppId, ChannelId, TenantId};
use socialhook_core::signing;
use socialhook_relay::Means;
use socialhook_relay::destination::Policy;
use socialhook_store::PgConnection;
use socialhook_store::accounts::{self, Account, PasswordHash};
use socialhook_store::apps::{self, NewApp};
use socialhook_store::channels::{self, NewChannel};
use socialhook_store::media;
use socialhook_store::tenants::{self, Role};
use sqlx::Connection;

use self::endpoints::EndpointSpec;
use self::retention::RetentionSpec;
use crate::size::Limit;

/// A channel names an operator's app with this before its name.
const OPERATOR_PREFIX: &str = "operator/";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    tenants: Vec<TenantSpec>,
    /// The operator's own apps.
    #[serde(default)]
    apps: Vec<AppSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantSpec {
    name: String,
    owner: Option<OwnerSpec>,
    /// Absent: left as it is.
    retention: Option<RetentionSpec>,
    /// Room for files of its messages; absent: left as it is.
    media_quota: Option<Limit>,
    #[serde(default)]
    apps: Vec<AppSpec>,
    #[serde(default)]
    channels: Vec<ChannelSpec>,
    #[serde(default)]
    endpoints: Vec<EndpointSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerSpec {
    email: String,
    password: SecretString,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppSpec {
    name: String,
    app_secret: SecretString,
    verify_token: SecretString,
    /// Absent: left as it is, as are the others.
    meta_app_id: Option<String>,
    signup_config_id: Option<String>,
    login_config_id: Option<String>,
    instagram_app_id: Option<String>,
    instagram_app_secret: Option<SecretString>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelSpec {
    app: String,
    platform: Platform,
    external_id: String,
    address: Option<String>,
    name: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "tenant {tenant}: {email} has an account already, and not with the password in the file; \
         give that account's password, or name another owner"
    )]
    OwnerTaken { tenant: String, email: String },
    #[error("tenant {tenant}: retention of {days} days; it must be 1 to 90")]
    Retention { tenant: String, days: u32 },
    #[error("the file is not understood")]
    Parse(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error("tenant {tenant}: there is no app {app}; name one of its own apps, or operator/NAME")]
    NoSuchApp { tenant: String, app: String },
    #[error("tenant {tenant}: channel {external_id} of that app is connected to another tenant")]
    Claimed { tenant: String, external_id: String },
    #[error("tenant {tenant}: endpoint {endpoint} names channel {external_id}, which the tenant does not have")]
    NoSuchChannel { tenant: String, endpoint: String, external_id: String },
    #[error("tenant {tenant}: endpoint {endpoint}: {reason}")]
    Endpoint { tenant: String, endpoint: String, reason: String },
    #[error("tenant {tenant}: endpoint {endpoint}: {source}")]
    Secret { tenant: String, endpoint: String, source: signing::InvalidSecret },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The tenants of what [`apply`] returned.
#[must_use]
pub fn tenants(tree: &Value) -> Vec<TenantId> {
    let tenants = tree["tenants"].as_array().into_iter().flatten();
    tenants.filter_map(|tenant| tenant["id"].as_str()?.parse().ok()).collect()
}

/// Applies a file; returns the same tree with ids, callback paths and signing secrets.
pub async fn apply(c: &mut PgConnection, means: &Means, policy: Policy, text: &str) -> Result<Value, Error> {
    let file: File = serde_json::from_str(text)?;
    // Passwords take their time, so they are seen to before anything is locked.
    let owners = owners(c, means, &file.tenants).await?;
    let mut transaction = c.begin().await?;
    let mut run = Run { c: &mut transaction, means, policy };
    let (operator_apps, apps) = run.apps(TenantId::OPERATOR, &file.apps).await?;
    let mut done = Vec::new();
    for (tenant, owner) in file.tenants.iter().zip(&owners) {
        done.push(run.tenant(tenant, owner.as_ref(), &operator_apps).await?);
    }
    transaction.commit().await?;
    Ok(json!({ "apps": apps, "tenants": done }))
}

/// Who shall own a tenant.
struct Owner {
    account_id: AccountId,
    email: String,
    /// None: the account is there, or an earlier tenant's owner makes it. It keeps its password.
    password_hash: Option<PasswordHash>,
}

/// The tenants' owners. An account that is not among a tenant's members yet is only let in with its password: addresses
/// are not verified, so whoever signed up with one may be a stranger.
async fn owners(c: &mut PgConnection, means: &Means, tenants: &[TenantSpec]) -> Result<Vec<Option<Owner>>, Error> {
    let mut owners = Vec::new();
    let mut newcomers: HashMap<String, (AccountId, &SecretString)> = HashMap::new();
    for tenant in tenants {
        let Some(OwnerSpec { email, password }) = &tenant.owner else {
            owners.push(None);
            continue;
        };
        let mut password_hash = None;
        let (account_id, proven) = if let Some(account) = accounts::find_by_email(c, email).await? {
            let proven = is_member(c, &tenant.name, account.account_id).await? || account.password_hash.fits(password);
            (account.account_id, proven)
        } else if let Some((account_id, known)) = newcomers.get(&email.to_lowercase()) {
            (*account_id, known.expose_secret() == password.expose_secret())
        } else {
            let account_id = AccountId::new(means.clock.now());
            password_hash = Some(PasswordHash::new(password)?);
            newcomers.insert(email.to_lowercase(), (account_id, password));
            (account_id, true)
        };
        if !proven {
            return Err(Error::OwnerTaken { tenant: tenant.name.clone(), email: email.clone() });
        }
        owners.push(Some(Owner { account_id, email: email.clone(), password_hash }));
    }
    Ok(owners)
}

async fn is_member(c: &mut PgConnection, tenant: &str, account_id: AccountId) -> Result<bool, Error> {
    match tenants::find_provisioned(c, tenant).await? {
        Some(tenant_id) => Ok(tenants::has_member(c, tenant_id, account_id).await?),
        None => Ok(false),
    }
}

type Apps = HashMap<String, AppId>;

struct Run<'a> {
    c: &'a mut PgConnection,
    means: &'a Means,
    policy: Policy,
}

impl Run<'_> {
    async fn tenant(&mut self, spec: &TenantSpec, owner: Option<&Owner>, operator_apps: &Apps) -> Result<Value, Error> {
        let now = self.means.clock.now();
        let tenant_id = if let Some(tenant_id) = tenants::find_provisioned(self.c, &spec.name).await? {
            tenant_id
        } else {
            let tenant_id = TenantId::new(now);
            tenants::create_provisioned(self.c, tenant_id, &spec.name, now).await?;
            tenant_id
        };
        let owner = match owner {
            Some(owner) => Some(self.owner((tenant_id, spec), owner).await?),
            None => None,
        };
        retention::apply(self.c, tenant_id, spec).await?;
        if let Some(quota) = spec.media_quota {
            media::set_quota(self.c, tenant_id, quota.bytes()).await?;
        }
        let (own_apps, apps) = self.apps(tenant_id, &spec.apps).await?;
        let mut channels = Vec::new();
        for channel in &spec.channels {
            channels.push(self.channel((tenant_id, spec), channel, (&own_apps, operator_apps)).await?);
        }
        let mut endpoints = Vec::new();
        for endpoint in &spec.endpoints {
            endpoints.push(self.endpoint((tenant_id, spec), endpoint).await?);
        }
        Ok(
            json!({ "id": tenant_id, "name": spec.name, "owner": owner, "retention": spec.retention, "apps": apps, "channels": channels, "endpoints": endpoints }),
        )
    }

    async fn owner(&mut self, (tenant_id, tenant): (TenantId, &TenantSpec), owner: &Owner) -> Result<Value, Error> {
        let now = self.means.clock.now();
        let (account_id, email) = (owner.account_id, owner.email.clone());
        if let Some(password_hash) = owner.password_hash.clone() {
            let account = Account { account_id, email: email.clone(), password_hash };
            accounts::create(self.c, &account, now).await.map_err(|error| match error.constraint() {
                // Someone signed up with it a moment ago.
                Some("account_email") => Error::OwnerTaken { tenant: tenant.name.clone(), email: email.clone() },
                _ => error.into(),
            })?;
        }
        tenants::add_member(self.c, tenant_id, (account_id, Role::Owner), now).await?;
        Ok(json!({ "id": account_id, "email": email }))
    }

    async fn apps(&mut self, tenant_id: TenantId, specs: &[AppSpec]) -> Result<(Apps, Vec<Value>), Error> {
        let mut done = Vec::new();
        for spec in specs {
            done.push(self.app(tenant_id, spec).await?);
        }
        let known = apps::list(self.c, tenant_id, &self.means.sealer).await?;
        Ok((known.into_iter().map(|app| (app.name, app.app_id)).collect(), done))
    }

    async fn app(&mut self, tenant_id: TenantId, spec: &AppSpec) -> Result<Value, Error> {
        let (now, sealer) = (self.means.clock.now(), &self.means.sealer);
        let known = apps::list(self.c, tenant_id, sealer).await?.into_iter().find(|app| app.name == spec.name);
        let (app_id, callback_key) = if let Some(app) = known {
            if app.verify_token.expose_secret() != spec.verify_token.expose_secret() {
                apps::set_verify_token(self.c, tenant_id, app.app_id, &spec.verify_token, sealer).await?;
            }
            (app.app_id, app.callback_key)
        } else {
            let (app_id, callback_key) = (AppId::new(now), apps::new_callback_key());
            let app =
                NewApp { app_id, name: &spec.name, callback_key: &callback_key, verify_token: &spec.verify_token };
            apps::create(self.c, tenant_id, &app, sealer, now).await?;
            (app_id, callback_key)
        };
        let live = apps::live_secrets(self.c, tenant_id, app_id, sealer).await?;
        if !live.iter().any(|secret| secret.expose_secret() == spec.app_secret.expose_secret()) {
            let kept = apps::add_secret(self.c, tenant_id, app_id, (&spec.app_secret, sealer), now).await?;
            apps::retire_other_secrets(self.c, tenant_id, app_id, kept, now).await?;
        }
        meta::apply(self.c, self.means, (tenant_id, app_id), spec).await?;
        Ok(json!({ "id": app_id, "name": spec.name, "callback_path": format!("/webhooks/meta/{callback_key}") }))
    }

    async fn channel(
        &mut self,
        (tenant_id, tenant): (TenantId, &TenantSpec),
        spec: &ChannelSpec,
        (own_apps, operator_apps): (&Apps, &Apps),
    ) -> Result<Value, Error> {
        let now = self.means.clock.now();
        let (app_tenant_id, apps, name) = match spec.app.strip_prefix(OPERATOR_PREFIX) {
            Some(name) => (TenantId::OPERATOR, operator_apps, name),
            None => (tenant_id, own_apps, spec.app.as_str()),
        };
        let no_such_app = || Error::NoSuchApp { tenant: tenant.name.clone(), app: spec.app.clone() };
        let app_id = *apps.get(name).ok_or_else(no_such_app)?;
        let known = channels::list(self.c, tenant_id).await?.into_iter().find(|channel| {
            (channel.app_id, channel.platform, channel.external_id.as_str())
                == (app_id, spec.platform, &spec.external_id)
        });
        let name = spec.name.as_deref().unwrap_or(&spec.external_id);
        let channel_id = if let Some(channel) = known {
            channels::describe(self.c, tenant_id, channel.channel_id, name, spec.address.as_deref()).await?;
            channel.channel_id
        } else {
            let (channel_id, address) = (ChannelId::new(now), spec.address.as_deref());
            let channel = NewChannel {
                channel_id,
                app_tenant_id,
                app_id,
                platform: spec.platform,
                external_id: &spec.external_id,
                address,
                name,
            };
            channels::create(self.c, tenant_id, &channel, now).await.map_err(|error| match error.constraint() {
                Some("channel_external_id") => {
                    Error::Claimed { tenant: tenant.name.clone(), external_id: spec.external_id.clone() }
                }
                _ => error.into(),
            })?;
            channel_id
        };
        Ok(
            json!({ "id": channel_id, "app": spec.app, "platform": spec.platform, "external_id": spec.external_id, "name": name }),
        )
    }
}
