//! For measuring: rows of the tables that take the traffic, made up by the caller and copied in by the million.
//!
//! What must hold: rows are laid out as `PostgreSQL`'s binary COPY wants them, in the order of [`Table`]'s columns.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::postgres::PgPoolCopyExt as _;
use uuid::Uuid;

use crate::{Pools, Result};

/// Seconds from 1970 to 2000, where `PostgreSQL`'s time begins.
const EPOCH_2000: i64 = 946_684_800;
const UUID_OID: i32 = 2950;
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &[0xff, 0xff];

/// A table and the columns that a row of it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Tenant, id, receipt, channel, received at, word, conversation, message hash, body, endpoints.
    Event,
    /// Tenant, event, endpoint, number, replay, started at, latency, status, failure.
    Attempt,
    /// Tenant, event, endpoint, due at, parked at, attempts, attempts before this round, replay.
    Delivery,
    /// Tenant, id, app, received at, body.
    Receipt,
}

impl Table {
    fn statement(self) -> &'static str {
        match self {
            Self::Event => {
                "copy event (tenant_id, event_id, receipt_id, channel_id, received_at, event, conversation_id, message_hash, body, endpoint_ids) from stdin (format binary)"
            }
            Self::Attempt => {
                "copy attempt (tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure) from stdin (format binary)"
            }
            Self::Delivery => {
                "copy delivery (tenant_id, event_id, endpoint_id, due_at, parked_at, attempts, round_start, replay) from stdin (format binary)"
            }
            Self::Receipt => {
                "copy receipt (tenant_id, receipt_id, app_id, received_at, body) from stdin (format binary)"
            }
        }
    }
}

/// Rows of one table.
#[derive(Debug)]
pub struct Rows {
    table: Table,
    bytes: Vec<u8>,
}

impl Rows {
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, bytes: HEADER.to_vec() }
    }

    /// Begins a row of so many columns.
    pub fn row(&mut self, columns: i16) -> &mut Self {
        self.bytes.extend(columns.to_be_bytes());
        self
    }

    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.bytes.extend(i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
        self.bytes.extend(value);
        self
    }

    pub fn time(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.number(at.timestamp_micros() - EPOCH_2000 * 1_000_000)
    }

    /// A `bigint`.
    pub fn number(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// An `integer`.
    pub fn integer(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// A `smallint`.
    pub fn small(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn truth(&mut self, value: bool) -> &mut Self {
        self.bytes(&[u8::from(value)])
    }

    pub fn null(&mut self) -> &mut Self {
        self.bytes.extend((-1i32).to_be_bytes());
        self
    }

    /// An array of one uuid.
    pub fn one_uuid(&mut self, value: Uuid) -> &mut Self {
        let mut array = Vec::with_capacity(40);
        // Dimensions, nulls, type; length and first index of the only dimension; the element's length.
        for part in [1, 0, UUID_OID, 1, 1, 16] {
            array.extend(part.to_be_bytes());
        }
        array.extend(value.as_bytes());
        self.bytes(&array)
    }
}

/// Stores them, all or none.
pub async fn copy(pools: &Pools, mut rows: Rows) -> Result<()> {
    rows.bytes.extend(TRAILER);
    let mut copying = pools.background.copy_in_raw(rows.table.statement()).await?;
    copying.send(rows.bytes).await?;
    copying.finish().await?;
    Ok(())
}

/// Whether there is an event of anyone's.
pub async fn has_events(c: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from event) as "found!""#).fetch_one(c).await?)
}

/// What the planner goes by, as it would be after some days of traffic.
pub async fn analyze(c: &mut PgConnection) -> Result<()> {
    // It may take as long as it takes.
    for statement in [
        "set statement_timeout = 0",
        "vacuum (analyze) event",
        "vacuum (analyze) attempt",
        "vacuum (analyze) delivery",
        "reset statement_timeout",
    ] {
        sqlx::raw_sql(statement).execute(&mut *c).await?;
    }
    Ok(())
}
