//! The letters that people get: their words are in `templates/mail`, the first line of each is the subject.
//!
//! What must hold: whoever asks for a letter sees the same answer whether or not an address has an account.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_store::PgConnection;
use socialhook_store::mail::{self, Letter};
use socialhook_store::seal::Sealer;
use url::Url;

use crate::error::Error;
use crate::state::App;

/// How long the links in letters hold.
pub const SIGN_UP_FOR: TimeDelta = TimeDelta::hours(24);
pub const RESET_FOR: TimeDelta = TimeDelta::hours(1);
pub const NEW_EMAIL_FOR: TimeDelta = TimeDelta::hours(24);
pub const OLD_EMAIL_FOR: TimeDelta = TimeDelta::days(7);
pub const INVITATION_FOR: TimeDelta = TimeDelta::days(7);
/// How long a letter without a link is worth sending.
pub const NOTICE_FOR: TimeDelta = TimeDelta::days(1);

/// Shows that whoever signed up reads the address.
#[derive(Template)]
#[template(path = "mail/sign-up.txt")]
pub struct SignUp {
    pub link: String,
}

/// Somebody signed up with an address that has an account.
#[derive(Template)]
#[template(path = "mail/sign-up-known.txt")]
pub struct SignUpKnown {
    pub sign_in: String,
    pub forgot: String,
}

/// Lets the reader choose a new password.
#[derive(Template)]
#[template(path = "mail/reset.txt")]
pub struct Reset {
    pub link: String,
}

/// Somebody asked for a new password for an address that has no account.
#[derive(Template)]
#[template(path = "mail/reset-unknown.txt")]
pub struct ResetUnknown {
    pub email: String,
    pub sign_up: String,
}

/// Shows that whoever wants this address for their account reads it.
#[derive(Template)]
#[template(path = "mail/new-email.txt")]
pub struct NewEmail {
    pub link: String,
    pub old: String,
}

/// Tells the old address, which may take the account back.
#[derive(Template)]
#[template(path = "mail/old-email.txt")]
pub struct OldEmail {
    pub link: String,
    pub new: String,
}

/// Asks somebody to join a tenant.
#[derive(Template)]
#[template(path = "mail/invitation.txt")]
pub struct Invitation {
    pub link: String,
    pub tenant: String,
    pub by: String,
    pub role: &'static str,
}

/// Tells what needs attention: a sentence and the address of a page, each.
#[derive(Template)]
#[template(path = "mail/alert.txt")]
pub struct Alert {
    pub tenant: String,
    pub news: Vec<(String, String)>,
    pub settings: String,
}

/// Tells what was done with an account, for whoever did not do it.
#[derive(Template)]
#[template(path = "mail/notice.txt")]
pub struct Notice {
    /// A sentence's beginning, such as "The password was changed".
    pub what: &'static str,
    pub forgot: String,
}

impl Notice {
    #[must_use]
    pub fn of(public_url: &Url, what: &'static str) -> Self {
        Self { what, forgot: address(public_url, "/forgot") }
    }
}

/// What the address of a link's page holds, and its form hands on.
#[derive(Deserialize)]
pub struct Held {
    #[serde(default)]
    pub token: String,
}

/// Where a page is for whoever reads it elsewhere.
#[must_use]
pub fn page(app: &App, path: &str) -> String {
    address(&app.public_url, path)
}

fn address(public_url: &Url, path: &str) -> String {
    public_url.join(path).map_or_else(|_| public_url.to_string(), Into::into)
}

/// The address of a page with a token in it.
#[must_use]
pub fn link(app: &App, path: &str, token: &str) -> String {
    let page = page(app, path);
    Url::parse_with_params(&page, [("token", token)]).map_or(page, |url| url.to_string())
}

/// Puts a letter into the box.
pub async fn post(app: &App, c: &mut PgConnection, to: (&str, TimeDelta), letter: &impl Template) -> Result<(), Error> {
    put(c, (&app.sealer, app.clock.now()), to, letter).await
}

/// The same, for whoever is no page.
///
/// # Errors
/// If the database fails.
pub async fn put(
    c: &mut PgConnection,
    (sealer, now): (&Sealer, DateTime<Utc>),
    (recipient, lasts): (&str, TimeDelta),
    letter: &impl Template,
) -> Result<(), Error> {
    let written = letter.render()?;
    let (subject, text) = written.split_once('\n').ok_or(Error::Unexpected("a letter has no subject"))?;
    let text = SecretString::from(text.trim_start());
    Ok(mail::post(c, sealer, &Letter { recipient, subject, text, expires_at: now + lasts }, now).await?)
}
