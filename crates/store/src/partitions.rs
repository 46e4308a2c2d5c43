//! Daily partitions of the append-only tables: made days ahead, dropped by age, emptied early where room is short.
//!
//! What must hold: every id that may be stored has a partition. Receipts carry the time of receipt; events and attempts the
//! event's own time, which may lie back as far as the retention. There is no default partition, since it would have to be
//! scanned for every new one. Tables named as partitions are ours, attached or not.

pub mod dropping;
pub mod room;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use socialhook_core::id::EventId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Result;

/// Partitions exist for this many days to come.
pub const DAYS_AHEAD: u64 = 3;
/// For what needs a table to itself: everyone queues behind it, so it gives up quickly and comes again.
const EXCLUSIVE_LOCK_TIMEOUT: &str = "200ms";
/// Any number: serialises the processes that make partitions.
const MAKING: i64 = 0x5048_6b50;
/// Any number: the process that holds it drops and deletes what is over, the others leave that to it.
const HOUSEKEEPING: i64 = 0x5048_6b51;

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

    /// As long as either.
    #[must_use]
    pub fn or_longer(self, other: Self) -> Self {
        Self {
            receipt_days: self.receipt_days.max(other.receipt_days),
            event_days: self.event_days.max(other.event_days),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Receipt,
    Event,
    Attempt,
}

impl Table {
    const ALL: [Self; 3] = [Self::Receipt, Self::Event, Self::Attempt];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Event => "event",
            Self::Attempt => "attempt",
        }
    }

    fn days(self, retention: Retention) -> u32 {
        match self {
            Self::Receipt => retention.receipt_days,
            Self::Event | Self::Attempt => retention.event_days,
        }
    }
}

/// A day of a table, as it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    pub table: Table,
    pub day: NaiveDate,
    /// With its indexes and what is stored apart.
    pub bytes: u64,
    /// False: there is not a row in it.
    pub is_filled: bool,
    /// Its detaching was begun and not finished: new queries do not see it any more.
    pub is_leaving: bool,
}

impl Partition {
    #[must_use]
    pub fn name(&self) -> String {
        name(self.table, self.day)
    }
}

fn name(table: Table, day: NaiveDate) -> String {
    format!("{}_{}", table.name(), day.format("%Y%m%d"))
}

/// The table and day that a partition's name stands for; none for other tables.
fn parse(name: &str) -> Option<(Table, NaiveDate)> {
    let (table, digits) = name.split_once('_')?;
    let table = Table::ALL.into_iter().find(|known| known.name() == table)?;
    let day = NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?;
    (self::name(table, day) == name).then_some((table, day))
}

/// All partitions with their sizes, oldest first. Looks at files, not at rows: cheap enough for once a minute.
pub async fn list(c: &mut PgConnection) -> Result<Vec<Partition>> {
    // A partition that goes meanwhile has no size.
    let rows = sqlx::query!(
        r#"select k.relname::text as "name!", coalesce(pg_total_relation_size(k.oid), 0) as "bytes!",
             coalesce(pg_relation_size(k.oid), 0) > 0 as "is_filled!", i.inhdetachpending as is_leaving
           from pg_inherits i
           join pg_class p on p.oid = i.inhparent join pg_class k on k.oid = i.inhrelid
           where p.relnamespace = current_schema()::regnamespace and p.relname in ('receipt', 'event', 'attempt')"#
    )
    .fetch_all(c)
    .await?;
    let mut there: Vec<Partition> = rows
        .into_iter()
        .filter_map(|row| {
            let (table, day) = parse(&row.name)?;
            let bytes = u64::try_from(row.bytes).unwrap_or(0);
            Some(Partition { table, day, bytes, is_filled: row.is_filled, is_leaving: row.is_leaving })
        })
        .collect();
    there.sort_unstable_by_key(|partition| (partition.day, partition.table));
    Ok(there)
}

/// Makes the partitions that are missing; returns how many. If they cannot be made together, each is tried alone, the coming
/// days first, so that one obstacle does not stop the others.
pub async fn make(c: &mut PgConnection, retention: Retention, now: DateTime<Utc>) -> Result<usize> {
    let wanted = wanted(retention, now.date_naive());
    if let Ok(made) = make_missing(c, &wanted).await {
        return Ok(made);
    }
    let mut made = Ok(0);
    for one in wanted {
        let result = make_missing(c, &[one]).await;
        made = match (made, result) {
            (Ok(sum), Ok(more)) => Ok(sum + more),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
        };
    }
    made
}

