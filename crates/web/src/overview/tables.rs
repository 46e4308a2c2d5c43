//! Endpoints and channels as rows: their traffic in numbers and as a small picture, linked to the ledger.

use socialhook_store::overview::{ChannelNow, EndpointNow, OPEN_COUNTED, Open};
use socialhook_store::rollups::Counts;

use super::sum;
use crate::charts::Spark;
use crate::words::{self, Now, Pill, When, grouped, latency, up_to};

const NONE: &str = "–";

/// The delivered share of attempts, rounded down, so that only all is 100 %.
pub fn rate(counts: &Counts) -> Option<String> {
    let attempts = counts.attempts();
    if attempts == 0 {
        return None;
    }
    let per_mille = counts.delivered * 1000 / attempts;
    Some(match per_mille {
        1000 => "100 %".to_owned(),
        0 => "0 %".to_owned(),
        _ => format!("{}.{} %", per_mille / 10, per_mille % 10),
    })
}

pub struct EndpointRow {
    pub name: String,
    pub href: String,
    pub pill: Pill,
    pub attempts: String,
    pub rate: String,
    pub p50: String,
    pub p95: String,
    pub p99: String,
    pub parked: Option<String>,
    pub waiting: Option<String>,
    pub oldest: Option<When>,
    pub spark: Spark,
}

impl EndpointRow {
    pub fn of(one: &EndpointNow, course: &[Counts], open: Open, now: Now) -> Self {
        let total = sum(course);
        let within = |per_mille| total.latencies.within(per_mille).map_or_else(|| NONE.to_owned(), latency);
        let counted = |count: i64| (count > 0).then(|| up_to(count, OPEN_COUNTED));
        let bars: Vec<(i64, i64)> = course.iter().map(|one| (one.attempts(), one.failed + one.parked)).collect();
        Self {
            name: one.name.clone(),
            href: format!("/deliveries?endpoint={}", one.endpoint_id),
            pill: pill(one),
            attempts: number(total.attempts()),
            rate: rate(&total).unwrap_or_else(|| NONE.to_owned()),
            p50: within(500),
            p95: within(950),
            p99: within(990),
            parked: counted(open.parked),
            waiting: counted(open.waiting),
            oldest: open.oldest.map(|at| When::new(at, now)),
            spark: Spark::new(&bars),
        }
    }
}

fn pill(one: &EndpointNow) -> Pill {
    match (one.paused, one.down_since, one.is_recovering) {
        (Some(_), ..) => Pill::PAUSED,
        (None, Some(_), _) => Pill::DOWN,
        (None, None, true) => Pill::CATCHING_UP,
        (None, None, false) => Pill::ACTIVE,
    }
}

pub struct ChannelRow {
    pub name: String,
    pub href: String,
    pub platform: &'static str,
    pub events: String,
    pub last: Option<When>,
    pub spark: Spark,
}

impl ChannelRow {
    pub fn of(one: &ChannelNow, course: &[Counts], now: Now) -> Self {
        let bars: Vec<(i64, i64)> = course.iter().map(|one| (one.events, 0)).collect();
        Self {
            name: one.name.clone(),
            href: format!("/deliveries?channel={}", one.channel_id),
            platform: words::platform(one.platform),
            events: number(sum(course).events),
            last: one.last_receipt_at.map(|at| When::new(at, now)),
            spark: Spark::new(&bars),
        }
    }
}

pub fn number(count: i64) -> String {
    grouped(usize::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_a_hundred_per_cent() {
        let told = |delivered, failed| rate(&Counts { delivered, failed, ..Counts::default() });
        assert_eq!(told(0, 0), None);
        let told = [(5, 0), (0, 5), (9_999, 1), (1, 2)].map(|(delivered, failed)| told(delivered, failed));
        assert_eq!(told.map(Option::unwrap_or_default), ["100 %", "0 %", "99.9 %", "33.3 %"]);
    }
}
