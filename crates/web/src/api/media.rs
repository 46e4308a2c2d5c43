//! Files of an event, with links that work from now on.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use socialhook_core::id::EventId;
use socialhook_core::signature::hex;
use socialhook_store::events;
use socialhook_store::media::{self as stored, Media};
use utoipa::ToSchema;

use super::Page;
use super::gate::Caller;
use super::problem::{Problem, Problems};
use crate::error::Error;
use crate::extract::Path;
use crate::state::App;

/// A file of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct File {
    /// Its place in the event's `media`, from 0.
    position: i16,
    /// `waiting` to be fetched from Meta, `stored`, `gone` at Meta, or `refused`: too large, or without room.
    state: &'static str,
    /// Why it is not there, in words.
    reason: Option<String>,
    mime_type: Option<String>,
    filename: Option<String>,
    /// Bytes; null: it is not there yet.
    size: Option<i64>,
    /// In lower-case hex.
    sha256: Option<String>,
    /// Where it is to be had, fetched from Meta if it is not there yet. Null: nowhere any more.
    url: Option<String>,
    /// Seconds since the epoch; asking again gives a new link.
    url_expires_at: Option<i64>,
}

impl File {
    fn of(app: &App, media: Media) -> Self {
        let link = media.state.is_to_be_had().then(|| app.relay.media_link(media.key, None));
        Self {
            position: media.key.position,
            state: media.state.as_str(),
            reason: media.reason,
            mime_type: media.content_type.or(media.mime_type),
            filename: media.filename,
            size: media.size,
            sha256: media.sha256.or(media.announced_sha256).map(|digest| hex(&digest)),
            url_expires_at: link.as_ref().map(|(_, expires_at)| *expires_at),
            url: link.map(|(url, _)| url.into()),
        }
    }
}

/// Files of an event
///
/// What came with it and is kept, or still to be fetched, each with a new link: those in the event itself end.
#[utoipa::path(get, path = "/api/v1/events/{event_id}/media", tag = "Events", operation_id = "media", security(("key" = [])),
    params(("event_id" = String, Path)), responses((status = 200, body = Page<File>), Problems))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(event_id): Path<EventId>,
) -> Result<Json<Page<File>>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let event = events::find(&mut c, caller.tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    let files = stored::of_event(&mut c, caller.tenant_id, event_id).await?;
    drop(c);
    let data = files.into_iter().filter(|_| !event.is_dropped).map(|media| File::of(&app, media)).collect();
    Ok(Json(Page { data, next_cursor: None }))
}
