//! Where Meta is, and which version of its Graph API is asked.

use socialhook_graph::Addresses;

use super::{Config, Error};

/// `v26.0` and the like.
pub(super) fn check_version(given: String) -> Result<String, Error> {
    let parts = given.strip_prefix('v').and_then(|number| number.split_once('.'));
    let digits = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = parts.is_some_and(|(major, minor)| digits(major) && digits(minor));
    if is_version { Ok(given) } else { Err(Error::GraphVersion(given)) }
}

impl Config {
    /// Where Meta is, and which version is asked.
    #[must_use]
    pub fn meta(&self) -> (Addresses, String) {
        let addresses = self.meta_url.as_ref().map_or_else(Addresses::meta, Addresses::stand_in);
        (addresses, self.graph_version.clone())
    }
}
