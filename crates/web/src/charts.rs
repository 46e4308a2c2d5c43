//! Charts as geometry: numbers in, places out; the templates (`charts.html`) draw them.
//!
//! What must hold: across, everything is a percentage, so that one drawing fits the phone and the wide screen without its letters
//! shrinking; colour never tells alone, since each kind has a pattern or dashes of its own; whatever is drawn also stands in a table.

mod bars;
mod lines;

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

pub use self::bars::{Bars, DELIVERED, EVENTS, FAILED, PARKED};
pub use self::lines::{Lines, PERCENTILES};
use crate::words::grouped;

/// Pixels of the area that is drawn in, and below it for the times.
pub const HEIGHT: u32 = 150;
const SPARK_HEIGHT: f64 = 20.0;
/// Labels nearer to an edge would be cut off, in percent.
const EDGE: f64 = 3.0;

/// How finely times are told below a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticks {
    TenMinutes,
    FourHours,
    Days,
    FiveDays,
}

/// Equal buckets of time, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub start: DateTime<Utc>,
    pub step: TimeDelta,
    pub count: usize,
    pub ticks: Ticks,
    pub zone: Tz,
    /// In the last of them.
    pub now: DateTime<Utc>,
}

/// A place along an axis with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    pub at: String,
    pub label: String,
}

impl Times {
    pub fn bucket(&self, index: usize) -> DateTime<Utc> {
        self.start + self.step * i32::try_from(index).unwrap_or(0)
    }

    pub fn buckets(&self) -> Vec<DateTime<Utc>> {
        (0..self.count).map(|index| self.bucket(index)).collect()
    }

    /// The bucket that begins then.
    pub fn index(&self, at: DateTime<Utc>) -> Option<usize> {
        let place = (at - self.start).num_seconds() / self.step.num_seconds();
        usize::try_from(place).ok().filter(|place| *place < self.count)
    }

    /// When a bucket was, for a table or a hint.
    pub fn words(&self, index: usize) -> String {
        let [from, to] = [index, index + 1].map(|index| self.bucket(index).with_timezone(&self.zone));
        match self.ticks {
            Ticks::TenMinutes | Ticks::FourHours => format!("{}–{}", from.format("%H:%M"), to.format("%H:%M")),
            Ticks::Days | Ticks::FiveDays => format!("{}–{}", from.format("%-d %b %H:%M"), to.format("%H:%M")),
        }
    }

    /// Percent of the width, in hundredths.
    fn left(&self, index: usize) -> f64 {
        100.0 * real(index) / real(self.count)
    }

    fn ticks(&self) -> Vec<Tick> {
        // Every zone's hours begin at one of these.
        let quarter = TimeDelta::minutes(if self.ticks == Ticks::TenMinutes { 10 } else { 15 });
        let end = self.bucket(self.count);
        let whole = real_seconds(end - self.start);
        let mut at = self.start;
        let (mut days, mut ticks) = (0_u32, Vec::new());
        while at < end {
            let local = at.with_timezone(&self.zone);
            let (is_hour, hour) = (local.minute() == 0, local.hour());
            let label = match self.ticks {
                Ticks::TenMinutes => local.minute().is_multiple_of(10).then(|| local.format("%H:%M").to_string()),
                Ticks::FourHours => (is_hour && hour.is_multiple_of(4)).then(|| local.format("%H:%M").to_string()),
                Ticks::Days | Ticks::FiveDays => (is_hour && hour == 0).then(|| local.format("%-d %b").to_string()),
            };
            if let Some(label) = label {
                days += 1;
                let place = 100.0 * real_seconds(at - self.start) / whole;
                let wanted = self.ticks != Ticks::FiveDays || days % 5 == 1;
                if wanted && (EDGE..=100.0 - EDGE).contains(&place) {
                    ticks.push(Tick { at: format!("{place:.2}"), label });
                }
            }
            at += quarter;
        }
        ticks
    }
}

fn real(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn of_count(number: i64) -> f64 {
    f64::from(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

fn real_seconds(length: TimeDelta) -> f64 {
    f64::from(i32::try_from(length.num_seconds()).unwrap_or(i32::MAX))
}

/// A row's course: what was, and what of it failed, as two rows of strokes on a grid of `width` by 20.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spark {
    pub width: usize,
    pub whole: String,
    pub failed: String,
}

impl Spark {
    /// Of each bucket the number and how many of them failed.
    pub fn new(values: &[(i64, i64)]) -> Self {
        let most = of_count(values.iter().map(|(count, _)| *count).max().unwrap_or(0).max(1));
        let mut spark = Self { width: values.len() * 4, ..Self::default() };
        for (index, (count, failed)) in values.iter().enumerate() {
            for (path, count) in [(&mut spark.whole, *count), (&mut spark.failed, *failed)] {
                if count > 0 {
                    let height = (SPARK_HEIGHT * of_count(count) / most).max(1.0);
                    let _ = write!(path, "M{} 20v-{height:.0}", index * 4 + 2);
                }
            }
        }
        spark
    }
}

/// A row of the table behind a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub when: String,
    pub cells: Vec<String>,
}

/// Newest first, as lists are.
fn rows<T>(times: &Times, values: &[Vec<T>], words: impl Fn(&T) -> String) -> Vec<Row> {
    let row =
        |(index, row): (usize, &Vec<T>)| Row { when: times.words(index), cells: row.iter().map(&words).collect() };
    values.iter().enumerate().rev().map(row).collect()
}

fn told(count: i64) -> String {
    grouped(usize::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn day(zone: Tz) -> Times {
        let start: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().expect("a time");
        Times {
            start,
            step: TimeDelta::hours(1),
            count: 25,
            ticks: Ticks::FourHours,
            zone,
            now: start + TimeDelta::hours(24),
        }
    }

    #[test]
    fn times_are_told_in_the_zone_of_the_tenant() {
        let labels = |zone| day(zone).ticks().into_iter().map(|tick| tick.label).collect::<Vec<_>>();
        assert_eq!(labels(Tz::UTC), ["16:00", "20:00", "00:00", "04:00", "08:00", "12:00"]);
        assert_eq!(labels(Tz::Asia__Kolkata), ["20:00", "00:00", "04:00", "08:00", "12:00", "16:00"]);
        assert_eq!(day(Tz::Europe__Berlin).words(0), "13:00–14:00");
    }
}
