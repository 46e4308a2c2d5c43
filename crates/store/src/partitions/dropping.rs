//! Dropping the days that are over, beside full traffic.
//!
//! A plain drop wants the whole table to itself, and behind a long reader every insert would queue. So a day is first detached
//! concurrently, which waits for readers without holding up anyone, and then dropped when nobody can see it. A detaching that
//! is cut short, by a reader who takes too long or by our end, leaves the day invisible; the next time finishes it. No two
//! days of one table can be leaving at once.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{Partition, Retention, Table, exclusively, first_day, list, name, parse, unless_held};
use crate::Result;

/// Drops the days that are over; returns their names. To be called by whoever keeps house, on a connection with a short
/// `lock_timeout`, outside of a transaction.
pub async fn drop_old(c: &mut PgConnection, retention: Retention, now: DateTime<Utc>) -> Result<Vec<String>> {
    let today = now.date_naive();
    let is_over = |table: Table, day: NaiveDate| day < first_day(today, table.days(retention));
    let there = list(c).await?;
    for table in Table::ALL {
        // What is leaving comes first: as long as it does, no other can.
        let mut going: Vec<&Partition> = there.iter().filter(|one| one.table == table).collect();
        going.retain(|one| one.is_leaving || is_over(table, one.day));
        going.sort_by_key(|one| !one.is_leaving);
        for partition in going {
            if !detach(c, partition).await? {
                tracing::info!(partition = partition.name(), "a day that is over is still being read; it goes later");
                break;
            }
        }
    }
    let mut dropped = Vec::new();
    for (table, day) in detached(c).await?.into_iter().filter(|(table, day)| is_over(*table, *day)) {
        let name = name(table, day);
        if exclusively(c, &format!("drop table {name}")).await? {
            dropped.push(name);
        }
    }
    Ok(dropped)
}

/// False if it is still being read.
async fn detach(c: &mut PgConnection, partition: &Partition) -> Result<bool> {
    let how = if partition.is_leaving { "finalize" } else { "concurrently" };
    let statement = format!("alter table {} detach partition {} {how}", partition.table.name(), partition.name());
    unless_held(sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await)
}

/// Tables that were partitions and are none any more.
async fn detached(c: &mut PgConnection) -> Result<Vec<(Table, NaiveDate)>> {
    let names = sqlx::query_scalar!(
        r#"select k.relname::text as "name!" from pg_class k
           where k.relnamespace = current_schema()::regnamespace and k.relkind = 'r'
             and k.relname ~ '^(receipt|event|attempt)_[0-9]{8}$'
             and not exists (select from pg_inherits i where i.inhrelid = k.oid)
           order by k.relname"#
    )
    .fetch_all(c)
    .await?;
    Ok(names.iter().filter_map(|name| parse(name)).collect())
}
