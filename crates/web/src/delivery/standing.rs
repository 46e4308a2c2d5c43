//! How a delivery stands: what became of it and why, what to do now, and its attempts.

use socialhook_core::headers::pairs;
use socialhook_store::attempts::Attempt;
use socialhook_store::endpoints::Endpoint;
use socialhook_store::endpoints::removal::DISCARDED;
use socialhook_store::ledger::{Entry, State as Outcome};

use crate::deliveries::Latency;
use crate::words::{self, Now, Pill, When, count};

/// The part of the page that changes while something is sent.
pub(super) struct Standing {
    pub(super) event_id: String,
    pub(super) event: String,
    pub(super) pill: Pill,
    pub(super) sentence: String,
    pub(super) advice: Option<&'static str>,
    pub(super) endpoint: Option<EndpointLink>,
    pub(super) is_sending: bool,
    /// Something is going to happen by itself.
    pub(super) is_under_way: bool,
    /// Something of it can be sent, by whoever looks.
    pub(super) may_act: bool,
    pub(super) attempts: Vec<AttemptRow>,
}

pub(super) struct EndpointLink {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_paused: bool,
}

impl Standing {
    pub(super) fn of(entry: &Entry, endpoint: Option<&Endpoint>, attempts: &[Attempt], now: Now) -> Self {
        let is_paused = endpoint.is_some_and(|endpoint| endpoint.paused.is_some());
        let failed = !matches!(entry.state, Outcome::Delivered | Outcome::Discarded | Outcome::Unmatched);
        let advice = words::advice(entry.last_status, entry.last_failure.as_deref()).filter(|_| failed);
        Self {
            event_id: entry.event_id.to_string(),
            event: entry.event.clone(),
            pill: Pill::of(entry.state),
            sentence: sentence(entry, is_paused, now),
            advice,
            endpoint: endpoint.map(|endpoint| EndpointLink {
                id: endpoint.endpoint_id.to_string(),
                name: endpoint.name.clone(),
                is_paused,
            }),
            is_sending: entry.state == Outcome::Sending,
            is_under_way: matches!(entry.state, Outcome::Sending | Outcome::Waiting { .. }) && !is_paused,
            may_act: false,
            attempts: AttemptRow::all(attempts, advice, now),
        }
    }
}

pub(super) struct AttemptRow {
    pub(super) number: u16,
    pub(super) started: When,
    pub(super) pill: Pill,
    pub(super) outcome: String,
    pub(super) advice: Option<&'static str>,
    pub(super) latency: Latency,
    pub(super) by_hand: bool,
    /// Where a redirect pointed.
    pub(super) location: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) excerpt: Option<String>,
}

impl AttemptRow {
    /// Newest first. Advice is given once for each run of the same failure; `told` is the one that the page gives above.
    fn all(attempts: &[Attempt], mut told: Option<&'static str>, now: Now) -> Vec<Self> {
        let slowest = attempts.iter().map(|attempt| attempt.latency_us).max().unwrap_or(0);
        let row = |attempt: &Attempt| {
            let row = Self::of(attempt, slowest, now);
            let advice = row.advice.filter(|advice| told != Some(*advice));
            told = row.advice;
            Self { advice, ..row }
        };
        attempts.iter().rev().map(row).collect()
    }

    fn of(attempt: &Attempt, slowest: i32, now: Now) -> Self {
        let headers = headers(attempt.response_headers.as_deref());
        let is_redirect = attempt.status.is_some_and(|status| (300..400).contains(&status));
        let location = headers.iter().find(|(name, _)| is_redirect && name == "location");
        Self {
            number: attempt.number,
            started: When::new(attempt.started_at, now),
            pill: match attempt.failure.as_deref() {
                None => Pill::DELIVERED,
                Some(DISCARDED) => Pill::DISCARDED,
                Some(_) => Pill::FAILED,
            },
            outcome: words::outcome(attempt.status, attempt.failure.as_deref()),
            advice: words::advice(attempt.status, attempt.failure.as_deref()),
            latency: Latency::of(attempt.latency_us, slowest),
            by_hand: attempt.replay,
            location: location.map(|(_, value)| value.clone()),
            headers,
            excerpt: attempt
                .excerpt
                .as_deref()
                .filter(|bytes| !bytes.is_empty())
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// Headers that stand one a line, for a page.
pub fn headers(lines: Option<&str>) -> Vec<(String, String)> {
    pairs(lines.unwrap_or_default()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The state and its cause.
fn sentence(entry: &Entry, is_paused: bool, now: Now) -> String {
    let name = entry.endpoint_name.as_deref().unwrap_or("An endpoint that is deleted");
    let outcome = words::outcome(entry.last_status, entry.last_failure.as_deref());
    let attempts = count(entry.attempts.into(), "attempt", "attempts");
    match entry.state {
        Outcome::Delivered => {
            let when = entry.last_attempt_at.map_or_else(String::new, |at| format!(" {}", When::new(at, now).words));
            let latency =
                entry.last_latency_us.map_or_else(String::new, |micros| format!(" in {}", words::latency(micros)));
            format!("Delivered{when}: {name} {outcome}{latency}.")
        }
        Outcome::Sending => format!("Being sent to {name} right now."),
        Outcome::Waiting { .. } if is_paused => format!("Waiting: {name} is paused."),
        Outcome::Waiting { due_at } => {
            let due = if due_at > now { When::new(due_at, now).words } else { "at once".to_owned() };
            match entry.attempts {
                0 => format!("Waiting to be sent to {name}, {due}."),
                _ => format!("{name} {outcome}. It is sent again {due}."),
            }
        }
        Outcome::Parked { .. } if is_paused => {
            format!("Parked: {name} is paused. It is kept, and sent when you resume the endpoint.")
        }
        Outcome::Parked { .. } if entry.attempts == 0 => {
            format!("Parked: {name} does not answer. It is kept, and sent by itself once it does.")
        }
        Outcome::Parked { .. } => {
            format!("Parked after {attempts}: {name} {outcome}. It is kept, and sent again when you press Resend.")
        }
        Outcome::Discarded => format!(
            "Discarded: it was given up, by hand, because its endpoint was deleted, or because it is not kept any longer, and never delivered to {name}."
        ),
        Outcome::Unmatched => "Received, but no endpoint wanted this kind of event.".to_owned(),
    }
}
