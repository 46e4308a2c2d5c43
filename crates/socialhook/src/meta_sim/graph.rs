//! Facebook's Graph: business accounts, numbers, pages, and who gets their webhooks.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::accounts::{FacebookPage, Number, PAGES};
use super::state::{AccessToken, Refused};
use super::tokens::{Params, text};
use super::{MetaSim, webhooks};

/// What a page can have sent; one other name and nothing is taken (Messenger §10.2).
const PAGE_FIELDS: &[&str] = &[
    "messages",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_deliveries",
    "message_reads",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "messaging_account_linking",
    "messaging_feedback",
    "standby",
    "feed",
    "mention",
    "leadgen",
    "ratings",
    "send_cart",
    "business_integrity",
];

type Answer = Result<Json<Value>, Refused>;

fn page(id: &str) -> Option<FacebookPage> {
    PAGES.into_iter().find(|page| page.id == id)
}

/// Whether the caller may have anything to do with it.
fn may(caller: &AccessToken, id: &str) -> Result<(), Refused> {
    let own =
        caller.page_id.as_deref().map_or_else(|| caller.grant.targets.iter().any(|one| one == id), |page| page == id);
    if own { Ok(()) } else { Err(Refused::not_there(id)) }
}

fn needs(caller: &AccessToken, scope: &str) -> Result<(), Refused> {
    if caller.grant.scopes.iter().any(|one| one == scope) {
        return Ok(());
    }
    Err(Refused::new(200, None, format!("(#200) Requires {scope} permission to manage the object")))
}

fn listed(number: &Number, account_override: &str) -> Value {
    let mut webhooks = json!({ "application": "https://app.test/" });
    if !number.override_callback.is_empty() {
        webhooks["phone_number"] = json!(number.override_callback);
    }
    if !account_override.is_empty() {
        webhooks["whatsapp_business_account"] = json!(account_override);
    }
    json!({
        "id": number.id, "display_phone_number": number.display, "verified_name": number.name,
        "code_verification_status": "VERIFIED", "quality_rating": number.quality, "platform_type": number.platform_type,
        "status": number.status, "throughput": { "level": "STANDARD" }, "webhook_configuration": webhooks,
    })
}

/// `GET /{id}`: a business account, a number, a page, the person, or a medium.
pub async fn node(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    if id == "me" {
        return Ok(Json(
            json!({ "id": caller.page_id.as_deref().unwrap_or(&caller.grant.user_id), "name": "Sam Taylor" }),
        ));
    }
    if sim.state().media.contains_key(&id) {
        return sim.look_up(&caller, &id, text(&params, "phone_number_id"));
    }
    if let Some(page) = page(&id) {
        may(&caller, &id)?;
        let linked = page.linked.map(|(id, username)| json!({ "id": id, "username": username }));
        let mut answer = json!({ "id": page.id });
        if let Some(linked) = linked {
            answer["instagram_business_account"] = linked;
        }
        return Ok(Json(answer));
    }
    let mut state = sim.state();
    if let Some(account) = state.business_accounts.iter().find(|account| account.id == id) {
        may(&caller, &id)?;
        return Ok(Json(json!({ "id": account.id, "name": account.name })));
    }
    let (account, place) = state.number(&id).ok_or_else(|| Refused::not_there(&id))?;
    may(&caller, account.id)?;
    Ok(Json(listed(&account.numbers[place], &account.override_callback)))
}

/// `GET /{account}/phone_numbers`, a page of one at a time, so that whoever reads only the first page is found out.
pub async fn phone_numbers(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    may(&caller, &id)?;
    needs(&caller, "whatsapp_business_management")?;
    let state = sim.state();
    let account = state.business_accounts.iter().find(|account| account.id == id);
    let account = account.ok_or_else(|| Refused::not_there(&id))?;
    let at = text(&params, "after").parse::<usize>().unwrap_or(0);
    let data: Vec<Value> =
        account.numbers.iter().skip(at).take(1).map(|number| listed(number, &account.override_callback)).collect();
    let mut paging = json!({ "cursors": { "before": at.to_string(), "after": (at + 1).to_string() } });
    if at + 1 < account.numbers.len() {
        paging["next"] = json!(format!("{}graph.facebook.com/next", sim.url()));
    }
    Ok(Json(json!({ "data": data, "paging": paging })))
}

/// `POST /{number}`: where its messages go.
pub async fn set_number_override(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
    body: String,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    let form: Params = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let set: Value = serde_json::from_str(text(&form, "webhook_configuration")).unwrap_or_default();
    let callback = set["override_callback_uri"].as_str().unwrap_or_default().to_owned();
    if !callback.is_empty() {
        webhooks::verify(&sim, &callback, set["verify_token"].as_str().unwrap_or_default()).await?;
    }
    let mut state = sim.state();
    let (account, place) = state.number(&id).ok_or_else(|| Refused::not_there(&id))?;
    may(&caller, account.id)?;
    account.numbers[place].override_callback = callback;
    Ok(Json(json!({ "success": true })))
}

pub async fn register(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    let mut state = sim.state();
    let (account, place) = state.number(&id).ok_or_else(|| Refused::not_there(&id))?;
    may(&caller, account.id)?;
    account.numbers[place].platform_type = "CLOUD_API";
    account.numbers[place].status = "CONNECTED";
    Ok(Json(json!({ "success": true })))
}