/// For how many days from today on every table has its partition: none means that webhooks are refused now.
pub async fn days_provided(c: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    let there: Vec<_> = list(c).await?.into_iter().map(|partition| (partition.table, partition.day)).collect();
    let is_provided = |day: &NaiveDate| Table::ALL.into_iter().all(|table| there.contains(&(table, *day)));
    Ok(now.date_naive().iter_days().take_while(is_provided).count())
}

/// Every day that an id may fall into, from today on and then those behind.
fn wanted(retention: Retention, today: NaiveDate) -> Vec<(Table, NaiveDate)> {
    let ahead = (0..=DAYS_AHEAD).map(|days| today + Days::new(days));
    let ahead = ahead.flat_map(|day| Table::ALL.map(|table| (table, day)));
    let behind = Table::ALL.into_iter().flat_map(|table| {
        let first = first_day(today, table.days(retention));
        first.iter_days().take_while(move |day| *day < today).map(move |day| (table, day))
    });
    ahead.chain(behind).collect()
}

/// The day before the last that counts as kept is there too, so that an id at the very edge still has its place.
fn first_day(today: NaiveDate, days: u32) -> NaiveDate {
    today - Days::new(u64::from(days) + 1)
}

async fn make_missing(c: &mut PgConnection, wanted: &[(Table, NaiveDate)]) -> Result<usize> {
    let mut transaction = c.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", MAKING).execute(&mut *transaction).await?;
    let there: Vec<_> =
        list(&mut transaction).await?.into_iter().map(|partition| (partition.table, partition.day)).collect();
    let mut made = 0;
    for (table, day) in wanted.iter().filter(|one| !there.contains(one)) {
        attach(&mut transaction, *table, *day).await?;
        made += 1;
    }
    transaction.commit().await?;
    Ok(made)
}

/// Makes and then attaches, since that blocks nobody who inserts. A table that was detached and is needed again is attached
/// as it is.
async fn attach(c: &mut PgConnection, table: Table, day: NaiveDate) -> Result<()> {
    let (partition, table) = (name(table, day), table.name());
    let (from, to) = (EventId::floor(midnight(day)).0, EventId::floor(midnight(day + Days::new(1))).0);
    // The names are ours and the bounds are uuids: nothing here comes from outside.
    let statement = format!(
        "create table if not exists {partition} (like {table} including all);
         alter table {table} attach partition {partition} for values from ('{from}') to ('{to}')"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await?;
    Ok(())
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Whether this session is now the one that drops and deletes. It never waits: whoever waits in a transaction holds up the
/// very detaching that it waits for. The lock goes with the session.
pub async fn try_housekeeping(c: &mut PgConnection) -> Result<bool> {
    let got = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "got!""#, HOUSEKEEPING).fetch_one(c).await?;
    Ok(got)
}

/// Runs a statement that needs a table to itself, and gives up quickly: false if others kept it.
async fn exclusively(c: &mut PgConnection, statement: &str) -> Result<bool> {
    let mut transaction = c.begin().await?;
    let statement = format!("set local lock_timeout = '{EXCLUSIVE_LOCK_TIMEOUT}'; {statement}");
    let done = unless_held(sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await)?;
    if done {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(done)
}

/// False for a statement that did not get its lock in time.
fn unless_held<T>(result: sqlx::Result<T>) -> Result<bool> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03")) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_are_partitions() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a day");
        for table in Table::ALL {
            assert_eq!(parse(&name(table, day)), Some((table, day)));
        }
        for other in ["event", "event_", "event_2026112", "event_20261102_old", "event_20261302", "events_20261102"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn every_id_that_may_come_has_a_day() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a day");
        let wanted = wanted(Retention { receipt_days: 1, event_days: 2 }, today);
        let days = |table| wanted.iter().filter(|one| one.0 == table).count();
        assert_eq!((days(Table::Receipt), days(Table::Event), days(Table::Attempt)), (6, 7, 7));
        assert_eq!(wanted[0], (Table::Receipt, today), "what is needed now comes first");
    }
}
