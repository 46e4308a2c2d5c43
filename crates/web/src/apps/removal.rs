//! Deleting an app that has no channels any more, after a page that says what that means.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::AppId;
use socialhook_store::{apps as stored, channels};
use tower_sessions::Session;

use super::one;
use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::count;

#[derive(Template)]
#[template(path = "app-delete.html")]
struct DeletePage {
    page: Page,
    id: String,
    name: String,
    /// In words; none: it can be deleted.
    channels: Option<String>,
    named: Vec<(String, String)>,
}

/// Channels that are named on the page.
const NAMED_MAX: usize = 20;

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
) -> Result<Response, Error> {
    let found = one::find(&app, &member, app_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let own = channels::list(&mut c, member.tenant_id).await?;
    drop(c);
    let of_app: Vec<_> = own.into_iter().filter(|channel| channel.app_id == app_id).collect();
    html(&DeletePage {
        page: Page::new(&member, &session, Section::Apps, format!("Delete {}", found.name)).await?,
        id: app_id.to_string(),
        name: found.name,
        channels: (!of_app.is_empty()).then(|| count(of_app.len(), "channel", "channels")),
        named: of_app
            .into_iter()
            .take(NAMED_MAX)
            .map(|channel| (format!("/channels/{}", channel.channel_id), channel.name))
            .collect(),
    })
}

pub async fn delete(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
) -> Result<Redirect, Error> {
    let found = one::find(&app, &member, app_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let deleted = match stored::delete(&mut c, member.tenant_id, app_id).await {
        // A channel appeared at the same moment.
        Err(error) if error.constraint().is_some() => false,
        deleted => deleted?,
    };
    drop(c);
    if !deleted {
        leave_notice(&session, format!("{} still has channels. Move or delete them first.", found.name)).await?;
        return Ok(Redirect::to(&format!("/apps/{app_id}/delete")));
    }
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is deleted. Its callback URL answers 404 from now on.", found.name)).await?;
    Ok(Redirect::to("/apps"))
}
