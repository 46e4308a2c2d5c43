//! Who did what: records what members do, and shows it.
//!
//! What must hold: what changes something, has something sent or takes everything along is recorded once it was done, whatever handler did
//! it: an action that is added to the router and not here fails a test. What was refused is not recorded, nor is what was entered.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use socialhook_core::id::{AccountId, AuditId, TenantId};
use socialhook_store::audit::{self, Deed};
use socialhook_store::tenants;
use tower_sessions::Session;

use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Query;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::When;

/// What is told of each action, by method and route.
pub const ACTIONS: &[(&str, &str, &str)] = &[
    ("POST", "/deliveries/resend", "Resent a selection"),
    ("POST", "/deliveries/{event_id}/{endpoint_id}/resend", "Resent an event"),
    ("POST", "/deliveries/{event_id}/{endpoint_id}/send", "Sent an event to another endpoint"),
    ("GET", "/deliveries/export", "Exported deliveries"),
    ("POST", "/start/app", "Connected an app"),
    ("POST", "/start/endpoint", "Added an endpoint"),
    ("POST", "/start/inspector", "Sent events to the inspector"),
    ("POST", "/start/simulation", "Sent a simulated webhook"),
    ("POST", "/start/dismissal", "Closed the first steps"),
    ("POST", "/conversations/{conversation_id}/erase", "Erased a conversation"),
    ("POST", "/replays", "Started a replay"),
    ("POST", "/replays/{replay_id}/cancel", "Cancelled a replay"),
    ("POST", "/inspector/simulations", "Sent a simulated webhook"),
    ("POST", "/endpoints", "Added an endpoint"),
    ("POST", "/endpoints/{endpoint_id}", "Changed an endpoint"),
    ("POST", "/endpoints/{endpoint_id}/pause", "Paused an endpoint"),
    ("POST", "/endpoints/{endpoint_id}/resume", "Resumed an endpoint"),
    ("POST", "/endpoints/{endpoint_id}/test", "Sent a test event"),
    ("POST", "/endpoints/{endpoint_id}/secrets", "Rotated a signing secret"),
    ("POST", "/endpoints/{endpoint_id}/secrets/{secret_id}/retire", "Retired a signing secret"),
    ("POST", "/endpoints/{endpoint_id}/discard", "Discarded parked events"),
    ("POST", "/endpoints/{endpoint_id}/delete", "Deleted an endpoint"),
    ("GET", "/connect/{way}/callback", "Connected through a login at Meta"),
    ("POST", "/connections/{connection_id}/disconnect", "Disconnected"),
    ("POST", "/apps/{app_id}/meta", "Connected with an app’s id and token"),
    ("POST", "/channels/{channel_id}/register", "Registered a number"),
    ("POST", "/channels/{channel_id}/override", "Had a number’s messages sent here"),
    ("POST", "/channels", "Added a channel"),
    ("POST", "/channels/{channel_id}", "Changed a channel"),
    ("POST", "/channels/{channel_id}/move", "Moved a channel"),
    ("POST", "/channels/{channel_id}/disable", "Disabled a channel"),
    ("POST", "/channels/{channel_id}/enable", "Enabled a channel"),
    ("POST", "/channels/{channel_id}/delete", "Deleted a channel"),
    ("POST", "/settings", "Changed the settings"),
    ("POST", "/settings/media", "Changed what media are kept"),
    ("POST", "/settings/alerts", "Changed whether they get mail about what needs attention"),
    ("GET", "/settings/export", "Exported everything"),
    ("POST", "/account/password", "Changed their password"),
    ("POST", "/account/email", "Asked for another e-mail address"),
    ("POST", "/account/second-factor", "Began to set a second factor up"),
    ("POST", "/account/second-factor/confirm", "Switched their second factor on"),
    ("POST", "/account/second-factor/codes", "Made new recovery codes"),
    ("POST", "/account/second-factor/remove", "Switched their second factor off"),
    ("POST", "/account/proof", "Showed again who they are"),
    ("POST", "/api-keys", "Made an API key"),
    ("POST", "/api-keys/{api_key_id}/revoke", "Revoked an API key"),
    ("POST", "/members", "Invited a member"),
    ("POST", "/members/{account_id}/role", "Changed a member’s role"),
    ("POST", "/members/{account_id}/remove", "Removed a member"),
    ("POST", "/invitations/{invitation_id}/revoke", "Revoked an invitation"),
    ("POST", "/account/sessions/end", "Signed out other browsers"),
    ("POST", "/apps", "Added an app"),
    ("POST", "/apps/{app_id}", "Renamed an app"),
    ("POST", "/apps/{app_id}/verify-token", "Changed a verify token"),
    ("POST", "/apps/{app_id}/secrets", "Added an app secret"),
    ("POST", "/apps/{app_id}/secrets/{app_secret_id}/retire", "Retired an app secret"),
    ("POST", "/apps/{app_id}/delete", "Deleted an app"),
];
/// Records on a page.
const PAGE: usize = 100;
/// Characters of the part of an id after its noun.
const ID_LENGTH: usize = 26;

