//! What recurs: the heartbeat, changes of configuration and of customers' names, due deliveries, replays, counts; and rarely, sweeping.
//!
//! Every step takes no input but the state and may run twice. A step that fails is logged and comes again; none of them
//! stops the others.

use std::time::Duration;

use chrono::TimeDelta;
use socialhook_core::id::ManifestId;
use socialhook_store::connections::people;
use socialhook_store::endpoints::secrets;
use socialhook_store::{
    PgConnection, Result, account_links, channels, deliveries, idempotency, inspections, invitations, mail, manifests,
    meta_logins, nodes, onboarding, refusals, refused_requests, rollups, sessions, sign_ups, throttle,
};

use crate::job::Job;
use crate::rollups::FLUSH_EVERY;
use crate::within::within;
use crate::{Relay, recovery, replays};

/// Deliveries claimed for one endpoint at a time: the others get their turn.
const CLAIM: usize = 500;
/// Sweeps, the search for deliveries without an owner, and [`crate::housekeeping`]: once in this many ticks.
pub(crate) const RARELY: u32 = 60;

/// A delivery that this process owns for longer than this, without a job for it, was lost on the way here.
const STRAY_AFTER: TimeDelta = TimeDelta::seconds(60);
/// After the database was away they are likely, and looked for as soon as answers that are late have come.
const STRAY_AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(5);
const CALM: Duration = Duration::from_secs(6);

/// Longer than a statement may take, so that only a server that hangs, or a dead line, is given up.
const TICK_WITHIN: Duration = Duration::from_secs(35);

/// Well within the lease.
const LEASE_WITHIN: Duration = Duration::from_secs(5);

/// Several statements.
const RARELY_WITHIN: Duration = Duration::from_mins(3);

/// Renews the lease until the relay stops: apart from the rest, so that no step that takes long costs it.
pub(crate) async fn keep_lease(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = relay.0.stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        let renewed = within(&relay.0.means.pools.background, LEASE_WITHIN, async |c| heartbeat(&relay, c).await);
        if let Err(error) = renewed.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
        }
    }
}

async fn heartbeat(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let inner = &relay.0;
    let works_with = (inner.directory.contents().epoch(), &*inner.means.sealer.key_id());
    nodes::heartbeat(c, inner.node_id, works_with, inner.means.clock.by_hand()).await
}

/// Runs until the relay stops.
pub(crate) async fn run(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    loop {
        let ticked = tokio::select! {
            () = relay.0.stop.cancelled() => return,
            () = relay.0.wake.notified() => false,
            _ = interval.tick() => true,
        };
        if let Err(error) = tick(&relay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "upkeep could not do all of its work");
        }
        if relay.0.pulse.was_shaken(CALM)
            && let Err(error) = after_trouble(&relay).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "what the trouble left could not be looked for");
        }
        ticks += u64::from(ticked);
        if ticked
            && ticks.is_multiple_of(FLUSH_EVERY)
            && let Err(error) = flush_rollups(&relay).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "the overview's sums could not be stored");
        }
        if ticked
            && ticks.is_multiple_of(u64::from(RARELY))
            && let Err(error) = rarely(&relay).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "sweeps could not be done");
        }
    }
}

/// The frequent work, once; returns how many deliveries were claimed and replays advanced. Each step is done whatever came of those before.
pub(crate) async fn tick(relay: &Relay) -> Result<usize> {
    within(&relay.0.means.pools.background, TICK_WITHIN, async |c| {
        let lived = live(relay, c).await;
        // Before the directory follows, so that it knows.
        let retired = secrets::retire_due(c, relay.0.means.clock.now()).await;
        let followed = relay.0.directory.follow(c, &relay.0.means.sealer).await;
        let heard = relay.0.conversations.follow(c, relay.0.means.clock.now()).await;
        let flushed = flush_tally(relay, c).await;
        let settled = settle_doubts(relay, c).await;
        // Before the claims, so that what they open is claimed at once.
        let attended = recovery::attend(relay, c).await;
        let advanced = replays::advance(relay, c).await;
        let claimed = claim(relay, c).await;
        let done = attended.and_then(|attended| Ok(attended + advanced? + claimed?));
        lived.and(retired).and(followed).and(heard).and(flushed).and(settled).and(done)
    })
    .await
}

/// Renews this process's lease, and takes over from those whose lease has run out.
async fn live(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let inner = &relay.0;
    heartbeat(relay, c).await?;
    if nodes::bury(c, inner.means.clock.by_hand()).await? > 0 {
        let freed = nodes::take_over(c, inner.means.clock.now()).await?;
        tracing::warn!(deliveries = freed, "took over from a process whose heartbeat stopped");
    }
    Ok(())
}

