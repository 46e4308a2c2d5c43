//! Pausing an endpoint, after a page that says what it means, and resuming it, which sends what waited meanwhile.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::EndpointId;
use socialhook_store::endpoints::{self as stored, PauseReason};
use socialhook_store::{deliveries, health};
use tower_sessions::Session;

use crate::error::{Error, database};
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::count;

/// Deliveries drained by one statement: each is short, so that no row stays locked for long.
const DRAIN_CHUNK: i64 = 1000;
/// Deliveries drained by one press; the rest stays parked, and is said to.
const DRAIN_MAX: u64 = 10_000;

#[derive(Template)]
#[template(path = "endpoint-pause.html")]
struct PausePage {
    page: Page,
    id: String,
    name: String,
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Response, Error> {
    let name = super::find(&app, &member, endpoint_id).await?.name;
    let page = Page::new(&member, &session, Section::Endpoints, format!("Pause {name}")).await?;
    html(&PausePage { page, id: endpoint_id.to_string(), name })
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Redirect, Error> {
    let endpoint = super::find(&app, &member, endpoint_id).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    stored::pause(&mut c, member.tenant_id, endpoint_id, PauseReason::Person, app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is paused. Its events wait until you resume.", endpoint.name)).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}

pub async fn delete(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Redirect, Error> {
    let endpoint = super::find(&app, &member, endpoint_id).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    stored::resume(&mut c, member.tenant_id, endpoint_id).await?;
    drop(c);
    app.relay.refresh().await?;
    let drained = drain(&app, &member, endpoint_id).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    // Of one that does not answer, what was just drained is the next to be tried.
    health::probe_now(&mut c, member.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    leave_notice(&session, resumed(&endpoint.name, drained)).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}

async fn drain(app: &App, member: &Member, endpoint_id: EndpointId) -> Result<u64, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let mut drained = 0;
    while drained < DRAIN_MAX {
        let now = app.clock.now();
        match deliveries::drain(&mut c, member.tenant_id, endpoint_id, now, DRAIN_CHUNK).await? {
            0 => break,
            more => drained += more,
        }
    }
    Ok(drained)
}

fn resumed(name: &str, drained: u64) -> String {
    let events = count(usize::try_from(drained).unwrap_or(usize::MAX), "parked event is", "parked events are");
    match drained {
        0 => format!("{name} receives events again."),
        1..DRAIN_MAX => format!("{name} receives events again. {events} being sent now."),
        _ => format!("{name} receives events again. {events} being sent now; press Send kept events for the rest."),
    }
}
