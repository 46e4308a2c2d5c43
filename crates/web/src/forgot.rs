//! A forgotten password: a letter to the address, and the page where its link leads.
//!
//! What must hold: what is answered does not tell whether the address has an account; a new password ends all sessions and all earlier links.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::AccountId;
use socialhook_store as store;
use socialhook_store::account_links::{self, Purpose};
use socialhook_store::accounts::{self, Account};
use socialhook_store::sessions;
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::audit;
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields::{self, Field};
use crate::mail::{self, Held, Notice, ResetUnknown};
use crate::page::{html, leave_notice};
use crate::passwords::{self, Passwords};
use crate::sign_up::MailSentPage;
use crate::state::App;
use crate::throttle;

#[derive(Template, Default)]
#[template(path = "forgot.html")]
struct ForgotPage {
    email: Field,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    token: String,
    email: String,
    password: Field,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

pub async fn form() -> Result<Response, Error> {
    html(&ForgotPage::default())
}

pub async fn create(State(app): State<App>, client: Client, Form(form): Form<Asked>) -> Result<Response, Error> {
    let mut page = ForgotPage { email: Field::new(form.email) };
    let Some(email) = page.email.check(fields::email) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    };
    throttle::mail(&app, &client, &email).await?;
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    if let Some(account) = accounts::find_by_email(&mut tx, &email).await? {
        let link = add_link(&app, &mut tx, account.account_id).await?;
        mail::post(&app, &mut tx, (&account.email, mail::RESET_FOR), &mail::Reset { link }).await?;
    } else {
        let letter = ResetUnknown { email: email.clone(), sign_up: mail::page(&app, "/sign-up") };
        mail::post(&app, &mut tx, (&email, mail::RESET_FOR), &letter).await?;
    }
    tx.commit().await.map_err(store::Error::from)?;
    html(&MailSentPage { email, what: "a link to choose a new password", is_in_files: !app.confirms_addresses })
}

/// A link by which the account's password can be chosen anew.
pub async fn add_link(app: &App, c: &mut store::PgConnection, account_id: AccountId) -> Result<String, Error> {
    let token = Token::new("");
    let held = (token.hash.as_slice(), app.clock.now() + mail::RESET_FOR);
    account_links::add(c, account_id, &Purpose::Reset, held).await?;
    Ok(mail::link(app, "/reset", token.expose()))
}

async fn find(app: &App, client: &Client, token: &str) -> Result<Account, Error> {
    throttle::link(app, client).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let found = account_links::find(&mut c, token, app.clock.now()).await?;
    let Some((account_id, Purpose::Reset)) = found else { return Err(Error::LinkOver) };
    accounts::find(&mut c, account_id).await?.ok_or(Error::LinkOver)
}

pub async fn show(
    State(app): State<App>,
    client: Client,
    Query(Held { token }): Query<Held>,
) -> Result<Response, Error> {
    let account = find(&app, &client, &token).await?;
    html(&ResetPage { token, email: account.email, password: Field::default() })
}

pub async fn reset(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    client: Client,
    session: Session,
    Form(Chosen { token, password }): Form<Chosen>,
) -> Result<Response, Error> {
    let account = find(&app, &client, &token).await?;
    let password = SecretString::from(password);
    if let Some(complaint) = passwords::complaint(&password, &[&account.email]) {
        let mut field = Field::default();
        field.wrong(complaint);
        let page = ResetPage { token, email: account.email, password: field };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    }
    let hash = hashing.hash(password).await?;
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    if !account_links::take(&mut tx, &token, app.clock.now()).await? {
        return Err(Error::LinkOver);
    }
    accounts::set_password(&mut tx, account.account_id, &hash).await?;
    account_links::remove_of(&mut tx, account.account_id).await?;
    sessions::end_all(&mut tx, account.account_id).await?;
    let notice = Notice::of(&app.public_url, "The password was changed");
    mail::post(&app, &mut tx, (&account.email, mail::NOTICE_FOR), &notice).await?;
    tx.commit().await.map_err(store::Error::from)?;
    audit::of_account(&app, &client, (account.account_id, &account.email), "Chose a new password by mail").await?;
    leave_notice(&session, "Your new password is set, and all browsers are signed out. Sign in with it.").await?;
    Ok(Redirect::to("/sign-in").into_response())
}
