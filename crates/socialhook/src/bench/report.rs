//! The report: a line a run as soon as it is over, then what they come to.

use std::fmt::Write;
use std::time::Duration;

use super::generator::Pace;
use super::ledger::{Latencies, Tally};
use super::{Cpu, Error, Kind, Plan, real};

pub(super) fn say(text: &str) -> Result<(), Error> {
    crate::cli::say(text).map_err(Error::Report)
}

/// What of a run is reported.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Events delivered a second.
    pub(super) rate: f64,
    pub(super) ack: Quantiles,
    pub(super) delivery: Quantiles,
    /// CPU time an event, in microseconds: the contender's, that of what stores for it, the benchmark's.
    cpu_us: [Option<f64>; 3],
    /// Per cent of the machine's time that went elsewhere: to other programs, or on a virtual machine to its neighbours.
    elsewhere: Option<f64>,
    pub(super) missing: usize,
    doubled: u64,
    refused: u64,
}

/// p50, p90, p99 and the longest, in milliseconds.
pub(super) type Quantiles = [f64; 4];

pub(super) fn quantiles(latencies: &Latencies) -> Quantiles {
    [50, 90, 99, 100].map(|percent| f64::from(latencies.percentile(percent)) / 1000.0)
}

impl Row {
    pub(super) fn new(tally: &Tally, before: &Cpu, after: &Cpu) -> Self {
        let an_event = |before: Option<Duration>, after: Option<Duration>| {
            let used = after?.saturating_sub(before?);
            Some(used.as_secs_f64() * 1e6 / real(tally.delivered.max(1)))
        };
        Self {
            rate: tally.rate(),
            ack: quantiles(&tally.ack),
            delivery: quantiles(&tally.delivery),
            cpu_us: [
                an_event(before.own, after.own),
                an_event(before.store, after.store),
                an_event(before.bench, after.bench),
            ],
            elsewhere: elsewhere(before, after),
            missing: tally.missing,
            doubled: tally.doubled,
            refused: tally.refused,
        }
    }

    /// Each figure's median; what is missing, doubled or refused is summed.
    fn median(rows: &[&Self]) -> Self {
        let of = |figure: &dyn Fn(&Self) -> f64| median(rows.iter().map(|row| figure(row)).collect());
        let known = |figure: &dyn Fn(&Self) -> Option<f64>| {
            let all: Option<Vec<f64>> = rows.iter().map(|row| figure(row)).collect();
            all.map(median)
        };
        Self {
            rate: of(&|row| row.rate),
            ack: [0, 1, 2, 3].map(|n| of(&|row| row.ack[n])),
            delivery: [0, 1, 2, 3].map(|n| of(&|row| row.delivery[n])),
            cpu_us: [0, 1, 2].map(|n| known(&|row| row.cpu_us[n])),
            elsewhere: known(&|row| row.elsewhere),
            missing: rows.iter().map(|row| row.missing).sum(),
            doubled: rows.iter().map(|row| row.doubled).sum(),
            refused: rows.iter().map(|row| row.refused).sum(),
        }
    }

    pub(super) fn line(&self, name: &str) -> String {
        let mut line = format!("{name:<18}{:>9.0}  ", self.rate);
        for latency in self.ack.iter().chain(&self.delivery) {
            let _ = write!(line, " {latency:>8.2}");
        }
        line.push(' ');
        for used in self.cpu_us.into_iter().chain([self.elsewhere]) {
            let _ = match used {
                Some(used) => write!(line, " {used:>6.0}"),
                None => write!(line, " {:>6}", "?"),
            };
        }
        let _ = writeln!(line, "  {:>8} {:>8} {:>8}", self.missing, self.doubled, self.refused);
        line
    }
}

fn elsewhere(before: &Cpu, after: &Cpu) -> Option<f64> {
    let machine = |cpu: &Cpu| cpu.machine.map(|machine| (machine.all, machine.all.saturating_sub(machine.idle)));
    let ours = |cpu: &Cpu| Some(cpu.own? + cpu.store? + cpu.bench?);
    let ((all_before, busy_before), (all_after, busy_after)) = (machine(before)?, machine(after)?);
    let all = all_after.checked_sub(all_before)?.as_secs_f64();
    let busy = busy_after.checked_sub(busy_before)?.saturating_sub(ours(after)?.checked_sub(ours(before)?)?);
    Some(100.0 * busy.as_secs_f64() / all.max(0.01))
}

