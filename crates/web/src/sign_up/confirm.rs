//! Following the link in the mail that signing up leads to: only now there is an account.
//!
//! What must hold: whoever only reads the mail does not get an account with a password that somebody else chose: in another browser than
//! the one that signed up, the password is asked for.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::signature::hex;
use socialhook_store::sign_ups::{self, SignUp};
use socialhook_store::token;
use tower_sessions::Session;

use super::{begin, welcome};
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields::Field;
use crate::mail::Held;
use crate::page::html;
use crate::passwords::{Passwords, bounded};
use crate::state::App;
use crate::throttle;

/// The hash of the token that this browser's signing up led to.
pub const BEGUN_KEY: &str = "sign_up";

#[derive(Template)]
#[template(path = "sign-up-confirm.html")]
struct ConfirmPage {
    token: String,
    email: String,
    tenant: String,
    /// None: it is the browser that signed up.
    password: Option<Field>,
}

#[derive(Deserialize)]
pub struct Confirmation {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

async fn find(app: &App, client: &Client, token: &str) -> Result<SignUp, Error> {
    throttle::link(app, client).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    sign_ups::find(&mut c, token, app.clock.now()).await?.ok_or(Error::LinkOver)
}

/// Whether this browser is the one that signed up.
async fn is_same_browser(session: &Session, token: &str) -> Result<bool, Error> {
    Ok(session.get::<String>(BEGUN_KEY).await? == Some(hex(&token::hash(token))))
}

pub async fn show(
    State(app): State<App>,
    client: Client,
    session: Session,
    Query(Held { token }): Query<Held>,
) -> Result<Response, Error> {
    let sign_up = find(&app, &client, &token).await?;
    let password = (!is_same_browser(&session, &token).await?).then(Field::default);
    html(&ConfirmPage { token, email: sign_up.email, tenant: sign_up.tenant_name, password })
}

pub async fn create(
    State(app): State<App>,
    State(passwords): State<Passwords>,
    client: Client,
    session: Session,
    Form(Confirmation { token, password }): Form<Confirmation>,
) -> Result<Response, Error> {
    let sign_up = find(&app, &client, &token).await?;
    if !is_same_browser(&session, &token).await? {
        let hash = Some(sign_up.password_hash.clone());
        if !passwords.fits(hash, bounded(SecretString::from(password))).await? {
            let mut field = Field::default();
            field
                .wrong("This is not the password that was chosen when signing up. If you did not sign up, do nothing.");
            let page = ConfirmPage { token, email: sign_up.email, tenant: sign_up.tenant_name, password: Some(field) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
        }
    }
    match welcome(&app, sign_up).await {
        Ok(account_id) => begin(&app, &client, &session, account_id).await,
        // The same address was confirmed by another link in between.
        Err(error) if error.constraint() == Some("account_email") => Err(Error::LinkOver),
        Err(error) => Err(error.into()),
    }
}
