//! The settings of an endpoint that few change: what was entered, and what is wrong with it.

use std::num::NonZeroU16;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use socialhook_core::headers::{self, pairs};
use socialhook_relay::request::MASK;
use socialhook_store::endpoint_options::{Options, RATE_MAX, TIMEOUT_SECONDS_MAX};

use crate::fields::Field;

#[derive(Default)]
pub struct OptionFields {
    pub timeout: Field,
    pub rate: Field,
    pub meta_signature: bool,
    pub raw: bool,
    /// A line for each. Values that are set already stand there masked.
    pub headers: Field,
}

/// What was checked.
pub struct CheckedOptions {
    pub options: Options,
    /// `name: value`, one a line. None: none.
    pub headers: Option<SecretString>,
}

impl OptionFields {
    /// From the pairs of the whole form; a checkbox is among them if it is ticked.
    pub fn entered(pairs: &[(String, String)]) -> Self {
        let entry = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        Self {
            timeout: Field::new(entry("timeout").unwrap_or_default()),
            rate: Field::new(entry("rate").unwrap_or_default()),
            meta_signature: entry("meta_signature").is_some(),
            raw: entry("raw").is_some(),
            headers: Field::new(entry("headers").unwrap_or_default()),
        }
    }

    pub fn of(options: Options, headers: Option<&SecretString>) -> Self {
        let seconds = options.timeout.map(|timeout| timeout.as_secs().to_string());
        let set = headers.map_or("", |headers| headers.expose_secret());
        let masked: Vec<String> = pairs(set).map(|(name, _)| format!("{name}: {MASK}")).collect();
        Self {
            timeout: Field::new(seconds.unwrap_or_default()),
            rate: Field::new(options.rate.map(|rate| rate.to_string()).unwrap_or_default()),
            meta_signature: options.meta_signature,
            raw: options.raw,
            headers: Field::new(masked.join("\n")),
        }
    }

    /// Whether there is something to see: set, or wrong.
    pub fn is_open(&self) -> bool {
        let is_set = |field: &Field| !field.value.trim().is_empty();
        self.meta_signature || self.raw || is_set(&self.timeout) || is_set(&self.rate) || is_set(&self.headers)
    }

    /// `known` are the headers that are set already, whose values stand in the form masked.
    pub fn check(&mut self, known: Option<&SecretString>) -> Option<CheckedOptions> {
        let timeout = self.timeout.check(timeout);
        let rate = self.rate.check(rate);
        let headers = self.headers.check(|text| headers(text, known.map_or("", |known| known.expose_secret())));
        let options = Options { timeout: timeout?, meta_signature: self.meta_signature, rate: rate?, raw: self.raw };
        Some(CheckedOptions { options, headers: headers? })
    }
}

/// A line for each; a masked value is the one that is known.
fn headers(text: &str, known: &str) -> Result<Option<SecretString>, String> {
    let mut entered: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("Write “Name: value” in place of “{line}”."))?;
        let before = || pairs(known).find(|(other, _)| other.eq_ignore_ascii_case(name.trim())).map(|(_, value)| value);
        entered.push((name, if value.trim() == MASK { before().unwrap_or_default() } else { value }));
    }
    let lines = headers::lines(entered).map_err(|wrong| wrong.to_string())?;
    Ok(lines.map(Into::into))
}

/// A whole number; nothing if left empty.
fn rate(text: &str) -> Result<Option<NonZeroU16>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let rate = text.parse().ok().filter(|rate: &NonZeroU16| rate.get() <= RATE_MAX);
    rate.map(Some).ok_or_else(|| format!("Enter a whole number from 1 to {RATE_MAX}, or leave this empty."))
}

/// Whole seconds; nothing if left empty.
fn timeout(text: &str) -> Result<Option<Duration>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = text.parse().ok().filter(|seconds| (1..=TIMEOUT_SECONDS_MAX).contains(seconds));
    let wrong = || format!("Enter whole seconds from 1 to {TIMEOUT_SECONDS_MAX}, or leave this empty.");
    seconds.map(|seconds| Some(Duration::from_secs(seconds))).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_header_is_the_one_that_is_known() {
        let said = |text: &str, known: &str| {
            headers(text, known).map(|lines| lines.map(|lines| lines.expose_secret().to_owned()))
        };
        assert_eq!(said(" X-Key:  a b \n\n", ""), Ok(Some("x-key: a b".to_owned())));
        assert_eq!(said("", "x-key: old"), Ok(None));
        assert_eq!(said(&format!("X-Key: {MASK}"), "x-key: old"), Ok(Some("x-key: old".to_owned())), "unchanged");
        assert!(said(&format!("x-new: {MASK}"), "x-key: old").is_err(), "nothing is behind the mask");
        assert!(said("x-key", "").is_err());
    }

    #[test]
    fn timeouts_are_whole_seconds_within_bounds() {
        assert_eq!(timeout(""), Ok(None));
        assert_eq!([timeout("1"), timeout("30")], [1, 30].map(|s| Ok(Some(Duration::from_secs(s)))));
        for bad in ["0", "31", "-1", "1.5", "10s", "ten"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
