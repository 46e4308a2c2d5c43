//! Facts in words: times, durations, counts and states, the same on every page.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use socialhook_core::delivery::FailureClass;
use socialhook_core::event::Platform;
use socialhook_store::endpoints::removal::DISCARDED;
use socialhook_store::ledger::State;

/// The time of looking, in the zone that the page tells times in: the tenant's.
pub type Now = DateTime<Tz>;

/// A moment: for machines, exact for people in the tenant's zone, and how long ago. A script tells it in the reader's own zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub iso: String,
    pub exact: String,
    pub words: String,
}

impl When {
    pub fn new(at: DateTime<Utc>, now: Now) -> Self {
        Self {
            iso: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            exact: at.with_timezone(&now.timezone()).format("%Y-%m-%d %H:%M:%S%.3f %Z").to_string(),
            words: distance(at, now.to_utc()),
        }
    }
}

fn distance(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let length = match seconds.unsigned_abs() {
        0..=1 => return "just now".to_owned(),
        s @ 2..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h", s / 3600),
        s @ 86_400..2_592_000 => format!("{} d", s / 86_400),
        _ => return at.format("on %Y-%m-%d").to_string(),
    };
    if seconds < 0 { format!("in {length}") } else { format!("{length} ago") }
}

/// A duration in the unit one would say it in.
pub fn latency(micros: i32) -> String {
    let millis = f64::from(micros) / 1000.0;
    match millis {
        ..10.0 => format!("{millis:.1} ms"),
        10.0..1000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1000.0),
    }
}

/// `1 event`, `2 events`, `1,204 events`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// The same of what was counted up to `limit` only: `100,000 or more events`.
pub fn count_up_to(number: i64, limit: i64, one: &str, many: &str) -> String {
    let number_or_0 = usize::try_from(number).unwrap_or(0);
    if number < limit { count(number_or_0, one, many) } else { format!("{} {many}", up_to(number, limit)) }
}

/// `1,204`, or `100,000 or more`.
pub fn up_to(number: i64, limit: i64) -> String {
    let text = grouped(usize::try_from(number.min(limit)).unwrap_or(0));
    if number < limit { text } else { format!("{text} or more") }
}

pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the unit one would say it in.
pub fn bytes(number: usize) -> String {
    match number {
        0..1024 => count(number, "byte", "bytes"),
        1024..1_048_576 => format!("{} kB", (number + 512) / 1024),
        1_048_576..1_073_741_824 => format!("{}.{} MB", number >> 20, ((number & 0xf_ffff) * 10) >> 20),
        _ => format!("{}.{} GB", number >> 30, ((number & 0x3fff_ffff) * 10) >> 30),
    }
}

/// A state as it is shown: a word, a colour by meaning, and a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pill {
    pub word: &'static str,
    /// One of `ok`, `wait`, `bad` and `calm`.
    pub meaning: &'static str,
    /// The `d` of a path on a 12 by 12 grid.
    pub shape: &'static str,
}

const TICK: &str = "M2.5 6.5 5 9l4.5-6";
const CLOCK: &str = "M6 3.2V6l2 1.4M10.8 6a4.8 4.8 0 1 1-9.6 0 4.8 4.8 0 0 1 9.6 0Z";
const ARROW: &str = "M2 6h7.5M6.5 3l3 3-3 3";
const BARS: &str = "M4.2 2.5v7M7.8 2.5v7";
const CROSS: &str = "M3 3l6 6M9 3l-6 6";
const DASH: &str = "M2.5 6h7";

