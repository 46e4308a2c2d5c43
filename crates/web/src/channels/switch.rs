//! Disabling a channel, enabling it again, and deleting it, each after a page that says what it means.
//!
//! What must hold: disabling loses nothing. Webhooks are answered 200 and become events as before; they are only delivered nowhere, so
//! that a replay sends them once the channel is enabled.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::ChannelId;
use socialhook_store::channels as stored;
use socialhook_store::endpoints;
use tower_sessions::Session;

use super::one;
use crate::error::{Error, database};
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;

#[derive(Template)]
#[template(path = "channel-disable.html")]
struct DisablePage {
    page: Page,
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "channel-delete.html")]
struct DeletePage {
    page: Page,
    id: String,
    name: String,
    is_operators: bool,
    /// Endpoints that take the events of this channel only.
    left_alone: Vec<String>,
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Response, Error> {
    let name = one::find(&app, &member, channel_id).await?.name;
    let page = Page::new(&member, &session, Section::Channels, format!("Disable {name}")).await?;
    html(&DisablePage { page, id: channel_id.to_string(), name })
}

pub async fn disable(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Redirect, Error> {
    let channel = one::find(&app, &member, channel_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    stored::disable(&mut c, member.tenant_id, channel_id, Some(app.clock.now())).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is disabled. Its events are kept, and delivered nowhere.", channel.name))
        .await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}")))
}

pub async fn enable(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Redirect, Error> {
    let channel = one::find(&app, &member, channel_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    stored::disable(&mut c, member.tenant_id, channel_id, None).await?;
    drop(c);
    app.relay.refresh().await?;
    let notice = format!("{} is enabled. What came in meanwhile is sent by a replay, not by itself.", channel.name);
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}")))
}

pub async fn confirm_deleting(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Response, Error> {
    let channel = one::find(&app, &member, channel_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let endpoints = endpoints::list(&mut c, member.tenant_id).await?;
    drop(c);
    let alone = endpoints.into_iter().filter(|one| one.channel_ids.as_deref() == Some(&[channel_id]));
    html(&DeletePage {
        page: Page::new(&member, &session, Section::Channels, format!("Delete {}", channel.name)).await?,
        id: channel_id.to_string(),
        name: channel.name,
        is_operators: channel.is_operators,
        left_alone: alone.map(|endpoint| endpoint.name).collect(),
    })
}

pub async fn delete(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Redirect, Error> {
    let channel = one::find(&app, &member, channel_id).await?;
    // What is known of its customers may be much.
    let mut c = app.pools.background.acquire().await.map_err(database)?;
    stored::delete(&mut c, member.tenant_id, channel_id).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is deleted. Its events stay in the ledger.", channel.name)).await?;
    Ok(Redirect::to("/channels"))
}
