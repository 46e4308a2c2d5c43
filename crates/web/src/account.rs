//! One's own account: address, password, second factor, and where one is signed in.
//!
//! What must hold: whoever changes the password knows the old one; then all other browsers are signed out.

pub mod email;
pub mod proof;
pub mod second_factor;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_store as store;
use socialhook_store::{account_links, accounts, second_factors, sessions};
use tower_sessions::Session;

use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::Field;
use crate::mail::{self, Notice};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::passwords::{self, Passwords, bounded};
use crate::state::App;
use crate::throttle;
use crate::words::{When, count};

/// What the page's forms hold. Passwords are never shown again; only their messages are.
#[derive(Default)]
pub struct Fields {
    current: Field,
    password: Field,
    email: Field,
    email_password: Field,
    /// What was wrong with a form that has no place for it.
    refused: Option<&'static str>,
}

/// How the second factor stands.
enum Factor {
    Off,
    On { since: When, recovery_codes: i64 },
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    form: Fields,
    factor: Factor,
    browsers: Vec<BrowserRow>,
    others: usize,
}

struct BrowserRow {
    name: String,
    since: Option<When>,
    is_this: bool,
}

#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

async fn page(app: &App, member: &Member, session: &Session, form: Fields) -> Result<Response, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let signed_in = sessions::of_account(&mut c, member.account_id, app.clock.now()).await?;
    let factor = second_factors::find(&mut c, member.account_id, &app.sealer).await?;
    drop(c);
    let own = session.id().map(sessions::hash);
    let now = member.now(app);
    let factor = factor.and_then(|factor| {
        let since = When::new(factor.confirmed_at?, now);
        Some(Factor::On { since, recovery_codes: factor.recovery_codes })
    });
    let row = |one: sessions::SignedIn| BrowserRow {
        is_this: own.as_ref() == Some(&one.session_hash),
        since: one.since.map(|since| When::new(since, now)),
        name: one.browser.unwrap_or_else(|| "Unknown browser".to_owned()),
    };
    let browsers: Vec<BrowserRow> = signed_in.into_iter().map(row).collect();
    let others = browsers.iter().filter(|one| !one.is_this).count();
    let page = Page::new(member, session, Section::Account, Section::Account.name()).await?;
    html(&AccountPage { page, form, factor: factor.unwrap_or(Factor::Off), browsers, others })
}

/// The page once more, with what was wrong.
async fn refused(app: &App, member: &Member, session: &Session, why: &'static str) -> Result<Response, Error> {
    let form = Fields { refused: Some(why), ..Fields::default() };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, form).await?).into_response())
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, Fields::default()).await
}

pub async fn change_password(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Error> {
    let new = SecretString::from(form.password);
    let mut fields = Fields::default();
    fields.password.error = passwords::complaint(&new, &[&member.email, &member.tenant_name]);
    if !knows(&app, &hashing, (&client, &member), form.current).await? {
        fields.current.wrong("This is not your password.");
    }
    if fields.current.error.is_some() || fields.password.error.is_some() {
        let page = page(&app, &member, &session, fields).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let hash = hashing.hash(new).await?;
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    accounts::set_password(&mut tx, member.account_id, &hash).await?;
    let ended = end_others(&mut tx, &member, &session).await?;
    account_links::remove_of(&mut tx, member.account_id).await?;
    let notice = Notice::of(&app.public_url, "The password was changed");
    mail::post(&app, &mut tx, (&member.email, mail::NOTICE_FOR), &notice).await?;
    tx.commit().await.map_err(store::Error::from)?;
    session.cycle_id().await?;
    leave_notice(&session, format!("Your password is changed. {}", told(ended))).await?;
    Ok(Redirect::to("/account").into_response())
}

pub async fn end_sessions(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let ended = end_others(&mut c, &member, &session).await?;
    drop(c);
    leave_notice(&session, told(ended)).await?;
    Ok(Redirect::to("/account").into_response())
}

/// Whether it is the member's password. Tries are counted as those to sign in.
pub async fn knows(
    app: &App,
    hashing: &Passwords,
    (client, member): (&Client, &Member),
    password: String,
) -> Result<bool, Error> {
    let trying = throttle::sign_in(app, client, &member.email, Some(member.account_id)).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let hash = accounts::find(&mut c, member.account_id).await?.map(|account| account.password_hash);
    drop(c);
    let fits = hashing.fits(hash, bounded(password.into())).await?;
    if fits {
        throttle::succeeded(app, trying).await?;
    }
    Ok(fits)
}

async fn end_others(c: &mut store::PgConnection, member: &Member, session: &Session) -> Result<u64, Error> {
    let own = session.id().ok_or(Error::Unexpected("a member has no session"))?;
    Ok(sessions::end_others(c, member.account_id, own).await?)
}

fn told(ended: u64) -> String {
    match usize::try_from(ended).unwrap_or(usize::MAX) {
        0 => "You are signed in nowhere else.".to_owned(),
        ended => format!("{} signed out.", count(ended, "other browser is", "other browsers are")),
    }
}
