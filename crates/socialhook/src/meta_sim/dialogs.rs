//! The login dialogs, as plain pages: what is shared, what is permitted, or nothing.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use serde_json::{Value, json};
use url::Url;

use super::accounts::{PAGES, PERSON, PROFESSIONALS};
use super::faults::Fault;
use super::state::{Code, Grant, random};
use super::tokens::{Params, dialogs_scope, text};
use super::{MetaSim, accounts};

/// What pages permit.
const PAGE_SCOPES: &[&str] =
    &["pages_show_list", "pages_manage_metadata", "pages_messaging", "instagram_manage_messages"];
const WHATSAPP_SCOPES: &[&str] = &["whatsapp_business_management", "whatsapp_business_messaging"];
/// The configuration that means Embedded Signup; any other means pages.
pub const SIGNUP_CONFIG: &str = "1001";

#[derive(Template)]
#[template(path = "meta-sim/dialog.html")]
struct Dialog {
    title: &'static str,
    action: &'static str,
    /// What the dialog was opened with, to be sent along.
    hidden: Vec<(String, String)>,
    choices: Vec<(&'static str, &'static str)>,
    scopes: Vec<(&'static str, bool)>,
    /// Ways that a sign-up can end.
    endings: &'static [(&'static str, &'static str)],
}

const ENDINGS: &[(&str, &str)] = &[
    ("FINISH", "A new number"),
    ("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", "A number of the WhatsApp Business app (coexistence)"),
    ("FINISH_ONLY_WABA", "A business account without a number"),
];

fn blocked(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("Sorry, something went wrong. {why}\n")).into_response()
}

fn drawn(dialog: &Dialog) -> Response {
    match dialog.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn hidden(params: &Params) -> Vec<(String, String)> {
    let names = ["client_id", "redirect_uri", "state", "config_id", "scope"];
    names.iter().filter_map(|name| Some(((*name).to_owned(), params.get(*name)?.clone()))).collect()
}

pub async fn facebook(State(sim): State<MetaSim>, Query(params): Query<Params>) -> Response {
    if text(&params, "client_id") != sim.state().app.id {
        return blocked("Invalid App ID: The provided app ID does not look like a valid app ID.");
    }
    if text(&params, "response_type") != "code" || Url::parse(text(&params, "redirect_uri")).is_err() {
        return blocked("URL Blocked: This redirect failed because the redirect URI is not allowed.");
    }
    let is_signup = text(&params, "config_id") == SIGNUP_CONFIG;
    let withheld = sim.has(Fault::ScopeWithheld);
    let scopes = if is_signup { WHATSAPP_SCOPES } else { PAGE_SCOPES };
    let accounts = accounts::business_accounts();
    drawn(&Dialog {
        title: if is_signup { "Connect your WhatsApp business" } else { "Choose your pages" },
        action: "/www.facebook.com/v26.0/dialog/oauth",
        hidden: hidden(&params),
        choices: if is_signup {
            accounts.into_iter().map(|account| (account.id, account.name)).collect()
        } else {
            PAGES.into_iter().map(|page| (page.id, page.name)).collect()
        },
        scopes: scopes.iter().map(|&scope| (scope, !(withheld && dialogs_scope(scope)))).collect(),
        endings: if is_signup { ENDINGS } else { &[] },
    })
}

pub async fn instagram(State(sim): State<MetaSim>, Query(params): Query<Params>) -> Response {
    if text(&params, "client_id") != sim.state().app.instagram_id {
        return blocked("Invalid platform app.");
    }
    let withheld = sim.has(Fault::ScopeWithheld);
    // The names are ours to give back: they live as long as the page.
    let known =
        ["instagram_business_basic", "instagram_business_manage_messages", "instagram_business_manage_comments"];
    let asked: Vec<&str> = text(&params, "scope").split(',').collect();
    let scopes = known.into_iter().filter(|scope| asked.contains(scope));
    drawn(&Dialog {
        title: "Log in with Instagram",
        action: "/www.instagram.com/oauth/authorize",
        hidden: hidden(&params),
        choices: PROFESSIONALS.into_iter().map(|one| (one.scoped_id, one.username)).collect(),
        scopes: scopes.map(|scope| (scope, !(withheld && dialogs_scope(scope)))).collect(),
        endings: &[],
    })
}

/// What was ticked: the form's pairs, of which names may repeat.
struct Given(Vec<(String, String)>);

impl Given {
    fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}

pub async fn facebook_answer(State(sim): State<MetaSim>, Form(given): Form<Vec<(String, String)>>) -> Response {
    let given = Given(given);
    let grant = Grant { user_id: PERSON.to_owned(), scopes: given.all("scope"), targets: given.all("chosen") };
    let is_signup = given.one("config_id") == SIGNUP_CONFIG;
    let message = is_signup.then(|| window_message(&sim, &given, &grant));
    leave(&sim, &given, grant, TimeDelta::seconds(30), message.flatten())
}

pub async fn instagram_answer(State(sim): State<MetaSim>, Form(given): Form<Vec<(String, String)>>) -> Response {
    let given = Given(given);
    let user_id = given.all("chosen").into_iter().next().unwrap_or_default();
    let grant = Grant { user_id, scopes: given.all("scope"), targets: Vec::new() };
    leave(&sim, &given, grant, TimeDelta::hours(1), None)
}

/// What the dialog tells the window that opened it (Messenger §10.1).
fn window_message(sim: &MetaSim, given: &Given, grant: &Grant) -> Option<Value> {
    if sim.has(Fault::NoWindowMessage) {
        return None;
    }
    if given.one("decision") != "continue" {
        let cancelled = json!({ "current_step": "BUSINESS_ACCOUNT_SELECTION" });
        return Some(json!({ "type": "WA_EMBEDDED_SIGNUP", "event": "CANCEL", "version": 3, "data": cancelled }));
    }
    let account_id = grant.targets.first()?;
    let state = sim.state();
    let account = state.business_accounts.iter().find(|account| account.id == account_id)?;
    let ending = given.one("ending");
    let mut data =
        json!({ "waba_id": account_id, "business_id": "2729063490586005", "page_ids": [], "ad_account_ids": [] });
    if ending != "FINISH_ONLY_WABA" {
        data["phone_number_id"] = json!(account.numbers.first()?.id);
    }
    Some(json!({ "type": "WA_EMBEDDED_SIGNUP", "event": ending, "version": 3, "data": data }))
}

#[derive(Template)]
#[template(path = "meta-sim/leaving.html")]
struct Leaving {
    to: String,
    message: String,
}

/// Back to where the dialog was opened from, with a code or with what went wrong.
fn leave(sim: &MetaSim, given: &Given, grant: Grant, lives: TimeDelta, message: Option<Value>) -> Response {
    let redirect_uri = given.one("redirect_uri").to_owned();
    let Ok(mut to) = Url::parse(&redirect_uri) else { return blocked("URL Blocked") };
    if given.one("decision") == "continue" {
        let code = random("AQB");
        to.query_pairs_mut().append_pair("code", &code);
        let expires_at = sim.0.clock.now() + lives;
        let app_id = given.one("client_id").to_owned();
        sim.state().codes.insert(code, Code { app_id, redirect_uri, expires_at, used: false, grant });
    } else {
        to.query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_reason", "user_denied")
            .append_pair("error_description", "Permissions error");
    }
    to.query_pairs_mut().append_pair("state", given.one("state"));
    to.set_fragment(Some("_"));
    let Some(message) = message else { return Redirect::to(to.as_str()).into_response() };
    match (Leaving { to: to.into(), message: message.to_string() }).render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
