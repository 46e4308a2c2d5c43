//! Codes and access tokens of Facebook, and what every call is checked for.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use socialhook_core::signature::hex;

use super::MetaSim;
use super::faults::Fault;
use super::state::{AccessToken, Grant, Refused, random};

pub type Params = HashMap<String, String>;

/// Seconds that a person's first token lives.
const SHORT: i64 = 5000;
/// Seconds that a long one lives.
pub const LONG: i64 = 5_183_944;

pub fn text<'a>(params: &'a Params, name: &str) -> &'a str {
    params.get(name).map(String::as_str).unwrap_or_default()
}

fn bearer<'a>(headers: &'a HeaderMap, params: &'a Params) -> &'a str {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_else(|| text(params, "access_token"))
}

impl MetaSim {
    fn general(&self) -> Result<(), Refused> {
        if self.has(Fault::Down) {
            return Err(Refused::new(2, None, "An unexpected error has occurred. Please retry your request later."));
        }
        if self.has(Fault::Limited) {
            return Err(Refused::new(4, None, "(#4) Application request limit reached"));
        }
        Ok(())
    }

    /// Who calls, if the token still holds and the proof is the app's.
    pub(super) fn caller(&self, headers: &HeaderMap, params: &Params) -> Result<AccessToken, Refused> {
        self.general()?;
        let text_token = bearer(headers, params);
        let token = self.check_token(text_token)?;
        if let Some(proof) = params.get("appsecret_proof") {
            let state = self.state();
            let mut mac = Hmac::<Sha256>::new_from_slice(state.app.secret.as_bytes()).expect("any length is a key");
            mac.update(text_token.as_bytes());
            if *proof != hex(&mac.finalize().into_bytes()) {
                return Err(Refused::new(100, None, "Invalid appsecret_proof provided in the API argument"));
            }
        }
        Ok(token)
    }

    fn check_token(&self, text: &str) -> Result<AccessToken, Refused> {
        let state = self.state();
        let dead = |subcode, message: &str| Refused::new(190, Some(subcode), message);
        let token = state.tokens.get(text).ok_or_else(|| dead(467, "Invalid OAuth access token."))?;
        if state.faults.contains(&Fault::TokensRevoked) {
            return Err(dead(
                460,
                "Error validating access token: The session has been invalidated because the user changed their password.",
            ));
        }
        if is_over(token, self.0.clock.now()) || state.faults.contains(&Fault::TokensExpired) {
            return Err(dead(463, "Error validating access token: Session has expired."));
        }
        Ok(token.clone())
    }

    /// Whether the caller is the app itself.
    pub(super) fn is_app(&self, headers: &HeaderMap, params: &Params) -> Result<(), Refused> {
        self.general()?;
        let state = self.state();
        if bearer(headers, params) == format!("{}|{}", state.app.id, state.app.secret) {
            Ok(())
        } else {
            Err(Refused::new(190, None, "Invalid OAuth access token signature."))
        }
    }

    /// Gives a token out.
    pub(super) fn give(&self, kind: &'static str, app_id: &str, grant: Grant, lives: Option<i64>) -> String {
        let now = self.0.clock.now();
        let token = AccessToken {
            app_id: app_id.to_owned(),
            kind,
            page_id: None,
            made_at: now,
            expires_at: lives.map(|seconds| now + TimeDelta::seconds(seconds)),
            grant,
        };
        let text = random(if kind == "INSTAGRAM" { "IGAA" } else { "EAA" });
        self.state().tokens.insert(text.clone(), token);
        text
    }

    /// A page's own token, which has no end.
    pub(super) fn page_token(&self, of: &AccessToken, page_id: &str) -> String {
        let text = random("EAAP");
        let own = AccessToken { kind: "PAGE", page_id: Some(page_id.to_owned()), expires_at: None, ..of.clone() };
        self.state().tokens.insert(text.clone(), own);
        text
    }

    /// A token as an operator makes one in the business settings: for ever, for everything.
    pub fn system_token(&self) -> String {
        let (app_id, targets) = {
            let state = self.state();
            (state.app.id.clone(), state.business_accounts.iter().map(|account| account.id.to_owned()).collect())
        };
        let scopes = ["whatsapp_business_management", "whatsapp_business_messaging"].map(str::to_owned).to_vec();
        self.give("SYSTEM_USER", &app_id, Grant { user_id: super::PERSON.to_owned(), scopes, targets }, None)
    }

