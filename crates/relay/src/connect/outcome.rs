//! What came of connecting, in words for the person who did it.

use serde::{Deserialize, Serialize};
use socialhook_core::event::Platform;
use socialhook_core::id::ChannelId;
use socialhook_graph::{Cause, Error};

/// What is told once somebody is back from Meta's login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was found, each with what came of it; nothing: a business account without a number.
    Connected {
        items: Vec<Item>,
    },
    Failed(Failure),
}

/// A number, page or account that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub platform: Platform,
    pub name: String,
    /// Its number, or its id at Meta.
    pub address: String,
    /// None if it was not connected.
    pub channel_id: Option<ChannelId>,
    pub state: ItemState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It receives.
    Receiving,
    /// It is connected, but does not receive before it is registered for the Cloud API.
    Unregistered,
    /// Another tenant has it.
    Claimed,
    /// It is connected, and Meta would not send for it yet.
    NotSubscribed { why: String },
    /// The person lacks the role.
    NoRole,
}

/// Nothing was connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short sentence.
    pub what: String,
    pub why: String,
    pub fix: String,
    /// What Meta's support asks for.
    pub reference: Option<String>,
}

impl Failure {
    fn new(what: &str, why: impl Into<String>, fix: &str) -> Self {
        Self { what: what.to_owned(), why: why.into(), fix: fix.to_owned(), reference: None }
    }

    /// Of what Meta refused.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let cause = error.cause();
        let what = match cause {
            Cause::CodeUnusable => "The login took too long",
            Cause::PermissionMissing => "A permission is missing",
            Cause::SecretWrong => "Meta does not know the app secret",
            Cause::TokenDead | Cause::TokenExpired => "Meta does not take the access token",
            Cause::Limited | Cause::Temporary => "Meta cannot answer right now",
            Cause::NotThere | Cause::NotTaken | Cause::Other => "Meta refused",
        };
        let reference = match error {
            Error::Refused(refusal) => refusal.trace.clone(),
            _ => None,
        };
        Self { reference, ..Self::new(what, format!("{error}."), cause.advice()) }
    }

    #[must_use]
    pub fn cancelled(step: Option<&str>) -> Self {
        let why = match step {
            Some(step) => format!("You left Meta’s dialog at the step {step}."),
            None => "You left Meta’s dialog before its end.".to_owned(),
        };
        Self::new("Nothing was connected", why, "Start again whenever you like. Nothing has changed.")
    }

    /// Meta's dialog ended with an error of its own.
    #[must_use]
    pub fn refused_login(words: &str) -> Self {
        let words: String = words.chars().filter(|c| !c.is_control()).take(300).collect();
        Self::new(
            "Meta ended the login",
            format!("Meta says: {words}"),
            "Start again. If it stays, ask Meta’s support.",
        )
    }

    /// Who comes back is not who left, or comes back twice.
    #[must_use]
    pub fn unknown_state() -> Self {
        Self::new(
            "This login is not yours, or is over",
            "Meta’s answer does not belong to a login that you began here within the last hour.",
            "Start again, and finish in the same browser. To protect you, an answer is taken once and only from who began.",
        )
    }

    pub(super) fn not_set_up() -> Self {
        Self::new(
            "The app is not set up for this",
            "Its id at Meta or its secret is missing.",
            "Open the app’s page and enter its Meta app id, or ask the operator to.",
        )
    }

    pub(super) fn missing_scopes(missing: &[&str]) -> Self {
        let names = missing.join(" and ");
        Self::new(
            "A permission is missing",
            format!("You did not give {names}."),
            "Connect again and leave every permission switched on: without it no message reaches you.",
        )
    }

    pub(super) fn of_another_app() -> Self {
        Self::new(
            "The token is of another app",
            "Meta says that this access token was made for another app.",
            "Make a token for the app that you connect, in Meta’s business settings under System users.",
        )
    }

    pub(super) fn not_shared(account_id: &str) -> Self {
        Self::new(
            "You may not connect this account",
            format!("Meta did not let you into the business account {account_id}."),
            "Connect again and choose a business account that you manage.",
        )
    }

    pub(super) fn nothing_shared(what: &str) -> Self {
        Self::new(
            "Nothing was shared",
            format!("Meta’s dialog was finished without choosing a {what}."),
            "Connect again and choose at least one.",
        )
    }

    pub(super) fn claimed(name: &str) -> Self {
        Self::new(
            "It is connected already",
            format!("{name} belongs to another account here."),
            "Have it disconnected there first. If you do not know who that is, ask us.",
        )
    }
}
