//! One conversation, as those who had it saw it: what was written, by whom, and what became of it.

pub mod erasure;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use socialhook_core::id::{ConversationId, EventId};
use socialhook_core::json::{Document, Object};
use socialhook_store::events::{self, Told};
use socialhook_store::ledger::Toward;
use tower_sessions::Session;
use uuid::Uuid;

use crate::error::Error;
use crate::extract::{Path, Query};
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::search::message_href;
use crate::state::App;
use crate::words::{Now, When, count};

/// Events of a page, news of messages among them.
const SHOWN: i64 = 100;

#[derive(Template)]
#[template(path = "conversation.html")]
struct ConversationPage {
    page: Page,
    id: String,
    sentence: String,
    may_act: bool,
    lines: Vec<Line>,
    older: Option<String>,
    newer: Option<String>,
}

struct Line {
    event_id: EventId,
    href: String,
    /// `in`, `out`, or `news` for what is not a message.
    side: &'static str,
    /// What was written; none if it was no text.
    text: Option<String>,
    kind: String,
    at: When,
    /// How far a message of the business's own came.
    status: Option<String>,
    message_id: Option<String>,
}

#[derive(Deserialize)]
pub struct Place {
    #[serde(default)]
    after: String,
    #[serde(default)]
    before: String,
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(conversation_id): Path<ConversationId>,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let (from, toward) = match (place.after.parse(), place.before.parse()) {
        (Ok(id), _) => (id, Toward::Older),
        (_, Ok(id)) => (id, Toward::Newer),
        _ => (EventId(Uuid::max()), Toward::Older),
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let mut told = events::of_conversation(&mut c, member.tenant_id, (conversation_id, from), toward, SHOWN).await?;
    let is_known = !told.is_empty()
        || !events::conversations_with_events(&mut c, member.tenant_id, &[conversation_id]).await?.is_empty();
    drop(c);
    if !is_known {
        return Err(Error::NotFound);
    }
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = told.len() > shown;
    told.truncate(shown);
    if toward == Toward::Older {
        told.reverse();
    }
    let address = |name: &str, one: Option<&Told>| {
        one.map(|one| format!("/conversations/{conversation_id}?{name}={}", one.event_id))
    };
    let (has_older, has_newer) = match toward {
        Toward::Older => (more, from.0 != Uuid::max()),
        Toward::Newer => (true, more),
    };
    let mut lines = lines(&told, member.now(&app));
    let told = member.sees(told);
    for line in &mut lines {
        line.for_eyes_of(&member);
    }
    html(&ConversationPage {
        page: Page::new(&member, &session, Section::Deliveries, "Conversation").await?,
        id: conversation_id.to_string(),
        sentence: sentence(&told, &lines),
        may_act: member.may_act(),
        older: address("after", told.first().filter(|_| has_older)),
        newer: address("before", told.last().filter(|_| has_newer)),
        lines,
    })
}

fn object<T>(told: &Told, of: impl FnOnce(Object<'_>) -> T) -> Option<T> {
    let document = Document::parse(std::str::from_utf8(&told.body).ok()?)?;
    document.root().object().map(of)
}

fn sentence(told: &[Told], lines: &[Line]) -> String {
    let with = told.iter().find_map(|one| {
        object(one, |body| {
            let contact = body.object("contact");
            let name = contact.and_then(|contact| contact.non_empty("name"));
            let number = contact.and_then(|contact| contact.non_empty("phone"));
            let channel = body.object("channel").and_then(|channel| channel.non_empty("name"));
            let who = name.or(number)?.into_owned();
            Some(match channel {
                Some(channel) => format!("With {who} on {channel}"),
                None => format!("With {who}"),
            })
        })?
    });
    let messages = count(lines.iter().filter(|line| line.side != "news").count(), "message", "messages");
    format!("{}: {messages} on this page, oldest first.", with.as_deref().unwrap_or("With one customer"))
}

/// A message of the business's own is one line, with how far it came; news of a message that is not on this page is a line.
fn lines(told: &[Told], now: Now) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for one in told {
        let Some(line) = object(one, |body| Line::of(one, body, now)) else { continue };
        let is_status = line.status.is_some();
        let earlier = lines.iter_mut().find(|other| {
            is_status && other.side == "out" && other.message_id.is_some() && other.message_id == line.message_id
        });
        match earlier {
            Some(message) => message.status = line.status,
            None => lines.push(line),
        }
    }
    lines
}

fn event_href(event_id: EventId) -> String {
    format!("/search?q={event_id}")
}

impl Line {
    /// Meta's id of a message holds the number that it is of or for.
    fn for_eyes_of(&mut self, member: &Member) {
        self.text = member.sees(self.text.take());
        if !member.may_act() {
            self.href = event_href(self.event_id);
        }
    }

    fn of(told: &Told, body: Object<'_>, now: Now) -> Self {
        let message = body.object("message");
        let status = body.object("status");
        let message_id = message
            .and_then(|message| message.non_empty("id"))
            .or_else(|| status.and_then(|status| status.non_empty("message_id")))
            .map(std::borrow::Cow::into_owned);
        let is_message = matches!(told.event.as_str(), "message.received" | "message.echo");
        let inbound = body.text("direction").is_some_and(|direction| direction == "inbound");
        let told_status = ["message.sent", "message.delivered", "message.read", "message.played", "message.failed"];
        let is_status = told_status.contains(&told.event.as_str());
        let word = told.event.rsplit('.').next().unwrap_or_default();
        Self {
            event_id: told.event_id,
            href: message_id.as_deref().map_or_else(|| event_href(told.event_id), message_href),
            side: match (is_message || is_status, inbound) {
                (true, true) => "in",
                (true, false) => "out",
                (false, _) => "news",
            },
            text: message
                .filter(|_| is_message)
                .and_then(|message| message.non_empty("body"))
                .map(std::borrow::Cow::into_owned),
            kind: match message.and_then(|message| message.non_empty("type")) {
                Some(kind) if is_message => kind.into_owned(),
                _ if is_status => "A message of yours, sent through Meta’s API".to_owned(),
                _ => told.event.clone(),
            },
            at: When::new(told.event_id.time(), now),
            status: is_status.then(|| word.to_owned()),
            message_id,
        }
    }
}
