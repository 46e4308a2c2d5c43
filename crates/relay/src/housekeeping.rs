//! Keeping house: days made ahead, dropped by age, emptied where room is short, and what single tenants keep for less long.
//!
//! A task of its own, on a connection of its own, since it may have to wait for readers: heartbeats and deliveries do not wait
//! with it. Every process sees to the days ahead; the rest is done by one of them at a time. It may end anywhere and begins
//! again where things stand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, DurationRound, NaiveDate, TimeDelta, Utc};
use socialhook_core::id::TenantId;
use socialhook_store::partitions::{self, Partition, Retention, dropping, room};
use socialhook_store::retention::{self, Own, Span, bodies};
use socialhook_store::{PgConnection, Result};
use sqlx::Connection;

use crate::upkeep::RARELY;
use crate::{Relay, leaving, media};

/// After a failure it comes again in this many ticks.
const AFTER_FAILURE: u32 = 5;

/// Rows deleted together, and how many times in one go for one tenant: then the others have their turn.
const BATCH: i64 = 1000;
const BATCHES_PER_TENANT: usize = 20;
/// Bodies dropped together, of what is delivered.
const BODIES: i64 = 5000;
/// Deleting goes on for this long, then in a minute again.
const DELETE_FOR: Duration = Duration::from_secs(20);

/// Of a disk that others use too, this much is left free: a tenth, or less on a large one.
const FREE_SHARE: u64 = 10;
const FREE_BYTES_MAX: u64 = 5_000_000_000;
/// While all tables are smaller than this, a full disk has other causes, and our history is left alone.
const BLAMELESS_BYTES: u64 = 1_000_000_000;

/// How large the tables may grow before the oldest days go early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    Unlimited,
    Bytes(u64),
    /// As long as the file system of this directory, on which they are, keeps some space free.
    Disk(PathBuf),
}

impl Room {
    /// Bytes that the tables may have, which now have `used`; none if it cannot be told.
    fn limit(&self, used: u64) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Bytes(bytes) => Some(*bytes),
            Self::Disk(path) => {
                let disk = nix::sys::statvfs::statvfs(path)
                    .inspect_err(|error| tracing::warn!(%error, "the disk's free space cannot be told"))
                    .ok()?;
                let block = disk.fragment_size();
                Some(beside_others(used, product(disk.blocks(), block), product(disk.blocks_available(), block)))
            }
        }
    }
}

/// The numbers have other types on other systems.
fn product(blocks: impl Into<u64>, bytes: impl Into<u64>) -> u64 {
    blocks.into().saturating_mul(bytes.into())
}

/// What the tables may have of a disk of which `available` bytes are free.
fn beside_others(used: u64, size: u64, available: u64) -> u64 {
    let reserve = (size / FREE_SHARE).min(FREE_BYTES_MAX);
    used.saturating_add(available).saturating_sub(reserve).max(BLAMELESS_BYTES)
}

/// What housekeeping remembers, only to look less often: a process that knows nothing looks everywhere.
#[derive(Default)]
pub(crate) struct House(tokio::sync::Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// What was deleted already, by tenant; forgotten every day.
    done: HashMap<TenantId, Done>,
    day: NaiveDate,
    /// Whose turn was last.
    last: Option<TenantId>,
}

#[derive(Clone, Copy)]
struct Done {
    receipts: Span,
    events: Span,
    bodies: Span,
}

/// Runs until the relay stops.
pub(crate) async fn run(relay: Relay, tick: Duration) {
    let mut interval = tokio::time::interval(tick * RARELY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let kept = tokio::select! {
            () = relay.0.stop.cancelled() => return,
            kept = async { interval.tick().await; keep(&relay).await } => kept,
        };
        if let Err(error) = kept {
            tracing::warn!(error = &error as &dyn std::error::Error, "housekeeping could not do all of its work");
            interval.reset_after(tick * AFTER_FAILURE);
        }
    }
}

