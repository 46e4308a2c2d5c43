use http::HeaderMap;
use standardwebhooks::{Webhook, WebhookError};

/// An error if the request is not from SocialHook.
pub fn verify(secret: &str, raw_body: &[u8], headers: &HeaderMap) -> Result<(), WebhookError> {
    Webhook::new(secret)?.verify(raw_body, headers)
}
