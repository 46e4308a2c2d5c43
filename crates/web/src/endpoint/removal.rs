//! Giving up what is parked for an endpoint, and deleting it, each after a page that says what that means.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::EndpointId;
use socialhook_store::endpoints::KEPT_COUNTED;
use socialhook_store::endpoints::removal::{self, Discarded};
use tower_sessions::Session;

use crate::error::{Error, database};
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{count, count_up_to};

#[derive(Template)]
#[template(path = "endpoint-discard.html")]
struct DiscardPage {
    page: Page,
    id: String,
    name: String,
    /// None: nothing.
    kept: Option<String>,
}

#[derive(Template)]
#[template(path = "endpoint-delete.html")]
struct DeletePage {
    page: Page,
    id: String,
    name: String,
    /// None: nothing.
    kept: Option<String>,
}

pub async fn confirm_discarding(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Response, Error> {
    let endpoint = super::find(&app, &member, endpoint_id).await?;
    let page = Page::new(&member, &session, Section::Endpoints, format!("Discard events of {}", endpoint.name)).await?;
    let kept =
        (endpoint.kept > 0).then(|| count_up_to(endpoint.kept, KEPT_COUNTED, "event is kept", "events are kept"));
    html(&DiscardPage { page, id: endpoint_id.to_string(), name: endpoint.name, kept })
}

pub async fn discard(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Redirect, Error> {
    super::find(&app, &member, endpoint_id).await?;
    let mut c = app.pools.background.acquire().await.map_err(database)?;
    let discarded = removal::discard(&mut c, member.tenant_id, endpoint_id, false, app.clock.now()).await?;
    drop(c);
    leave_notice(&session, said(discarded, "There are more: discard again.")).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}

/// How many, and what to do about the rest.
fn said(discarded: Discarded, more: &str) -> String {
    let number = count(usize::try_from(discarded.number).unwrap_or(usize::MAX), "event", "events");
    if discarded.is_all {
        format!("{number} discarded. A replay can still send what was.")
    } else {
        format!("{number} discarded. {more}")
    }
}

pub async fn confirm_deleting(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Response, Error> {
    let endpoint = super::find(&app, &member, endpoint_id).await?;
    let page = Page::new(&member, &session, Section::Endpoints, format!("Delete {}", endpoint.name)).await?;
    let kept =
        (endpoint.kept > 0).then(|| count_up_to(endpoint.kept, KEPT_COUNTED, "event that is", "events that are"));
    html(&DeletePage { page, id: endpoint_id.to_string(), name: endpoint.name, kept })
}

pub async fn delete(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Redirect, Error> {
    let endpoint = super::find(&app, &member, endpoint_id).await?;
    let mut c = app.pools.background.acquire().await.map_err(database)?;
    let discarded = removal::discard(&mut c, member.tenant_id, endpoint_id, true, app.clock.now()).await?;
    if !discarded.is_all {
        leave_notice(&session, said(discarded, "There are more: press Delete again.")).await?;
        return Ok(Redirect::to(&format!("/endpoints/{endpoint_id}/delete")));
    }
    removal::delete(&mut c, member.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is deleted. What was sent to it stays in the ledger.", endpoint.name)).await?;
    Ok(Redirect::to("/endpoints"))
}
