//! `socialhook admin replay`: begins a replay, which the running service carries out.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use socialhook_core::clock::Clock;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_store::replays::{self, Chosen, Replay, Which};
use socialhook_store::{PgConnection, channels, endpoints};

use crate::{operator, simulate};

/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What to send again, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct Wish {
    /// Whose: a tenant's name, or its ten_… id
    #[arg(long)]
    pub tenant: String,
    /// Where to: an endpoint's name, or its end_… id
    #[arg(long)]
    pub endpoint: String,
    /// Events that happened from here on: a time such as 2026-11-02T14:00:00Z, or how long ago, such as 30m, 2h or 3d
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// And before this
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub to: String,
    /// Also what the endpoint took already
    #[arg(long)]
    pub all: bool,
    /// Only of one channel: its name, Meta's id of it, or its chn_… id
    #[arg(long)]
    pub channel: Option<String>,
    /// Only events of this word, such as message.received, or beginning, such as message.*
    #[arg(long)]
    pub event: Option<String>,
    /// Come back when it is over
    #[arg(long)]
    pub wait: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error(transparent)]
    Tenant(#[from] simulate::Error),
    #[error("{text:?} is not a time; give one such as 2026-11-02T14:00:00Z, or how long ago, such as 30m, 2h or 3d")]
    Time { text: String },
    #[error("--from must lie before --to, and in the past")]
    Range,
    #[error("tenant {tenant} has no endpoint {endpoint}; it has: {}", known.join(", "))]
    NoEndpoint { tenant: String, endpoint: String, known: Vec<String> },
    #[error("tenant {tenant} has no channel {channel}, or several of that name; it has: {}", known.join(", "))]
    NoChannel { tenant: String, channel: String, known: Vec<String> },
    #[error("{0:?} is not an event's word; give one such as message.received, or a beginning such as message.*")]
    Event(String),
    #[error("the service does not run, so there is no end to wait for; leave --wait out, or start it")]
    NoService,
    #[error("the replay is gone")]
    Gone,
}

/// Begins it, and waits for its end if that is wished; returns what became of it by then.
pub async fn run(c: &mut PgConnection, clock: &Clock, wish: &Wish) -> Result<Value, Error> {
    let now = clock.now();
    let tenant_id = simulate::find_tenant(c, &wish.tenant).await?;
    let (from, to) = (moment(&wish.from, now)?, moment(&wish.to, now)?.min(now));
    if from >= to {
        return Err(Error::Range);
    }
    let chosen = Chosen {
        endpoint_id: endpoint(c, tenant_id, wish).await?,
        from,
        to,
        which: if wish.all { Which::All } else { Which::Undelivered },
        channel_id: match &wish.channel {
            Some(wished) => Some(channel(c, tenant_id, (&wish.tenant, wished)).await?),
            None => None,
        },
        event: wish.event.clone().filter(|event| event != "*"),
    };
    let replay_id = match replays::create(c, tenant_id, &chosen, None, now).await {
        Err(error) if error.constraint() == Some("replay_event") => {
            return Err(Error::Event(chosen.event.unwrap_or_default()));
        }
        created => created?,
    };
    operator::record(c, clock, &[tenant_id], "Started a replay", &[replay_id.to_string()]).await?;
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        let replay = replays::find(c, tenant_id, replay_id).await?.ok_or(Error::Gone)?;
        if !wish.wait || !replay.is_unfinished() {
            return Ok(told(tenant_id, &replay));
        }
    }
}

/// A time, `now`, or how long ago.
fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let ago = || {
        let (number, unit_seconds) = match text.split_at_checked(text.len().checked_sub(1)?)? {
            (number, "s") => (number, 1),
            (number, "m") => (number, 60),
            (number, "h") => (number, 60 * 60),
            (number, "d") => (number, 24 * 60 * 60),
            _ => return None,
        };
        let seconds = i64::from(number.parse::<u32>().ok()?) * unit_seconds;
        now.checked_sub_signed(TimeDelta::try_seconds(seconds)?)
    };
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let at = if text == "now" { Some(now) } else { ago().or_else(zoned) };
    at.filter(|at| at.timestamp() >= 0).ok_or_else(|| Error::Time { text: text.to_owned() })
}

/// What reads as an id is one, whatever others are called.
async fn endpoint(c: &mut PgConnection, tenant_id: TenantId, wish: &Wish) -> Result<EndpointId, Error> {
    let own = endpoints::list(c, tenant_id).await?;
    let found = match wish.endpoint.parse::<EndpointId>() {
        Ok(endpoint_id) => own.iter().find(|endpoint| endpoint.endpoint_id == endpoint_id),
        Err(_) => own.iter().find(|endpoint| endpoint.name == wish.endpoint),
    };
    found.map(|endpoint| endpoint.endpoint_id).ok_or_else(|| Error::NoEndpoint {
        tenant: wish.tenant.clone(),
        endpoint: wish.endpoint.clone(),
        known: own.into_iter().map(|endpoint| endpoint.name).collect(),
    })
}

pub(crate) async fn channel(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (tenant, wished): (&str, &str),
) -> Result<ChannelId, Error> {
    let own = channels::list(c, tenant_id).await?;
    let fits = |channel: &&channels::Channel| match wished.parse::<ChannelId>() {
        Ok(channel_id) => channel.channel_id == channel_id,
        Err(_) => channel.external_id == *wished || channel.name == *wished,
    };
    let mut found = own.iter().filter(fits).map(|channel| channel.channel_id);
    match (found.next(), found.next()) {
        (Some(channel_id), None) => Ok(channel_id),
        _ => Err(Error::NoChannel {
            tenant: tenant.to_owned(),
            channel: wished.to_owned(),
            known: own.iter().map(|channel| channel.name.clone()).collect(),
        }),
    }
}

fn told(tenant_id: TenantId, replay: &Replay) -> Value {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "id": replay.replay_id,
        "tenant": tenant_id,
        "endpoint": replay.chosen.endpoint_id,
        "from": time(replay.chosen.from),
        "to": time(replay.chosen.to),
        "which": replay.chosen.which.as_str(),
        "channel": replay.chosen.channel_id,
        "event": replay.chosen.event,
        "looked_at": replay.looked_at,
        "resent": replay.opened,
        "created_at": time(replay.created_at),
        "finished_at": replay.finished_at.map(time),
        "cancelled_at": replay.cancelled_at.map(time),
        "endpoint_is_paused": replay.endpoint_is_paused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");
        for (text, seconds_ago) in [("now", 0), ("90s", 90), ("30m", 1800), ("2h", 7200), ("3d", 259_200)] {
            assert_eq!(moment(text, now).ok(), Some(now - TimeDelta::seconds(seconds_ago)), "{text}");
        }
        let at = DateTime::from_timestamp(1_793_628_000, 0);
        assert_eq!(moment("2026-11-02T14:00:00Z", now).ok(), at);
        assert_eq!(moment("2026-11-02T15:00:00+01:00", now).ok(), at);
        for bad in ["", "h", "-2h", "2", "2w", "ä", "2026-11-02", "99999d", "1960-01-01T00:00:00Z"] {
            assert!(moment(bad, now).is_err(), "{bad:?}");
        }
    }
}
