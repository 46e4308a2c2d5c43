//! Pausing an endpoint, after a page that says what it means, and resuming it, which sends what waited meanwhile.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::EndpointId;
use socialhook_store::endpoints::{self as stored, Endpoint, KEPT_COUNTED, PauseReason};
use socialhook_store::health;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::count_up_to;

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
    let mut c = app.tenant(member.tenant_id).await?;
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
    let mut c = app.tenant(member.tenant_id).await?;
    stored::resume(&mut c, member.tenant_id, endpoint_id).await?;
    drop(c);
    app.relay.refresh().await?;
    let mut c = app.tenant(member.tenant_id).await?;
    health::send_parked(&mut c, member.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    leave_notice(&session, resumed(&endpoint)).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}

fn resumed(endpoint: &Endpoint) -> String {
    let events = count_up_to(endpoint.kept, KEPT_COUNTED, "kept event is", "kept events are");
    match endpoint.kept {
        0 => format!("{} receives events again.", endpoint.name),
        _ => format!("{} receives events again. {events} being sent now, oldest first.", endpoint.name),
    }
}