async fn claim(relay: &Relay, c: &mut PgConnection) -> Result<usize> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    let (mut claimed, mut more) = (0, false);
    let due_endpoints = deliveries::due_endpoints(c, now).await?;
    inner.dispatcher.follow_due(&due_endpoints);
    for (tenant_id, endpoint_id) in due_endpoints {
        if inner.stop.is_cancelled() {
            break;
        }
        let room = inner.dispatcher.room(tenant_id, endpoint_id).min(CLAIM);
        if room == 0 {
            continue;
        }
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let due = deliveries::claim_due(c, tenant_id, (endpoint_id, inner.node_id), now, limit).await?;
        claimed += due.len();
        more |= due.len() == room;
        inner.dispatcher.submit(due.into_iter().map(Job::claimed).collect());
    }
    if more {
        inner.wake.notify_one();
    }
    Ok(claimed)
}

/// Stores the counts; those that cannot be stored are lost, since no webhook hangs on them.
pub(crate) async fn flush_tally(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let counts = relay.0.tally.take();
    let (refused, heard, apps) = (counts.refusals(), counts.activity(), counts.apps());
    for one in relay.0.refused.take(relay.0.means.clock.now()) {
        refused_requests::keep(c, one.tenant_id, &one, &relay.0.means.sealer).await?;
    }
    if !refused.is_empty() {
        refusals::add(c, &refused).await?;
    }
    if !heard.is_empty() {
        channels::note_activity(c, &heard).await?;
    }
    if !apps.is_empty() {
        onboarding::note_apps(c, &apps).await?;
    }
    Ok(())
}

/// Adds what this process counted to the overview's sums.
pub(crate) async fn flush_rollups(relay: &Relay) -> Result<()> {
    let inner = &relay.0;
    within(&inner.means.pools.background, TICK_WITHIN, async |c| inner.rollups.flush(c).await).await
}

/// The rare work, once.
pub(crate) async fn rarely(relay: &Relay) -> Result<()> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    within(&inner.means.pools.background, RARELY_WITHIN, async |c| {
        nodes::take_over(c, now).await?;
        release_strays(relay, c, STRAY_AFTER).await?;
        inspections::prune(c).await?;
        refused_requests::prune(c, inner.settings.retention.receipt_days, now).await?;
        rollups::prune(c, now).await?;
        throttle::sweep(c, now).await?;
        let unsent = mail::sweep(c, now).await?;
        if unsent > 0 {
            tracing::error!(letters = unsent, "letters were never sent, and what they say holds no longer");
        }
        idempotency::sweep(c, now).await?;
        meta_logins::sweep(c, now).await?;
        people::sweep_deletions(c, now).await?;
        sign_ups::sweep(c, now).await?;
        account_links::sweep(c, now).await?;
        invitations::sweep(c, now).await?;
        sessions::sweep(c, now).await
    })
    .await?;
    Ok(())
}

/// A manifest whose commit's answer was lost: if it is there, its deliveries are to be sent, by whoever claims them.
async fn settle_doubts(relay: &Relay, c: &mut PgConnection) -> Result<()> {
    let doubtful = relay.0.dispatcher.take_doubtful();
    if doubtful.is_empty() {
        return Ok(());
    }
    let settled = manifests::surrender(c, relay.0.node_id, &doubtful, relay.0.means.clock.now()).await;
    if settled.is_err() {
        relay.0.dispatcher.doubt(doubtful.into_iter());
    }
    settled.map(|_| ())
}

/// A crash of the database may take back what it had said of outcomes, and a lost connection hides whether it committed.
async fn after_trouble(relay: &Relay) -> Result<()> {
    let pool = &relay.0.means.pools.background;
    within(pool, TICK_WITHIN, async |c| release_strays(relay, c, STRAY_AFTER_TROUBLE).await).await
}

/// Gives back what the database says is ours and memory does not know: its claim or commit succeeded, but the answer was lost.
async fn release_strays(relay: &Relay, c: &mut PgConnection, after: TimeDelta) -> Result<()> {
    let inner = &relay.0;
    let (now, open) = (inner.means.clock.now(), inner.dispatcher.open());
    // The database is asked first: what it names and is finished meanwhile is no longer ours to release.
    let mut owned = deliveries::owned(c, inner.node_id, now - after).await?;
    owned.retain(|stray| !open.has(&(stray.tenant_id, stray.event_id, stray.endpoint_id)));
    if !owned.is_empty() {
        tracing::warn!(deliveries = owned.len(), "deliveries without a job are given back");
        deliveries::release(c, inner.node_id, &owned, now).await?;
    }
    let mut written = manifests::written_before(c, inner.node_id, ManifestId::new(now - after)).await?;
    written.retain(|manifest_id| !open.has_manifest(*manifest_id));
    if !written.is_empty() {
        let opened = manifests::surrender(c, inner.node_id, &written, now).await?;
        tracing::warn!(deliveries = opened, "deliveries of manifests without jobs are given back");
    }
    Ok(())
}
