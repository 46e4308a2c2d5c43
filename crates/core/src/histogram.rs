//! Times taken, counted in slots that each end 19 % later than the one before: from sums of such counts any percentile can be told.
//!
//! Precision: a percentile is told as the end of its slot, so it is never too low and at most 19 % too high, from 250 µs to 33 s. Below
//! it is 250 µs, above 33 s.

/// One for each bound, and one for what is longer than the last.
pub const SLOTS: usize = 70;

/// Microseconds up to which a slot reaches: four to each doubling.
const BOUNDS: [u64; SLOTS - 1] = bounds();
const FIRST_US: u64 = 250;

const fn bounds() -> [u64; SLOTS - 1] {
    // Powers of the fourth root of two, in millionths.
    const QUARTERS: [u64; 4] = [1_000_000, 1_189_207, 1_414_214, 1_681_793];
    let mut bounds = [0; SLOTS - 1];
    let mut slot = 0;
    while slot < bounds.len() {
        bounds[slot] = ((FIRST_US * QUARTERS[slot % 4]) << (slot / 4)) / 1_000_000;
        slot += 1;
    }
    bounds
}

/// How many there were in each slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Histogram([u64; SLOTS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; SLOTS])
    }
}

impl Histogram {
    pub fn count(&mut self, micros: i32) {
        let micros = u64::try_from(micros).unwrap_or(0);
        self.0[BOUNDS.partition_point(|bound| *bound < micros)] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(other.0) {
            *own += more;
        }
    }

    /// The slots, without the empty ones at the end.
    #[must_use]
    pub fn slots(&self) -> &[u64] {
        let used = self.0.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        &self.0[..used]
    }

    #[must_use]
    pub fn of_slots(slots: impl IntoIterator<Item = u64>) -> Self {
        let mut histogram = Self::default();
        for (own, count) in histogram.0.iter_mut().zip(slots) {
            *own = count;
        }
        histogram
    }

    /// Microseconds within which so many of a thousand were; none if nothing was counted.
    #[must_use]
    pub fn within(&self, per_mille: u64) -> Option<i32> {
        let total: u64 = self.0.iter().sum();
        let rank = (total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        let slot = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        let bound = BOUNDS[slot.min(BOUNDS.len() - 1)];
        Some(i32::try_from(bound).unwrap_or(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_grow_by_a_fifth_and_reach_half_a_minute() {
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1] && pair[1] * 100 <= pair[0] * 120), "{BOUNDS:?}");
        assert_eq!((BOUNDS[0], BOUNDS[BOUNDS.len() - 1]), (250, 32_768_000));
    }

    #[test]
    fn percentiles_are_never_too_low_and_at_most_a_fifth_too_high() {
        let mut histogram = Histogram::default();
        for micros in 1..=10_000 {
            histogram.count(micros * 10);
        }
        for (per_mille, exact) in [(500, 50_000), (950, 95_000), (990, 99_000), (1000, 100_000)] {
            let told = histogram.within(per_mille).expect("counted");
            assert!((exact..=exact * 119 / 100 + 1).contains(&told), "{per_mille}: {told} for {exact}");
        }
        assert_eq!(Histogram::default().within(500), None);
    }

    #[test]
    fn the_extremes_have_slots() {
        let mut histogram = Histogram::default();
        for micros in [i32::MIN, 0, 250, i32::MAX] {
            histogram.count(micros);
        }
        assert_eq!((histogram.within(1), histogram.within(1000)), (Some(250), Some(32_768_000)));
    }

    #[test]
    fn sums_and_slots() {
        let mut one = Histogram::default();
        one.count(1000);
        one.count(4000);
        let mut two = Histogram::of_slots(one.slots().iter().copied());
        assert_eq!(one, two);
        two.add(&one);
        assert_eq!(two.slots().iter().sum::<u64>(), 4);
        assert!(Histogram::default().slots().is_empty());
    }
}
