//! Disconnecting, after a page that says what goes; and registering a number that Meta has not registered yet.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::{ChannelId, ConnectionId};
use socialhook_relay::connect::Left;
use socialhook_store::{channels, connections};
use tower_sessions::Session;

use crate::channels::one;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;

#[derive(Template)]
#[template(path = "disconnect.html")]
struct DisconnectPage {
    page: Page,
    id: String,
    name: String,
    channels: Vec<String>,
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(connection_id): Path<ConnectionId>,
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let found = connections::find(&mut c, member.tenant_id, connection_id).await?.ok_or(Error::NotFound)?;
    let its = channels::of_connection(&mut c, member.tenant_id, connection_id).await?;
    let all = channels::list(&mut c, member.tenant_id).await?;
    drop(c);
    let named = all.into_iter().filter(|channel| its.iter().any(|(id, _, _)| *id == channel.channel_id));
    html(&DisconnectPage {
        page: Page::new(&member, &session, Section::Channels, format!("Disconnect {}", found.name)).await?,
        id: connection_id.to_string(),
        channels: named.map(|channel| channel.name).collect(),
        name: found.name,
    })
}

pub async fn delete(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(connection_id): Path<ConnectionId>,
) -> Result<Redirect, Error> {
    let left = app.relay.disconnect(member.tenant_id, connection_id).await?.ok_or(Error::NotFound)?;
    let notice = match left {
        Left::Unsubscribed => "Disconnected. Meta sends nothing more for it, and its access token is deleted.",
        Left::OnlyHere => {
            "Disconnected here, and its access token is deleted. Meta could not be asked to stop: remove the app in Meta’s business settings, too."
        }
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to("/channels"))
}

#[derive(Deserialize)]
pub struct RegisterForm {
    #[serde(default)]
    pin: String,
}

/// Registers a number for the Cloud API.
pub async fn register(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
    Form(form): Form<RegisterForm>,
) -> Result<Redirect, Error> {
    one::find(&app, &member, channel_id).await?;
    let pin = form.pin.trim();
    let notice = if pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()) {
        match app.relay.register_number(member.tenant_id, channel_id, pin).await? {
            Ok(()) => "Registered. The number receives from now on. Keep the PIN: Meta asks for it again.".to_owned(),
            Err(why) => format!("Not registered. {why}"),
        }
    } else {
        "Not registered. Choose a PIN of six digits.".to_owned()
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}/doctor")))
}
