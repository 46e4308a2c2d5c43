//! The contract for those who receive events: a page that shows every event type with an example, and the schema and the
//! TypeScript types for machines.
//!
//! All of it is made from what the relay works with: the types that are sent, the simulator's samples and the normaliser. So
//! it is made once, when it is first asked for.

pub mod api;
pub mod examples;
mod keys;

use std::borrow::Cow;
use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use socialhook_core::{schema, signature};

use crate::error::Error;
use examples::Shown;
use keys::Table;

/// A new version has a new URL, but a version may gain keys.
const ONE_HOUR: &str = "public, max-age=3600";

#[derive(Template)]
#[template(path = "docs-events.html")]
struct EventsPage {
    every: Table,
    sometimes: Table,
    events: Vec<Shown>,
    objects: Vec<Table>,
}

/// Something that stays as it is while the process runs.
struct File {
    content_type: &'static str,
    content: Cow<'static, str>,
    tag: String,
}

impl File {
    fn new(content_type: &'static str, content: impl Into<Cow<'static, str>>) -> Self {
        let content = content.into();
        let tag = format!("\"{}\"", signature::hex(&Sha256::digest(content.as_bytes())[..8]));
        Self { content_type, content, tag }
    }

    fn answer(&'static self, headers: &HeaderMap) -> Response {
        let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == self.tag.as_bytes());
        let common = [(header::ETAG, self.tag.as_str()), (header::CACHE_CONTROL, ONE_HOUR)];
        if is_known {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        (common, [(header::CONTENT_TYPE, self.content_type)], &*self.content).into_response()
    }

    /// It may be read from anywhere, so that tools in browsers find it.
    fn answer_to_anyone(&'static self, headers: &HeaderMap) -> Response {
        ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], self.answer(headers)).into_response()
    }
}

static PAGE: LazyLock<Result<File, askama::Error>> = LazyLock::new(|| {
    let (every, sometimes, objects) = keys::tables(&schema::json_schema());
    let page = EventsPage { every, sometimes, events: examples::all(), objects };
    Ok(File::new("text/html; charset=utf-8", page.render()?))
});
static JSON_SCHEMA: LazyLock<File> = LazyLock::new(|| File::new("application/schema+json", schema::JSON_SCHEMA));
static TYPESCRIPT: LazyLock<File> = LazyLock::new(|| File::new("text/plain; charset=utf-8", schema::TYPESCRIPT));

pub async fn events(headers: HeaderMap) -> Result<Response, Error> {
    let page = PAGE.as_ref().map_err(|_| Error::Unexpected("the page on events could not be drawn"))?;
    Ok(page.answer(&headers))
}

pub async fn json_schema(headers: HeaderMap) -> Response {
    JSON_SCHEMA.answer_to_anyone(&headers)
}

pub async fn typescript(headers: HeaderMap) -> Response {
    TYPESCRIPT.answer_to_anyone(&headers)
}
