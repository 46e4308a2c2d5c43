//! The ledger as a file: everything that its filters want, newest first, as NDJSON or CSV.
//!
//! What must hold: each row is told as it stands when it is read; what comes in after the beginning is not in it.

mod rows;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use socialhook_store::ledger::{self, Cursor, Filters, Size, Toward};
use socialhook_store::{PgConnection, channels, endpoints};

use super::wanted::{Known, Wanted};
use crate::error::Error;
use crate::exports::{Exports, Piece, Source};
use crate::extract::Query;
use crate::member::Member;
use crate::state::App;
use rows::Format;

pub use rows::{exact, in_one_line, state};

/// A filter that cannot be understood is refused: leaving it out would export what nobody asked for.
pub async fn show(
    State(app): State<App>,
    State(exports): State<Exports>,
    member: Member,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let format = query.iter().find(|(name, _)| name == "format").and_then(|(_, word)| Format::from_word(word));
    let format = format.ok_or(Error::Unreadable)?;
    let mut c = app.tenant(member.tenant_id).await?;
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
    let tenant_id = member.tenant_id;
    let export = Export { member, filters, format, goes_on: Some(Cursor::NEWEST), is_begun: false };
    let headers =
        [(header::CONTENT_TYPE, format.content_type().to_owned()), (header::CONTENT_DISPOSITION, file(format, now))];
    Ok((headers, exports.send(app, tenant_id, export)?).into_response())
}

fn file(format: Format, now: DateTime<Utc>) -> String {
    format!("attachment; filename=\"deliveries-{}.{}\"", now.format("%Y%m%dT%H%M%SZ"), format.as_str())
}

struct Export {
    member: Member,
    filters: Filters,
    format: Format,
    /// Where the next piece begins; none after the last one.
    goes_on: Option<Cursor>,
    is_begun: bool,
}

impl Source for Export {
    /// Empty where a look back found nothing and another one is to follow.
    async fn next(&mut self, c: &mut PgConnection) -> Result<Option<Piece>, Error> {
        let Some(cursor) = self.goes_on else { return Ok(None) };
        let page = ledger::page(c, self.member.tenant_id, &self.filters, (cursor, Toward::Older), Size::CHUNK).await?;
        let mut bytes = Vec::new();
        if !self.is_begun {
            self.is_begun = true;
            bytes.extend_from_slice(self.format.beginning().as_bytes());
        }
        let entries = self.member.sees(page.entries);
        for entry in &entries {
            self.format.write(entry, &mut bytes);
        }
        self.goes_on = page.older;
        Ok(Some(Piece { rows: entries.len(), bytes }))
    }
}