/// Once, all of it. Each step is done whatever came of those before.
pub(crate) async fn keep(relay: &Relay) -> Result<()> {
    // One at a time in this process too.
    let mut memory = relay.0.house.0.lock().await;
    let mut c = relay.0.means.pools.housekeeping().await?;
    let made = make(relay, &mut c).await;
    let mut cleared = Ok(());
    if partitions::try_housekeeping(&mut c).await? {
        let (default, now) = (relay.0.settings.retention, relay.0.means.clock.now());
        let tenants = retention::of_all(&mut c).await?;
        let longest = tenants.iter().fold(default, |longest, (_, own)| longest.or_longer(own.or(default)));
        let dropped = drop_old(&mut c, longest, now).await;
        let fitted = fit(relay, &mut c, longest).await;
        let deleted = delete(&mut c, &mut memory, (&tenants, default, longest), now).await;
        let oldest = tenants.iter().map(|(tenant_id, own)| {
            let oldest = own.or(default).oldest_event(now);
            (*tenant_id, own.oldest_body(now).map_or(oldest, |body| body.max(oldest)))
        });
        let files = media::sweep(relay, &mut c, oldest).await;
        let swept = leaving::sweep(relay, &mut c, now).await;
        cleared = dropped.and(fitted).and(deleted).and(files).and(swept);
    }
    let closed = c.close().await;
    made.and(cleared).and(Ok(closed?))
}

/// Days ahead. Whoever runs out of them refuses webhooks, so that is told loudly and in time.
async fn make(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let now = relay.0.means.clock.now();
    let made = partitions::make(c, relay.0.settings.retention, now).await;
    match &made {
        Ok(0) => {}
        Ok(made) => tracing::info!(made, "days were made"),
        Err(error) => {
            let days_left = partitions::days_provided(c, now).await.ok();
            tracing::error!(
                error = error as &dyn std::error::Error,
                days_left,
                "the tables for the days to come could not be made; without them webhooks are refused"
            );
        }
    }
    made.map(|_| ())
}

async fn drop_old(c: &mut PgConnection, longest: Retention, now: DateTime<Utc>) -> Result<()> {
    let dropped = dropping::drop_old(c, longest, now).await?;
    if !dropped.is_empty() {
        tracing::info!(days = dropped.join(", "), "days that were over were dropped");
    }
    Ok(())
}

/// Sees to it that the tables fit into the room there is, and that no delivery outlives its event.
async fn fit(relay: &Relay, c: &mut PgConnection, longest: Retention) -> Result<()> {
    let now = relay.0.means.clock.now();
    let mut there = partitions::list(c).await?;
    let used = room::total(&there);
    if let Some(limit) = relay.0.settings.room.limit(used).filter(|limit| *limit < used) {
        let cleared = clear(c, &there, (used, limit), now).await;
        there = partitions::list(c).await?;
        cleared?;
    }
    drop_orphans(c, &there, longest, now).await
}

async fn clear(c: &mut PgConnection, there: &[Partition], (used, limit): (u64, u64), now: DateTime<Utc>) -> Result<()> {
    let cleared = room::clear(c, there, limit, now).await?;
    if !cleared.emptied.is_empty() {
        let days = cleared.emptied.join(", ");
        tracing::warn!(
            used,
            limit,
            freed = cleared.freed,
            days,
            "the tables were too large: the oldest days were emptied"
        );
    }
    match (cleared.excess, cleared.busy) {
        (0, _) => {}
        (excess, 0) => tracing::error!(
            used,
            limit,
            excess,
            "the tables are too large, and only today and yesterday are left: more room is needed"
        ),
        (excess, busy) => {
            tracing::warn!(
                excess,
                busy,
                "the tables are too large, but old days are being read; they are emptied later"
            );
        }
    }
    Ok(())
}

async fn drop_orphans(c: &mut PgConnection, there: &[Partition], longest: Retention, now: DateTime<Utc>) -> Result<()> {
    let (began, mut sum) = (Instant::now(), 0);
    loop {
        let dropped = room::drop_orphans(c, there, longest, now, BATCH).await?;
        sum += dropped;
        if dropped == 0 || began.elapsed() > DELETE_FOR {
            break;
        }
    }
    if sum > 0 {
        tracing::warn!(deliveries = sum, "open deliveries went with their events, which were too old");
    }
    Ok(())
}

