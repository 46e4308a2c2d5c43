//! The simulator's own page: send a message, have things go wrong, see what was posted.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::MetaSim;
use super::accounts::{PAGES, PROFESSIONALS};
use super::faults::Fault;
use super::media::NewMedia;
use super::tokens::{Params, text};
use super::webhooks::{Message, Sent};

/// Bytes of the largest image that the form attaches.
const IMAGE_MAX: usize = 100 << 20;

#[derive(Template)]
#[template(path = "meta-sim/index.html")]
struct Index {
    notice: Option<String>,
    channels: Vec<(String, String)>,
    callbacks: Vec<(String, String)>,
    faults: Vec<(&'static str, &'static str, bool)>,
    posts: Vec<(String, u16)>,
}

pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], include_str!("../../../../static/meta-sim/sim.css"))
}

pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], include_str!("../../../../static/meta-sim/sim.js"))
}

pub async fn show(State(sim): State<MetaSim>, Query(params): Query<Params>) -> Response {
    let index = {
        let state = sim.state();
        let numbers = state.business_accounts.iter().flat_map(|account| &account.numbers);
        let mut channels: Vec<(String, String)> = numbers
            .map(|number| (number.id.to_owned(), format!("WhatsApp {} {}", number.name, number.display)))
            .collect();
        for page in PAGES {
            channels.push((page.id.to_owned(), format!("Page {}", page.name)));
            channels
                .extend(page.linked.map(|(id, name)| (id.to_owned(), format!("Instagram {name}, linked to the page"))));
        }
        channels.extend(PROFESSIONALS.map(|one| (one.user_id.to_owned(), format!("Instagram {}", one.username))));
        let callbacks = state.app_subscriptions.iter();
        let fault = |fault: Fault| (fault.words().0, fault.words().1, state.faults.contains(&fault));
        Index {
            notice: params.get("notice").cloned(),
            channels,
            callbacks: callbacks.map(|(object, one)| (object.clone(), one.callback_url.clone())).collect(),
            faults: Fault::ALL.into_iter().map(fault).collect(),
            posts: state.posts.iter().rev().take(10).cloned().collect(),
        }
    };
    match index.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn back(notice: &str) -> Redirect {
    let notice: String = url::form_urlencoded::byte_serialize(notice.as_bytes()).collect();
    Redirect::to(&format!("/?notice={notice}"))
}

pub async fn set_faults(State(sim): State<MetaSim>, Form(given): Form<Vec<(String, String)>>) -> Redirect {
    for fault in Fault::ALL {
        sim.fault(fault, given.iter().any(|(_, name)| name == fault.words().0));
    }
    back("Saved.")
}

pub async fn set_app(State(sim): State<MetaSim>, Form(form): Form<Params>) -> Redirect {
    match sim.save_callback(text(&form, "callback_url"), text(&form, "verify_token")).await {
        Ok(()) => back("Verified and saved."),
        Err(why) => back(&why),
    }
}

/// A system user's token, as one makes it in the business settings: its address is the only place where it is told.
pub async fn make_token(State(sim): State<MetaSim>) -> Redirect {
    back(&format!("System user’s token: {}", sim.system_token()))
}

pub async fn send(State(sim): State<MetaSim>, Form(form): Form<Params>) -> Redirect {
    let bytes = text(&form, "bytes").parse::<usize>().unwrap_or(0).min(IMAGE_MAX);
    let media = (bytes > 0).then_some(NewMedia { bytes, mime_type: "image/jpeg", filename: None });
    let message = Message { text: text(&form, "text").to_owned(), media };
    match sim.send(text(&form, "to"), message).await {
        Sent::Posted { status: 200, .. } => back("Sent, and answered 200."),
        Sent::Posted { status, .. } => back(&format!("Sent, and answered {status}. It is repeated.")),
        Sent::Held { .. } => back("It waits for others, a second at most."),
        Sent::ToNobody(why) => back(&format!("Not sent: {why}.")),
    }
}
