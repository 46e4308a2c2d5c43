//! Instagram's own hosts: codes, tokens of 60 days, the account, and who gets its webhooks.

use axum::Json;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::MetaSim;
use super::accounts::PROFESSIONALS;
use super::faults::Fault;
use super::state::{AccessToken, Refused};
use super::tokens::{LONG, Params, dialogs_scope, text};

/// What an account can have sent.
const FIELDS: &[&str] = &[
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "messaging_referral",
    "messaging_handover",
    "messaging_optins",
    "standby",
    "comments",
    "live_comments",
    "message_edit",
    "message_echoes",
];

type Answer = Result<Json<Value>, Refused>;

/// Instagram's own form of an error.
fn refused(message: &str) -> Response {
    let error = json!({ "error_type": "OAuthException", "code": 400, "error_message": message });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}

/// A code becomes a token of an hour. Its id is a number here.
pub async fn exchange(State(sim): State<MetaSim>, Form(form): Form<Params>) -> Response {
    let app = sim.state().app.clone();
    if text(&form, "client_id") != app.instagram_id || text(&form, "client_secret") != app.instagram_secret {
        return refused("Error validating client secret.");
    }
    let code = text(&form, "code");
    let grant = match sim.redeem(&app.instagram_id, code, text(&form, "redirect_uri")) {
        Ok(grant) => grant,
        Err(message) => return refused(&message),
    };
    let user_id: u64 = grant.user_id.parse().unwrap_or_default();
    let permissions = grant.scopes.clone();
    let token = sim.give("INSTAGRAM", &app.instagram_id, grant, Some(3600));
    Json(json!({ "access_token": token, "user_id": user_id, "permissions": permissions })).into_response()
}

fn whose(sim: &MetaSim, headers: &HeaderMap, params: &Params) -> Result<AccessToken, Refused> {
    let caller = sim.caller(headers, params)?;
    if caller.kind == "INSTAGRAM" { Ok(caller) } else { Err(Refused::new(190, None, "Cannot parse access token")) }
}

pub async fn extend(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    if text(&params, "client_secret") != sim.state().app.instagram_secret {
        return Err(Refused::new(1, None, "Error validating client secret."));
    }
    let token = sim.give("INSTAGRAM", &caller.app_id, caller.grant, Some(LONG));
    Ok(Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": LONG })))
}

/// Only for a token that is a day old.
pub async fn refresh(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    if sim.0.clock.now() - caller.made_at < TimeDelta::hours(24) {
        return Err(Refused::new(100, None, "The token is too young to be refreshed"));
    }
    let token = sim.give("INSTAGRAM", &caller.app_id, caller.grant, Some(LONG));
    Ok(Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": LONG })))
}

pub async fn me(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    let account = PROFESSIONALS.into_iter().find(|one| one.scoped_id == caller.grant.user_id);
    let account = account.ok_or_else(|| Refused::not_there("me"))?;
    Ok(Json(
        json!({ "id": account.scoped_id, "user_id": account.user_id, "username": account.username, "name": "Harbour Café" }),
    ))
}

fn key(caller: &AccessToken) -> String {
    let account = PROFESSIONALS.into_iter().find(|one| one.scoped_id == caller.grant.user_id);
    account.map_or_else(String::new, |one| one.user_id.to_owned())
}

pub async fn subscribed(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    let state = sim.state();
    let one = state.subscribed.get(&key(&caller));
    let data = one.map(|fields| json!({ "id": state.app.instagram_id, "subscribed_fields": fields }));
    Ok(Json(json!({ "data": data.into_iter().collect::<Vec<_>>() })))
}

pub async fn subscribe(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    let fields: Vec<&str> = text(&params, "subscribed_fields").split(',').collect();
    if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(field)) {
        return Err(Refused::new(100, None, format!("(#100) Param subscribed_fields: {unknown} is not supported")));
    }
    let may = caller.grant.scopes.iter().any(|scope| dialogs_scope(scope));
    if !may || sim.has(Fault::ScopeWithheld) {
        return Err(Refused::new(10, None, "(#10) Requires instagram_business_manage_messages permission"));
    }
    sim.state().subscribed.insert(key(&caller), fields.into_iter().map(str::to_owned).collect());
    Ok(Json(json!({ "success": true })))
}

pub async fn unsubscribe(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = whose(&sim, &headers, &params)?;
    sim.state().subscribed.remove(&key(&caller));
    Ok(Json(json!({ "success": true })))
}
