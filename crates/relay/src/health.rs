//! How each endpoint fares, as this process sees it: how many requests it is sent at once, and whether it is thought down.
//!
//! Pure bookkeeping. What must hold: an endpoint that is not known gets little at first and more with each success, so that one that
//! hangs holds few places; after [`FAILURES`] failures in a row it is down, and only probes go to it.

use std::collections::{HashMap, HashSet};

use socialhook_core::id::EndpointId;

/// Failures in a row after which an endpoint is down: several events' worth, so that one bad event does not stop the others.
pub(crate) const FAILURES: u32 = 10;
/// Requests at once to an endpoint that is not known yet, and at most.
const FIRST_WINDOW: usize = 2;
const WINDOW_MAX: usize = 16;

/// What an outcome changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    WentDown,
    Recovered,
    /// It was not down, but has failed long enough for an event to be parked, and now answers.
    Answers,
}

#[derive(Debug, Clone, Copy)]
struct Fares {
    failures: u32,
    window: usize,
    down: bool,
}

impl Default for Fares {
    fn default() -> Self {
        Self { failures: 0, window: FIRST_WINDOW, down: false }
    }
}

#[derive(Debug)]
pub(crate) struct Health {
    /// Grows with the endpoints that are sent to: some 50 bytes each.
    endpoints: HashMap<EndpointId, Fares>,
    /// Failures in a row after which an event may be parked for good.
    attempts: u32,
}

impl Health {
    /// `attempts` is how many a delivery gets in one round.
    pub(crate) fn new(attempts: usize) -> Self {
        Self { endpoints: HashMap::new(), attempts: u32::try_from(attempts).unwrap_or(u32::MAX) }
    }

    /// How many requests may be under way to it.
    pub(crate) fn window(&self, endpoint_id: EndpointId) -> usize {
        self.endpoints.get(&endpoint_id).map_or(FIRST_WINDOW, |fares| fares.window)
    }

    pub(crate) fn is_down(&self, endpoint_id: EndpointId) -> bool {
        self.endpoints.get(&endpoint_id).is_some_and(|fares| fares.down)
    }

    pub(crate) fn observe(&mut self, endpoint_id: EndpointId, delivered: bool) -> Option<Turn> {
        let fares = self.endpoints.entry(endpoint_id).or_default();
        if delivered {
            fares.window = (fares.window + 1).min(WINDOW_MAX);
            let failed = std::mem::take(&mut fares.failures) >= self.attempts;
            return match std::mem::take(&mut fares.down) {
                true => Some(Turn::Recovered),
                false if failed => Some(Turn::Answers),
                false => None,
            };
        }
        fares.failures += 1;
        fares.window = (fares.window / 2).max(1);
        if fares.down || fares.failures < FAILURES {
            return None;
        }
        fares.down = true;
        Some(Turn::WentDown)
    }

    /// What all processes know together is what holds.
    pub(crate) fn follow(&mut self, down: &HashSet<EndpointId>) {
        for (endpoint_id, fares) in &mut self.endpoints {
            fares.down = down.contains(endpoint_id);
        }
        for endpoint_id in down {
            self.endpoints.entry(*endpoint_id).or_default().down = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ONE: EndpointId = EndpointId(Uuid::from_u128(1));

    #[test]
    fn more_with_each_success_and_half_with_each_failure() {
        let mut health = Health::new(3);
        assert_eq!(health.window(ONE), 2);
        for _ in 0..20 {
            health.observe(ONE, true);
        }
        assert_eq!(health.window(ONE), 16);
        let windows: Vec<usize> = (0..6)
            .map(|_| {
                health.observe(ONE, false);
                health.window(ONE)
            })
            .collect();
        assert_eq!(windows, [8, 4, 2, 1, 1, 1]);
    }

    #[test]
    fn down_after_failures_in_a_row_only() {
        let mut health = Health::new(3);
        for _ in 0..5 {
            for _ in 1..FAILURES {
                assert_eq!(health.observe(ONE, false), None);
            }
            assert_eq!(health.observe(ONE, true), Some(Turn::Answers), "one success in between");
            assert_eq!(health.observe(ONE, true), None);
        }
        for _ in 1..FAILURES {
            health.observe(ONE, false);
        }
        assert_eq!(health.observe(ONE, false), Some(Turn::WentDown));
        assert!(health.is_down(ONE));
        assert_eq!(health.observe(ONE, false), None, "a probe");
        assert_eq!(health.observe(ONE, true), Some(Turn::Recovered));
        assert!(!health.is_down(ONE));
    }

    #[test]
    fn what_others_know_holds() {
        let mut health = Health::new(3);
        health.follow(&HashSet::from([ONE]));
        assert!(health.is_down(ONE));
        health.follow(&HashSet::new());
        assert!(!health.is_down(ONE));
    }
}
