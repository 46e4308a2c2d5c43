//! Sending an event by hand: again to its endpoint, or to another one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::{endpoints, events, health, replays};
use tower_sessions::Session;

use super::{load, own_endpoints, page, parse};
use crate::endpoint_choice;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::Field;
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;

#[derive(Deserialize)]
pub struct SendForm {
    /// An id or a name.
    #[serde(default)]
    endpoint: String,
}

pub async fn resend(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((event_id, endpoint_id)): Path<(EventId, EndpointId)>,
) -> Result<Redirect, Error> {
    send(&app, &member, &session, (event_id, endpoint_id)).await
}

/// To the endpoint that the form names.
pub async fn send_to_another(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((event_id, from)): Path<(EventId, String)>,
    Form(form): Form<SendForm>,
) -> Result<Response, Error> {
    let told = load(&app, &member, event_id, parse(&from)?).await?;
    let own = own_endpoints(&app, &member).await?;
    let mut field = Field::new(form.endpoint);
    match field.check(|text| endpoint_choice::find(text, &own)) {
        Some(endpoint_id) => Ok(send(&app, &member, &session, (event_id, endpoint_id)).await?.into_response()),
        None => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, &session, (told, field)).await?).into_response())
        }
    }
}

async fn send(
    app: &App,
    member: &Member,
    session: &Session,
    (event_id, endpoint_id): (EventId, EndpointId),
) -> Result<Redirect, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let event = events::find(&mut c, member.tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    let endpoint = endpoints::find(&mut c, member.tenant_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let opened = replays::resend(&mut c, member.tenant_id, &[(event_id, endpoint_id)], app.clock.now()).await? == 1;
    health::probe_now(&mut c, member.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    let notice = match (opened, endpoint.paused) {
        _ if event.is_dropped => "What was written is not kept any more: it cannot be sent again.".to_owned(),
        (false, None) => format!("{} is being sent this event already.", endpoint.name),
        (_, Some(_)) => format!("{} is paused. The event is sent to it when you resume.", endpoint.name),
        (true, None) => format!("On its way to {}.", endpoint.name),
    };
    leave_notice(session, notice).await?;
    Ok(Redirect::to(&format!("/deliveries/{event_id}/{endpoint_id}")))
}
