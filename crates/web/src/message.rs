//! The life of one message: did Meta ever send it, what became of it since, and where each piece of news went.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use socialhook_core::json::{Document, Object};
use socialhook_core::normalise;
use socialhook_store::events::{self, Told};
use socialhook_store::ledger::{self, Entry, State as Standing};
use tower_sessions::Session;

use crate::deliveries::href;
use crate::error::Error;
use crate::extract::Query;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    id: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    page: Page,
    id: String,
    sentence: String,
    /// Where the conversation is, if it has one.
    conversation: Option<String>,
    steps: Vec<Step>,
    days: u32,
}

/// One event about the message.
struct Step {
    what: String,
    event: String,
    happened: When,
    is_bad: bool,
    deliveries: Vec<Delivery>,
}

struct Delivery {
    href: String,
    pill: Pill,
    endpoint: String,
    outcome: String,
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let id = wanted.id.trim();
    let mut c = app.tenant(member.tenant_id).await?;
    let mut told = events::of_message(&mut c, member.tenant_id, normalise::message_hash(id)).await?;
    // Another id may have the same hash.
    told.retain(|one| one.is_dropped || memmem(&one.body, &quoted(id)));
    let told = member.sees(told);
    let ids: Vec<_> = told.iter().map(|one| one.event_id).collect();
    let entries = ledger::of_events(&mut c, member.tenant_id, &ids).await?;
    drop(c);
    let now = member.now(&app);
    let steps: Vec<Step> = told.iter().map(|one| Step::of(one, &entries, now)).collect();
    html(&MessagePage {
        page: Page::new(&member, &session, Section::Deliveries, "Message").await?,
        sentence: sentence(&told, &entries, now),
        conversation: told.iter().find_map(conversation),
        id: id.to_owned(),
        steps,
        days: app.relay.retention(member.tenant_id).event_days,
    })
}

/// As it stands in JSON.
fn quoted(id: &str) -> String {
    serde_json::Value::from(id).to_string()
}

fn memmem(body: &[u8], text: &str) -> bool {
    std::str::from_utf8(body).is_ok_and(|body| body.contains(text))
}

fn conversation(told: &Told) -> Option<String> {
    let document = Document::parse(std::str::from_utf8(&told.body).ok()?)?;
    let id = document.root().object()?.non_empty("conversation_id")?.into_owned();
    Some(format!("/conversations/{id}"))
}

fn sentence(told: &[Told], entries: &[Entry], now: Now) -> String {
    let Some(first) = told.first() else {
        return "Meta did not send us anything about this message.".to_owned();
    };
    let came = When::new(first.received_at, now).words;
    let news = count(told.len(), "webhook", "webhooks");
    let last = told.last().filter(|last| last.event != first.event).map(|last| format!(" {}.", news_of(last)));
    format!("Yes: Meta told us of it {came}. {news} about it in all; {}.{}", fate(entries), last.unwrap_or_default())
}

/// What became of the webhooks.
fn fate(entries: &[Entry]) -> String {
    let number = |fits: fn(Standing) -> bool| entries.iter().filter(|entry| fits(entry.state)).count();
    let delivered = number(|state| state == Standing::Delivered);
    let discarded = number(|state| state == Standing::Discarded);
    let unmatched = number(|state| state == Standing::Unmatched);
    let open = entries.len() - delivered - discarded - unmatched;
    let deliveries = |number| count(number, "delivery", "deliveries");
    match (delivered, open, discarded) {
        (0, 0, 0) => "no endpoint wanted to know".to_owned(),
        (1, 0, 0) => "it was delivered".to_owned(),
        (delivered, 0, 0) => format!("all {} were made", deliveries(delivered)),
        (delivered, open, discarded) => {
            let parts = [(open, "still open"), (discarded, "discarded")].into_iter().filter(|part| part.0 > 0);
            let parts: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
            format!("{} made, {}", deliveries(delivered), parts.join(", "))
        }
    }
}

/// What the newest piece of news says.
fn news_of(told: &Told) -> String {
    let document = std::str::from_utf8(&told.body).ok().and_then(Document::parse);
    let body = document.as_ref().and_then(|document| document.root().object()).unwrap_or_default();
    format!("Last: {}", what(&told.event, body))
}

impl Step {
    fn of(told: &Told, entries: &[Entry], now: Now) -> Self {
        let document = std::str::from_utf8(&told.body).ok().and_then(Document::parse);
        let body = document.as_ref().and_then(|document| document.root().object()).unwrap_or_default();
        let own = entries.iter().filter(|entry| entry.event_id == told.event_id);
        Self {
            what: what(&told.event, body),
            happened: When::new(told.received_at, now),
            is_bad: told.event == "message.failed",
            deliveries: own.map(Delivery::of).collect(),
            event: told.event.clone(),
        }
    }
}

impl Delivery {
    fn of(entry: &Entry) -> Self {
        let outcome = words::outcome(entry.last_status, entry.last_failure.as_deref());
        let attempts = count(entry.attempts.into(), "attempt", "attempts");
        Self {
            href: href(entry),
            pill: Pill::of(entry.state),
            endpoint: entry.endpoint_name.clone().unwrap_or_else(|| {
                if entry.endpoint_id.is_some() { "Deleted endpoint" } else { "No endpoint wanted it" }.to_owned()
            }),
            outcome: if entry.attempts == 0 { String::new() } else { format!("{outcome}, {attempts}") },
        }
    }
}

/// What happened, for people.
fn what(event: &str, body: Object<'_>) -> String {
    let text = |key: &str| body.non_empty(key).map_or(Cow::Borrowed("someone"), |text| text);
    let what = match event {
        "message.received" => format!("Received from {}", text("from")),
        "message.echo" => format!("Sent to {} from Meta’s own app", text("to")),
        "message.sent" => "Sent: it left for the customer’s phone".to_owned(),
        "message.delivered" => "Delivered to the customer’s phone".to_owned(),
        "message.read" => "Read".to_owned(),
        "message.played" => "Played".to_owned(),
        "message.failed" => "Failed at Meta".to_owned(),
        "message.edited" => "Edited".to_owned(),
        "message.deleted" => "Deleted by its sender".to_owned(),
        "message.reaction" => format!("Reacted to by {}", text("from")),
        other => other.to_owned(),
    };
    match reason(body) {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    }
}

/// Meta's own words about what went wrong.
fn reason(body: Object<'_>) -> Option<String> {
    let holder = body.object("status").or_else(|| body.object("message"))?;
    let error = holder.array("errors").next()?.object()?;
    let words = ["details", "message", "title"].into_iter().find_map(|key| error.non_empty(key))?;
    Some(match error.number("code") {
        Some(code) => format!("{words} (Meta’s code {code})"),
        None => words.into_owned(),
    })
}
