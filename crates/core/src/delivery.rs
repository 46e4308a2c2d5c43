//! What happens to a delivery after an attempt: the state machine and its schedule, without any I/O.
//!
//! The world's failure is data: an [`Outcome`] describes what came of one request, whatever it was. [`next_step`]
//! decides from it and the schedule whether the delivery is done, tried again, or parked.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The longest `Retry-After` that is honoured: a receiver cannot postpone an event for longer.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// Waits differ by up to this share of themselves in both directions, so that retries do not arrive in step.
pub const JITTER: f64 = 0.2;
/// More attempts than this are refused in a schedule.
pub const ATTEMPTS_MAX: usize = 20;

/// Why an attempt failed, in a small vocabulary. Stored as its word; shown in plain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The endpoint answered, but not with 2xx.
    Status,
    /// It answered 3xx; redirects are not followed.
    Redirect,
    /// It answered 410: it wants no more.
    Gone,
    /// No answer within the time limit.
    Timeout,
    /// The name could not be resolved.
    Dns,
    /// No connection could be made.
    Connect,
    /// The connection could not be secured.
    Tls,
    /// The address is private, loopback or otherwise not public.
    BlockedAddress,
    /// The connection broke before the answer was complete.
    Broken,
    /// The URL cannot be requested at all.
    InvalidUrl,
}

impl FailureClass {
    pub const ALL: [Self; 10] = [
        Self::Status,
        Self::Redirect,
        Self::Gone,
        Self::Timeout,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::BlockedAddress,
        Self::Broken,
        Self::InvalidUrl,
    ];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Redirect => "redirect",
            Self::Gone => "gone",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::BlockedAddress => "blocked_address",
            Self::Broken => "broken",
            Self::InvalidUrl => "invalid_url",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// What happened and what to do, in a sentence or two. `status` is what the endpoint answered, if it did.
    #[must_use]
    pub fn advice(self, status: Option<u16>) -> &'static str {
        match self {
            Self::Status => status.map_or(UNTOLD, advice_on_status),
            Self::Redirect => "Your endpoint answered with a redirect. Redirects are not followed: set the final URL.",
            Self::Gone => "Your endpoint answered 410 Gone, so it was paused. Resume it when it should receive again.",
            Self::Timeout => "Your endpoint did not answer in time. Answer 2xx first and do slow work afterwards.",
            Self::Dns => "The host name could not be found. Check the URL and the domain's DNS records.",
            Self::Connect => {
                "No connection could be made. Check that the server runs and that its firewall lets us in."
            }
            Self::Tls => {
                "The connection could not be secured. Check the certificate: valid, complete chain, right name."
            }
            Self::BlockedAddress => {
                "The URL leads to a private or reserved address. Only public addresses are delivered to."
            }
            Self::Broken => "The connection broke before the answer was complete. A proxy or a crash may have cut it.",
            Self::InvalidUrl => {
                "The URL cannot be requested. Edit the endpoint and set a full http:// or https:// URL."
            }
        }
    }
}

const UNTOLD: &str =
    "Your endpoint answered with an error. Its own log will say why; answer 2xx once the event is safely taken.";

/// For what is not 2xx, 3xx or 410.
fn advice_on_status(status: u16) -> &'static str {
    match status {
        400 | 422 => {
            "Your endpoint refused the event as malformed. Compare the body it expects with the one below; answer 2xx to what it does not need."
        }
        401 | 403 => {
            "Your endpoint, or something in front of it, refused us. Check its signature check (secret, raw body, clock), and let the path past logins, firewalls and CSRF protection."
        }
        404 => "There is nothing at this path. Check the URL, the path's spelling and the closing slash included.",
        405 => "The path is there but does not take POST. Route POST requests to your handler.",
        408 => "Your endpoint gave up waiting for the request. Something in front of it may be slow, or overloaded.",
        413 => "The event is larger than your endpoint takes. Raise its limit for bodies to 1 MB or more.",
        415 => "Your endpoint does not take JSON. Accept the content type application/json.",
        429 => {
            "Your endpoint says that we send too much. Its Retry-After is heeded, up to an hour; raise its limit for us."
        }
        500 => "Your handler failed. Its own log will say why.",
        502..=504 => {
            "A proxy in front of your endpoint could not get an answer from it. Check that the application behind it runs, and answers in time."
        }
        _ => UNTOLD,
    }
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Delivered {
        status: u16,
    },
    Failed {
        class: FailureClass,
        status: Option<u16>,
        /// From the response's `Retry-After`, not yet capped.
        retry_after: Option<Duration>,
    },
}

impl Outcome {
    /// What an answer with `status` means.
    #[must_use]
    pub fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        let class = match status {
            200..=299 => return Self::Delivered { status },
            300..=399 => FailureClass::Redirect,
            410 => FailureClass::Gone,
            _ => FailureClass::Status,
        };
        Self::Failed { class, status: Some(status), retry_after }
    }

    #[must_use]
    pub fn failure(class: FailureClass) -> Self {
        Self::Failed { class, status: None, retry_after: None }
    }
}

/// The waits before attempts 2, 3, …: one attempt more than there are waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the retry schedule {given:?} is not understood: give waits such as 30s,5m (units s, m, h; at most {max} of them)", max = ATTEMPTS_MAX - 1)]
pub struct InvalidSchedule {
    given: String,
}

