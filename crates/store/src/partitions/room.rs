//! Room on the disk: the oldest days go before their time when the tables have grown too large.
//!
//! Receipts go first, since their events are what was delivered from; then events, with the attempts of the same day. Today
//! and yesterday always stay. A day is emptied rather than dropped: an event may still come that carries a time of that day,
//! and its id must have a place. Emptying needs that day alone, not the table, so traffic does not notice.

use chrono::{DateTime, Days, NaiveDate, Utc};
use socialhook_core::id::EventId;
use sqlx::PgConnection;

use super::{Partition, Retention, Table, exclusively, first_day, midnight};
use crate::Result;

/// A reader who holds so many days up holds up the others as well.
const BUSY_MAX: usize = 3;

/// What making room came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Names of the days that were emptied, in that order.
    pub emptied: Vec<String>,
    pub freed: u64,
    /// Bytes above the limit that are left.
    pub excess: u64,
    /// Days that should have been emptied, but are being read.
    pub busy: usize,
}

/// Empties days until what is left fits into `limit` bytes. `there` is [`super::list`]'s answer.
pub async fn clear(c: &mut PgConnection, there: &[Partition], limit: u64, now: DateTime<Utc>) -> Result<Cleared> {
    let mut cleared = Cleared { excess: total(there).saturating_sub(limit), ..Cleared::default() };
    for group in candidates(there, now.date_naive()) {
        if cleared.excess == 0 || cleared.busy == BUSY_MAX {
            break;
        }
        let names: Vec<String> = group.iter().map(|partition| partition.name()).collect();
        if exclusively(c, &format!("truncate {}", names.join(", "))).await? {
            let bytes = group.iter().map(|partition| partition.bytes).sum();
            cleared.freed += bytes;
            cleared.excess = cleared.excess.saturating_sub(bytes);
            cleared.emptied.extend(names);
        } else {
            cleared.busy += 1;
        }
    }
    Ok(cleared)
}

/// Bytes of all partitions.
#[must_use]
pub fn total(there: &[Partition]) -> u64 {
    there.iter().map(|partition| partition.bytes).sum()
}

/// What may be emptied, in the order in which it goes; what goes together stands together.
fn candidates(there: &[Partition], today: NaiveDate) -> Vec<Vec<&Partition>> {
    let mut old: Vec<&Partition> = there.iter().filter(|one| one.is_filled && !one.is_leaving).collect();
    old.retain(|one| one.day < yesterday(today));
    old.sort_by_key(|one| (one.table != Table::Receipt, one.day, one.table));
    let together = |a: &&Partition, b: &&Partition| a.table != Table::Receipt && a.day == b.day;
    old.chunk_by(together).map(<[_]>::to_vec).collect()
}

fn yesterday(today: NaiveDate) -> NaiveDate {
    today - Days::new(1)
}

/// Deletes up to `limit` open deliveries whose event went with its day, dropped or emptied: they can never be sent. Returns
/// how many.
pub async fn drop_orphans(
    c: &mut PgConnection,
    there: &[Partition],
    retention: Retention,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    let mut dropped = 0;
    for (from, to) in gone(there, retention, now.date_naive()) {
        let left = limit.saturating_sub(i64::try_from(dropped).unwrap_or(i64::MAX));
        let deleted = sqlx::query!(
            // A look at the index for each tenant, rather than at every delivery there is.
            "delete from delivery d using (
               select o.* from tenant t cross join lateral (
                 select w.tenant_id, w.event_id, w.endpoint_id from delivery w
                 where w.tenant_id = t.tenant_id and w.event_id >= $1 and w.event_id < $2
                   and not exists (select from event e where e.tenant_id = w.tenant_id and e.event_id = w.event_id)
                 order by w.event_id limit $3) o
               limit $3) o
             where d.tenant_id = o.tenant_id and d.event_id = o.event_id and d.endpoint_id = o.endpoint_id",
            EventId::floor(midnight(from)).0,
            EventId::floor(midnight(to)).0,
            left
        )
        .execute(&mut *c)
        .await?;
        dropped += deleted.rows_affected();
    }
    Ok(dropped)
}

/// The spans of days, each up to its end, in which there is no event: before the first that is kept, and the emptied ones.
fn gone(there: &[Partition], retention: Retention, today: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut spans = vec![(NaiveDate::default(), first_day(today, retention.event_days))];
    let empty = there.iter().filter(|one| one.table == Table::Event && !one.is_filled && one.day < yesterday(today));
    for day in empty.map(|one| one.day) {
        match spans.last_mut() {
            Some((_, end)) if day < *end => {}
            Some((_, end)) if day == *end => *end = day + Days::new(1),
            _ => spans.push((day, day + Days::new(1))),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, number).expect("a day")
    }

    fn partition(table: Table, number: u32, is_filled: bool) -> Partition {
        Partition { table, day: day(number), bytes: 10, is_filled, is_leaving: false }
    }

    #[test]
    fn receipts_go_first_and_the_last_two_days_stay() {
        let mut there: Vec<_> = (1..=9)
            .flat_map(|number| {
                [Table::Receipt, Table::Event, Table::Attempt].map(|table| partition(table, number, true))
            })
            .collect();
        there[0].is_filled = false;
        there[4].is_leaving = true;
        let order: Vec<Vec<String>> =
            candidates(&there, day(5)).iter().map(|group| group.iter().map(|one| one.name()).collect()).collect();
        assert_eq!(
            order,
            [
                vec!["receipt_20261102"],
                vec!["receipt_20261103"],
                vec!["event_20261101", "attempt_20261101"],
                vec!["attempt_20261102"],
                vec!["event_20261103", "attempt_20261103"],
            ]
        );
    }

    #[test]
    fn neighbouring_empty_days_are_one_span() {
        let filled = [false, false, true, false, true, false, false];
        let there: Vec<_> =
            (3..).zip(filled).map(|(number, is_filled)| partition(Table::Event, number, is_filled)).collect();
        let retention = Retention { receipt_days: 1, event_days: 5 };
        // On the 10th the first day is the 4th; the 9th, yesterday, is not looked at.
        let spans = gone(&there, retention, day(10));
        assert_eq!(spans[0].1, day(5));
        assert_eq!(spans[1..], [(day(6), day(7)), (day(8), day(9))]);
    }
}
