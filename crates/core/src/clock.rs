//! Wall-clock time as an argument.
//!
//! Whatever decides by the time of day is handed a [`Clock`]; only this module reads the system's. Tests hand in
//! a manual one and move it. Durations are measured with `Instant` where they are needed, never with this.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the time of day comes from. Cheap to clone; clones of a manual clock share its hands.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Microseconds since the epoch, moved by hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at` until it is moved.
    #[must_use]
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// The time of day, to the microsecond: what PostgreSQL keeps.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
            Self::System => Utc::now().timestamp_micros(),
            Self::Manual(hands) => hands.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// The time of a clock that is moved by hand: for what otherwise goes by another machine's clock.
    #[must_use]
    pub fn by_hand(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::System => None,
            Self::Manual(_) => Some(self.now()),
        }
    }

    /// Moves a manual clock; the system's cannot be moved and is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Manual(hands) = self {
            hands.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