/// Who turns out to do what is being asked for.
#[derive(Clone, Default)]
pub struct Actor(Arc<OnceLock<Member>>);

impl Actor {
    pub fn is(&self, member: &Member) {
        let _ = self.0.set(member.clone());
    }
}

fn action(method: &Method, route: &str) -> Option<&'static str> {
    ACTIONS.iter().find(|(verb, known, _)| *verb == method.as_str() && *known == route).map(|(_, _, words)| *words)
}

/// Records what is done behind it.
pub async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let Some(action) = route.and_then(|route| action(request.method(), route)) else {
        return next.run(request).await;
    };
    let actor = Actor::default();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(actor.clone());
    let client = Client::of(&app, &parts);
    let mut subjects = ids(parts.uri.path());
    let answer = next.run(Request::from_parts(parts, body)).await;
    let is_done = answer.status().is_success() || answer.status().is_redirection();
    if let Some(member) = actor.0.get().filter(|_| is_done) {
        // What was added has its id where its page is.
        if subjects.is_empty()
            && let Some(page) = answer.headers().get(header::LOCATION).and_then(|page| page.to_str().ok())
        {
            subjects = ids(page);
        }
        let deed = Deed {
            account_id: member.account_id,
            email: &member.email,
            network: client.network.as_deref(),
            action,
            subjects: &subjects,
        };
        add(&app, member.tenant_id, deed).await;
    }
    answer
}

/// Records what somebody did with their account, in every tenant that they belong to.
pub async fn of_account(
    app: &App,
    client: &Client,
    (account_id, email): (AccountId, &str),
    action: &'static str,
) -> Result<(), Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let tenants = tenants::of_account(&mut c, account_id).await?;
    drop(c);
    let deed = Deed { account_id, email, network: client.network.as_deref(), action, subjects: &[] };
    for tenant in tenants {
        add(app, tenant.tenant_id, deed).await;
    }
    Ok(())
}

/// Records what somebody did in a tenant whose pages they did not see before.
pub async fn of_tenant(
    app: &App,
    client: &Client,
    tenant_id: TenantId,
    (account_id, email): (AccountId, &str),
    action: &'static str,
) {
    let deed = Deed { account_id, email, network: client.network.as_deref(), action, subjects: &[] };
    add(app, tenant_id, deed).await;
}

/// It is done already, so that it cannot be recorded is no reason to say that it was not.
pub async fn add(app: &App, tenant_id: TenantId, deed: Deed<'_>) {
    let added = async {
        let mut c = app.pools.tenant(tenant_id).await?;
        audit::add(&mut c, tenant_id, deed, app.clock.now()).await
    };
    if let Err(error) = added.await {
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, tenant.id = %tenant_id, account.id = %deed.account_id, action = deed.action, "an action is not in the audit log");
    }
}

/// The ids in a path.
pub fn ids(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_id = |part: &&str| part.split_once('_').is_some_and(|(_, rest)| rest.len() == ID_LENGTH);
    path.split('/').filter(is_id).map(str::to_owned).collect()
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    rows: Vec<Row>,
    /// Where older ones are.
    older: Option<String>,
}

struct Row {
    at: When,
    email: String,
    action: String,
    subjects: String,
    network: String,
}

#[derive(Deserialize)]
pub struct Wanted {
    before: Option<AuditId>,
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut records = audit::list(&mut c, member.tenant_id, wanted.before, limit).await?;
    drop(c);
    let has_older = records.len() > PAGE;
    records.truncate(PAGE);
    let older = records.last().filter(|_| has_older).map(|last| format!("/audit?before={}", last.audit_id));
    let now = member.now(&app);
    let row = |record: audit::Record| Row {
        at: When::new(record.at, now),
        email: record.email,
        action: record.action,
        subjects: record.subjects.join(" "),
        network: record.network.unwrap_or_else(|| "Not known".to_owned()),
    };
    html(&AuditPage {
        page: Page::new(&member, &session, Section::Settings, "Audit log").await?,
        rows: records.into_iter().map(row).collect(),
        older,
    })
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn ids_are_found_in_paths() {
        let (event, endpoint) = ("evt_01kb0vqj8fe1bvqg5r0w0q3k3x", "end_01kb0vqj8fe1bvqg5r0w0q3k3x");
        assert_eq!(ids(&format!("/deliveries/{event}/{endpoint}/resend")), [event, endpoint]);
        assert_eq!(ids(&format!("/endpoints/{endpoint}?x={event}#{event}")), [endpoint]);
        assert!(ids("/account/sessions/end_of_it").is_empty());
    }
}
