//! What went wrong with a call, as `application/problem+json` (RFC 9457).
//!
//! What must hold: it says what to do, and nothing of ours.

use std::error::Error as _;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use socialhook_store as store;
use utoipa::{IntoResponses, ToSchema};

use crate::codes;
use crate::error::{Error, words};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
const REFERENCE_LENGTH: usize = 10;

/// A failure: RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: String,
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// What is wrong with each field, if it is about those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// To be quoted when asking about a failure of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    pub field: String,
    pub detail: String,
}

/// What every operation may answer beside what it is for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub enum Problems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// There is no key, or it holds no more.
    #[response(status = 401, content_type = "application/problem+json")]
    NoKey(Problem),
    /// The key's scopes do not reach so far.
    #[response(status = 403, content_type = "application/problem+json")]
    Scope(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// It cannot be done as things are; or a request with the same idempotency key is under way.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// Something in it is wrong: see `errors`.
    #[response(status = 422, content_type = "application/problem+json")]
    Wrong(Problem),
    /// Too many requests: wait for as many seconds as `Retry-After` says.
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Problem),
    /// It cannot be done at this moment: try again in some seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Problem),
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default().to_owned();
        let (kind, status, detail) = ("about:blank", status.as_u16(), detail.into());
        Self { kind, title, status, detail, errors: Vec::new(), reference: None }
    }

    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// What is wrong with which field.
    pub fn wrong<F: Into<String>>(errors: impl IntoIterator<Item = (F, String)>) -> Self {
        let errors = errors.into_iter().map(|(field, detail)| FieldProblem { field: field.into(), detail }).collect();
        let detail = "Something in the request is wrong; errors says what, by field.";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response()
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let status = error.status();
        let (title, explanation) = words(error);
        let mut problem = Self { title: title.to_owned(), ..Self::new(status, explanation) };
        if status.is_server_error() {
            let reference = codes::random(REFERENCE_LENGTH);
            let cause = error.source().map(ToString::to_string);
            tracing::error!(reference, %error, cause, "a call to the API failed");
            problem.reference = Some(reference);
        }
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Error::from(error).into()
    }
}

/// Makes problems of what layers and extractors answered.
pub async fn tell(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        return Problem::from(&*error).into_response();
    }
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if failed && !response.headers().contains_key(header::CONTENT_TYPE) {
        return Problem::new(status, "The request could not be taken as it is.").into_response();
    }
    response
}
