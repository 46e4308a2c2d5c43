//! Channels: what is connected.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use socialhook_core::id::ChannelId;
use socialhook_relay::doctor::{Line, Link};
use socialhook_store::channels::{self as stored, Channel as Stored};
use utoipa::ToSchema;

use super::Page;
use super::gate::Caller;
use super::problem::{Problem, Problems};
use crate::error::Error;
use crate::extract::Path;
use crate::state::App;

/// A connected number, page or Instagram account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channel {
    #[schema(value_type = String, example = "chn_01kb0vqj8fe1bvqg5r0w0q3k3x")]
    id: ChannelId,
    name: String,
    /// `whatsapp`, `messenger` or `instagram`.
    platform: &'static str,
    /// Meta's id: of the phone number, the page or the account.
    external_id: String,
    /// The business's own, such as its number.
    address: Option<String>,
    created_at: DateTime<Utc>,
    /// Since when its events go to no endpoint; null: they are delivered.
    disabled_at: Option<DateTime<Utc>>,
    /// When it last carried something.
    last_receipt_at: Option<DateTime<Utc>>,
}

impl From<Stored> for Channel {
    fn from(channel: Stored) -> Self {
        Self {
            id: channel.channel_id,
            name: channel.name,
            platform: channel.platform.as_str(),
            external_id: channel.external_id,
            address: channel.address,
            created_at: channel.created_at,
            disabled_at: channel.disabled_at,
            last_receipt_at: channel.last_receipt_at,
        }
    }
}

/// All channels
///
/// In one part: there is no next cursor.
#[utoipa::path(get, path = "/api/v1/channels", tag = "Channels", security(("key" = [])),
    responses((status = 200, body = Page<Channel>), Problems))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<Channel>>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let channels = stored::list(&mut c, caller.tenant_id).await?;
    Ok(Json(Page { data: channels.into_iter().map(Channel::from).collect(), next_cursor: None }))
}

/// One channel
#[utoipa::path(get, path = "/api/v1/channels/{channel_id}", tag = "Channels", security(("key" = [])),
    params(("channel_id" = String, Path)), responses((status = 200, body = Channel), Problems))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(channel_id): Path<ChannelId>,
) -> Result<Json<Channel>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let channel = stored::find(&mut c, caller.tenant_id, channel_id, app.clock.now()).await?;
    Ok(Json(channel.ok_or(Error::NotFound)?.into()))
}

/// A link of the chain from Meta's app to the endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainLink {
    /// `app`, `token`, `subscription`, `override`, `number`, `arrival`, `signature`, `routing`, `endpoint` or `breaker`.
    #[schema(value_type = String)]
    link: Link,
    /// `good`, `warning`, `bad`, or `unknown`: it could not be looked at.
    #[schema(value_type = String)]
    state: socialhook_relay::doctor::State,
    /// What was seen.
    evidence: String,
    /// When that was, where it matters.
    at: Option<DateTime<Utc>>,
    /// What to do.
    fix: Option<String>,
}

/// Why a channel gets nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Diagnosis {
    /// The first link that is broken, or else that may be; null: everything works.
    #[schema(value_type = Option<String>)]
    cause: Option<Link>,
    /// In the order that a message passes them.
    links: Vec<ChainLink>,
}

/// Why a channel gets nothing
///
/// Asks Meta, so it takes some seconds.
#[utoipa::path(get, path = "/api/v1/channels/{channel_id}/doctor", tag = "Channels", security(("key" = [])),
    params(("channel_id" = String, Path)), responses((status = 200, body = Diagnosis), Problems))]
pub async fn doctor(
    State(app): State<App>,
    caller: Caller,
    Path(channel_id): Path<ChannelId>,
) -> Result<Json<Diagnosis>, Problem> {
    let found = app.relay.examiner().diagnose(caller.tenant_id, channel_id).await.map_err(Error::from)?;
    let found = found.ok_or(Error::NotFound)?;
    let cause = found.cause().map(|line| line.link);
    let link = |line: Line| ChainLink {
        link: line.link,
        state: line.state,
        evidence: line.evidence,
        at: line.at,
        fix: line.fix,
    };
    Ok(Json(Diagnosis { cause, links: found.lines.into_iter().map(link).collect() }))
}
