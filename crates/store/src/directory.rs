//! What every relay process keeps in memory: all apps, channels and endpoints, across tenants.
//!
//! One of the few places that look across tenants. Everything found here carries its tenant, and what is routed by it
//! stays with that tenant.

use std::collections::{HashMap, HashSet};

use secrecy::SecretString;
use socialhook_core::event::Channel;
use socialhook_core::id::{AppId, ChannelId, EndpointId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::endpoint_options::{self, Options};
use crate::endpoints::Target;
use crate::retention::Own;
use crate::seal::Sealer;
use crate::{Result, apps, channels, endpoints, media, retention};

#[derive(Debug)]
pub struct App {
    pub tenant_id: TenantId,
    pub app_id: AppId,
    pub callback_key: String,
    /// None if it could not be opened.
    pub verify_token: Option<SecretString>,
    /// The live secrets that could be opened.
    pub secrets: Vec<SecretString>,
}

#[derive(Debug)]
pub struct Endpoint {
    pub tenant_id: TenantId,
    pub endpoint_id: EndpointId,
    pub target: Target,
    pub events: Vec<String>,
    pub channel_ids: Option<Vec<ChannelId>>,
    pub paused: bool,
    pub options: Options,
    /// Headers of the tenant's own: `name: value`, one a line.
    pub headers: Option<SecretString>,
    /// The live signing secrets that could be opened, newest first.
    pub secrets: Vec<SecretString>,
}

#[derive(Debug, Default)]
pub struct Contents {
    pub epoch: i64,
    pub apps: Vec<App>,
    /// With the app that each is reached through.
    pub channels: Vec<(AppId, Channel)>,
    /// Channels whose events go to no endpoint.
    pub disabled: HashSet<ChannelId>,
    pub endpoints: Vec<Endpoint>,
    /// Whose files are kept.
    pub keeping: HashSet<ChannelId>,
    /// Of those that have chosen.
    pub retention: HashMap<TenantId, Own>,
}

/// A number that grows with every change of the directory.
pub async fn epoch(c: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!("select epoch from config_epoch").fetch_one(c).await?)
}

/// Reads everything. The epoch is read first, so a change in between is seen as newer and read again.
pub async fn load(c: &mut PgConnection, sealer: &Sealer) -> Result<Contents> {
    Ok(Contents {
        epoch: epoch(c).await?,
        apps: load_apps(c, sealer).await?,
        channels: load_channels(c).await?,
        disabled: load_disabled(c).await?,
        keeping: media::kept_channels(c).await?.into_iter().collect(),
        endpoints: load_endpoints(c, sealer).await?,
        retention: retention::of_all(c).await?.into_iter().filter(|(_, own)| *own != Own::default()).collect(),
    })
}

/// One secret that does not open must not take the others with it: it is left out, and said so.
fn opened(what: &'static str, secret: Result<SecretString>) -> Option<SecretString> {
    secret.inspect_err(|error| tracing::error!(what, %error, "a sealed secret is left out")).ok()
}

async fn load_apps(c: &mut PgConnection, sealer: &Sealer) -> Result<Vec<App>> {
    let rows = sqlx::query!("select tenant_id, app_id, callback_key, verify_token from app order by tenant_id, app_id")
        .fetch_all(&mut *c)
        .await?;
    let secrets = sqlx::query!(
        "select tenant_id, app_id, app_secret_id, secret from app_secret where retired_at is null order by app_secret_id desc"
    )
    .fetch_all(c)
    .await?;
    let mut of_app: HashMap<(Uuid, Uuid), Vec<SecretString>> = HashMap::new();
    for row in secrets {
        let place = apps::secret_place(row.tenant_id.into(), row.app_secret_id.into());
        if let Some(secret) = opened("app secret", sealer.open(place, &row.secret)) {
            of_app.entry((row.tenant_id, row.app_id)).or_default().push(secret);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let (tenant_id, app_id) = (row.tenant_id.into(), row.app_id.into());
            App {
                tenant_id,
                app_id,
                callback_key: row.callback_key,
                verify_token: opened(
                    "verify token",
                    sealer.open(apps::token_place(tenant_id, app_id), &row.verify_token),
                ),
                secrets: of_app.remove(&(row.tenant_id, row.app_id)).unwrap_or_default(),
            }
        })
        .collect())
}

async fn load_channels(c: &mut PgConnection) -> Result<Vec<(AppId, Channel)>> {
    let rows = sqlx::query!("select tenant_id, channel_id, app_id, platform, external_id, address, name from channel")
        .fetch_all(c)
        .await?;
    rows.into_iter()
        .map(|row| {
            let channel = Channel {
                tenant_id: row.tenant_id.into(),
                channel_id: row.channel_id.into(),
                platform: channels::platform(&row.platform)?,
                external_id: row.external_id,
                address: row.address,
                name: row.name,
            };
            Ok((row.app_id.into(), channel))
        })
        .collect()
}

async fn load_disabled(c: &mut PgConnection) -> Result<HashSet<ChannelId>> {
    let ids = sqlx::query_scalar!("select channel_id from channel where disabled_at is not null").fetch_all(c).await?;
    Ok(ids.into_iter().map(ChannelId).collect())
}

async fn load_endpoints(c: &mut PgConnection, sealer: &Sealer) -> Result<Vec<Endpoint>> {
    let rows = sqlx::query!(
        r#"select e.tenant_id, e.endpoint_id, e.kind, e.url, e.events, e.channel_ids, e.paused_at is not null as "paused!",
             e.timeout_seconds, e.meta_signature, e.rate_per_second, e.raw, e.headers,
             coalesce(array_agg(s.endpoint_secret_id order by s.endpoint_secret_id desc) filter (where s.endpoint_secret_id is not null), '{}') as "secret_ids!",
             coalesce(array_agg(s.secret order by s.endpoint_secret_id desc) filter (where s.endpoint_secret_id is not null), '{}') as "secrets!"
           from endpoint e
           left join endpoint_secret s on s.tenant_id = e.tenant_id and s.endpoint_id = e.endpoint_id and s.retired_at is null
           group by e.tenant_id, e.endpoint_id order by e.tenant_id, e.endpoint_id"#
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            let tenant_id = row.tenant_id.into();
            let endpoint_id = row.endpoint_id.into();
            let secrets = row.secret_ids.into_iter().zip(&row.secrets);
            let headers_place = endpoint_options::headers_place(tenant_id, endpoint_id);
            let headers =
                row.headers.and_then(|sealed| opened("endpoint's headers", sealer.open(headers_place, &sealed)));
            Ok(Endpoint {
                tenant_id,
                endpoint_id,
                headers,
                target: Target::from_columns(&row.kind, row.url)?,
                events: row.events,
                channel_ids: row.channel_ids.map(|ids| ids.into_iter().map(ChannelId).collect()),
                paused: row.paused,
                options: Options::from_columns(row.timeout_seconds, row.meta_signature, row.rate_per_second, row.raw),
                secrets: secrets
                    .filter_map(|(id, sealed)| {
                        opened(
                            "signing secret",
                            sealer.open(endpoints::secrets::secret_place(tenant_id, id.into()), sealed),
                        )
                    })
                    .collect(),
            })
        })
        .collect()
}