impl Default for Schedule {
    /// Three attempts: at once, +30 s, +5 min.
    fn default() -> Self {
        Self(vec![Duration::from_secs(30), Duration::from_mins(5)])
    }
}

impl std::str::FromStr for Schedule {
    type Err = InvalidSchedule;

    /// `30s,5m,2h`: whole numbers with a unit. Empty: a single attempt.
    fn from_str(text: &str) -> Result<Self, InvalidSchedule> {
        let invalid = || InvalidSchedule { given: text.to_owned() };
        let waits = text
            .split(',')
            .map(str::trim)
            .filter(|wait| !wait.is_empty())
            .map(|wait| parse_wait(wait).ok_or_else(invalid))
            .collect::<Result<Vec<_>, _>>()?;
        if waits.len() < ATTEMPTS_MAX { Ok(Self(waits)) } else { Err(invalid()) }
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waits: Vec<String> = self.0.iter().map(|wait| format!("{}s", wait.as_secs())).collect();
        f.write_str(&waits.join(","))
    }
}

/// A whole number with a unit, such as `30s`, `5m` or `2h`; at most a week.
#[must_use]
pub fn parse_wait(text: &str) -> Option<Duration> {
    let unit_seconds = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(['s', 'm', 'h'])?.parse().ok()?;
    number.checked_mul(unit_seconds).filter(|seconds| *seconds <= 7 * 24 * 60 * 60).map(Duration::from_secs)
}

impl Schedule {
    /// Attempts that a delivery gets in one round.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.0.len() + 1
    }
}

/// What to do with a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Delivered: the row goes.
    Done,
    /// Try again at this time.
    Retry { due_at: DateTime<Utc> },
    /// All attempts of this round are spent: keep it, visible and replayable.
    Park,
    /// Park it, and pause the endpoint: it answered 410.
    ParkAndPause,
}

/// Decides after attempt number `tried` (from 1) of this round, which ended at `now`. `chance` is in 0..1 and gives the jitter.
#[must_use]
pub fn next_step(outcome: &Outcome, tried: usize, schedule: &Schedule, now: DateTime<Utc>, chance: f64) -> Step {
    let Outcome::Failed { class, retry_after, .. } = outcome else { return Step::Done };
    if *class == FailureClass::Gone {
        return Step::ParkAndPause;
    }
    let Some(wait) = tried.checked_sub(1).and_then(|index| schedule.0.get(index)) else { return Step::Park };
    let jittered = wait.mul_f64(1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0));
    let wait = retry_after.map_or(jittered, |asked| jittered.max(asked.min(RETRY_AFTER_MAX)));
    Step::Retry { due_at: now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::zero()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: DateTime<Utc> = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");

    fn failed(status: u16, retry_after: Option<u64>) -> Outcome {
        Outcome::of_status(status, retry_after.map(Duration::from_secs))
    }

    fn wait(outcome: &Outcome, tried: usize, chance: f64) -> Option<i64> {
        match next_step(outcome, tried, &Schedule::default(), NOON, chance) {
            Step::Retry { due_at } => Some((due_at - NOON).num_seconds()),
            _ => None,
        }
    }

    #[test]
    fn only_2xx_is_delivered() {
        for status in [200, 201, 204, 299] {
            assert_eq!(next_step(&failed(status, None), 1, &Schedule::default(), NOON, 0.5), Step::Done);
        }
        for status in [100, 301, 304, 400, 404, 429, 500, 503] {
            assert!(matches!(failed(status, None), Outcome::Failed { .. }), "{status}");
        }
    }

    #[test]
    fn three_attempts_with_jitter_then_parked() {
        let outcome = failed(500, None);
        assert_eq!([0.0, 0.5, 1.0].map(|chance| wait(&outcome, 1, chance)), [Some(24), Some(30), Some(36)]);
        assert_eq!([0.0, 0.5, 1.0].map(|chance| wait(&outcome, 2, chance)), [Some(240), Some(300), Some(360)]);
        assert_eq!(next_step(&outcome, 3, &Schedule::default(), NOON, 0.5), Step::Park);
    }

    #[test]
    fn retry_after_lengthens_within_the_cap() {
        assert_eq!(wait(&failed(429, Some(120)), 1, 0.5), Some(120));
        assert_eq!(wait(&failed(429, Some(1)), 1, 0.5), Some(30));
        assert_eq!(wait(&failed(503, Some(86_400)), 1, 0.5), Some(3_600));
    }

    #[test]
    fn gone_pauses() {
        assert_eq!(next_step(&failed(410, None), 1, &Schedule::default(), NOON, 0.5), Step::ParkAndPause);
    }

    #[test]
    fn schedules() {
        assert_eq!("30s,5m".parse(), Ok(Schedule::default()));
        assert_eq!("".parse::<Schedule>().map(|s| s.attempts()), Ok(1));
        assert_eq!("1s, 2s ,3h".parse::<Schedule>().map(|s| s.attempts()), Ok(4));
        for text in ["5", "m", "-1s", "1d", "30 s", "99999999999999999h", "s,s"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        assert!(["1s"; 20].join(",").parse::<Schedule>().is_err());
    }

    #[test]
    fn words_round_trip() {
        for class in FailureClass::ALL {
            assert_eq!(FailureClass::from_word(class.as_str()), Some(class));
        }
    }
}