impl Pill {
    pub const DELIVERED: Self = Self { word: "Delivered", meaning: "ok", shape: TICK };
    pub const SENDING: Self = Self { word: "Sending", meaning: "wait", shape: ARROW };
    pub const WAITING: Self = Self { word: "Waiting", meaning: "wait", shape: CLOCK };
    pub const PARKED: Self = Self { word: "Parked", meaning: "bad", shape: BARS };
    pub const DISCARDED: Self = Self { word: "Discarded", meaning: "calm", shape: CROSS };
    pub const UNMATCHED: Self = Self { word: "Unmatched", meaning: "calm", shape: DASH };
    pub const FAILED: Self = Self { word: "Failed", meaning: "bad", shape: CROSS };
    pub const ACTIVE: Self = Self { word: "Active", meaning: "ok", shape: TICK };
    pub const DOWN: Self = Self { word: "Not answering", meaning: "bad", shape: CROSS };
    pub const CATCHING_UP: Self = Self { word: "Catching up", meaning: "wait", shape: ARROW };
    pub const PAUSED: Self = Self { word: "Paused", meaning: "wait", shape: BARS };
    pub const RUNNING: Self = Self { word: "Running", meaning: "wait", shape: ARROW };
    pub const HELD: Self = Self { word: "Endpoint paused", meaning: "wait", shape: BARS };
    pub const FINISHED: Self = Self { word: "Finished", meaning: "ok", shape: TICK };
    pub const CANCELLED: Self = Self { word: "Cancelled", meaning: "calm", shape: DASH };
    pub const DONE: Self = Self { word: "Done", meaning: "ok", shape: TICK };
    pub const TO_DO: Self = Self { word: "To do", meaning: "calm", shape: DASH };
    pub const SIGNED: Self = Self { word: "Signature valid", meaning: "ok", shape: TICK };
    pub const RECEIVING: Self = Self { word: "Receiving", meaning: "ok", shape: TICK };
    pub const REFUSING: Self = Self { word: "Refusing", meaning: "bad", shape: CROSS };
    pub const VERIFIED: Self = Self { word: "Verified", meaning: "wait", shape: CLOCK };
    pub const NOT_SET_UP: Self = Self { word: "Not set up", meaning: "calm", shape: DASH };
    pub const SIMULATED: Self = Self { word: "Simulated", meaning: "calm", shape: DASH };
    pub const DISABLED: Self = Self { word: "Disabled", meaning: "wait", shape: BARS };
    pub const QUIET: Self = Self { word: "Quiet", meaning: "calm", shape: DASH };
    pub const NOTHING_YET: Self = Self { word: "Nothing yet", meaning: "calm", shape: DASH };
    pub const UNKNOWN: Self = Self { word: "Not proven", meaning: "wait", shape: DASH };
    pub const FINE: Self = Self { word: "Fine", meaning: "ok", shape: TICK };
    pub const LOOK: Self = Self { word: "Look at it", meaning: "wait", shape: CLOCK };
    pub const BROKEN: Self = Self { word: "Broken", meaning: "bad", shape: CROSS };
    pub const UNSEEN: Self = Self { word: "Not seen", meaning: "calm", shape: DASH };
    pub const TOKEN_GOOD: Self = Self { word: "Access works", meaning: "ok", shape: TICK };
    pub const TOKEN_ENDS: Self = Self { word: "Access ends soon", meaning: "wait", shape: CLOCK };
    pub const TOKEN_DEAD: Self = Self { word: "No access", meaning: "bad", shape: CROSS };
    pub const CONNECTED: Self = Self { word: "Connected", meaning: "ok", shape: TICK };
    pub const UNREGISTERED: Self = Self { word: "Not registered", meaning: "wait", shape: CLOCK };
    pub const CLAIMED: Self = Self { word: "Taken", meaning: "bad", shape: CROSS };
    pub const NOT_SENDING: Self = Self { word: "Not sending", meaning: "bad", shape: CROSS };
    pub const NO_ROLE: Self = Self { word: "No role", meaning: "bad", shape: CROSS };
    pub const KEPT: Self = Self { word: "Kept", meaning: "ok", shape: TICK };
    pub const GONE: Self = Self { word: "Gone", meaning: "bad", shape: CROSS };
    pub const REFUSED: Self = Self { word: "Not taken", meaning: "bad", shape: CROSS };
    pub const UNSIGNED: Self = Self { word: "Signature wrong", meaning: "bad", shape: CROSS };

    pub fn of(state: State) -> Self {
        match state {
            State::Delivered => Self::DELIVERED,
            State::Sending => Self::SENDING,
            State::Waiting { .. } => Self::WAITING,
            State::Parked { .. } => Self::PARKED,
            State::Discarded => Self::DISCARDED,
            State::Unmatched => Self::UNMATCHED,
        }
    }
}

pub fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Whatsapp => "WhatsApp",
        Platform::Messenger => "Messenger",
        Platform::Instagram => "Instagram",
    }
}

/// What an attempt came to, short enough for a sentence's second half.
pub fn outcome(status: Option<u16>, failure: Option<&str>) -> String {
    if failure == Some(DISCARDED) {
        return "was given up, not sent".to_owned();
    }
    let class = failure.and_then(FailureClass::from_word);
    match (class, status) {
        (None, None) => "failed".to_owned(),
        (Some(FailureClass::Timeout), _) => "did not answer in time".to_owned(),
        (Some(FailureClass::Dns), _) => "has a host name that cannot be found".to_owned(),
        (Some(FailureClass::Connect), _) => "could not be connected to".to_owned(),
        (Some(FailureClass::Tls), _) => "could not be connected to securely".to_owned(),
        (Some(FailureClass::BlockedAddress), _) => "has an address that is not public".to_owned(),
        (Some(FailureClass::InvalidUrl), _) => "has a URL that cannot be requested".to_owned(),
        (Some(FailureClass::Broken), _) => "broke the connection off".to_owned(),
        (Some(FailureClass::Redirect), Some(status)) => format!("answered {status}, a redirect"),
        (None | Some(FailureClass::Status | FailureClass::Gone), Some(status)) => format!("answered {status}"),
        (Some(FailureClass::Redirect | FailureClass::Status | FailureClass::Gone), None) => {
            "answered with an error".to_owned()
        }
    }
}

/// What happened and what to do about it.
pub fn advice(status: Option<u16>, failure: Option<&str>) -> Option<&'static str> {
    failure.and_then(FailureClass::from_word).map(|class| class.advice(status))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn distances() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        for (seconds, words) in [
            (0, "just now"),
            (12, "12 s ago"),
            (119, "1 min ago"),
            (7200, "2 h ago"),
            (90_000, "1 d ago"),
            (5_000_000, "on 2023-09-18"),
            (-25, "in 25 s"),
        ] {
            assert_eq!(distance(now - TimeDelta::seconds(seconds), now), words);
        }
    }

    #[test]
    fn numbers() {
        assert_eq!([400, 3250, 84_000, 1_250_000].map(latency), ["0.4 ms", "3.2 ms", "84 ms", "1.2 s"]);
        assert_eq!(
            [1, 1204, 1_000_000].map(|n| count(n, "event", "events")),
            ["1 event", "1,204 events", "1,000,000 events"]
        );
    }

    #[test]
    fn every_failure_has_its_words() {
        for class in FailureClass::ALL {
            assert_ne!(outcome(Some(500), Some(class.as_str())), "failed");
            assert!(advice(Some(503), Some(class.as_str())).is_some());
        }
        assert_eq!(outcome(Some(200), None), "answered 200");
    }
}
