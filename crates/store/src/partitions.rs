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
        now - Days::new(u64::from(self.event_days)) + Days::new(1)
    }
}

/// A table, and how many days of it are kept.
type Kept = (&'static str, u32);

fn kept(retention: Retention) -> [Kept; 3] {
    [("receipt", retention.receipt_days), ("event", retention.event_days), ("attempt", retention.event_days)]
}

/// Makes the partitions that are missing and drops those that are over; returns how many of each.
pub async fn care(c: &mut PgConnection, retention: Retention, now: DateTime<Utc>) -> Result<(usize, usize)> {
    let mut transaction = c.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *transaction).await?;
    let there = existing(&mut transaction).await?;
    let today = now.date_naive();
    let (mut made, mut dropped) = (0, 0);
    for (table, days) in kept(retention) {
        let first = today - Days::new(u64::from(days));
        let last = today + Days::new(DAYS_AHEAD);
        for day in first.iter_days().take_while(|day| *day <= last) {
            if !there.contains(&name(table, day)) {
                make(&mut transaction, table, day).await?;
                made += 1;
            }
        }
        for old in there.iter().filter(|partition| is_before(partition, table, first)) {
            drop_partition(&mut transaction, table, old).await?;
            dropped += 1;
        }
    }
    drop_orphans(&mut transaction, today - Days::new(u64::from(retention.event_days))).await?;
    transaction.commit().await?;
    Ok((made, dropped))
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

async fn drop_partition(c: &mut PgConnection, table: &str, partition: &str) -> Result<()> {
    let statement = format!("alter table {table} detach partition {partition}; drop table {partition}");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await?;
    Ok(())
}

/// A delivery whose event is gone can never be sent.
async fn drop_orphans(c: &mut PgConnection, first: NaiveDate) -> Result<()> {
    sqlx::query!("delete from delivery where event_id < $1", floor(first)).execute(c).await?;
    Ok(())
}
