//! Daily partitions of the append-only tables: made days ahead, dropped by age.
//!
//! What must hold: every id that may be stored has a partition. Receipts carry the time of receipt; events and attempts the
//! event's own time, which may lie back as far as the retention. There is no default partition, since it would have to be
//! scanned for every new one.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::Result;

/// Partitions exist for this many days to come.
const DAYS_AHEAD: u64 = 3;
const DROP_LOCK_TIMEOUT: &str = "200ms";
/// Any number: serialises the processes that look after partitions.
const LOCK: i64 = 0x5048_6b50;

/// How long things are kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub receipt_days: u32,
    pub event_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { receipt_days: 7, event_days: 30 }
    }
}

impl Retention {
    /// An event's own time before this is not used for its id: its partition is about to go.
    #[must_use]
    pub fn oldest_event(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - Days::new(u64::from(self.event_days))
    }
}

/// A table, and how many days of it are kept.
type Kept = (&'static str, u32);

fn kept(retention: Retention) -> [Kept; 3] {
    [("receipt", retention.receipt_days), ("event", retention.event_days), ("attempt", retention.event_days)]
}

/// Makes the partitions that are missing and drops those that are over; returns how many of each.
pub async fn care(c: &mut PgConnection, retention: Retention, now: DateTime<Utc>) -> Result<(usize, usize)> {
    let today = now.date_naive();
    let made = make_missing(c, retention, today).await?;
    let mut dropped = 0;
    for (table, days) in kept(retention) {
        let first = first_day(today, days);
        for old in existing(c).await?.iter().filter(|partition| is_before(partition, table, first)) {
            dropped += usize::from(drop_partition(c, old).await?);
        }
    }
    if dropped > 0 {
        drop_orphans(c, first_day(today, retention.event_days)).await?;
    }
    Ok((made, dropped))
}

/// The day before the last that counts as kept is there too, so that an id at the very edge still has its place.
fn first_day(today: NaiveDate, days: u32) -> NaiveDate {
    today - Days::new(u64::from(days) + 1)
}

async fn make_missing(c: &mut PgConnection, retention: Retention, today: NaiveDate) -> Result<usize> {
    let mut transaction = c.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *transaction).await?;
    let there = existing(&mut transaction).await?;
    let last = today + Days::new(DAYS_AHEAD);
    let mut made = 0;
    for (table, days) in kept(retention) {
        for day in first_day(today, days).iter_days().take_while(|day| *day <= last) {
            if !there.contains(&name(table, day)) {
                make(&mut transaction, table, day).await?;
                made += 1;
            }
        }
    }
    transaction.commit().await?;
    Ok(made)
}

fn name(table: &str, day: NaiveDate) -> String {
    format!("{table}_{}", day.format("%Y%m%d"))
}

fn is_before(partition: &str, table: &str, first: NaiveDate) -> bool {
    partition
        .strip_prefix(table)
        .and_then(|rest| rest.strip_prefix('_'))
        .and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok())
        .is_some_and(|day| day < first)
}

async fn existing(c: &mut PgConnection) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        r#"select k.relname::text as "name!" from pg_inherits i
           join pg_class p on p.oid = i.inhparent join pg_class k on k.oid = i.inhrelid
           where p.relnamespace = current_schema()::regnamespace and p.relname in ('receipt', 'event', 'attempt')"#
    )
    .fetch_all(c)
    .await?;
    Ok(names)
}

/// The smallest uuid of a day: its first 48 bits are milliseconds.
fn floor(day: NaiveDate) -> Uuid {
    let millis = u128::try_from(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Makes and then attaches, since that blocks nobody who inserts.
async fn make(c: &mut PgConnection, table: &str, day: NaiveDate) -> Result<()> {
    let partition = name(table, day);
    let (from, to) = (floor(day), floor(day + Days::new(1)));
    // The names are ours and the bounds are uuids: nothing here comes from outside.
    let statement = format!(
        "create table {partition} (like {table} including all);
         alter table {table} attach partition {partition} for values from ('{from}') to ('{to}')"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await?;
    Ok(())
}

/// Drops one, in a transaction of its own. It needs the table to itself for a moment: rather than make everyone queue behind
/// a long reader, it gives up quickly and comes again. False if it did.
async fn drop_partition(c: &mut PgConnection, partition: &str) -> Result<bool> {
    let mut transaction = c.begin().await?;
    let statement = format!("set local lock_timeout = '{DROP_LOCK_TIMEOUT}'; drop table if exists {partition}");
    match sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await {
        Ok(_) => {
            transaction.commit().await?;
            Ok(true)
        }
        Err(error) if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03")) => {
            tracing::info!(partition, "a partition that is over is still being read; it is dropped later");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// A delivery whose event is gone can never be sent.
async fn drop_orphans(c: &mut PgConnection, first: NaiveDate) -> Result<()> {
    sqlx::query!("delete from delivery where event_id < $1", floor(first)).execute(c).await?;
    Ok(())
}
