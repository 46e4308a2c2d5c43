//! Endpoints that asked for a limit: so many deliveries a second, and what is beyond waits in the database.
//!
//! What must hold: nothing is lost or held in memory by a limit; what waits goes before what is new; endpoints without a limit cost nothing.
//! Each process counts for itself.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{EndpointId, TenantId};

use super::Dispatcher;
use crate::directory::Endpoint;
use crate::job::Job;

impl Dispatcher {
    /// Whether the limit that the endpoint asked for has room for this one.
    pub(super) fn may_send(&self, job: &Job, endpoint: &Endpoint) -> bool {
        let Some(rate) = endpoint.rate.filter(|_| !job.probe) else { return true };
        let now = self.0.means.clock.now();
        self.paces().take(job.endpoint_id, rate, job.manifest.is_some(), now)
    }

    /// Of which endpoints something waits in the database to be sent.
    pub(crate) fn follow_due(&self, due: &[(TenantId, EndpointId)]) {
        self.paces().follow_due(due, self.0.means.clock.now());
    }

    pub(super) fn paces(&self) -> MutexGuard<'_, Paces> {
        self.0.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A second's worth may be sent at once.
#[derive(Debug, Default)]
pub(super) struct Paces(HashMap<EndpointId, Pace>);

#[derive(Debug)]
struct Pace {
    tokens: f64,
    at: DateTime<Utc>,
    /// Something waits in the database, as far as is known.
    is_behind: bool,
}

impl Paces {
    fn of(&mut self, endpoint_id: EndpointId, rate: NonZeroU16, now: DateTime<Utc>) -> &mut Pace {
        let full = f64::from(rate.get());
        let pace = self.0.entry(endpoint_id).or_insert(Pace { tokens: full, at: now, is_behind: false });
        let seconds = (now - pace.at).as_seconds_f64().max(0.0);
        pace.tokens = (pace.tokens + seconds * full).min(full);
        pace.at = now;
        pace
    }

    /// Whether one more may be sent now, which then counts. One that has just come in gives way to what waits.
    pub(super) fn take(&mut self, endpoint_id: EndpointId, rate: NonZeroU16, is_new: bool, now: DateTime<Utc>) -> bool {
        let pace = self.of(endpoint_id, rate, now);
        let may = pace.tokens >= 1.0 && !(is_new && pace.is_behind);
        if may {
            pace.tokens -= 1.0;
        } else {
            pace.is_behind = true;
        }
        may
    }

    /// How many may be sent now.
    pub(super) fn room(&mut self, endpoint_id: EndpointId, rate: NonZeroU16, now: DateTime<Utc>) -> usize {
        // Rounded down, and at most a thousand.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the rate")]
        let whole = self.of(endpoint_id, rate, now).tokens as usize;
        whole
    }

    /// Something waits of these, and of no others. What has not sent for a second begins anew, so that nothing has to be kept of it.
    fn follow_due(&mut self, due: &[(TenantId, EndpointId)], now: DateTime<Utc>) {
        if self.0.is_empty() {
            return;
        }
        let due: HashSet<EndpointId> = due.iter().map(|one| one.1).collect();
        self.0.retain(|endpoint_id, pace| {
            pace.is_behind = due.contains(endpoint_id);
            pace.is_behind || now - pace.at < TimeDelta::seconds(1)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_at_once_and_then_at_the_rate() {
        let (mut paces, begun) = (Paces::default(), DateTime::UNIX_EPOCH);
        let (id, rate) = (EndpointId::new(begun), NonZeroU16::new(4).expect("not zero"));
        let after = |millis| begun + TimeDelta::milliseconds(millis);
        let sent = |paces: &mut Paces, is_new, at| (0..10).filter(|_| paces.take(id, rate, is_new, at)).count();
        assert_eq!(sent(&mut paces, true, begun), 4);
        assert_eq!(sent(&mut paces, true, after(500)), 0, "what waits goes first");
        assert_eq!(paces.room(id, rate, after(500)), 2);
        assert_eq!(sent(&mut paces, false, after(500)), 2);
        assert_eq!(sent(&mut paces, false, after(60_000)), 4, "no more than a second's worth is saved up");
        let waits = [(TenantId::OPERATOR, id)];
        paces.follow_due(&waits, after(61_000));
        assert_eq!(sent(&mut paces, true, after(61_000)), 0);
        paces.follow_due(&[], after(61_500));
        assert_eq!(sent(&mut paces, true, after(61_500)), 4);
        paces.follow_due(&[], after(70_000));
        assert!(paces.0.is_empty(), "nothing is kept of who is idle");
    }
}
