//! The page: what came in, newest first, and the button that makes something come in.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::event::{EventType, Platform};
use socialhook_core::json::Document;
use socialhook_core::sample::Sample;
use socialhook_store::inspections::{self, Inspection};
use tower_sessions::Session;

use crate::docs::examples::MADE;
use crate::error::Error;
use crate::json_view;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};

/// Requests on the page.
pub const SHOWN: i64 = 50;
/// The newest ones, shown whole; of the others the first line.
const OPEN: usize = 3;
const FIRST_SAMPLE: &str = "whatsapp-text";

#[derive(Template)]
#[template(path = "inspector.html")]
struct InspectorPage {
    page: Page,
    sentence: String,
    /// By platform and event.
    samples: Vec<(String, Vec<Choice>)>,
    /// The newest item's id, from which the live part goes on.
    newest: String,
    items: Vec<Item>,
}

struct Choice {
    name: &'static str,
    words: String,
    first: bool,
}

/// One received request as it is shown.
pub struct Item {
    pub id: String,
    pub body_id: String,
    pub received: When,
    pub event: String,
    pub pill: Pill,
    pub body: String,
    /// Whether its JSON is shown at once.
    pub open: bool,
    pub headers: Vec<(String, String)>,
    pub delivery: Option<String>,
}

impl Item {
    pub fn of(inspection: Inspection, open: bool, now: Now) -> Self {
        let document = std::str::from_utf8(&inspection.body).ok().and_then(Document::parse);
        let body = document.as_ref().and_then(|document| document.root().object()).unwrap_or_default();
        let text = |key: &str| body.non_empty(key).map(Cow::into_owned).unwrap_or_default();
        let event_id = text("id");
        let is_id = event_id.parse::<socialhook_core::id::EventId>().is_ok();
        Self {
            id: inspection.inspection_id.to_string(),
            body_id: format!("{}-body", inspection.inspection_id),
            received: When::new(inspection.received_at, now),
            event: text("event"),
            open,
            delivery: is_id.then(|| format!("/deliveries/{event_id}/{}", inspection.endpoint_id)),
            pill: if inspection.signature_valid { Pill::SIGNED } else { Pill::UNSIGNED },
            body: json_view::html(&inspection.body),
            headers: inspection.headers,
        }
    }
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let received = member.sees(inspections::list(&mut c, member.tenant_id, None, SHOWN).await?);
    drop(c);
    let now = member.now(&app);
    html(&InspectorPage {
        page: Page::new(&member, &session, Section::Inspector, "Inspector").await?,
        sentence: sentence(&received, now),
        samples: Platform::ALL.into_iter().flat_map(choices).collect(),
        newest: received.first().map(|newest| newest.inspection_id.to_string()).unwrap_or_default(),
        items: received.into_iter().enumerate().map(|(place, one)| Item::of(one, place < OPEN, now)).collect(),
    })
}

fn sentence(received: &[Inspection], now: Now) -> String {
    match received.first() {
        None => "Waiting for the first request. It appears here by itself, as your server would get it.".to_owned(),
        Some(newest) => format!(
            "The newest request came in {}. {} shown; new ones appear by themselves.",
            When::new(newest.received_at, now).words,
            count(received.len(), "is", "are")
        ),
    }
}

/// A platform's samples by the event that comes of them, with `whatsapp-image` shown as `WhatsApp: Image`.
fn choices(platform: Platform) -> impl Iterator<Item = (String, Vec<Choice>)> {
    EventType::ALL.into_iter().filter_map(move |kind| {
        let fitting = MADE.iter().filter(|made| made.sample.platform == platform && made.kind() == kind);
        let choices: Vec<Choice> = fitting.map(|made| choice(made.sample)).collect();
        let label = format!("{}: {}", words::platform(platform), kind.as_str());
        (!choices.is_empty()).then_some((label, choices))
    })
}

fn choice(sample: &'static Sample) -> Choice {
    let own = sample.name.split_once('-').map_or(sample.name, |(_, rest)| rest);
    let words = format!("{}: {}", words::platform(sample.platform), spoken(own));
    Choice { name: sample.name, words, first: sample.name == FIRST_SAMPLE }
}

fn spoken(name: &str) -> String {
    let mut words = name.replace(['-', '_'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
