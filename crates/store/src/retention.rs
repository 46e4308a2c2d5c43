//! Retention that differs between tenants: partitions are kept as long as anyone needs them, and whoever keeps less has his
//! rows deleted.
//!
//! In batches along the primary key, each a short transaction, so that nothing waits and an end at any point leaves nothing
//! half done. A delivery goes with its event: an open one whose event is gone could never be sent.

pub mod bodies;

use chrono::{DateTime, Days, Utc};
use socialhook_core::id::{EventId, TenantId};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::Result;
use crate::partitions::Retention;

/// What a tenant has chosen; none: as the operator has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Own {
    pub receipt_days: Option<u32>,
    pub event_days: Option<u32>,
    /// What customers wrote, where that is less long than its event; 0: until nothing of it is to be delivered, and a day at most.
    pub body_days: Option<u32>,
}

impl Own {
    /// What holds for the tenant. Meta's originals hold what customers wrote, too.
    #[must_use]
    pub fn or(self, default: Retention) -> Retention {
        let receipt_days = self.receipt_days.unwrap_or(default.receipt_days);
        Retention {
            receipt_days: self.body_days.map_or(receipt_days, |days| receipt_days.min(days.max(1))),
            event_days: self.event_days.unwrap_or(default.event_days),
        }
    }

    /// Whether what customers wrote goes as soon as nothing of it is to be delivered.
    #[must_use]
    pub fn is_fleeting(self) -> bool {
        self.body_days == Some(0)
    }

    /// What customers wrote before then is not kept, whatever has become of it; none: it is kept as long as its events.
    #[must_use]
    pub fn oldest_body(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(now - Days::new(u64::from(self.body_days?.max(1))))
    }

    fn from_columns(receipt_days: Option<i16>, event_days: Option<i16>, body_days: Option<i16>) -> Self {
        let days = |days: Option<i16>| days.and_then(|days| u32::try_from(days).ok());
        Self { receipt_days: days(receipt_days), event_days: days(event_days), body_days: days(body_days) }
    }
}

/// What every tenant has chosen.
pub async fn of_all(c: &mut PgConnection) -> Result<Vec<(TenantId, Own)>> {
    let rows = sqlx::query!("select tenant_id, receipt_days, event_days, body_days from tenant order by tenant_id")
        .fetch_all(c)
        .await?;
    let own = rows
        .into_iter()
        .map(|row| (row.tenant_id.into(), Own::from_columns(row.receipt_days, row.event_days, row.body_days)));
    Ok(own.collect())
}

/// What a tenant has chosen for itself.
pub async fn of(c: &mut PgConnection, tenant_id: TenantId) -> Result<Own> {
    let row = sqlx::query!("select receipt_days, event_days, body_days from tenant where tenant_id = $1", tenant_id.0)
        .fetch_optional(c)
        .await?;
    Ok(row.map_or_else(Own::default, |row| Own::from_columns(row.receipt_days, row.event_days, row.body_days)))
}

/// Takes effect by itself: ingest follows the configuration, and the next housekeeping deletes.
pub async fn choose(c: &mut PgConnection, tenant_id: TenantId, own: Own) -> Result<()> {
    let days = |days: Option<u32>| days.map(|days| i16::try_from(days).unwrap_or(i16::MAX));
    sqlx::query!(
        "update tenant set receipt_days = $2, event_days = $3, body_days = $4
         where tenant_id = $1 and (receipt_days, event_days, body_days) is distinct from ($2::smallint, $3::smallint, $4::smallint)",
        tenant_id.0,
        days(own.receipt_days),
        days(own.event_days),
        days(own.body_days)
    )
    .execute(c)
    .await?;
    Ok(())
}

/// A stretch of ids, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: Uuid,
    to: Uuid,
}

impl Span {
    pub const EMPTY: Self = Self { from: Uuid::nil(), to: Uuid::nil() };

    /// Everything before a moment.
    #[must_use]
    pub fn before(moment: DateTime<Utc>) -> Self {
        Self { from: Uuid::nil(), to: EventId::floor(moment).0 }
    }

    /// What is left of it when everything before the end of `done` is.
    #[must_use]
    pub fn after(self, done: Self) -> Self {
        Self { from: self.from.max(done.to), to: self.to }
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from >= self.to
    }

    /// What is left of it after the row with this id; nothing if there was none.
    fn past(self, last: Option<Uuid>) -> Self {
        let next = last.and_then(|last| last.as_u128().checked_add(1)).map_or(self.to, Uuid::from_u128);
        Self { from: next.min(self.to), to: self.to }
    }

    /// What is left of it after its first `limit` events.
    async fn first_events(self, c: &mut PgConnection, tenant_id: TenantId, limit: i64) -> Result<Self> {
        let last = sqlx::query_scalar!(
            "select event_id from event where tenant_id = $1 and event_id >= $2 and event_id < $3
             order by event_id offset $4 limit 1",
            tenant_id.0,
            self.from,
            self.to,
            limit - 1
        );
        Ok(self.past(last.fetch_optional(c).await?))
    }
}

/// Deletes the first `limit` receipts of a span; returns what is left of it.
pub async fn delete_receipts(c: &mut PgConnection, tenant_id: TenantId, span: Span, limit: i64) -> Result<Span> {
    let last = sqlx::query_scalar!(
        "select receipt_id from receipt where tenant_id = $1 and receipt_id >= $2 and receipt_id < $3
         order by receipt_id offset $4 limit 1",
        tenant_id.0,
        span.from,
        span.to,
        limit - 1
    )
    .fetch_optional(&mut *c)
    .await?;
    let left = span.past(last);
    sqlx::query!(
        "delete from receipt where tenant_id = $1 and receipt_id >= $2 and receipt_id < $3",
        tenant_id.0,
        span.from,
        left.from
    )
    .execute(c)
    .await?;
    Ok(left)
}

/// Deletes the first `limit` events of a span, with their attempts and open deliveries; returns what is left of it.
pub async fn delete_events(c: &mut PgConnection, tenant_id: TenantId, span: Span, limit: i64) -> Result<Span> {
    let left = span.first_events(&mut *c, tenant_id, limit).await?;
    let mut transaction = c.begin().await?;
    sqlx::query!(
        "delete from delivery where tenant_id = $1 and event_id >= $2 and event_id < $3",
        tenant_id.0,
        span.from,
        left.from
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from attempt where tenant_id = $1 and event_id >= $2 and event_id < $3",
        tenant_id.0,
        span.from,
        left.from
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from event where tenant_id = $1 and event_id >= $2 and event_id < $3",
        tenant_id.0,
        span.from,
        left.from
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(left)
}
