//! What became of each event of a run: when it was due to be sent, when it was answered, when it arrived. Written by the
//! generator and the receiver, each on a thread of its own, without locks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use memchr::memmem;

use super::real;

/// Then six digits of the run and ten of the event.
pub(super) const ID_PREFIX: &str = "wamid.SHBENCH";
const RUN_DIGITS: usize = 6;
const EVENT_DIGITS: usize = 10;

/// The run and the event whose message id stands in a delivered body.
pub(super) fn find(body: &[u8]) -> Option<(u32, usize)> {
    let digits = body.get(memmem::find(body, ID_PREFIX.as_bytes())? + ID_PREFIX.len()..)?;
    let (run, digits) = digits.split_at_checked(RUN_DIGITS)?;
    Some((number(run)?, number(digits.get(..EVENT_DIGITS)?)?))
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) run: u32,
    began: Instant,
    entries: Vec<Entry>,
    acked: AtomicU64,
    refused: AtomicU64,
    arrived: AtomicU64,
    doubled: AtomicU64,
    last_arrival_us: AtomicU64,
}

/// Times in microseconds, at least 1; 0 is not yet.
#[derive(Debug, Default)]
struct Entry {
    /// Since the run began.
    due: AtomicU64,
    /// Since it was due.
    acked: AtomicU32,
    arrived: AtomicU32,
}

impl Ledger {
    /// For at most so many events. The run begins now.
    pub(super) fn new(run: u32, events_max: usize) -> Self {
        let zero = || AtomicU64::new(0);
        let entries = std::iter::repeat_with(Entry::default).take(events_max).collect();
        let (acked, refused, arrived, doubled, last_arrival_us) = (zero(), zero(), zero(), zero(), zero());
        Self { run, began: Instant::now(), entries, acked, refused, arrived, doubled, last_arrival_us }
    }

    /// Whether there is room for a run's n-th event.
    pub(super) fn holds(&self, n: usize) -> bool {
        n < self.entries.len()
    }

    /// To be noted before it is sent: it may arrive before the answer does.
    pub(super) fn due(&self, n: usize, at: Instant) {
        self.entries[n].due.store(micros(at.saturating_duration_since(self.began)), Relaxed);
    }

    pub(super) fn acked(&self, n: usize, due: Instant) {
        self.entries[n].acked.store(narrow(micros(due.elapsed())), Relaxed);
        self.acked.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn arrived(&self, n: usize) {
        let Some(entry) = self.entries.get(n) else { return };
        let now = micros(self.began.elapsed());
        let latency = narrow(now.saturating_sub(entry.due.load(Relaxed)).max(1));
        if entry.arrived.compare_exchange(0, latency, Relaxed, Relaxed).is_err() {
            self.doubled.fetch_add(1, Relaxed);
            return;
        }
        self.arrived.fetch_add(1, Relaxed);
        self.last_arrival_us.fetch_max(now, Relaxed);
    }

    /// Whether all that was acknowledged has arrived.
    pub(super) fn complete(&self) -> bool {
        self.arrived.load(Relaxed) >= self.acked.load(Relaxed) && self.missing() == 0
    }

    fn missing(&self) -> usize {
        self.entries.iter().filter(|entry| entry.acked.load(Relaxed) > 0 && entry.arrived.load(Relaxed) == 0).count()
    }

    pub(super) fn tally(&self) -> Tally {
        let sorted = |latency: fn(&Entry) -> &AtomicU32| {
            let mut all: Vec<u32> =
                self.entries.iter().map(|entry| latency(entry).load(Relaxed)).filter(|us| *us > 0).collect();
            all.sort_unstable();
            Latencies(all)
        };
        Tally {
            acked: self.acked.load(Relaxed),
            refused: self.refused.load(Relaxed),
            delivered: self.arrived.load(Relaxed),
            doubled: self.doubled.load(Relaxed),
            missing: self.missing(),
            took: Duration::from_micros(self.last_arrival_us.load(Relaxed)),
            ack: sorted(|entry| &entry.acked),
            delivery: sorted(|entry| &entry.arrived),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// Over an hour is an hour.
fn narrow(micros: u64) -> u32 {
    u32::try_from(micros).unwrap_or(u32::MAX)
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) acked: u64,
    /// Answered with anything but 2xx, or not at all.
    pub(super) refused: u64,
    pub(super) delivered: u64,
    /// Arrivals beyond an event's first.
    pub(super) doubled: u64,
    /// Acknowledged, and not arrived in time.
    pub(super) missing: usize,
    /// From the beginning to the last arrival.
    pub(super) took: Duration,
    pub(super) ack: Latencies,
    pub(super) delivery: Latencies,
}

impl Tally {
    /// Events delivered a second.
    pub(super) fn rate(&self) -> f64 {
        real(self.delivered) / self.took.as_secs_f64().max(1e-6)
    }
}

/// In microseconds, sorted.
#[derive(Debug)]
pub(super) struct Latencies(Vec<u32>);

impl Latencies {
    /// The smallest latency that so many per cent do not exceed; 0 of none.
    pub(super) fn percentile(&self, percent: usize) -> u32 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_what_is_delivered() {
        let body = format!(r#"{{"message":{{"id":"{ID_PREFIX}0000120000000345"}}}}"#);
        assert_eq!(find(body.as_bytes()), Some((12, 345)));
        for other in ["", "wamid.HBgL", "wamid.SHBENCH12", "wamid.SHBENCH00001x0000000345"] {
            assert_eq!(find(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn an_event_that_was_acknowledged_and_did_not_arrive_is_missing() {
        let ledger = Ledger::new(1, 4);
        let due = Instant::now();
        for n in 0..3 {
            ledger.due(n, due);
        }
        ledger.acked(0, due);
        ledger.acked(1, due);
        ledger.refused();
        for n in [0, 0, 2, 99] {
            ledger.arrived(n);
        }
        assert!(!ledger.complete(), "as many arrived as were acknowledged, but not the same");
        let tally = ledger.tally();
        assert_eq!((tally.acked, tally.refused, tally.delivered), (2, 1, 2));
        assert_eq!((tally.doubled, tally.missing), (1, 1));
        ledger.arrived(1);
        assert!(ledger.complete());
    }

    #[test]
    fn percentiles_are_exact() {
        let hundred = Latencies((1..=100).collect());
        assert_eq!([50, 90, 99, 100].map(|p| hundred.percentile(p)), [50, 90, 99, 100]);
        assert_eq!(Latencies(vec![7000]).percentile(50), 7000);
        assert_eq!(Latencies(Vec::new()).percentile(99), 0);
    }
}
