//! Showing once more that it is you, before something is shown that secrets hang on.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower_sessions::Session;

use super::{knows, second_factor};
use crate::client::Client;
use crate::error::Error;
use crate::extract::{Form, Query};
use crate::fields::Field;
use crate::member::{Member, local_path};
use crate::page::{Page, Section, html};
use crate::passwords::Passwords;
use crate::person;
use crate::state::App;

#[derive(Template)]
#[template(path = "proof.html")]
struct ProofPage {
    page: Page,
    next: String,
    password: Field,
    /// None: the account has no second factor.
    code: Option<Field>,
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct Proof {
    #[serde(default)]
    next: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let code = second_factor::is_on(&app, member.account_id).await?.then(Field::default);
    let page = Page::new(&member, &session, Section::Account, "Is it you?").await?;
    html(&ProofPage { page, next: wanted.next, password: Field::default(), code })
}

pub async fn create(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<Proof>,
) -> Result<Response, Error> {
    let mut password = Field::default();
    let mut code = second_factor::is_on(&app, member.account_id).await?.then(Field::default);
    if !knows(&app, &hashing, (&client, &member), form.password).await? {
        password.wrong("This is not your password.");
    } else if let Some(code) = &mut code
        && !second_factor::fits(&app, &client, member.account_id, &form.code).await?
    {
        code.wrong("This code does not fit, or was used already. Wait for the next one.");
    }
    if password.error.is_some() || code.as_ref().is_some_and(|code| code.error.is_some()) {
        let page = Page::new(&member, &session, Section::Account, "Is it you?").await?;
        let page = html(&ProofPage { page, next: form.next, password, code })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    person::prove(&app, &session).await?;
    Ok(Redirect::to(local_path(&form.next).unwrap_or("/account")).into_response())
}
