//! Files of messages: where each comes from, whether it is there, and how much a tenant has.
//!
//! What must hold: a file's row is committed with its event; what is stored is counted once, and uncounted when it goes; a row goes
//! only after its object.

pub mod ending;
pub mod key;
mod reading;

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{ChannelId, EventId, TenantId};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

pub use self::reading::{Summary, find, of_event, of_events, summary};
use crate::{Error, Result};

/// Which file of which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub tenant_id: TenantId,
    pub event_id: EventId,
    /// Among the event's files, from 0.
    pub position: i16,
}

/// A file that a webhook told of.
#[derive(Debug, Clone)]
pub struct NewMedia {
    pub key: Key,
    pub channel_id: ChannelId,
    /// Meta's id of it, or its public address.
    pub source: String,
    pub is_public: bool,
    pub announced_sha256: Option<[u8; 32]>,
    pub mime_type: Option<String>,
    pub filename: Option<String>,
    pub received_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is still to be fetched.
    Waiting,
    Stored,
    /// Meta does not have it any more.
    Gone,
    /// It is too large, or there is no room.
    Refused,
}

impl State {
    /// Whether a link to it leads anywhere.
    #[must_use]
    pub fn is_to_be_had(self) -> bool {
        matches!(self, Self::Waiting | Self::Stored)
    }

    /// Its word in the database, the API and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Stored => "stored",
            Self::Gone => "gone",
            Self::Refused => "refused",
        }
    }

    fn from_word(word: &str) -> Result<Self> {
        Ok(match word {
            "waiting" => Self::Waiting,
            "stored" => Self::Stored,
            "gone" => Self::Gone,
            "refused" => Self::Refused,
            _ => return Err(Error::Unreadable { table: "media", column: "state" }),
        })
    }
}

#[derive(Debug, Clone)]
pub struct Media {
    pub key: Key,
    pub channel_id: ChannelId,
    pub source: String,
    pub is_public: bool,
    pub announced_sha256: Option<[u8; 32]>,
    pub mime_type: Option<String>,
    pub filename: Option<String>,
    pub received_at: DateTime<Utc>,
    pub state: State,
    pub reason: Option<String>,
    pub tries: i16,
    pub size: Option<i64>,
    pub sha256: Option<[u8; 32]>,
    pub content_type: Option<String>,
}

/// What was fetched.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    pub size: i64,
    pub sha256: [u8; 32],
    pub content_type: &'a str,
}

/// The files of a batch, as the statement takes them that stores the batch.
#[derive(Default)]
pub(crate) struct FileColumns<'a> {
    pub tenant_ids: Vec<Uuid>,
    pub event_ids: Vec<Uuid>,
    pub positions: Vec<i16>,
    pub channel_ids: Vec<Uuid>,
    pub sources: Vec<&'a str>,
    pub is_public: Vec<bool>,
    pub digests: Vec<Option<&'a [u8]>>,
    pub mime_types: Vec<Option<&'a str>>,
    pub filenames: Vec<Option<&'a str>>,
    pub received_at: Vec<DateTime<Utc>>,
}