    /// The token of a code, if the code is still good for it.
    pub(super) fn redeem(&self, app_id: &str, code: &str, redirect_uri: &str) -> Result<Grant, String> {
        let now = self.0.clock.now();
        let mut state = self.state();
        let expires = state.faults.contains(&Fault::CodeExpires);
        let Some(found) = state.codes.get_mut(code).filter(|found| found.app_id == app_id) else {
            return Err("Invalid verification code format.".to_owned());
        };
        if found.used {
            return Err("This authorization code has been used.".to_owned());
        }
        if found.expires_at < now || expires {
            return Err("This authorization code has expired.".to_owned());
        }
        if found.redirect_uri != redirect_uri {
            return Err("Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request".to_owned());
        }
        found.used = true;
        Ok(found.grant.clone())
    }
}

pub fn is_over(token: &AccessToken, now: DateTime<Utc>) -> bool {
    token.expires_at.is_some_and(|at| at <= now)
}

/// `GET /oauth/access_token`: a code, or a short token, becomes a token.
pub async fn exchange(State(sim): State<MetaSim>, Query(params): Query<Params>) -> Result<Json<Value>, Refused> {
    sim.general()?;
    let app = sim.state().app.clone();
    if text(&params, "client_id") != app.id {
        return Err(Refused::new(
            101,
            None,
            "Error validating application. Cannot get application info due to a system error.",
        ));
    }
    if text(&params, "client_secret") != app.secret {
        return Err(Refused::new(1, None, "Error validating client secret."));
    }
    if text(&params, "grant_type") == "fb_exchange_token" {
        let token = sim.check_token(text(&params, "fb_exchange_token"))?;
        let long = sim.give("USER", &app.id, token.grant, Some(LONG));
        return Ok(Json(json!({ "access_token": long, "token_type": "bearer", "expires_in": LONG })));
    }
    let grant = sim.redeem(&app.id, text(&params, "code"), text(&params, "redirect_uri"));
    let grant = grant.map_err(|message| Refused::new(100, Some(36_009), message))?;
    let is_signup = grant.scopes.iter().any(|scope| scope.starts_with("whatsapp"));
    if is_signup {
        let token = sim.give("SYSTEM_USER", &app.id, grant, Some(LONG));
        return Ok(Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": LONG })));
    }
    let token = sim.give("USER", &app.id, grant, Some(SHORT));
    Ok(Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": SHORT })))
}

/// `GET /debug_token`, in the app's own name.
pub async fn debug(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Query(params): Query<Params>,
) -> Result<Json<Value>, Refused> {
    sim.is_app(&headers, &params)?;
    let state = sim.state();
    let Some(token) = state.tokens.get(text(&params, "input_token")) else {
        return Ok(Json(
            json!({ "data": { "is_valid": false, "scopes": [], "error": { "code": 190, "message": "Malformed access token" } } }),
        ));
    };
    let now = sim.0.clock.now();
    let dead = state.faults.contains(&Fault::TokensRevoked) || state.faults.contains(&Fault::TokensExpired);
    let withheld = state.faults.contains(&Fault::ScopeWithheld);
    let scopes: Vec<&String> = token.grant.scopes.iter().filter(|scope| !(withheld && dialogs_scope(scope))).collect();
    let targets = |scope: &str| if scope.starts_with("whatsapp") { json!(token.grant.targets) } else { Value::Null };
    Ok(Json(json!({ "data": {
        "app_id": token.app_id,
        "type": token.kind,
        "application": "Simulated",
        "is_valid": !dead && !is_over(token, now),
        "expires_at": token.expires_at.map_or(0, |at| at.timestamp()),
        "data_access_expires_at": (token.made_at + TimeDelta::days(90)).timestamp(),
        "scopes": scopes,
        "granular_scopes": scopes.iter().map(|scope| json!({ "scope": scope, "target_ids": targets(scope) })).collect::<Vec<_>>(),
        "user_id": token.grant.user_id,
    } })))
}

/// The permission that messages need.
pub fn dialogs_scope(scope: &str) -> bool {
    matches!(scope, "whatsapp_business_messaging" | "pages_messaging" | "instagram_business_manage_messages")
}
