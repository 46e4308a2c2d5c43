//! Form fields: what was entered, and what is wrong with it in words that say what to do.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use socialhook_core::event::Platform;

/// Patterns of one endpoint, as the database allows.
const EVENTS_MAX: usize = 50;
const EVENT_LENGTH_MAX: usize = 64;
pub const NAME_MAX: usize = 100;
const EMAIL_MAX: usize = 254;
const SHORT_MAX: usize = 64;
const SECRET_MAX: usize = 512;

/// A value that is shown again, with what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    pub value: String,
    pub error: Option<String>,
}

impl Field {
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// Runs `check` on the value, keeps its complaint, and gives what it made of the value.
    pub fn check<T>(&mut self, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match check(self.value.trim()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    pub fn wrong(&mut self, error: impl Into<String>) {
        self.error = Some(error.into());
    }
}

/// One line of text between 1 and `max` characters.
fn line(text: &str, what: &str, max: usize) -> Result<String, String> {
    match text.chars().count() {
        0 => Err(format!("Enter {what}.")),
        length if length > max => Err(format!("Use at most {max} characters; this is {length}.")),
        _ if text.chars().any(char::is_control) => Err("Use a single line of plain text.".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

pub fn name(text: &str) -> Result<String, String> {
    line(text, "a name", NAME_MAX)
}

pub fn email(text: &str) -> Result<String, String> {
    let text = line(text, "your e-mail address", EMAIL_MAX)?;
    let plausible =
        text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    let spaces = text.contains(char::is_whitespace);
    if plausible && !spaces {
        Ok(text)
    } else {
        Err("This is not a full e-mail address, such as ada@example.com.".to_owned())
    }
}

pub fn app_secret(text: &str) -> Result<String, String> {
    line(text, "the app secret from Meta's dashboard", SECRET_MAX)
}

/// Meta's own limit is not documented; ours is a column's comfort.
pub fn verify_token(text: &str) -> Result<String, String> {
    line(text, "a verify token", NAME_MAX)
}

pub fn platform(text: &str) -> Result<Platform, String> {
    Platform::from_word(text).ok_or_else(|| "Choose WhatsApp, Messenger or Instagram.".to_owned())
}

/// Meta prints these ids as digits.
pub fn external_id(text: &str) -> Result<String, String> {
    let text = line(text, "the id", SHORT_MAX)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text) } else { Err("This id is a row of digits, such as 109000000000001.".to_owned()) }
}

/// The business's own address; nothing if left empty.
pub fn address(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() { Ok(None) } else { line(text, "an address", SHORT_MAX).map(Some) }
}

/// Event words, prefixes such as `message.*`, or `*`; separated by commas or spaces. Empty means all.
pub fn events(text: &str) -> Result<Vec<String>, String> {
    let mut events: Vec<String> = Vec::new();
    for word in text.split([',', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        if !is_event_pattern(word) {
            return Err(
                "Use event words such as message.received, beginnings such as message.*, or * for all.".to_owned()
            );
        }
        if !events.iter().any(|known| known == word) {
            events.push(word.to_owned());
        }
    }
    match events.len() {
        0 => Ok(vec!["*".to_owned()]),
        1..=EVENTS_MAX => Ok(events),
        more => Err(format!("Use at most {EVENTS_MAX} words; these are {more}.")),
    }
}

/// One such word or beginning; nothing if left empty, or if it is all.
pub fn event(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    let is_whole = text.split('.').all(|part| !part.is_empty());
    if is_whole && is_event_pattern(text) {
        Ok(Some(text.to_owned()))
    } else {
        Err("Use one event word such as message.received, or a beginning such as message.*.".to_owned())
    }
}

/// A time as a browser's field gives it, taken as one of `zone`, or one that names its zone.
pub fn moment(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    let bare = || {
        let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
        formats
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .and_then(|at| local(at, zone))
    };
    let told = || "Enter a date and a time, such as 2026-11-02T14:30.".to_owned();
    zoned.ok().or_else(bare).filter(|at| at.timestamp() >= 0).ok_or_else(told)
}

/// Of a time that a change of clocks lets happen twice, the first; of one that it leaves out, that of an hour later.
fn local(at: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let within = |at: NaiveDateTime| zone.from_local_datetime(&at).earliest();
    within(at).or_else(|| within(at + TimeDelta::hours(1))).map(|at| at.to_utc())
}

fn is_event_pattern(word: &str) -> bool {
    let start = word.strip_suffix('*').unwrap_or(word);
    let prefix_is_whole = start == word || start.is_empty() || start.ends_with('.');
    let plain = start.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.');
    plain && prefix_is_whole && word.len() <= EVENT_LENGTH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_words() {
        let all = Ok(vec!["*".to_owned()]);
        assert_eq!((events(""), events(" , "), events("*")), (all.clone(), all.clone(), all));
        assert_eq!(
            events("message.*, message.* call.status\nunknown"),
            Ok(["message.*", "call.status", "unknown"].map(str::to_owned).to_vec())
        );
        for bad in ["message*", "Message.received", "a;b", "**", "*.received", "message.\0"] {
            assert!(events(bad).is_err(), "{bad:?}");
        }
        assert!(
            events(&(0..51u8).map(|n| format!("a{}.x", "b".repeat(n.into()))).collect::<Vec<_>>().join(",")).is_err()
        );
    }

    #[test]
    fn one_event_word() {
        assert_eq!((event(""), event("*")), (Ok(None), Ok(None)));
        assert_eq!(event("message.*"), Ok(Some("message.*".to_owned())));
        for bad in ["message.received call.*", "message*", ".", "message..received", "Message.*", "a,b"] {
            assert!(event(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn moments_are_local_unless_they_say_otherwise() {
        let at = "2026-11-02T14:30:00Z".parse().map_err(|_| String::new());
        for text in ["2026-11-02T14:30", "2026-11-02T14:30:00", "2026-11-02 14:30", "2026-11-02T15:30:00+01:00"] {
            assert_eq!(moment(text, Tz::UTC), at, "{text}");
        }
        for bad in ["", "yesterday", "2026-13-02T14:30", "1960-01-01T00:00", "2026-11-02"] {
            assert!(moment(bad, Tz::UTC).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn moments_when_clocks_change() {
        for (text, utc) in [
            ("2026-07-01T12:00", "2026-07-01T10:00:00Z"),
            // Left out, and then twice.
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(moment(text, Tz::Europe__Berlin), utc.parse().map_err(|_| String::new()), "{text}");
        }
    }

    #[test]
    fn addresses_of_people() {
        for good in ["a@b", "ada.lovelace+x@example.com"] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b@c", "a\0@b"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_one_line_of_bounded_length() {
        assert_eq!(name(&"ä".repeat(NAME_MAX)), Ok("ä".repeat(NAME_MAX)));
        for bad in [String::new(), "x".repeat(NAME_MAX + 1), "a\0".to_owned(), "a\nb".to_owned()] {
            assert!(name(&bad).is_err(), "{bad:?}");
        }
    }
}