impl<'a> FileColumns<'a> {
    pub fn of(files: &[&'a NewMedia]) -> Self {
        let mut columns = Self::default();
        for new in files {
            columns.tenant_ids.push(new.key.tenant_id.0);
            columns.event_ids.push(new.key.event_id.0);
            columns.positions.push(new.key.position);
            columns.channel_ids.push(new.channel_id.0);
            columns.sources.push(&new.source);
            columns.is_public.push(new.is_public);
            columns.digests.push(new.announced_sha256.as_ref().map(<[u8; 32]>::as_slice));
            columns.mime_types.push(new.mime_type.as_deref());
            columns.filenames.push(new.filename.as_deref());
            columns.received_at.push(new.received_at);
        }
        columns
    }
}

/// Looked at to share fairly among tenants: of more than so many due, the oldest.
const CONSIDERED: i64 = 2000;

/// Takes some that are due, a few of each tenant, and has them due again when whoever took them must be dead.
pub async fn take_due(
    c: &mut PgConnection,
    (limit, of_each): (i64, i64),
    (lease, now): (TimeDelta, DateTime<Utc>),
) -> Result<Vec<Key>> {
    let rows = sqlx::query!(
        "update media m set due_at = $3::timestamptz + $4::interval, tries = least(m.tries + 1, 1000), reason = null
         from (select tenant_id, event_id, position from media x where (x.tenant_id, x.event_id, x.position) in (
                 select tenant_id, event_id, position from (
                   select due.*, row_number() over (partition by tenant_id order by due_at, event_id) as turn from (
                     select tenant_id, event_id, position, due_at from media where due_at <= $3 order by due_at limit $5
                   ) due
                 ) fair where turn <= $2 order by turn, due_at limit $1
               ) and x.due_at <= $3 for update skip locked) next
         where m.tenant_id = next.tenant_id and m.event_id = next.event_id and m.position = next.position
         returning m.tenant_id, m.event_id, m.position",
        limit,
        of_each,
        now,
        lease as TimeDelta,
        CONSIDERED
    )
    .fetch_all(c)
    .await?;
    let key = |(tenant_id, event_id, position): (Uuid, Uuid, i16)| Key {
        tenant_id: tenant_id.into(),
        event_id: event_id.into(),
        position,
    };
    Ok(rows.into_iter().map(|row| key((row.tenant_id, row.event_id, row.position))).collect())
}

/// Takes one that somebody waits for, unless it is being fetched already. What failed before is tried again at once.
pub async fn take(
    c: &mut PgConnection,
    tenant_id: TenantId,
    key: Key,
    (lease, now): (TimeDelta, DateTime<Utc>),
) -> Result<bool> {
    let taken = sqlx::query!(
        "update media set due_at = $4::timestamptz + $5::interval, tries = least(tries + 1, 1000), reason = null
         where tenant_id = $1 and event_id = $2 and position = $3 and state = 'waiting' and (due_at <= $4 or reason is not null)",
        tenant_id.0,
        key.event_id.0,
        key.position,
        now,
        lease as TimeDelta
    )
    .execute(c)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// It is stored. False if it was meanwhile, or is to be erased: then what was fetched is nobody's.
pub async fn stored(
    c: &mut PgConnection,
    tenant_id: TenantId,
    key: Key,
    content: &Content<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut tx = c.begin().await?;
    let changed = sqlx::query!(
        "update media set state = 'stored', due_at = null, reason = null, size = $4, sha256 = $5, content_type = $6, stored_at = $7
         where tenant_id = $1 and event_id = $2 and position = $3 and state in ('waiting', 'refused', 'gone')",
        tenant_id.0,
        key.event_id.0,
        key.position,
        content.size,
        content.sha256.as_slice(),
        content.content_type,
        now
    )
    .execute(&mut *tx)
    .await?;
    let is_new = changed.rows_affected() == 1;
    if is_new {
        sqlx::query!(
            "insert into media_usage (tenant_id, bytes) values ($1, $2)
             on conflict (tenant_id) do update set bytes = media_usage.bytes + excluded.bytes",
            tenant_id.0,
            content.size
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

/// It is not there yet, and is tried again then.
pub async fn failed(
    c: &mut PgConnection,
    tenant_id: TenantId,
    key: Key,
    reason: &str,
    due_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update media set due_at = $5, reason = $4 where tenant_id = $1 and event_id = $2 and position = $3 and state = 'waiting'",
        tenant_id.0,
        key.event_id.0,
        key.position,
        reason,
        due_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// It will not be there: `gone` at Meta, or `refused` by us.
pub async fn give_up(c: &mut PgConnection, tenant_id: TenantId, key: Key, is_gone: bool, reason: &str) -> Result<()> {
    sqlx::query!(
        "update media set state = $4, due_at = null, reason = $5
         where tenant_id = $1 and event_id = $2 and position = $3 and state = 'waiting'",
        tenant_id.0,
        key.event_id.0,
        key.position,
        if is_gone { "gone" } else { "refused" },
        reason
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Its object is not where it was: it is fetched again.
pub async fn lost(c: &mut PgConnection, tenant_id: TenantId, key: Key, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with lost as (
           update media set state = 'waiting', due_at = $4, stored_at = null
           where tenant_id = $1 and event_id = $2 and position = $3 and state = 'stored' returning size
         )
         update media_usage set bytes = greatest(bytes - (select coalesce(sum(size), 0) from lost), 0) where tenant_id = $1",
        tenant_id.0,
        key.event_id.0,
        key.position,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What a tenant has chosen, and how much it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub keeps_media: bool,
    pub keeps_public_media: bool,
    /// Bytes; none: as the operator has it.
    pub quota: Option<i64>,
    /// Bytes that are stored.
    pub used: i64,
}

pub async fn choice(c: &mut PgConnection, tenant_id: TenantId) -> Result<Option<Choice>> {
    let choice = sqlx::query_as!(
        Choice,
        r#"select t.keeps_media, t.keeps_public_media, t.media_quota as quota, coalesce(u.bytes, 0) as "used!"
           from tenant t left join media_usage u using (tenant_id) where t.tenant_id = $1"#,
        tenant_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(choice)
}

/// What is kept from now on; what is stored stays.
pub async fn choose(
    c: &mut PgConnection,
    tenant_id: TenantId,
    keeps_media: bool,
    keeps_public_media: bool,
) -> Result<()> {
    sqlx::query!(
        "update tenant set keeps_media = $2, keeps_public_media = $3
         where tenant_id = $1 and (keeps_media, keeps_public_media) is distinct from ($2, $3)",
        tenant_id.0,
        keeps_media,
        keeps_public_media
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Gives a tenant room of its own for files, in bytes.
pub async fn set_quota(c: &mut PgConnection, tenant_id: TenantId, bytes: u64) -> Result<()> {
    sqlx::query!(
        "update tenant set media_quota = $2 where tenant_id = $1",
        tenant_id.0,
        i64::try_from(bytes).unwrap_or(i64::MAX)
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Which channels' files are kept: those of WhatsApp that we have a token for, and those of Messenger and Instagram where that was chosen.
pub async fn kept_channels(c: &mut PgConnection) -> Result<Vec<ChannelId>> {
    let ids = sqlx::query_scalar!(
        "select c.channel_id from channel c join tenant t using (tenant_id)
         where (c.platform = 'whatsapp' and c.connection_id is not null and t.keeps_media)
            or (c.platform <> 'whatsapp' and t.keeps_public_media)"
    )
    .fetch_all(c)
    .await?;
    Ok(ids.into_iter().map(ChannelId).collect())
}
