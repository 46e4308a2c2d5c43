//! How often something may be tried. Kept in the database, so that it survives restarts and holds for all processes together.
//!
//! What must hold: tries at the same time count each; who tried is kept as a hash only.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::Result;

/// So many tries at once, and one more each time that `every` has passed.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub kind: &'static str,
    pub burst: i32,
    pub every: TimeDelta,
}

/// Whose tries are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// Of these parts, in their order.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().to_vec())
    }
}

/// Counts a try. If it is one too many it is not counted, and how long to wait for the next is told.
pub async fn take(
    c: &mut PgConnection,
    limit: Limit,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>> {
    Ok(count(c, limit, subject, now).await?.wait)
}

/// What is left after a try.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// None: the try was counted.
    pub wait: Option<TimeDelta>,
    pub tries: i32,
    /// Until all are back.
    pub full_in: TimeDelta,
}

/// The same, and how many tries are left.
pub async fn count(c: &mut PgConnection, limit: Limit, subject: &Subject, now: DateTime<Utc>) -> Result<Left> {
    let full = now + limit.every * limit.burst;
    let taken = sqlx::query_scalar!(
        r#"insert into throttle (kind, subject_hash, used_until) values ($1, $2, $3::timestamptz + $4)
           on conflict (kind, subject_hash) do update set used_until = greatest(throttle.used_until, $3) + $4
             where greatest(throttle.used_until, $3) + $4 <= $5
           returning used_until"#,
        limit.kind,
        subject.0,
        now,
        limit.every as TimeDelta,
        full
    )
    .fetch_optional(&mut *c)
    .await?;
    if let Some(until) = taken {
        let left = (full - until).num_milliseconds() / limit.every.num_milliseconds().max(1);
        return Ok(Left { wait: None, tries: i32::try_from(left).unwrap_or(0), full_in: until - now });
    }
    let used_until = sqlx::query_scalar!(
        "select used_until from throttle where kind = $1 and subject_hash = $2",
        limit.kind,
        subject.0
    )
    .fetch_optional(c)
    .await?;
    let wait = used_until.map_or(limit.every, |until| until + limit.every - full);
    Ok(Left { wait: Some(wait), tries: 0, full_in: used_until.map_or(TimeDelta::zero(), |until| until - now) })
}

/// Forgets the tries, since one was right.
pub async fn forget(c: &mut PgConnection, limit: Limit, subject: &Subject) -> Result<()> {
    sqlx::query!("delete from throttle where kind = $1 and subject_hash = $2", limit.kind, subject.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Forgets what has been given back.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from throttle where used_until <= $1", now).execute(c).await?.rows_affected())
}
