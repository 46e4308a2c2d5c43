//! What follows from an outcome, for its delivery and for its endpoint.
//!
//! What must hold: the usual outcome, which changes nothing, costs nothing. What the others do is boxed, so that not every delivery
//! carries the room for it about.

use chrono::{DateTime, Utc};
use socialhook_core::delivery::{self, Outcome, Step};
use socialhook_core::id::{EndpointId, TenantId};
use socialhook_store::attempts::Next;
use socialhook_store::endpoints::{self, PauseReason};

use super::Dispatcher;
use crate::health::Turn;
use crate::job::Job;
use crate::recovery;

impl Dispatcher {
    /// Draws the consequences of an outcome for its endpoint.
    pub(super) async fn observe(&self, tenant_id: TenantId, endpoint_id: EndpointId, delivered: bool) {
        let turn = self.state().health.observe(endpoint_id, delivered);
        if let Some(turn) = turn {
            Box::pin(self.take_turn(turn, tenant_id, endpoint_id)).await;
        }
    }

    async fn take_turn(&self, turn: Turn, tenant_id: TenantId, endpoint_id: EndpointId) {
        let means = &self.0.means;
        let stored = match turn {
            Turn::WentDown => {
                let lane = self.state().queue.take_lane(tenant_id, endpoint_id);
                self.give_back(lane, true);
                recovery::went_down(means, tenant_id, endpoint_id).await.map(|()| false)
            }
            Turn::Answers => recovery::answers(means, tenant_id, endpoint_id).await,
            Turn::Recovered => recovery::recovered(means, tenant_id, endpoint_id).await,
        };
        match stored {
            Ok(true) => self.0.wake.notify_one(),
            Ok(false) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, endpoint.id = %endpoint_id, "an endpoint's health could not be stored; the next outcome tells it again");
            }
        }
    }

    /// The next step of a delivery after an outcome.
    pub(super) async fn next(&self, job: &Job, outcome: &Outcome) -> Next {
        let now = self.0.means.clock.now();
        let tried = usize::from(job.attempts + 1 - job.round_start.min(job.attempts));
        match delivery::next_step(outcome, tried, &self.0.schedule, now, rand::random()) {
            Step::Done => Next::Delivered,
            Step::Retry { due_at } => Next::DueAt(due_at),
            Step::Park => Next::ParkedAt(now),
            Step::ParkAndPause => {
                if let Err(error) = Box::pin(self.pause(job, now)).await {
                    tracing::error!(%error, endpoint.id = %job.endpoint_id, "an endpoint that answered 410 could not be paused");
                }
                Next::ParkedAt(now)
            }
        }
    }

    async fn pause(&self, job: &Job, now: DateTime<Utc>) -> socialhook_store::Result<()> {
        let mut c = self.0.means.pools.background.acquire().await?;
        if endpoints::pause(&mut c, job.tenant_id, job.endpoint_id, PauseReason::Gone, now).await? {
            tracing::info!(endpoint.id = %job.endpoint_id, "endpoint answered 410 and is paused");
        }
        self.0.directory.follow(&mut c, &self.0.means.sealer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_carries_no_room_about_for_what_rarely_happens() {
        crate::footprint::assert_small(|(dispatcher, job): (&'static Dispatcher, Job)| dispatcher.carry_out(job));
    }
}
