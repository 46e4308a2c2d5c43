//! Signing in and out.

pub mod code;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use socialhook_store::accounts::{self, Account};
use tower_sessions::Session;

use crate::account::second_factor;
use crate::client::{Client, device_cookie};
use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields::Field;
use crate::member::local_path;
use crate::page::{html, take_notice};
use crate::passwords::{Passwords, bounded};
use crate::person;
use crate::state::App;
use crate::{audit, throttle};

const HOME: &str = "/overview";

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    email: Field,
    next: String,
    refused: bool,
    /// How long to wait before the next try.
    wait: Option<String>,
    notice: Option<String>,
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub async fn form(State(app): State<App>, session: Session, Query(wanted): Query<Wanted>) -> Result<Response, Error> {
    if person::current(&app, &session).await?.is_some() {
        return Ok(Redirect::to(HOME).into_response());
    }
    html(&SignInPage {
        email: Field::default(),
        next: wanted.next,
        refused: false,
        wait: None,
        notice: take_notice(&session).await?,
    })
}

pub async fn create(
    State(app): State<App>,
    State(passwords): State<Passwords>,
    client: Client,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, Error> {
    let account = find(&app, form.email.trim()).await?;
    let account_id = account.as_ref().map(|account| account.account_id);
    let trying = match throttle::sign_in(&app, &client, form.email.trim(), account_id).await {
        Err(Error::TooOften(wait)) => return too_often(form, wait),
        counted => counted?,
    };
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let fits = passwords.fits(hash, bounded(form.password.into())).await?;
    let Some(account) = account.filter(|_| fits) else {
        let page =
            SignInPage { email: Field::new(form.email), next: form.next, refused: true, wait: None, notice: None };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    };
    throttle::succeeded(&app, trying).await?;
    if second_factor::is_on(&app, account.account_id).await? {
        person::go_halfway(&app, &session, account.account_id, form.next).await?;
        return Ok(Redirect::to("/sign-in/code").into_response());
    }
    finish(&app, &client, &session, (&account, &form.next)).await
}

/// All that was asked for was right.
async fn finish(
    app: &App,
    client: &Client,
    session: &Session,
    (account, next): (&Account, &str),
) -> Result<Response, Error> {
    person::sign_in(app, session, client, account.account_id).await?;
    audit::of_account(app, client, (account.account_id, &account.email), "Signed in").await?;
    let known = [(header::SET_COOKIE, device_cookie(app, account.account_id)?)];
    Ok((known, Redirect::to(local_path(next).unwrap_or(HOME))).into_response())
}

fn too_often(form: Credentials, wait: TimeDelta) -> Result<Response, Error> {
    let seconds = [(header::RETRY_AFTER, wait.num_seconds().max(1))];
    let wait = Some(throttle::in_words(wait));
    let page = SignInPage { email: Field::new(form.email), next: form.next, refused: false, wait, notice: None };
    Ok((StatusCode::TOO_MANY_REQUESTS, seconds, html(&page)?).into_response())
}

/// Text that no column could hold belongs to nobody.
async fn find(app: &App, email: &str) -> Result<Option<Account>, Error> {
    if email.contains('\0') {
        return Ok(None);
    }
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    Ok(accounts::find_by_email(&mut c, email).await?)
}

pub async fn delete(session: Session) -> Result<Redirect, Error> {
    session.flush().await?;
    Ok(Redirect::to("/"))
}
