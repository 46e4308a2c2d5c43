//! `socialhook simulate`: plays Meta towards a running service, with correctly signed webhooks of every kind we know.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use socialhook_core::event::Platform;
use socialhook_core::id::TenantId;
use socialhook_core::sample::{self, Sample, Stage};
use socialhook_relay::Means;
use socialhook_relay::simulate::{NoAnswer, Simulator};
use socialhook_store::channels::Channel;
use socialhook_store::{PgConnection, apps, channels, tenants};
use url::Url;

use crate::operator;

/// What to send.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// One kind of webhook, such as whatsapp-text; `--list` names them
    #[arg(long = "type", value_name = "KIND")]
    pub only: Option<String>,
    /// One webhook of every kind
    #[arg(long, conflicts_with = "only")]
    pub all: bool,
    /// How many webhooks, or rounds of all of them
    #[arg(long, default_value_t = 1)]
    pub count: u32,
    /// Webhooks a second; 0: as fast as they are answered
    #[arg(long, default_value_t = 5.0)]
    pub rate: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { only: None, all: false, count: 1, rate: 5.0 }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error("there is no tenant {0}; start with --demo, or name one with --tenant")]
    NoTenant(String),
    #[error("several tenants are named {name}; give the id of the one you mean, oldest first: {}", join(ids))]
    ManyTenants { name: String, ids: Vec<TenantId> },
    #[error("there is no kind {0}; --list names them all")]
    NoKind(String),
    #[error("tenant {tenant} has no {platform} channel in an app of its own; connect one first")]
    NoChannel { tenant: String, platform: &'static str },
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("{kind} was answered with {status}")]
    Refused { kind: &'static str, status: u16 },
}

fn join(ids: &[TenantId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Names of all kinds, a line each.
#[must_use]
pub fn list() -> String {
    sample::all().iter().flat_map(|sample| [sample.name, "\n"]).collect()
}

/// A channel of the tenant, and what it takes to post to it as Meta.
struct Line {
    channel: Channel,
    simulator: Simulator,
}

/// Sends what the plan says to the channels of a tenant, given by name or id; returns how many webhooks were accepted.
pub async fn run(means: &Means, server: &Url, tenant: &str, plan: &Plan) -> Result<u32, Error> {
    let kinds: Vec<&Sample> = match &plan.only {
        Some(name) => vec![sample::find(name).ok_or_else(|| Error::NoKind(name.clone()))?],
        None if plan.all => sample::all().iter().collect(),
        None => sample::all().iter().take(1).collect(),
    };
    let (tenant_id, lines) = lines(means, server, tenant).await?;
    let mut pace = pace(plan.rate);
    let mut sent = 0;
    for _ in 0..plan.count {
        for kind in &kinds {
            let Some(line) = lines.iter().find(|line| line.channel.platform == kind.platform) else {
                if plan.all {
                    continue;
                }
                return Err(Error::NoChannel { tenant: tenant.to_owned(), platform: kind.platform.as_str() });
            };
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            post(means, line, kind).await?;
            sent += 1;
        }
    }
    let mut c = means.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    operator::record(&mut c, &means.clock, &[tenant_id], "Sent simulated webhooks", &[]).await?;
    Ok(sent)
}

fn pace(rate: f64) -> Option<tokio::time::Interval> {
    (rate > 0.0).then(|| tokio::time::interval(Duration::from_secs_f64(1.0 / rate.clamp(0.001, 100_000.0))))
}

async fn lines(means: &Means, server: &Url, tenant: &str) -> Result<(TenantId, Vec<Line>), Error> {
    let mut c = means.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    let tenant_id = find_tenant(&mut c, tenant).await?;
    let apps = apps::list(&mut c, tenant_id, &means.sealer).await?;
    let channels = channels::list(&mut c, tenant_id).await?;
    let mut lines = Vec::new();
    for platform in Platform::ALL {
        for channel in channels.iter().filter(|channel| channel.platform == platform) {
            let Some(app) = apps.iter().find(|app| app.app_id == channel.app_id) else { continue };
            let secrets = apps::live_secrets(&mut c, tenant_id, app.app_id, &means.sealer).await?;
            let Some(secret) = secrets.first() else { continue };
            lines.push(Line { channel: channel.clone(), simulator: simulator(server, &app.callback_key, secret)? });
            break;
        }
    }
    Ok((tenant_id, lines))
}

/// By its id, or by a name that only one has. What reads as an id is one, whatever others call themselves.
pub(crate) async fn find_tenant(c: &mut PgConnection, tenant: &str) -> Result<TenantId, Error> {
    let found = match tenant.parse() {
        Ok(tenant_id) if tenants::exists(c, tenant_id).await? => vec![tenant_id],
        Ok(_) => Vec::new(),
        Err(_) => tenants::find_by_name(c, tenant).await?,
    };
    match found[..] {
        [] => Err(Error::NoTenant(tenant.to_owned())),
        [tenant_id] => Ok(tenant_id),
        [..] => Err(Error::ManyTenants { name: tenant.to_owned(), ids: found }),
    }
}

fn simulator(server: &Url, callback_key: &str, secret: &SecretString) -> Result<Simulator, Error> {
    let callback = server.join(&format!("webhooks/meta/{callback_key}")).expect("a callback path makes a URL");
    Ok(Simulator::new(callback, secret)?)
}

async fn post(means: &Means, line: &Line, kind: &Sample) -> Result<(), Error> {
    // A second back: nothing is ever told by Meta before it happened.
    let at = means.clock.now() - TimeDelta::seconds(1);
    let stage = Stage {
        external_id: &line.channel.external_id,
        address: line.channel.address.as_deref(),
        at,
        serial: u64::from(uuid::Uuid::new_v4().as_fields().0),
    };
    let status = line.simulator.post(kind.body(&stage)).await?;
    if status == 200 { Ok(()) } else { Err(Error::Refused { kind: kind.name, status }) }
}
