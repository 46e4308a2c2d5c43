//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_store::accounts;
use tower_sessions::Session;

use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields::Field;
use crate::member::{self, local_path};
use crate::page::html;
use crate::passwords::{Passwords, bounded};
use crate::state::App;

const HOME: &str = "/overview";

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    email: Field,
    next: String,
    refused: bool,
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
    if member::current(&app, &session).await?.is_some() {
        return Ok(Redirect::to(HOME).into_response());
    }
    html(&SignInPage { email: Field::default(), next: wanted.next, refused: false })
}

pub async fn create(
    State(app): State<App>,
    State(passwords): State<Passwords>,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, Error> {
    let account = find(&app, form.email.trim()).await?;
    let (account_id, hash) = account.map(|account| (account.account_id, account.password_hash)).unzip();
    let fits = passwords.fits(hash, bounded(form.password.into())).await?;
    let Some(account_id) = account_id.filter(|_| fits) else {
        let page = SignInPage { email: Field::new(form.email), next: form.next, refused: true };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    };
    member::sign_in(&session, account_id).await?;
    Ok(Redirect::to(local_path(&form.next).unwrap_or(HOME)).into_response())
}

/// Text that no column could hold belongs to nobody.
async fn find(app: &App, email: &str) -> Result<Option<accounts::Account>, Error> {
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