/// `GET /me/accounts`: the pages that were chosen, each with a token of its own.
pub async fn pages(State(sim): State<MetaSim>, headers: HeaderMap, Query(params): Query<Params>) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    needs(&caller, "pages_show_list")?;
    let chosen = PAGES.into_iter().filter(|page| may(&caller, page.id).is_ok());
    let data: Vec<Value> = chosen
        .map(|page| {
            json!({
                "access_token": sim.page_token(&caller, page.id), "category": "Shop", "name": page.name, "id": page.id,
                "tasks": ["MESSAGING", "MODERATE", "MANAGE"],
            })
        })
        .collect();
    Ok(Json(json!({ "data": data, "paging": { "cursors": { "before": "a", "after": "b" } } })))
}

pub async fn subscribed(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    may(&caller, &id)?;
    let state = sim.state();
    let app = json!({ "link": "https://app.test/", "name": "Simulated", "id": state.app.id });
    let account = state.business_accounts.iter().find(|account| account.id == id);
    let data = state.subscribed.get(&id).map(|fields| {
        let Some(account) = account else {
            let mut one = app;
            one["subscribed_fields"] = json!(fields);
            return one;
        };
        let mut one = json!({ "whatsapp_business_api_data": app });
        if !account.override_callback.is_empty() {
            one["override_callback_uri"] = json!(account.override_callback);
        }
        one
    });
    Ok(Json(json!({ "data": data.into_iter().collect::<Vec<_>>() })))
}

/// Replaces what was there, the override too.
pub async fn subscribe(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
    body: String,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    may(&caller, &id)?;
    if page(&id).is_none() {
        let form: Params = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let callback = text(&form, "override_callback_uri").to_owned();
        if !callback.is_empty() {
            webhooks::verify(&sim, &callback, text(&form, "verify_token")).await?;
        }
        let mut state = sim.state();
        let account = state.business_accounts.iter_mut().find(|account| account.id == id);
        account.ok_or_else(|| Refused::not_there(&id))?.override_callback = callback;
        state.subscribed.insert(id, BTreeSet::new());
        return Ok(Json(json!({ "success": true })));
    }
    if caller.kind != "PAGE" {
        return Err(Refused::new(190, None, "(#210) A page access token is required to request this resource."));
    }
    needs(&caller, "pages_manage_metadata")?;
    let fields: BTreeSet<String> = text(&params, "subscribed_fields").split(',').map(str::to_owned).collect();
    if let Some(unknown) = fields.iter().position(|field| !PAGE_FIELDS.contains(&field.as_str())) {
        let message =
            format!("(#100) Param subscribed_fields[{unknown}] must be one of {{{}}}", PAGE_FIELDS.join(", "));
        return Err(Refused::new(100, None, message));
    }
    sim.state().subscribed.insert(id, fields);
    // As the documentation prints it.
    Ok(Json(json!({ "success": "true" })))
}

pub async fn unsubscribe(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    let caller = sim.caller(&headers, &params)?;
    may(&caller, &id)?;
    sim.state().subscribed.remove(&id);
    Ok(Json(json!({ "success": true })))
}

pub async fn app_subscriptions(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Answer {
    sim.is_app(&headers, &params)?;
    let state = sim.state();
    if id != state.app.id {
        return Err(Refused::not_there(&id));
    }
    let all = state.app_subscriptions.iter().map(|(object, one)| {
        let fields: Vec<Value> = one.fields.iter().map(|name| json!({ "name": name, "version": "v26.0" })).collect();
        json!({ "object": object, "callback_url": one.callback_url, "active": true, "fields": fields })
    });
    Ok(Json(json!({ "data": all.collect::<Vec<_>>() })))
}

impl MetaSim {
    /// Somebody at Meta's end takes the app away from it, or gives it other fields; none: it is not subscribed at all.
    pub fn set_subscribed(&self, id: &str, fields: Option<&[&str]>) {
        let mut state = self.state();
        match fields {
            Some(fields) => {
                state.subscribed.insert(id.to_owned(), fields.iter().map(|&field| field.to_owned()).collect())
            }
            None => state.subscribed.remove(id),
        };
    }

    /// The fields that the app gets of it; none: it is not subscribed.
    #[must_use]
    pub fn subscribed(&self, id: &str) -> Option<Vec<String>> {
        self.state().subscribed.get(id).map(|fields| fields.iter().cloned().collect())
    }

    /// Somebody has a number's messages sent elsewhere; empty: nobody does.
    pub fn set_override(&self, phone_number_id: &str, url: &str) {
        if let Some((account, place)) = self.state().number(phone_number_id) {
            url.clone_into(&mut account.numbers[place].override_callback);
        }
    }

    /// A number's state changes at Meta: `CONNECTED`, `FLAGGED`, `BANNED`, …, and whether it is registered.
    pub fn set_number(&self, phone_number_id: &str, status: &'static str, platform_type: &'static str) {
        if let Some((account, place)) = self.state().number(phone_number_id) {
            account.numbers[place].status = status;
            account.numbers[place].platform_type = platform_type;
        }
    }
}
