//! The ledger as a page: what became of each event at each endpoint, newest first.

pub mod export;
mod filters;
pub mod selection;
pub mod tail;
pub mod wanted;

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use socialhook_core::event::Platform;
use socialhook_core::id::EndpointId;
use socialhook_core::json::Document;
use socialhook_store::ledger::{self, Cursor, Entry, Outcome, Size, State as Standing, Toward};
use socialhook_store::{channels, endpoints};
use tower_sessions::Session;
use uuid::Uuid;

use crate::error::Error;
use crate::extract::Query;
use crate::member::Member;
use crate::page::{Empty, Page, Section, html};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};
use filters::FilterForm;
use wanted::{Known, OUTCOMES, Wanted};

/// Instead of an endpoint's id, for an event that no endpoint wanted.
pub const NO_ENDPOINT: &str = "none";
/// Width of a latency bar in its own units.
const BAR_WIDTH: i32 = 100;

#[derive(Template)]
#[template(path = "deliveries.html")]
struct DeliveriesPage {
    page: Page,
    sentence: String,
    chips: Vec<Chip>,
    /// Words, and the address without it.
    narrowed: Vec<(String, String)>,
    form: FilterForm,
    may_act: bool,
    /// Where the reader is, for the way back.
    place: String,
    rows: Vec<Row>,
    empty: Empty,
    /// Where the page's live part streams from; none on older pages.
    tail: Option<String>,
    /// The query that an export has the same filters by.
    exported: String,
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
}

struct Chip {
    word: &'static str,
    href: String,
    chosen: bool,
}

struct Row {
    /// Sorts as the ledger does.
    id: String,
    href: String,
    /// What selects it; none if there is no endpoint to resend it to.
    key: Option<String>,
    received: When,
    event: String,
    platform: &'static str,
    channel: String,
    from: Option<String>,
    to: Option<String>,
    message_type: Option<String>,
    endpoint: String,
    pill: Pill,
    status: String,
    latency: Option<Latency>,
}

/// A duration and how long it is beside the longest on the page.
pub struct Latency {
    pub words: String,
    pub width: i32,
}

impl Latency {
    pub fn of(micros: i32, slowest: i32) -> Self {
        let width = i64::from(micros.max(0)) * i64::from(BAR_WIDTH) / i64::from(slowest.max(1));
        Self { words: words::latency(micros), width: i32::try_from(width).unwrap_or(BAR_WIDTH).clamp(2, BAR_WIDTH) }
    }
}

impl Row {
    fn of(entry: Entry, slowest: i32, now: Now) -> Self {
        let document = std::str::from_utf8(&entry.body).ok().and_then(Document::parse);
        let body = document.as_ref().and_then(|document| document.root().object()).unwrap_or_default();
        let text = |key: &str| body.non_empty(key).map(Cow::into_owned);
        Self {
            id: format!("{}.{}", entry.event_id, entry.endpoint_id.unwrap_or(NOBODY)),
            href: href(&entry),
            key: entry.endpoint_id.map(|endpoint_id| format!("{}.{endpoint_id}", entry.event_id)),
            received: When::new(entry.received_at, now),
            platform: text("platform").and_then(|word| Platform::from_word(&word)).map_or("Meta", words::platform),
            channel: entry.channel_name.unwrap_or_default(),
            from: text("from"),
            to: text("to"),
            message_type: body.object("message").and_then(|message| message.non_empty("type").map(Cow::into_owned)),
            endpoint: entry.endpoint_name.unwrap_or_else(|| {
                if entry.endpoint_id.is_some() { "Deleted endpoint" } else { "No endpoint" }.to_owned()
            }),
            pill: Pill::of(entry.state),
            status: short_status(entry.attempts, entry.last_status, entry.last_failure.as_deref()),
            latency: entry.last_latency_us.map(|micros| Latency::of(micros, slowest)),
            event: entry.event,
        }
    }
}

/// Where the page of a delivery is.
pub fn href(entry: &Entry) -> String {
    let endpoint = entry.endpoint_id.map_or_else(|| NO_ENDPOINT.to_owned(), |id| id.to_string());
    format!("/deliveries/{}/{endpoint}", entry.event_id)
}

