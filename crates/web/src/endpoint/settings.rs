//! The settings of an endpoint that few change: what was entered, and what is wrong with it.

use std::time::Duration;

use socialhook_store::endpoint_options::{Options, TIMEOUT_SECONDS_MAX};

use crate::fields::Field;

#[derive(Default)]
pub struct OptionFields {
    pub timeout: Field,
    pub meta_signature: bool,
}

impl OptionFields {
    /// From the pairs of the whole form; a checkbox is among them if it is ticked.
    pub fn entered(pairs: &[(String, String)]) -> Self {
        let entry = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        Self {
            timeout: Field::new(entry("timeout").unwrap_or_default()),
            meta_signature: entry("meta_signature").is_some(),
        }
    }

    pub fn of(options: Options) -> Self {
        let seconds = options.timeout.map(|timeout| timeout.as_secs().to_string());
        Self { timeout: Field::new(seconds.unwrap_or_default()), meta_signature: options.meta_signature }
    }

    /// Whether there is something to see: set, or wrong.
    pub fn is_open(&self) -> bool {
        self.meta_signature || !self.timeout.value.trim().is_empty()
    }

    pub fn check(&mut self) -> Option<Options> {
        let timeout = self.timeout.check(timeout)?;
        Some(Options { timeout, meta_signature: self.meta_signature })
    }
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
    fn timeouts_are_whole_seconds_within_bounds() {
        assert_eq!(timeout(""), Ok(None));
        assert_eq!([timeout("1"), timeout("30")], [1, 30].map(|s| Ok(Some(Duration::from_secs(s)))));
        for bad in ["0", "31", "-1", "1.5", "10s", "ten"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
