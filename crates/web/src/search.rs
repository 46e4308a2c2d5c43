//! One box for everything that a person has in hand: leads to the page that answers.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::{ConversationId, EventId};
use socialhook_core::normalise;
use socialhook_store::{channels, conversations, events, ledger};
use tower_sessions::Session;
use url::form_urlencoded;

use crate::deliveries::href;
use crate::error::Error;
use crate::extract::Query;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Page,
    q: String,
    /// Address, and what it is.
    found: Vec<(String, String)>,
    days: u32,
}

/// Where a message's life is told.
pub fn message_href(id: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("id", id).finish();
    format!("/messages?{query}")
}

/// Goes where there is one answer, and lists several.
pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(search): Query<Search>,
) -> Result<Response, Error> {
    let q = search.q.trim();
    if q.is_empty() {
        return Ok(Redirect::to("/deliveries").into_response());
    }
    let mut found = find(&app, &member, q).await?;
    if found.len() == 1 {
        return Ok(Redirect::to(&found.remove(0).0).into_response());
    }
    let page = Page::new(&member, &session, Section::Deliveries, "Search").await?;
    html(&SearchPage { page, q: q.to_owned(), found, days: app.relay.retention(member.tenant_id).event_days })
}

async fn find(app: &App, member: &Member, q: &str) -> Result<Vec<(String, String)>, Error> {
    let tenant_id = member.tenant_id;
    let mut c = app.tenant(member.tenant_id).await?;
    if let Ok(event_id) = q.parse::<EventId>() {
        let entries = ledger::of_events(&mut c, tenant_id, &[event_id]).await?;
        let told = |entry: &ledger::Entry| {
            (href(entry), format!("{} to {}", entry.event, entry.endpoint_name.as_deref().unwrap_or("no endpoint")))
        };
        return Ok(entries.iter().map(told).collect());
    }
    if let Ok(conversation_id) = q.parse::<ConversationId>() {
        let has = events::conversations_with_events(&mut c, tenant_id, &[conversation_id]).await?;
        return Ok(has.into_iter().map(|id| (format!("/conversations/{id}"), "Conversation".to_owned())).collect());
    }
    let messages = events::of_message(&mut c, tenant_id, normalise::message_hash(q)).await?;
    if !messages.is_empty() {
        return Ok(vec![(message_href(q), "Message".to_owned())]);
    }
    let channels = channels::list(&mut c, tenant_id).await?;
    let keys: Vec<_> = channels
        .iter()
        .flat_map(|channel| normalise::peer_keys(channel.channel_id, q).into_iter().map(move |key| (channel, key)))
        .collect();
    let asked: Vec<_> = keys.iter().map(|(_, key)| (tenant_id, *key)).collect();
    let known = conversations::known(&mut c, &asked).await?;
    let named: Vec<_> = keys
        .iter()
        .map(|(channel, key)| {
            let learnt = known.iter().find(|(other, _)| other == key).map(|(_, known)| known.conversation_id);
            (channel, learnt.unwrap_or_else(|| key.own_conversation()))
        })
        .collect();
    let ids: Vec<_> = named.iter().map(|(_, id)| *id).collect();
    let mut has = events::conversations_with_events(&mut c, tenant_id, &ids).await?;
    has.dedup();
    let told = |id: ConversationId| {
        let channel = named.iter().find(|(_, other)| *other == id).map_or("", |(channel, _)| channel.name.as_str());
        (format!("/conversations/{id}"), format!("Conversation on {channel}"))
    };
    Ok(has.into_iter().map(told).collect())
}
