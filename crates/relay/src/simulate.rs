//! The simulator's client: posts a signed body to a running service, as Meta would.

use std::time::Duration;

use secrecy::SecretString;
use socialhook_core::signature::{HEADER, Key};
use url::Url;

/// Marks a POST as made by the simulator; its events say `"test": true`. It is worth nothing without the signature.
pub const SIMULATED_HEADER: &str = "socialhook-simulated";

const TIMEOUT: Duration = Duration::from_secs(10);

/// No answer came.
#[derive(Debug, thiserror::Error)]
#[error("no answer came from the service; does it run there?")]
pub struct NoAnswer(#[from] reqwest::Error);

/// Plays Meta towards one callback URL.
#[derive(Debug)]
pub struct Simulator {
    client: reqwest::Client,
    callback: Url,
    key: Key,
}

impl Simulator {
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(callback: Url, app_secret: &SecretString) -> Result<Self, NoAnswer> {
        #[expect(clippy::disallowed_methods, reason = "goes to the service that its caller names, not to endpoints")]
        let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, callback, key: Key::new(app_secret) })
    }

    /// Posts one body; returns the status of the answer.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn post(&self, body: String) -> Result<u16, NoAnswer> {
        let response = self
            .client
            .post(self.callback.clone())
            .header("content-type", "application/json")
            .header(HEADER, self.key.sign(body.as_bytes()))
            .header(SIMULATED_HEADER, "1")
            .body(body)
            .send()
            .await?;
        Ok(response.status().as_u16())
    }
}
