//! The second step of signing in, for accounts with a second factor.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_store::accounts;
use tower_sessions::Session;

use super::finish;
use crate::account::second_factor;
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::Field;
use crate::page::html;
use crate::person;
use crate::state::App;

#[derive(Template, Default)]
#[template(path = "sign-in-code.html")]
struct CodePage {
    code: Field,
}

#[derive(Deserialize)]
pub struct Entered {
    #[serde(default)]
    code: String,
}

pub async fn form(State(app): State<App>, session: Session) -> Result<Response, Error> {
    match person::halfway(&app, &session).await? {
        Some(_) => html(&CodePage::default()),
        None => Ok(Redirect::to("/sign-in").into_response()),
    }
}

pub async fn create(
    State(app): State<App>,
    client: Client,
    session: Session,
    Form(form): Form<Entered>,
) -> Result<Response, Error> {
    let Some(halfway) = person::halfway(&app, &session).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    if !second_factor::fits(&app, &client, halfway.account_id, &form.code).await? {
        let mut page = CodePage::default();
        page.code
            .wrong("This code does not fit, or was used already. Wait for the next one, or enter a recovery code.");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response());
    }
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let account = accounts::find(&mut c, halfway.account_id).await?;
    drop(c);
    let Some(account) = account else { return Ok(Redirect::to("/sign-in").into_response()) };
    finish(&app, &client, &session, (&account, &halfway.next)).await
}
