//! The front door: what this is, for those who are not signed in.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::DateTime;
use socialhook_core::sample::{self, Stage};
use tower_sessions::Session;

use crate::error::Error;
use crate::page::html;
use crate::state::App;
use crate::{json_view, person};

/// The event that comes of the sample beside it, without the parts that repeat.
const EVENT: &str = include_str!("../../../templates/landing-event.json");
/// The moment of that event.
const SHOWN_AT: i64 = 1_747_231_892;
const SHOWN_SAMPLE: &str = "whatsapp-text";

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage {
    meta: String,
    event: String,
}

pub async fn show(State(app): State<App>, session: Session) -> Result<Response, Error> {
    if person::current(&app, &session).await?.is_some() {
        return Ok(Redirect::to("/overview").into_response());
    }
    let stage = Stage {
        external_id: "109000000000001",
        address: Some("+442079460123"),
        at: DateTime::from_timestamp(SHOWN_AT, 0).unwrap_or_default(),
        serial: 456,
    };
    let meta = sample::find(SHOWN_SAMPLE).map(|sample| sample.body(&stage)).unwrap_or_default();
    html(&LandingPage { meta: json_view::html(meta.as_bytes()), event: json_view::html(EVENT.as_bytes()) })
}
