//! One delivery: what became of it and why, what to do now, every attempt, and both bodies.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::attempts::{self, Attempt};
use socialhook_store::endpoints::removal::DISCARDED;
use socialhook_store::endpoints::{self, Endpoint};
use socialhook_store::events::{self, Event};
use socialhook_store::health;
use socialhook_store::ledger::{self, Entry, State as Outcome};
use socialhook_store::replays;
use tower_sessions::Session;

use crate::deliveries::{Latency, NO_ENDPOINT, NOBODY};
use crate::error::{Error, database};
use crate::extract::Path;
use crate::json_view;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage {
    page: Page,
    id: String,
    event: String,
    channel: String,
    received: When,
    pill: Pill,
    sentence: String,
    advice: Option<&'static str>,
    endpoint: Option<EndpointLink>,
    is_sending: bool,
    may_act: bool,
    attempts: Vec<AttemptRow>,
    /// Endpoints that an unmatched event can be sent to.
    others: Vec<EndpointLink>,
    normalised: String,
    raw: Option<String>,
}

struct EndpointLink {
    id: String,
    name: String,
    is_paused: bool,
}

impl EndpointLink {
    fn of(endpoint: &Endpoint) -> Self {
        Self { id: endpoint.endpoint_id.to_string(), name: endpoint.name.clone(), is_paused: endpoint.paused.is_some() }
    }
}

struct AttemptRow {
    number: u16,
    started: When,
    pill: Pill,
    outcome: String,
    advice: Option<&'static str>,
    latency: Latency,
    by_hand: bool,
    excerpt: Option<String>,
}

impl AttemptRow {
    /// Newest first. Advice is given once for each run of the same failure; `told` is the one that the page gives above.
    fn all(attempts: &[Attempt], mut told: Option<&'static str>, now: Now) -> Vec<Self> {
        let slowest = attempts.iter().map(|attempt| attempt.latency_us).max().unwrap_or(0);
        let row = |attempt: &Attempt| {
            let row = Self::of(attempt, slowest, now);
            let advice = row.advice.filter(|advice| told != Some(*advice));
            told = row.advice;
            Self { advice, ..row }
        };
        attempts.iter().rev().map(row).collect()
    }

