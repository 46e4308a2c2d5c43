//! What recurs: the heartbeat, changes of configuration, due deliveries, counts; and rarely, partitions and sweeping.
//!
//! Every step takes no input but the state and may run twice. A step that fails is logged and comes again; none of them
//! stops the others.

use std::time::Duration;

use socialhook_store::{
    PgConnection, Result, channels, deliveries, inspections, nodes, partitions, refusals, sessions,
};

use crate::Relay;
use crate::dispatcher::Job;

/// Deliveries claimed for one endpoint at a time: the others get their turn.
const CLAIM: i64 = 200;
/// Partitions, sweeps and the search for deliveries without an owner: once in this many ticks.
const RARELY: u64 = 60;

/// Runs until the relay stops.
pub(crate) async fn run(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    loop {
        tokio::select! {
            () = relay.0.stop.cancelled() => return,
            () = relay.0.wake.notified() => {}
            _ = interval.tick() => ticks += 1,
        }
        if let Err(error) = tick(&relay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "upkeep could not reach the database");
        }
        if ticks.is_multiple_of(RARELY)
            && let Err(error) = rarely(&relay).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "partitions and sweeps could not be looked after");
        }
    }
}

/// The frequent work, once; returns how many deliveries were claimed.
pub(crate) async fn tick(relay: &Relay) -> Result<usize> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    let mut c = inner.means.pools.background.acquire().await?;
    inner.directory.follow(&mut c, &inner.means.sealer).await?;
    nodes::heartbeat(&mut c, inner.node_id, inner.directory.contents().epoch(), now).await?;
    if nodes::bury(&mut c, now).await? > 0 {
        let freed = nodes::take_over(&mut c, now).await?;
        tracing::warn!(deliveries = freed, "took over from a process whose heartbeat stopped");
    }
    flush_tally(relay, &mut c).await?;
    claim(relay, &mut c).await
}

async fn claim(relay: &Relay, c: &mut PgConnection) -> Result<usize> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    let mut claimed = 0;
    for (tenant_id, endpoint_id) in deliveries::due_endpoints(c, now).await? {
        if inner.stop.is_cancelled() || inner.dispatcher.is_full() {
            break;
        }
        let due = deliveries::claim_due(c, tenant_id, (endpoint_id, inner.node_id), now, CLAIM).await?;
        claimed += due.len();
        inner.dispatcher.submit(due.into_iter().map(Job::claimed).collect());
    }
    if claimed >= usize::try_from(CLAIM).unwrap_or(usize::MAX) {
        inner.wake.notify_one();
    }
    Ok(claimed)
}

/// Stores the counts; those that cannot be stored are lost, since no webhook hangs on them.
pub(crate) async fn flush_tally(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let counts = relay.0.tally.take();
    let (refused, heard) = (counts.refusals(), counts.activity());
    if !refused.is_empty() {
        refusals::add(c, &refused).await?;
    }
    if !heard.is_empty() {
        channels::note_activity(c, &heard).await?;
    }
    Ok(())
}

/// The rare work, once.
pub(crate) async fn rarely(relay: &Relay) -> Result<()> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    let mut c = inner.means.pools.background.acquire().await?;
    let (made, dropped) = partitions::care(&mut c, inner.settings.retention, now).await?;
    if made + dropped > 0 {
        tracing::info!(made, dropped, "partitions");
    }
    nodes::take_over(&mut c, now).await?;
    inspections::prune(&mut c).await?;
    sessions::sweep(&mut c, now).await?;
    Ok(())
}
