//! Replays: a stretch of time that is sent to an endpoint again, opened batch by batch.
//!
//! What must hold: a batch's deliveries and the place it came to are stored together, so that a process may die anywhere; two
//! processes never work on one replay at once; a batch reads a bounded stretch of the event's primary key, whatever it finds.
//! What is being sent, or has a whole round of attempts before it, is left alone: it is on its way.

mod events;

use chrono::{DateTime, Utc};
use socialhook_core::id::{AccountId, ChannelId, EndpointId, EventId, ReplayId, TenantId};
use sqlx::{Connection, PgConnection};

pub use self::events::{Estimate, estimate, resend};
use crate::{Error, Result};

/// Events that one batch looks at.
pub const BATCH: i64 = 500;
/// While this many deliveries wait at an endpoint, whatever for, none are added.
const WAITING_MAX: i64 = 1000;

/// Which events of the stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Parked, or without an attempt that succeeded.
    Undelivered,
    All,
}

impl Which {
    /// The word in the database and in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undelivered => "undelivered",
            Self::All => "all",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Undelivered, Self::All].into_iter().find(|which| which.as_str() == word)
    }
}

/// What is sent again, and where to. What the endpoint does not want is left out besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub endpoint_id: EndpointId,
    /// By the event's own time.
    pub from: DateTime<Utc>,
    /// Excluded.
    pub to: DateTime<Utc>,
    pub which: Which,
    /// None: every channel.
    pub channel_id: Option<ChannelId>,
    /// A word, or the beginning of one and `*`; none: every word.
    pub event: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Replay {
    pub replay_id: ReplayId,
    pub chosen: Chosen,
    pub endpoint_name: String,
    pub endpoint_is_paused: bool,
    pub channel_name: Option<String>,
    /// None: an operator's command.
    pub created_by: Option<String>,
    /// The event that was looked at last.
    pub cursor: EventId,
    pub looked_at: i64,
    pub opened: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl Replay {
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.finished_at.is_none() && self.cancelled_at.is_none()
    }
}

/// Begins one. Violates `replay_range` if it begins at or after its end, or ends after now; `replay_endpoint` and
/// `replay_channel` if these are not the tenant's; `replay_event` if the word is none.
pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    chosen: &Chosen,
    created_by: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<ReplayId> {
    let replay_id = ReplayId::new(now);
    sqlx::query!(
        "insert into replay (tenant_id, replay_id, endpoint_id, from_at, to_at, which, channel_id, event, cursor_id, looked_at, opened,
           created_at, created_by, advanced_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $10)",
        tenant_id.0,
        replay_id.0,
        chosen.endpoint_id.0,
        chosen.from,
        chosen.to,
        chosen.which.as_str(),
        chosen.channel_id.map(|id| id.0),
        chosen.event,
        EventId::floor(chosen.from).0,
        now,
        created_by.map(|id| id.0)
    )
    .execute(c)
    .await?;
    Ok(replay_id)
}

/// The newest, up to `limit`.
pub async fn list(c: &mut PgConnection, tenant_id: TenantId, limit: i64) -> Result<Vec<Replay>> {
    read(c, tenant_id, None, (None, limit)).await
}

/// Up to so many before one, newest first.
pub async fn list_before(
    c: &mut PgConnection,
    tenant_id: TenantId,
    before: Option<ReplayId>,
    limit: i64,
) -> Result<Vec<Replay>> {
    read(c, tenant_id, None, (before, limit)).await
}

/// One of the tenant's replays; another tenant's is not found.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, replay_id: ReplayId) -> Result<Option<Replay>> {
    Ok(read(c, tenant_id, Some(replay_id), (None, 1)).await?.pop())
}