    fn of(attempt: &Attempt, slowest: i32, now: Now) -> Self {
        Self {
            number: attempt.number,
            started: When::new(attempt.started_at, now),
            pill: match attempt.failure.as_deref() {
                None => Pill::DELIVERED,
                Some(DISCARDED) => Pill::DISCARDED,
                Some(_) => Pill::FAILED,
            },
            outcome: words::outcome(attempt.status, attempt.failure.as_deref()),
            advice: words::advice(attempt.failure.as_deref()),
            latency: Latency::of(attempt.latency_us, slowest),
            by_hand: attempt.replay,
            excerpt: attempt
                .excerpt
                .as_deref()
                .filter(|bytes| !bytes.is_empty())
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// All that the page tells.
struct Told {
    entry: Entry,
    event: Event,
    attempts: Vec<Attempt>,
    endpoints: Vec<Endpoint>,
}

async fn load(app: &App, member: &Member, event_id: EventId, endpoint_id: EndpointId) -> Result<Told, Error> {
    let tenant_id = member.tenant_id;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let entry = ledger::find(&mut c, tenant_id, event_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let event = events::find(&mut c, tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    let attempts = attempts::of_delivery(&mut c, tenant_id, event_id, endpoint_id).await?;
    let endpoints = endpoints::list(&mut c, tenant_id).await?;
    Ok(Told { entry, event, attempts, endpoints })
}

fn parse(endpoint: &str) -> Result<EndpointId, Error> {
    if endpoint == NO_ENDPOINT { Ok(NOBODY) } else { endpoint.parse().map_err(|_| Error::NotFound) }
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((event_id, endpoint)): Path<(EventId, String)>,
) -> Result<Response, Error> {
    let told = load(&app, &member, event_id, parse(&endpoint)?).await?;
    let page = Page::new(&member, &session, Section::Deliveries, told.entry.event.clone()).await?;
    let drawn = draw(told, page, member.now(&app));
    html(&DeliveryPage { may_act: member.may_act(), ..drawn })
}

fn draw(told: Told, page: Page, now: Now) -> DeliveryPage {
    let Told { entry, event, attempts, endpoints } = told;
    let endpoint = endpoints.iter().find(|endpoint| Some(endpoint.endpoint_id) == entry.endpoint_id);
    let is_paused = endpoint.is_some_and(|endpoint| endpoint.paused.is_some());
    let failed = !matches!(entry.state, Outcome::Delivered | Outcome::Discarded | Outcome::Unmatched);
    let advice = words::advice(entry.last_failure.as_deref()).filter(|_| failed);
    DeliveryPage {
        page,
        id: entry.event_id.to_string(),
        channel: entry.channel_name.clone().unwrap_or_else(|| "no channel".to_owned()),
        received: When::new(entry.received_at, now),
        pill: Pill::of(entry.state),
        sentence: sentence(&entry, is_paused, now),
        advice,
        endpoint: endpoint.map(EndpointLink::of),
        is_sending: entry.state == Outcome::Sending,
        may_act: false,
        attempts: AttemptRow::all(&attempts, advice, now),
        others: if entry.state == Outcome::Unmatched {
            endpoints.iter().map(EndpointLink::of).collect()
        } else {
            Vec::new()
        },
        normalised: json_view::html(&event.body),
        raw: event.receipt_body.as_deref().map(json_view::html),
        event: entry.event,
    }
}

/// The state and its cause.
fn sentence(entry: &Entry, is_paused: bool, now: Now) -> String {
    let name = entry.endpoint_name.as_deref().unwrap_or("An endpoint that is deleted");
    let outcome = words::outcome(entry.last_status, entry.last_failure.as_deref());
    let attempts = count(entry.attempts.into(), "attempt", "attempts");
    match entry.state {
        Outcome::Delivered => {
            let when = entry.last_attempt_at.map_or_else(String::new, |at| format!(" {}", When::new(at, now).words));
            let latency =
                entry.last_latency_us.map_or_else(String::new, |micros| format!(" in {}", words::latency(micros)));
            format!("Delivered{when}: {name} {outcome}{latency}.")
        }
        Outcome::Sending => format!("Being sent to {name} right now."),
        Outcome::Waiting { .. } if is_paused => format!("Waiting: {name} is paused."),
        Outcome::Waiting { due_at } => {
            let due = if due_at > now { When::new(due_at, now).words } else { "at once".to_owned() };
            match entry.attempts {
                0 => format!("Waiting to be sent to {name}, {due}."),
                _ => format!("{name} {outcome}. It is sent again {due}."),
            }
        }
        Outcome::Parked { .. } if is_paused => {
            format!("Parked: {name} is paused. It is kept, and sent when you resume the endpoint.")
        }
        Outcome::Parked { .. } if entry.attempts == 0 => {
            format!("Parked: {name} does not answer. It is kept, and sent by itself once it does.")
        }
        Outcome::Parked { .. } => {
            format!("Parked after {attempts}: {name} {outcome}. It is kept, and sent again when you press Resend.")
        }
        Outcome::Discarded => format!(
            "Discarded: it was given up, by hand or because its endpoint was deleted, and never delivered to {name}."
        ),
        Outcome::Unmatched => "Received, but no endpoint wanted this kind of event.".to_owned(),
    }
}

pub async fn resend(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((event_id, endpoint_id)): Path<(EventId, EndpointId)>,
) -> Result<Redirect, Error> {
    member.must_act()?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    events::find(&mut c, member.tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    let endpoint = endpoints::find(&mut c, member.tenant_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let opened = replays::resend(&mut c, member.tenant_id, &[(event_id, endpoint_id)], app.clock.now()).await? == 1;
    health::probe_now(&mut c, member.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    let notice = match (opened, endpoint.paused) {
        (false, None) => format!("{} is being sent this event already.", endpoint.name),
        (_, Some(_)) => format!("{} is paused. The event is sent to it when you resume.", endpoint.name),
        (true, None) => format!("On its way to {}. Reload to see what it answered.", endpoint.name),
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/deliveries/{event_id}/{endpoint_id}")))
}
