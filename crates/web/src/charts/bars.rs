//! Bars over time, stacked by kind.

use super::{HEIGHT, Row, Tick, Times, of_count, real, rows, told};

/// Of a bar's share of the width.
const BAR_WIDTH: f64 = 0.72;

/// One kind of what bars are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub word: &'static str,
    /// The class that colours it, and the pattern that fills it.
    pub class: &'static str,
}

pub const EVENTS: Kind = Kind { word: "Events", class: "events" };
pub const DELIVERED: Kind = Kind { word: "Delivered", class: "delivered" };
pub const FAILED: Kind = Kind { word: "Failed, tried again", class: "failed" };
pub const PARKED: Kind = Kind { word: "Failed, parked", class: "parked" };

/// Bars over time, stacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    pub title: &'static str,
    /// For those who do not see it.
    pub summary: String,
    pub kinds: Vec<Kind>,
    pub y: Vec<Tick>,
    pub x: Vec<Tick>,
    pub stacks: Vec<Bar>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub hint: String,
    pub left: String,
    pub width: String,
    /// The column that is pointed at.
    pub hit: (String, String),
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub class: &'static str,
    pub y: String,
    pub height: String,
}

impl Bars {
    /// `values` has a row for each bucket, with a number for each kind.
    pub fn new(title: &'static str, times: &Times, kinds: &[Kind], values: &[Vec<i64>]) -> Self {
        let total = |row: &Vec<i64>| row.iter().sum::<i64>();
        let top = nice(values.iter().map(total).max().unwrap_or(0));
        let height = |count: i64| f64::from(HEIGHT) * of_count(count) / of_count(top);
        let width = 100.0 / real(times.count);
        let bars = values.iter().enumerate().map(|(index, row)| {
            let mut y = f64::from(HEIGHT);
            let mut parts = Vec::new();
            for (kind, count) in kinds.iter().zip(row).filter(|(_, count)| **count > 0) {
                // What is there is seen, however little it is beside the rest.
                let height = height(*count).max(1.5);
                y = (y - height).max(0.0);
                parts.push(Part { class: kind.class, y: format!("{y:.1}"), height: format!("{height:.1}") });
            }
            let told: Vec<String> = kinds
                .iter()
                .zip(row)
                .map(|(kind, count)| format!("{} {}", told(*count), kind.word.to_lowercase()))
                .collect();
            Bar {
                hint: format!("{}: {}", times.words(index), told.join("; ")),
                left: format!("{:.2}", times.left(index) + width * (1.0 - BAR_WIDTH) / 2.0),
                width: format!("{:.2}", width * BAR_WIDTH),
                hit: (format!("{:.2}", times.left(index)), format!("{width:.2}")),
                parts,
            }
        });
        let sums = kinds.iter().enumerate().map(|(place, kind)| {
            let sum: i64 = values.iter().filter_map(|row| row.get(place)).sum();
            format!("{}: {}", kind.word, told(sum))
        });
        let y = [0, top / 2, top]
            .map(|count| Tick { at: format!("{:.1}", f64::from(HEIGHT) - height(count)), label: short(count) });
        Self {
            title,
            summary: format!("{title}. {}.", sums.collect::<Vec<_>>().join(", ")),
            kinds: kinds.to_vec(),
            y: y.to_vec(),
            x: times.ticks(),
            stacks: bars.collect(),
            rows: rows(times, values, |count| told(*count)),
        }
    }
}

impl Bars {
    /// Of the table behind it.
    pub fn columns(&self) -> Vec<&'static str> {
        self.kinds.iter().map(|kind| kind.word).collect()
    }
}

/// The least of 2, 4, 6, 8, 10, 20, 40 and so on that is not less: halves of them are whole.
fn nice(most: i64) -> i64 {
    let mut ten = 1;
    loop {
        if let Some(top) = [2, 4, 6, 8, 10].map(|step| step * ten).into_iter().find(|top| *top >= most) {
            return top;
        }
        ten *= 10;
    }
}

/// `1,500`, `15k`, `1.5M`: for axes.
fn short(count: i64) -> String {
    match count {
        ..10_000 => told(count),
        10_000..1_000_000 => format!("{}k", told(count / 1000)),
        _ => format!("{:.1}M", of_count(count / 1000) / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::charts::tests::day;

    #[test]
    fn bars_stand_on_the_ground_and_stay_inside() {
        let kinds = [DELIVERED, FAILED, PARKED];
        let mut values = vec![vec![0, 0, 0]; 25];
        values[3] = vec![100_000, 1, 1];
        let bars = Bars::new("Attempts", &day(Tz::UTC), &kinds, &values);
        assert!(bars.stacks[0].parts.is_empty());
        assert_eq!(bars.stacks[3].parts.len(), 3, "what is rare is seen");
        assert!(bars.stacks[3].hint.starts_with("15:00–16:00: 100,000 delivered"), "{}", bars.stacks[3].hint);
        assert_eq!(bars.y.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), ["0", "100k", "200k"]);
        assert_eq!(bars.rows[0].when, "12:00–13:00", "newest first");
    }

    #[test]
    fn scales_end_at_round_numbers() {
        assert_eq!([0, 1, 3, 5, 11, 41, 4001].map(nice), [2, 2, 4, 6, 20, 60, 6000]);
    }
}
