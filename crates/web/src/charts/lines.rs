//! Percentiles over time, as lines.

use std::fmt::Write as _;

use super::{HEIGHT, Row, Tick, Times, real, rows};
use crate::words::latency;

/// Units across.
const ACROSS: f64 = 1000.0;

/// Percentiles over time, on a scale where each line across is ten times the one below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    pub title: &'static str,
    pub summary: String,
    pub curves: Vec<Line>,
    pub y: Vec<Tick>,
    pub x: Vec<Tick>,
    /// Columns that are pointed at: place, width, words.
    pub hits: Vec<(String, String, String)>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub word: &'static str,
    pub class: &'static str,
    pub path: String,
}

pub const PERCENTILES: [(&str, &str, u64); 3] = [("p50", "p50", 500), ("p95", "p95", 950), ("p99", "p99", 990)];

impl Lines {
    /// `values` has a row for each bucket, with microseconds for each of [`PERCENTILES`] where there was an answer.
    pub fn new(title: &'static str, times: &Times, values: &[Vec<Option<i32>>], whole: &str) -> Self {
        let all = || values.iter().flatten().flatten().copied();
        let (low, high) = decades(all().min().unwrap_or(1000), all().max().unwrap_or(1000));
        let y = |micros: i32| {
            f64::from(HEIGHT) * (1.0 - (f64::from(micros.max(1)).log10() - f64::from(low)) / f64::from(high - low))
        };
        let lines = PERCENTILES.iter().enumerate().map(|(place, (word, class, _))| {
            let points = values.iter().map(|row| row.get(place).copied().flatten().map(&y));
            Line { word, class, path: path(times, points) }
        });
        let told = |micros: &Option<i32>| micros.map_or_else(|| "–".to_owned(), latency);
        let width = format!("{:.2}", 100.0 / real(times.count));
        let hits = values.iter().enumerate().filter(|(_, row)| row.iter().any(Option::is_some)).map(|(index, row)| {
            let words: Vec<String> =
                PERCENTILES.iter().zip(row).map(|((word, ..), micros)| format!("{word} {}", told(micros))).collect();
            (
                format!("{:.2}", times.left(index)),
                width.clone(),
                format!("{}: {}", times.words(index), words.join(", ")),
            )
        });
        let decades = (low..=high).map(|decade| {
            let micros = 10_i32.checked_pow(decade.unsigned_abs()).unwrap_or(i32::MAX);
            Tick { at: format!("{:.1}", y(micros)), label: axis(micros) }
        });
        Self {
            title,
            summary: format!("{title}. {whole}."),
            curves: lines.collect(),
            y: decades.collect(),
            x: times.ticks(),
            hits: hits.collect(),
            rows: rows(times, values, told),
        }
    }

    /// Of the table behind it.
    pub fn columns(&self) -> Vec<&'static str> {
        self.curves.iter().map(|line| line.word).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }
}

/// The powers of ten around the shortest and the longest, between 100 µs and 100 s.
fn decades(shortest: i32, longest: i32) -> (i32, i32) {
    let power = |micros: i32| i32::try_from(micros.max(1).ilog10()).unwrap_or(0);
    let low = power(shortest).clamp(2, 7);
    (low, (power(longest) + 1).clamp(low + 1, 8))
}

fn axis(micros: i32) -> String {
    match micros {
        ..1000 => format!("0.{} ms", micros / 100),
        1000..1_000_000 => format!("{} ms", micros / 1000),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// A line through the middles of the buckets, broken where there is nothing; what stands alone is a dot.
fn path(times: &Times, points: impl Iterator<Item = Option<f64>>) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (index, y) in points.enumerate() {
        let Some(y) = y else {
            drawing = false;
            continue;
        };
        let x = ACROSS * (real(index) + 0.5) / real(times.count);
        // Writing into a string cannot fail.
        let _ = if drawing { write!(path, "L{x:.0} {y:.1}") } else { write!(path, "M{:.0} {y:.1}h8H{x:.0}", x - 4.0) };
        drawing = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::charts::tests::day;

    #[test]
    fn scales_begin_and_end_at_powers_of_ten() {
        assert_eq!((decades(250, 250), decades(900, 84_000), decades(5000, 9_900_000)), ((2, 3), (2, 5), (3, 7)));
        assert_eq!([100, 1000, 10_000, 1_000_000].map(axis), ["0.1 ms", "1 ms", "10 ms", "1 s"]);
    }

    #[test]
    fn lines_break_where_nothing_was_answered() {
        let mut values = vec![vec![None, None, None]; 25];
        values[1] = vec![Some(1000); 3];
        values[2] = vec![Some(10_000); 3];
        values[9] = vec![Some(1000); 3];
        let lines = Lines::new("Time to answer", &day(Tz::UTC), &values, "");
        assert_eq!(lines.curves[0].path.matches('M').count(), 2, "{}", lines.curves[0].path);
        assert_eq!(lines.hits.len(), 3);
    }
}
