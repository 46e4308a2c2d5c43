//! Two lanes for what comes in: who comes now and then does not wait behind those who pour.
//!
//! What is written or looked up in batches takes its time, and whoever comes in meanwhile waits for the next batch. What must hold: a lane
//! costs nothing while nobody is in it; a tenant may be in both, so nothing may rely on their order.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use socialhook_core::id::TenantId;

/// Whoever comes again within this time pours.
const POURS_WITHIN: Duration = Duration::from_millis(20);
/// Tenants of whom it is known when they came last.
const TENANTS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    NowAndThen,
    Pouring,
}

/// One thing for each lane.
pub(crate) struct PerLane<T> {
    now_and_then: T,
    pouring: T,
}

impl<T> PerLane<T> {
    pub(crate) fn new(mut make: impl FnMut() -> T) -> Self {
        Self { now_and_then: make(), pouring: make() }
    }

    pub(crate) fn of(&self, lane: Lane) -> &T {
        match lane {
            Lane::NowAndThen => &self.now_and_then,
            Lane::Pouring => &self.pouring,
        }
    }
}

/// When each tenant came last.
pub(crate) struct Lanes(Mutex<LruCache<TenantId, Instant>>);

impl Lanes {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(TENANTS)))
    }

    /// The lane of a webhook that came in now for these tenants.
    pub(crate) fn choose(&self, tenants: &[TenantId]) -> Lane {
        let now = Instant::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lane = Lane::NowAndThen;
        for tenant_id in tenants {
            let before = last.put(*tenant_id, now);
            if before.is_some_and(|before| now.duration_since(before) < POURS_WITHIN) {
                lane = Lane::Pouring;
            }
        }
        lane
    }
}
