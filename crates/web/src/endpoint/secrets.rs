//! Rotating an endpoint's signing secret: a new one signs at once, the old one beside it for a while.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use socialhook_core::id::{EndpointId, EndpointSecretId};
use socialhook_core::signing;
use socialhook_store as store;
use socialhook_store::endpoints::secrets;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::{Form, Path};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;

/// How long both secrets may sign: the word in the form, and its hours.
pub const OVERLAPS: [(&str, &str, i64); 4] =
    [("0", "Retire the old one at once", 0), ("1", "1 hour", 1), ("24", "24 hours", 24), ("168", "7 days", 168)];

#[derive(Template)]
#[template(path = "endpoint-rotate.html")]
struct RotatePage {
    page: Page,
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "endpoint-retire.html")]
struct RetirePage {
    page: Page,
    id: String,
    name: String,
    secret_id: String,
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Response, Error> {
    let name = super::find(&app, &member, endpoint_id).await?.name;
    let page = Page::new(&member, &session, Section::Endpoints, format!("Rotate the secret of {name}")).await?;
    html(&RotatePage { page, id: endpoint_id.to_string(), name })
}

#[derive(Deserialize)]
pub struct Rotation {
    #[serde(default)]
    overlap: String,
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
    Form(rotation): Form<Rotation>,
) -> Result<Redirect, Error> {
    super::find(&app, &member, endpoint_id).await?;
    let (.., hours) = OVERLAPS.into_iter().find(|(word, ..)| *word == rotation.overlap).ok_or(Error::Unreadable)?;
    let now = app.clock.now();
    let secret = signing::new_secret(&mut rand::rng());
    let mut tx = app.begin(member.tenant_id).await?;
    let new = secrets::add(&mut tx, member.tenant_id, endpoint_id, (&secret, &app.sealer), now).await?;
    if hours == 0 {
        secrets::retire_others(&mut tx, member.tenant_id, endpoint_id, new, now).await?;
    } else {
        secrets::retire_others_at(&mut tx, member.tenant_id, endpoint_id, new, now + TimeDelta::hours(hours)).await?;
    }
    tx.commit().await.map_err(store::Error::from)?;
    app.relay.refresh().await?;
    let notice = match hours {
        0 => "Rotated. From now on requests are signed with the new secret alone.",
        _ => "Rotated. Requests carry the signatures of both secrets until the old one retires by itself.",
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}

pub async fn confirm_retiring(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((endpoint_id, secret_id)): Path<(EndpointId, EndpointSecretId)>,
) -> Result<Response, Error> {
    let name = super::find(&app, &member, endpoint_id).await?.name;
    let page = Page::new(&member, &session, Section::Endpoints, format!("Retire a secret of {name}")).await?;
    html(&RetirePage { page, id: endpoint_id.to_string(), name, secret_id: secret_id.to_string() })
}

pub async fn retire(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((endpoint_id, secret_id)): Path<(EndpointId, EndpointSecretId)>,
) -> Result<Redirect, Error> {
    super::find(&app, &member, endpoint_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let retired = secrets::retire(&mut c, member.tenant_id, (endpoint_id, secret_id), app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    let notice = if retired {
        "Retired: it signs nothing any more."
    } else {
        "It is retired already, or the only one there is."
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")))
}
