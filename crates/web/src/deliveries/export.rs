//! The ledger as a file: everything that its filters want, newest first, as NDJSON or CSV.
//!
//! What must hold: however much it is, memory holds one chunk; between two chunks no connection is held, so a slow reader costs
//! the pages nothing. Each row is told as it stands when it is read; what comes in after the beginning is not in it. A file that
//! could not be finished ends as a broken transfer, never as one that looks whole.

mod rows;

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, Stream};
use socialhook_core::id::TenantId;
use socialhook_store::ledger::{self, Cursor, Filters, Size, Toward};
use socialhook_store::{channels, endpoints};

use super::wanted::{Known, Wanted};
use crate::error::{Error, database};
use crate::exports::{Exports, Place};
use crate::extract::Query;
use crate::member::Member;
use crate::state::App;
use rows::Format;

pub use rows::state;

/// A filter that cannot be understood is refused: leaving it out would export what nobody asked for.
pub async fn show(
    State(app): State<App>,
    State(exports): State<Exports>,
    member: Member,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let format = query.iter().find(|(name, _)| name == "format").and_then(|(_, word)| Format::from_word(word));
    let format = format.ok_or(Error::Unreadable)?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let channels = channels::list(&mut c, member.tenant_id).await?;
    let endpoints = endpoints::names(&mut c, member.tenant_id).await?;
    drop(c);
    let now = app.clock.now();
    let known = Known { channels: &channels, endpoints: &endpoints, zone: member.zone, now };
    let (filters, fields) = Wanted::read(query).filters(&known);
    let is_wrong = [fields.endpoint, fields.event, fields.from, fields.to].iter().any(|field| field.error.is_some());
    if is_wrong {
        return Err(Error::Unreadable);
    }
    let place = exports.begin(member.tenant_id)?;
    let export = Export {
        app,
        tenant_id: member.tenant_id,
        filters,
        format,
        goes_on: Some(Cursor::NEWEST),
        is_begun: false,
        place,
    };
    let headers =
        [(header::CONTENT_TYPE, format.content_type().to_owned()), (header::CONTENT_DISPOSITION, file(format, now))];
    Ok((headers, Body::from_stream(export.chunks())).into_response())
}

fn file(format: Format, now: DateTime<Utc>) -> String {
    format!("attachment; filename=\"deliveries-{}.{}\"", now.format("%Y%m%dT%H%M%SZ"), format.as_str())
}

struct Export {
    app: App,
    tenant_id: TenantId,
    filters: Filters,
    format: Format,
    /// Where the next chunk begins; none after the last one.
    goes_on: Option<Cursor>,
    is_begun: bool,
    place: Place,
}

impl Export {
    fn chunks(self) -> impl Stream<Item = io::Result<Vec<u8>>> {
        stream::unfold(self, async |mut export| {
            let cursor = export.goes_on.take()?;
            let chunk = export.chunk(cursor).await;
            // What failed ends it: the place to go on is gone.
            Some((chunk, export))
        })
    }

    /// What comes after `cursor`; empty where a look back found nothing and another one is to follow.
    async fn chunk(&mut self, cursor: Cursor) -> io::Result<Vec<u8>> {
        if self.app.stopping.is_cancelled() {
            return Err(io::Error::other("the process stops"));
        }
        let page = self.read(cursor).await.map_err(|error| {
            tracing::error!(%error, "an export broke off");
            io::Error::other("the export broke off")
        })?;
        let mut chunk = Vec::new();
        if !self.is_begun {
            self.is_begun = true;
            chunk.extend_from_slice(self.format.beginning().as_bytes());
        }
        page.entries.iter().for_each(|entry| self.format.write(entry, &mut chunk));
        self.place.wrote(page.entries.len(), chunk.len());
        self.goes_on = page.older;
        if self.goes_on.is_none() {
            self.place.complete();
        }
        Ok(chunk)
    }

    async fn read(&self, cursor: Cursor) -> Result<ledger::Page, Error> {
        let mut c = self.app.pools.web.acquire().await.map_err(database)?;
        Ok(ledger::page(&mut c, self.tenant_id, &self.filters, (cursor, Toward::Older), Size::CHUNK).await?)
    }
}