/// The last attempt in a table's cell.
fn short_status(attempts: u16, status: Option<u16>, failure: Option<&str>) -> String {
    match (attempts, status, failure) {
        (0, ..) => "Not sent yet".to_owned(),
        (_, Some(status), _) => status.to_string(),
        (_, None, Some(word)) => {
            let mut words = word.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
        (_, None, None) => String::new(),
    }
}

pub async fn list(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let wanted = Wanted::read(query);
    let mut c = app.tenant(member.tenant_id).await?;
    let channels = channels::list(&mut c, member.tenant_id).await?;
    let endpoints = endpoints::names(&mut c, member.tenant_id).await?;
    let known = Known { channels: &channels, endpoints: &endpoints, zone: member.zone, now: app.clock.now() };
    let (filters, fields) = wanted.filters(&known);
    let read_at = app.clock.now();
    let found = ledger::page(&mut c, member.tenant_id, &filters, wanted.place(), Size::PAGE).await?;
    drop(c);
    let now = member.now(&app);
    let ledger::Page { entries, older, newer } = found;
    let entries = member.sees(entries);
    let slowest = entries.iter().filter_map(|entry| entry.last_latency_us).max().unwrap_or(0);
    html(&DeliveriesPage {
        page: Page::new(&member, &session, Section::Deliveries, "Deliveries").await?,
        sentence: sentence(&entries, &wanted, now),
        chips: chips(&wanted),
        narrowed: filters::narrowed(&wanted, &known),
        form: FilterForm::of(&wanted, fields, &known),
        may_act: member.may_act(),
        place: wanted.query(),
        older: older.map(|cursor| wanted.at(cursor, Toward::Older).address()),
        newer: newer.map(|cursor| wanted.at(cursor, Toward::Newer).address()),
        tail: (wanted.place().0 == Cursor::NEWEST).then(|| tail_address(&wanted, read_at)),
        exported: wanted.with("", "").query(),
        newest: (wanted.place().0 != Cursor::NEWEST).then(|| wanted.with("", "").address()),
        empty: empty(&wanted, !channels.is_empty(), older.is_some()),
        rows: entries.into_iter().map(|entry| Row::of(entry, slowest, now)).collect(),
    })
}

/// Of what is newer than what this page has.
fn tail_address(wanted: &Wanted, read_at: DateTime<Utc>) -> String {
    let query = wanted.with("", "").query();
    let and = if query.is_empty() { "" } else { "&" };
    format!("/deliveries/stream?{query}{and}since={}", tail::id(read_at))
}

fn chips(wanted: &Wanted) -> Vec<Chip> {
    let chip = |(outcome, word, name)| Chip {
        word: name,
        href: wanted.with("outcome", word).address(),
        chosen: outcome == wanted.outcome(),
    };
    OUTCOMES.into_iter().map(chip).collect()
}

/// How things are, from what is on the page alone: big tables are never counted.
fn sentence(entries: &[Entry], wanted: &Wanted, now: Now) -> String {
    let number = |is: fn(&Standing) -> bool| entries.iter().filter(|entry| is(&entry.state)).count();
    let parked = number(|state| matches!(state, Standing::Parked { .. }));
    let waiting = number(|state| matches!(state, Standing::Waiting { .. } | Standing::Sending));
    let open = match (parked, waiting) {
        (0, 0) => None,
        (parked, 0) => Some(format!("{parked} parked")),
        (0, waiting) => Some(format!("{waiting} waiting")),
        (parked, waiting) => Some(format!("{parked} parked, {waiting} waiting")),
    };
    if let Some(open) = open {
        return format!("{open} of the {} shown here.", count(entries.len(), "delivery", "deliveries"));
    }
    let newest = entries
        .iter()
        .find(|entry| entry.state == Standing::Delivered)
        .and_then(|entry| entry.last_attempt_at.zip(entry.last_latency_us));
    match (newest, wanted.outcome()) {
        (None, _) if entries.is_empty() && (wanted.is_narrow() || wanted.place().0 != Cursor::NEWEST) => {
            "Nothing here fits what you asked for.".to_owned()
        }
        (Some((at, micros)), _) => {
            format!("All quiet: the newest was delivered {} in {}.", When::new(at, now).words, words::latency(micros))
        }
        (None, Outcome::Parked) => "Nothing is parked: every event got through, or is still being tried.".to_owned(),
        (None, Outcome::Waiting) => "Nothing is waiting.".to_owned(),
        (None, _) if entries.is_empty() => "Nothing to show yet.".to_owned(),
        (None, _) => format!("{} that no endpoint wanted.", count(entries.len(), "event", "events")),
    }
}

/// Why there is nothing, and the one next step.
fn empty(wanted: &Wanted, has_channel: bool, has_older: bool) -> Empty {
    match (wanted.outcome(), has_channel) {
        _ if has_older => Empty {
            what: "Nothing here",
            why: "So far back nothing fits. Older ones may: look further back.",
            step: ALL,
        },
        _ if wanted.is_narrow() => Empty {
            what: "Nothing fits",
            why: "No delivery in the time that is kept fits all of these filters. Take one of them away.",
            step: ALL,
        },
        (Outcome::All, false) => Empty {
            what: "No events yet",
            why: "Events come in once a number, page or account is connected. To see one right now, send yourself a simulated event.",
            step: Some(("Open the inspector", "/inspector")),
        },
        (Outcome::All, true) => Empty {
            what: "No events yet",
            why: "Your channel is connected and waiting. Write to it from a phone, or send yourself a simulated event.",
            step: Some(("Open the inspector", "/inspector")),
        },
        (Outcome::Delivered, _) => Empty {
            what: "Nothing delivered",
            why: "No event reached an endpoint in the time that is kept.",
            step: ALL,
        },
        (Outcome::Waiting, _) => Empty {
            what: "Nothing waiting",
            why: "No delivery is under way, between two attempts, or held for a paused endpoint.",
            step: ALL,
        },
        (Outcome::Parked, _) => {
            Empty { what: "Nothing parked", why: "Deliveries are parked when all their attempts failed.", step: ALL }
        }
        (Outcome::Unmatched, _) => {
            Empty { what: "Nothing unmatched", why: "Every event was wanted by at least one endpoint.", step: ALL }
        }
    }
}

const ALL: Option<(&str, &str)> = Some(("Show all deliveries", "/deliveries"));

/// The place of an event without an endpoint, in the ledger's terms.
pub const NOBODY: EndpointId = EndpointId(Uuid::nil());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_their_width() {
        assert_eq!([0, 50, 100, 200].map(|micros| Latency::of(micros, 100).width), [2, 50, 100, 100]);
        assert_eq!(Latency::of(5, 0).width, 100);
    }
}
