//! How an endpoint's requests are made, as the file says it.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use socialhook_core::headers;
use socialhook_store::endpoint_options::{Options, RATE_MAX, TIMEOUT_SECONDS_MAX};

/// What is absent is as usual.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionsSpec {
    timeout_seconds: Option<u64>,
    rate_per_second: Option<NonZeroU16>,
    #[serde(default)]
    meta_signature: bool,
    #[serde(default)]
    raw: bool,
    #[serde(default)]
    headers: BTreeMap<String, SecretString>,
}

impl OptionsSpec {
    /// And the headers, as they are stored.
    ///
    /// # Errors
    /// With what is wrong with them.
    pub(super) fn checked(&self) -> Result<(Options, Option<SecretString>), String> {
        let seconds = self.timeout_seconds.filter(|seconds| !(1..=TIMEOUT_SECONDS_MAX).contains(seconds));
        if let Some(seconds) = seconds {
            return Err(format!("timeout_seconds is {seconds}; it must be 1 to {TIMEOUT_SECONDS_MAX}"));
        }
        if let Some(rate) = self.rate_per_second.filter(|rate| rate.get() > RATE_MAX) {
            return Err(format!("rate_per_second is {rate}; it must be 1 to {RATE_MAX}"));
        }
        let options = Options {
            timeout: self.timeout_seconds.map(Duration::from_secs),
            meta_signature: self.meta_signature,
            rate: self.rate_per_second,
            raw: self.raw,
        };
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        let lines = headers::lines(own).map_err(|wrong| wrong.to_string())?;
        Ok((options, lines.map(Into::into)))
    }
}
