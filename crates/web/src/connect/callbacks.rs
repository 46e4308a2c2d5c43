//! What Meta calls when a person takes the app's permissions back, or wants their data deleted (Messenger §10.5).
//!
//! What must hold: nothing happens unless one of the app's secrets signed the request; whoever holds the code that was given back sees how
//! far the deletion is.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::json;
use socialhook_store::connections::people;
use socialhook_store::token::{self, Token};

use crate::error::{Error, database};
use crate::extract::Path;
use crate::page::html;
use crate::state::App;
use crate::words::When;

#[derive(Deserialize)]
pub struct Signed {
    #[serde(default)]
    signed_request: String,
}

#[derive(Template)]
#[template(path = "data-deletion.html")]
struct DeletionPage {
    requested: When,
    connections: i32,
}

fn refused() -> Response {
    (StatusCode::FORBIDDEN, "the signed_request fits none of the app's secrets\n").into_response()
}

pub async fn deauthorize(
    State(app): State<App>,
    Path(app_key): Path<String>,
    Form(form): Form<Signed>,
) -> Result<Response, Error> {
    let Some((app_id, user_id)) = app.relay.signed_request(&app_key, &form.signed_request).await? else {
        return Ok(refused());
    };
    let connections = app.relay.deauthorize(app_id, &user_id).await?;
    tracing::info!(app.id = %app_id, connections, "a person took the app's permissions back");
    Ok(StatusCode::OK.into_response())
}

pub async fn delete_data(
    State(app): State<App>,
    Path(app_key): Path<String>,
    Form(form): Form<Signed>,
) -> Result<Response, Error> {
    let Some((app_id, user_id)) = app.relay.signed_request(&app_key, &form.signed_request).await? else {
        return Ok(refused());
    };
    let deleted = app.relay.delete_data(app_id, &user_id).await?;
    let code = Token::new("");
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    people::note_deletion(&mut c, &code.hash, deleted, app.clock.now()).await?;
    tracing::info!(app.id = %app_id, connections = deleted, "a person's data was deleted, as Meta asked");
    let url = app.public_url.join(&format!("meta/deletions/{}", code.expose()));
    let url = url.map_err(|_| Error::Unexpected("the public URL takes no path"))?;
    Ok(Json(json!({ "url": url, "confirmation_code": code.expose() })).into_response())
}

/// How far a deletion is, for whoever was given the code.
pub async fn show_deletion(State(app): State<App>, Path(code): Path<String>) -> Result<Response, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let found = people::find_deletion(&mut c, &token::hash(&code)).await?;
    let (requested_at, connections) = found.ok_or(Error::NotFound)?;
    let now = app.clock.now().with_timezone(&chrono_tz::Tz::UTC);
    html(&DeletionPage { requested: When::new(requested_at, now), connections })
}
