//! What becomes of an endpoint that does not answer: it is probed now and then, what is parked for it is sent by itself once it
//! answers again, and if it never does, it is paused.
//!
//! What must hold: a recovery drains what was parked before it, oldest first and a bounded part at a tick; of several processes one
//! probes; while an endpoint is down no delivery spends its attempts, but those that probe it.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{EndpointId, TenantId};
use socialhook_store::deliveries::Drain;
use socialhook_store::endpoints::{self, PauseReason};
use socialhook_store::health::{self, State};
use socialhook_store::{PgConnection, Result, deliveries};

use crate::job::Job;
use crate::within::within;
use crate::{Means, Relay};

/// An attempt waits for it.
const STORED_WITHIN: Duration = Duration::from_secs(2);
/// Before the first probe, and at most between two; each wait is twice the one before.
const FIRST_PROBE: TimeDelta = TimeDelta::seconds(2);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(1);
/// Down for so long: it is paused, and a person has to resume it.
const UNHEALTHY_AFTER: TimeDelta = TimeDelta::days(5);
/// For so long after a recovery other processes may still park, before they know of it.
const NEWS_TAKE: TimeDelta = TimeDelta::seconds(5);
/// Parked deliveries of one endpoint that are sent again in one tick, as long as no more than this wait for it.
const DRAINED: i64 = 500;

pub(crate) async fn went_down(means: &Means, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<()> {
    tracing::info!(endpoint.id = %endpoint_id, "endpoint does not answer: its events are parked until it does");
    let now = means.clock.now();
    within(&means.pools.background, STORED_WITHIN, async |c| {
        health::set_down(c, tenant_id, endpoint_id, now, now + FIRST_PROBE).await
    })
    .await
}

/// True if there may be something to be sent now.
pub(crate) async fn recovered(means: &Means, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<bool> {
    tracing::info!(endpoint.id = %endpoint_id, "endpoint answers again: what was parked is sent");
    let drain_before = means.clock.now() + NEWS_TAKE;
    within(&means.pools.background, STORED_WITHIN, async |c| {
        health::set_recovering(c, tenant_id, endpoint_id, drain_before).await
    })
    .await
}

/// What was parked while it failed now and then is sent once more. Only once, so that an event that it cannot take does not come again
/// and again. True if there was anything.
pub(crate) async fn answers(means: &Means, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<bool> {
    let now = means.clock.now();
    within(&means.pools.background, STORED_WITHIN, async |c| {
        let drained = deliveries::drain(c, tenant_id, endpoint_id, (now, now), Drain::NeverSentAgain(DRAINED)).await?;
        Ok(drained > 0)
    })
    .await
}

/// Once a tick: sees what all processes know, probes what is due, sends a part of what was parked. Returns how many deliveries
/// are on their way by this.
pub(crate) async fn attend(relay: &Relay, c: &mut PgConnection) -> Result<usize> {
    let inner = &relay.0;
    let unwell = health::all(c).await?;
    let is_down = |state: State| matches!(state, State::Down { .. });
    let down: HashSet<EndpointId> =
        unwell.iter().filter(|(_, _, state)| is_down(*state)).map(|(_, endpoint_id, _)| *endpoint_id).collect();
    inner.dispatcher.follow_health(&down);
    let mut moved = 0;
    if inner.stop.is_cancelled() {
        return Ok(moved);
    }
    if !down.is_empty() {
        moved += probe(relay, c).await?;
    }
    for (tenant_id, endpoint_id, state) in unwell {
        if let State::Recovering { drain_before } = state {
            moved += drain(relay, c, (tenant_id, endpoint_id), drain_before).await?;
        }
    }
    Ok(moved)
}

async fn probe(relay: &Relay, c: &mut PgConnection) -> Result<usize> {
    let inner = &relay.0;
    let now = inner.means.clock.now();
    let waits = (FIRST_PROBE.as_seconds_f64() * 2.0, LONGEST_WAIT.as_seconds_f64());
    let mut probed = 0;
    for probe in health::take_probes(c, now, waits).await? {
        let (tenant_id, endpoint_id) = (probe.tenant_id, probe.endpoint_id);
        if now - probe.down_since > UNHEALTHY_AFTER {
            tracing::info!(endpoint.id = %endpoint_id, "endpoint did not answer for days and is paused");
            endpoints::pause(c, tenant_id, endpoint_id, PauseReason::Unhealthy, now).await?;
            health::forget(c, tenant_id, endpoint_id).await?;
            inner.directory.follow(c, &inner.means.sealer).await?;
            continue;
        }
        match deliveries::claim_probe(c, tenant_id, endpoint_id, inner.node_id, now).await? {
            Some(claimed) => {
                probed += 1;
                inner.dispatcher.submit(vec![Job { probe: true, ..Job::claimed(claimed) }]);
            }
            // Nothing waits for it: the next event shows how it fares.
            None => health::forget(c, tenant_id, endpoint_id).await?,
        }
    }
    Ok(probed)
}

async fn drain(
    relay: &Relay,
    c: &mut PgConnection,
    (tenant_id, endpoint_id): (TenantId, EndpointId),
    drain_before: DateTime<Utc>,
) -> Result<usize> {
    let now = relay.0.means.clock.now();
    if deliveries::due_count(c, tenant_id, endpoint_id, now, DRAINED).await? >= DRAINED {
        return Ok(0);
    }
    let drained = deliveries::drain(c, tenant_id, endpoint_id, (drain_before, now), Drain::All(DRAINED)).await?;
    if drained == 0 && now > drain_before {
        health::forget(c, tenant_id, endpoint_id).await?;
    } else if drained > 0 {
        relay.0.wake.notify_one();
    }
    Ok(usize::try_from(drained).unwrap_or(usize::MAX))
}