/// Deletes what tenants keep for less long than the partitions are there. They take turns.
async fn delete(
    c: &mut PgConnection,
    memory: &mut Memory,
    (tenants, default, longest): (&[(TenantId, Own)], Retention, Retention),
    now: DateTime<Utc>,
) -> Result<()> {
    if memory.day != now.date_naive() {
        *memory = Memory { day: now.date_naive(), last: memory.last, ..Memory::default() };
    }
    let began = Instant::now();
    let next = tenants.partition_point(|(tenant_id, _)| Some(*tenant_id) <= memory.last);
    let (before, after) = tenants.split_at(next);
    for (tenant_id, own) in after.iter().chain(before) {
        if own.or(default) == longest && own.body_days.is_none() {
            continue;
        }
        let over = over(*own, own.or(default), now);
        let done = memory.done.get(tenant_id).copied();
        let left = done.map_or(over, |done| Done {
            receipts: over.receipts.after(done.receipts),
            events: over.events.after(done.events),
            bodies: over.bodies.after(done.bodies),
        });
        let are_bodies_gone = drop_bodies(c, *tenant_id, *own, (left.bodies, now)).await?;
        if delete_of(c, *tenant_id, left).await? && are_bodies_gone {
            memory.done.insert(*tenant_id, over);
        }
        memory.last = Some(*tenant_id);
        if began.elapsed() > DELETE_FOR {
            break;
        }
    }
    Ok(())
}

/// What a tenant does not keep any more, moving by the hour. Events go a day later than their time says, so that one which comes
/// in at the edge is not gone before it is delivered: partitions do the same.
fn over(own: Own, all: Retention, now: DateTime<Utc>) -> Done {
    let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let before = |days: u32| Span::before(hour - Days::new(u64::from(days)));
    Done {
        receipts: before(all.receipt_days),
        events: before(all.event_days + 1),
        bodies: own.oldest_body(hour).map_or(Span::EMPTY, Span::before),
    }
}

/// Drops what customers wrote and their tenant does not keep. True if nothing is left; of what came in late, the next day's look finds it.
async fn drop_bodies(
    c: &mut PgConnection,
    tenant_id: TenantId,
    own: Own,
    (mut span, now): (Span, DateTime<Utc>),
) -> Result<bool> {
    let Some(before) = own.oldest_body(now) else { return Ok(true) };
    bodies::drop_inspections(c, tenant_id, before).await?;
    for _ in 0..BATCHES_PER_TENANT {
        let settled = if own.is_fleeting() { bodies::drop_settled(c, tenant_id, BODIES).await? } else { 0 };
        if !span.is_empty() {
            span = bodies::drop_old(c, tenant_id, span, (before, now), BATCH).await?;
        }
        if span.is_empty() && settled < BODIES.unsigned_abs() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// True if nothing is left.
async fn delete_of(c: &mut PgConnection, tenant_id: TenantId, over: Done) -> Result<bool> {
    let Done { mut receipts, mut events, .. } = over;
    for _ in 0..BATCHES_PER_TENANT {
        if !receipts.is_empty() {
            receipts = retention::delete_receipts(c, tenant_id, receipts, BATCH).await?;
        }
        if !events.is_empty() {
            events = retention::delete_events(c, tenant_id, events, BATCH).await?;
        }
        if receipts.is_empty() && events.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn a_disk_is_shared_with_others() {
        // Used by us, size, free: what we may have.
        for (used, size, available, limit) in [
            (10, 1000, 500, 505),
            (10, 1000, 2, 7),
            (10, 20, 5, 13),
            (10, 20, 0, 8),
            // Others filled it, not we.
            (0, 1000, 0, 1),
            (3, 1000, 1, 1),
        ] {
            assert_eq!(beside_others(used * GB, size * GB, available * GB), limit * GB, "{used} {size} {available}");
        }
    }

    #[test]
    fn events_go_a_day_later_than_receipts() {
        let at = |text: &str| -> DateTime<Utc> { text.parse().expect("a time") };
        let own = Own { body_days: Some(0), ..Own::default() };
        let over = over(own, Retention { receipt_days: 2, event_days: 2 }, at("2026-11-05T12:34:56Z"));
        assert_eq!(over.receipts, Span::before(at("2026-11-03T12:00:00Z")));
        assert_eq!(over.events, Span::before(at("2026-11-02T12:00:00Z")));
        assert_eq!(over.bodies, Span::before(at("2026-11-04T12:00:00Z")));
    }
}
