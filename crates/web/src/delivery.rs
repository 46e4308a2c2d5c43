//! One delivery: what became of it and why, what to do now, every attempt, the request, and both bodies.

mod files;
mod request;
mod resend;
mod standing;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::attempts::{self, Attempt};
use socialhook_store::endpoints::{self, Endpoint};
use socialhook_store::events::{self, Event};
use socialhook_store::ledger::{self, Entry, State as Outcome};
use socialhook_store::media::{self, Media};
use tower_sessions::Session;

use self::files::File;
use self::request::Sent;
pub use self::request::{event_file, raw_file};
pub use self::resend::{resend, send_to_another};
use self::standing::Standing;
pub use self::standing::headers;
use crate::deliveries::{NO_ENDPOINT, NOBODY};
use crate::endpoint_choice::EndpointChoice;
use crate::error::Error;
use crate::extract::Path;
use crate::fields::Field;
use crate::json_view;
use crate::media::Preview;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{self, When};

/// Bytes of a body that the page shows; the whole is in its file.
const SHOWN_MAX: usize = 64 << 10;

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage {
    page: Page,
    /// Where this page is.
    path: String,
    standing: Standing,
    channel: String,
    received: When,
    is_unmatched: bool,
    /// What was written is not kept any more.
    is_dropped: bool,
    /// Where else the event can be sent; none: nowhere, or by nobody who looks only.
    others: Option<EndpointChoice>,
    sent: Option<Sent>,
    files: Vec<File>,
    normalised: Payload,
    raw: Option<Payload>,
}

#[derive(Template)]
#[template(path = "delivery-standing.html")]
struct StandingPart {
    standing: Standing,
}

struct Payload {
    html: String,
    size: String,
    is_whole: bool,
}

impl Payload {
    fn of(body: &[u8]) -> Self {
        let shown = &body[..body.len().min(SHOWN_MAX)];
        Self { html: json_view::html(shown), size: words::bytes(body.len()), is_whole: shown.len() == body.len() }
    }
}

/// All that the page tells.
struct Told {
    entry: Entry,
    event: Event,
    attempts: Vec<Attempt>,
    files: Vec<Media>,
    /// None: it is deleted, or nobody wanted the event.
    endpoint: Option<Endpoint>,
}

async fn load(app: &App, member: &Member, event_id: EventId, endpoint_id: EndpointId) -> Result<Told, Error> {
    let tenant_id = member.tenant_id;
    let mut c = app.tenant(member.tenant_id).await?;
    Ok(Told {
        entry: ledger::find(&mut c, tenant_id, event_id, endpoint_id).await?.ok_or(Error::NotFound)?,
        event: member.sees(events::find(&mut c, tenant_id, event_id).await?).ok_or(Error::NotFound)?,
        attempts: member.sees(attempts::of_delivery(&mut c, tenant_id, event_id, endpoint_id).await?),
        files: member.sees(media::of_event(&mut c, tenant_id, event_id).await?),
        endpoint: endpoints::find(&mut c, tenant_id, endpoint_id).await?,
    })
}

/// The tenant's endpoints.
async fn own_endpoints(app: &App, member: &Member) -> Result<Vec<(EndpointId, String)>, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    Ok(endpoints::names(&mut c, member.tenant_id).await?)
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
    page(&app, &member, &session, (told, Field::default())).await
}

/// The part that changes while something is sent.
pub async fn progress(
    State(app): State<App>,
    member: Member,
    Path((event_id, endpoint)): Path<(EventId, String)>,
) -> Result<Response, Error> {
    let told = load(&app, &member, event_id, parse(&endpoint)?).await?;
    html(&StandingPart { standing: standing(&app, &member, &told) })
}

fn standing(app: &App, member: &Member, told: &Told) -> Standing {
    let standing = Standing::of(&told.entry, told.endpoint.as_ref(), &told.attempts, member.now(app));
    Standing { may_act: member.may_act() && !told.event.is_dropped, ..standing }
}

async fn page(app: &App, member: &Member, session: &Session, (told, other): (Told, Field)) -> Result<Response, Error> {
    let Told { entry, event, .. } = &told;
    let mut others = own_endpoints(app, member).await?;
    others.retain(|one| Some(one.0) != entry.endpoint_id);
    html(&DeliveryPage {
        page: Page::new(member, session, Section::Deliveries, entry.event.clone()).await?,
        path: crate::deliveries::href(entry),
        channel: entry.channel_name.clone().unwrap_or_else(|| "no channel".to_owned()),
        received: When::new(entry.received_at, member.now(app)),
        is_unmatched: entry.state == Outcome::Unmatched,
        is_dropped: event.is_dropped,
        others: (member.may_act() && !event.is_dropped && !others.is_empty())
            .then(|| EndpointChoice::new(&others, other)),
        sent: Sent::of(app, member, &told),
        files: told.files.iter().filter(|_| !event.is_dropped).cloned().map(|media| File::of(app, media)).collect(),
        normalised: Payload::of(&request::body(app, member, &told)),
        raw: event.receipt_body.as_deref().map(Payload::of),
        standing: standing(app, member, &told),
    })
}