/// The middle one, or between the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.get(values.len().saturating_sub(1) / 2), values.get(values.len() / 2)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

pub(super) fn heading(pace: Pace, plan: &Plan, lasting: Duration) -> String {
    let pace = match pace {
        Pace::Full => "as fast as answered".to_owned(),
        Pace::Rate(rate) => format!("{rate:.0} webhooks a second"),
    };
    let senders = match plan.senders {
        Some(senders) => format!("from {senders} customers"),
        None => "each from a new customer".to_owned(),
    };
    format!(
        "\n{pace}, {senders}, {} connections, {} s a run; latencies in ms from when an event was due; CPU in µs an event, elsewhere in % of the machine\n\n\
         {:<18}{:>9}   {:^35} {:^35}  {:^27}\n\
         {:<18}{:>9}   {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>6} {:>6} {:>6} {:>6}  {:>8} {:>8} {:>8}\n",
        plan.connections,
        lasting.as_secs(),
        "",
        "delivered",
        "until answered",
        "until delivered",
        "CPU",
        "round",
        "a second",
        "p50",
        "p90",
        "p99",
        "max",
        "p50",
        "p90",
        "p99",
        "max",
        "own",
        "store",
        "bench",
        "else",
        "missing",
        "doubled",
        "refused",
    )
}

/// The medians, and at full speed how the relay compares.
pub(super) fn summary(pace: Pace, kinds: &[Kind], rows: &[(Kind, Row)]) -> String {
    let of = |kind: Kind| rows.iter().filter(move |(own, _)| *own == kind).map(|(_, row)| row);
    let mut text = String::from("\n");
    for kind in kinds {
        let all: Vec<&Row> = of(*kind).collect();
        if all.is_empty() {
            continue;
        }
        text.push_str(&Row::median(&all).line(&format!("median {}", kind.name())));
    }
    if pace != Pace::Full || !kinds.contains(&Kind::Relay) {
        return text;
    }
    for other in kinds.iter().filter(|kind| **kind != Kind::Relay) {
        let ratios: Vec<f64> = of(Kind::Relay).zip(of(*other)).map(|(relay, other)| relay.rate / other.rate).collect();
        let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        let (name, each, ratio) = (other.name(), each.join(", "), median(ratios.clone()));
        let _ = writeln!(text, "the relay delivers {ratio:.2} times what the {name} does (median of {each})");
    }
    text
}

/// What a change made of the medians.
pub(super) fn change(pace: Pace, before: &[Row], after: &[Row]) -> String {
    let [before, after] = [before, after].map(|rows| Row::median(&rows.iter().collect::<Vec<_>>()));
    let mut text = format!("\n{}{}", before.line("median before"), after.line("median after"));
    if pace == Pace::Full {
        let _ = writeln!(text, "the relay delivers {:.2} times what it did before", after.rate / before.rate);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (values, expected) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5), (Vec::new(), 0.0)] {
            assert!((median(values) - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn a_summary_compares() {
        let row = |rate| Row {
            rate,
            ack: [1.0, 2.0, 3.0, 4.0],
            delivery: [5.0; 4],
            cpu_us: [Some(100.0), None, Some(10.0)],
            elsewhere: Some(5.0),
            missing: 0,
            doubled: 1,
            refused: 0,
        };
        let rows =
            [(Kind::Relay, row(50.0)), (Kind::Floor, row(100.0)), (Kind::Relay, row(60.0)), (Kind::Floor, row(100.0))];
        let kinds = [Kind::Relay, Kind::Floor];
        let text = summary(Pace::Full, &kinds, &rows);
        assert!(text.contains("0.55 times what the floor does (median of 0.50, 0.60)"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("median relay") && line.contains(" 55 ")), "{text}");
        assert!(!summary(Pace::Rate(10.0), &kinds, &rows).contains("times"));
    }
}