async fn read(
    c: &mut PgConnection,
    tenant_id: TenantId,
    replay_id: Option<ReplayId>,
    (before, limit): (Option<ReplayId>, i64),
) -> Result<Vec<Replay>> {
    let rows = sqlx::query!(
        r#"select r.replay_id, r.endpoint_id, n.name as endpoint_name, n.paused_at, r.from_at, r.to_at, r.which, r.channel_id,
             ch.name as "channel_name?", r.event, r.cursor_id, r.looked_at, r.opened, r.created_at, a.email as "created_by?",
             r.finished_at, r.cancelled_at
           from replay r
           join endpoint n on n.tenant_id = r.tenant_id and n.endpoint_id = r.endpoint_id
           left join channel ch on ch.tenant_id = r.tenant_id and ch.channel_id = r.channel_id
           left join account a on a.account_id = r.created_by
           where r.tenant_id = $1 and ($2::uuid is null or r.replay_id = $2) and ($4::uuid is null or r.replay_id < $4)
           order by r.replay_id desc limit $3"#,
        tenant_id.0,
        replay_id.map(|id| id.0),
        limit,
        before.map(|id| id.0)
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            let chosen = Chosen {
                endpoint_id: row.endpoint_id.into(),
                from: row.from_at,
                to: row.to_at,
                which: which(&row.which)?,
                channel_id: row.channel_id.map(ChannelId),
                event: row.event,
            };
            Ok(Replay {
                replay_id: row.replay_id.into(),
                chosen,
                endpoint_name: row.endpoint_name,
                endpoint_is_paused: row.paused_at.is_some(),
                channel_name: row.channel_name,
                created_by: row.created_by,
                cursor: row.cursor_id.into(),
                looked_at: row.looked_at,
                opened: row.opened,
                created_at: row.created_at,
                finished_at: row.finished_at,
                cancelled_at: row.cancelled_at,
            })
        })
        .collect()
}

fn which(word: &str) -> Result<Which> {
    Which::from_word(word).ok_or(Error::Unreadable { table: "replay", column: "which" })
}

/// Ends an unfinished one where it is; what it has opened stays open. False if there is no such unfinished replay.
pub async fn cancel(
    c: &mut PgConnection,
    tenant_id: TenantId,
    replay_id: ReplayId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let cancelled = sqlx::query!(
        "update replay set cancelled_at = $3
         where tenant_id = $1 and replay_id = $2 and finished_at is null and cancelled_at is null",
        tenant_id.0,
        replay_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

/// Replays of all tenants that may be advanced now, up to `limit`: the oldest of each endpoint, and of these first the one
/// that was left alone for longest. Those whose endpoint is paused, or has enough waiting already, are left out.
pub async fn due(c: &mut PgConnection, limit: i64) -> Result<Vec<(TenantId, ReplayId)>> {
    let rows = sqlx::query!(
        "select r.tenant_id, r.replay_id
         from (select distinct on (tenant_id, endpoint_id) tenant_id, endpoint_id, replay_id, advanced_at from replay
               where finished_at is null and cancelled_at is null
               order by tenant_id, endpoint_id, replay_id) r
         join endpoint n on n.tenant_id = r.tenant_id and n.endpoint_id = r.endpoint_id
         where n.paused_at is null and $1 > (
           select count(*) from (
             select from delivery d
             where d.tenant_id = r.tenant_id and d.endpoint_id = r.endpoint_id and d.owner is null and d.parked_at is null
             limit $1) waiting)
         order by r.advanced_at, r.replay_id limit $2",
        WAITING_MAX,
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.replay_id.into())).collect())
}

/// What one batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    pub looked_at: i64,
    pub opened: i64,
    pub is_last: bool,
}

/// One batch of a replay. None if it is over, or another process is at it.
pub async fn advance(
    c: &mut PgConnection,
    tenant_id: TenantId,
    replay_id: ReplayId,
    now: DateTime<Utc>,
) -> Result<Option<Batch>> {
    let mut transaction = c.begin().await?;
    let claimed = sqlx::query!(
        "select endpoint_id, from_at, to_at, which, channel_id, event, cursor_id from replay
         where tenant_id = $1 and replay_id = $2 and finished_at is null and cancelled_at is null
         for update skip locked",
        tenant_id.0,
        replay_id.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = claimed else { return Ok(None) };
    let chosen = Chosen {
        endpoint_id: row.endpoint_id.into(),
        from: row.from_at,
        to: row.to_at,
        which: which(&row.which)?,
        channel_id: row.channel_id.map(ChannelId),
        event: row.event,
    };
    let seen = events::look(&mut transaction, tenant_id, &chosen, row.cursor_id.into(), BATCH).await?;
    let wanted: Vec<EventId> = seen.iter().filter(|seen| seen.is_wanted).map(|seen| seen.event_id).collect();
    let opened = events::open(&mut transaction, tenant_id, chosen.endpoint_id, &wanted, now).await?;
    let looked_at = i64::try_from(seen.len()).unwrap_or(BATCH);
    let batch = Batch { looked_at, opened, is_last: looked_at < BATCH };
    sqlx::query!(
        "update replay set cursor_id = $3, looked_at = looked_at + $4, opened = opened + $5, advanced_at = $6, finished_at = $7
         where tenant_id = $1 and replay_id = $2",
        tenant_id.0,
        replay_id.0,
        seen.last().map_or(row.cursor_id, |last| last.event_id.0),
        batch.looked_at,
        batch.opened,
        now,
        batch.is_last.then_some(now)
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(batch))
}
