//! What can go wrong, and what each of Meta's refusals means for whoever has to put it right.

use serde::Deserialize;

/// A call that gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Without its URL, which may hold a token.
    #[error("Meta could not be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("Meta did not answer in time")]
    TimedOut,
    #[error("Meta answered more than is read")]
    TooLarge,
    #[error("Meta answered with status {0} and something that is not understood")]
    Unreadable(u16),
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not asked: Meta said that the app has asked too often.
    #[error("Meta asks this app to wait {seconds} seconds")]
    Limited { seconds: u64 },
    #[error("the access token has characters that no token has")]
    Token,
    /// The token must not go there.
    #[error("the media's address is none of Meta's")]
    NotMetas,
}

impl Error {
    pub(crate) fn of_request(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable(error.without_url()) }
    }

    /// What is behind it.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Refused(refusal) => refusal.cause(),
            Self::Limited { .. } => Cause::Limited,
            Self::Unreachable(_) | Self::TimedOut | Self::Unreadable(500..) => Cause::Temporary,
            Self::Token => Cause::TokenDead,
            Self::TooLarge | Self::Unreadable(_) | Self::NotMetas => Cause::Other,
        }
    }
}

/// Meta's error object, or Instagram's own form of it (Messenger §10.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Meta refused with code {code}{}: {message}", subcode.map(|subcode| format!("/{subcode}")).unwrap_or_default())]
pub struct Refusal {
    pub status: u16,
    pub code: i64,
    pub subcode: Option<i64>,
    /// Meta's words, cut to a length. They name fields and permissions, never tokens.
    pub message: String,
    /// What Meta's support asks for.
    pub trace: Option<String>,
}

/// Characters of Meta's words that are kept.
const MESSAGE_MAX: usize = 300;

#[derive(Deserialize)]
struct Wrapped {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    code: i64,
    error_subcode: Option<i64>,
    #[serde(default)]
    message: String,
    fbtrace_id: Option<String>,
}

#[derive(Deserialize)]
struct InstagramTold {
    #[serde(default)]
    code: i64,
    error_message: String,
}

impl Refusal {
    /// None if that is no error of Meta's.
    pub(crate) fn read(status: u16, body: &[u8]) -> Option<Self> {
        let cut = |text: String| text.chars().filter(|c| !c.is_control()).take(MESSAGE_MAX).collect();
        if let Ok(Wrapped { error }) = serde_json::from_slice(body) {
            let (code, subcode) = (error.code, error.error_subcode);
            return Some(Self { status, code, subcode, message: cut(error.message), trace: error.fbtrace_id });
        }
        let told: InstagramTold = serde_json::from_slice(body).ok()?;
        Some(Self { status, code: told.code, subcode: None, message: cut(told.error_message), trace: None })
    }

    /// Codes as Meta documents them for the Graph API, and subcodes of 190 and 100.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let says = |words: &str| self.message.to_ascii_lowercase().contains(words);
        match (self.code, self.subcode) {
            (100, Some(36_007..=36_009)) => Cause::CodeUnusable,
            (100 | 400, _) if says("authorization code") || says("verification code") => Cause::CodeUnusable,
            (100, _) if says("appsecret_proof") => Cause::SecretWrong,
            (1, _) if says("client secret") => Cause::SecretWrong,
            (101, _) => Cause::SecretWrong,
            (190, Some(463)) => Cause::TokenExpired,
            (190 | 102 | 104, _) => Cause::TokenDead,
            (100, Some(33)) | (803 | 131_052, _) => Cause::NotThere,
            (10 | 200..=299 | 3, _) => Cause::PermissionMissing,
            (4 | 17 | 32 | 613 | 80_000..=80_014 | 130_429, _) => Cause::Limited,
            (1 | 2, _) => Cause::Temporary,
            (100, _) => Cause::NotTaken,
            (0, _) if self.status >= 500 => Cause::Temporary,
            _ => Cause::Other,
        }
    }
}

/// Why Meta refuses, as far as it makes a difference to what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A code that was used, is too old, or belongs to another app or address.
    CodeUnusable,
    TokenExpired,
    /// Revoked: a password changed, a role was lost, or the app was removed.
    TokenDead,
    PermissionMissing,
    /// The app's secret is not the one that Meta knows.
    SecretWrong,
    /// It does not exist, or this token may not know of it.
    NotThere,
    /// A parameter is wrong: one unknown field makes Meta refuse a whole subscription.
    NotTaken,
    Limited,
    Temporary,
    Other,
}

impl Cause {
    /// What to do, for the person who connects.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::CodeUnusable => "Meta’s code holds for seconds and once only. Connect again, in one go.",
            Self::TokenExpired => "Meta’s access token has expired. Connect again to get a new one.",
            Self::TokenDead => {
                "Meta has withdrawn the access token: a password was changed, a role was lost, or the app was removed. Connect again."
            }
            Self::PermissionMissing => "A permission is missing. Connect again and leave every permission switched on.",
            Self::SecretWrong => {
                "Meta does not know this app secret. Copy it again from the app’s dashboard, under Settings → Basic."
            }
            Self::NotThere => "Meta does not know it, or does not show it to you. Check that you may manage it.",
            Self::NotTaken => "Meta did not take the request as it was. If it happens again, tell us the reference.",
            Self::Limited => "Meta asks us to wait. It is tried again by itself; you can also try in some minutes.",
            Self::Temporary => "Meta has trouble, or cannot be reached. Try again in a minute.",
            Self::Other => "Meta gave no reason that we know. Try again; if it stays, ask Meta with the reference.",
        }
    }

    /// Whether asking again later may help by itself.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Limited | Self::Temporary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_mean_something() {
        let cases = [
            (
                400,
                r#"{"error":{"message":"Error validating access token: Session has expired","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"A"}}"#,
                Cause::TokenExpired,
            ),
            (400, r#"{"error":{"message":"x","code":190,"error_subcode":460}}"#, Cause::TokenDead),
            (
                400,
                r#"{"error":{"message":"This authorization code has been used.","code":100,"error_subcode":36009}}"#,
                Cause::CodeUnusable,
            ),
            (
                400,
                r#"{"error_type":"OAuthException","code":400,"error_message":"This authorization code has expired"}"#,
                Cause::CodeUnusable,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid appsecret_proof provided in the API argument","code":100}}"#,
                Cause::SecretWrong,
            ),
            (400, r#"{"error":{"message":"Error validating client secret.","code":1}}"#, Cause::SecretWrong),
            (403, r#"{"error":{"message":"(#200) Requires pages_messaging","code":200}}"#, Cause::PermissionMissing),
            (400, r#"{"error":{"message":"Unsupported get request","code":100,"error_subcode":33}}"#, Cause::NotThere),
            (
                400,
                r#"{"error":{"message":"(#100) Param subscribed_fields[3] must be one of","code":100}}"#,
                Cause::NotTaken,
            ),
            (400, r#"{"error":{"message":"too many calls","code":80008}}"#, Cause::Limited),
            (500, r#"{"error":{"message":"An unknown error","code":2}}"#, Cause::Temporary),
        ];
        for (status, body, cause) in cases {
            assert_eq!(Refusal::read(status, body.as_bytes()).map(|it| it.cause()), Some(cause), "{body}");
        }
        assert_eq!(Refusal::read(502, b"<html>"), None);
        assert_eq!(Error::Unreadable(502).cause(), Cause::Temporary);
    }
}
