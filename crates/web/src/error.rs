//! One error type, one match to a status, logged once, drawn once.
//!
//! A handler's error becomes a bare response that carries the error; [`draw`], an outer layer, logs it and draws the page:
//! a sentence, a reference to quote, a way on. Our own text never leaves.

use std::error::Error as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{MatchedPath, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Extension, Html, IntoResponse, Response};
use chrono::TimeDelta;
use socialhook_store as store;

use crate::codes;

/// Characters of the reference a visitor can quote.
const REFERENCE_LENGTH: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such thing")]
    NotFound,
    #[error("the page does not take this method")]
    Method,
    #[error("the form came from another site")]
    CrossSite,
    #[error("the member may look only")]
    ViewOnly,
    #[error("only owners may do this")]
    OwnersOnly,
    #[error("the link does not hold any more")]
    LinkOver,
    #[error("the form cannot be read")]
    Unreadable,
    #[error("the form is too large")]
    TooLarge,
    #[error("too much is waiting already")]
    Busy,
    /// How long to wait.
    #[error("it was tried too often")]
    TooOften(TimeDelta),
    #[error("the page took too long")]
    TimedOut,
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the session failed")]
    Session(#[from] tower_sessions::session::Error),
    #[error("the page could not be drawn")]
    Template(#[from] askama::Error),
    #[error("a task of ours ended unexpectedly")]
    Task(#[from] tokio::task::JoinError),
    #[error("{0}")]
    Unexpected(&'static str),
}

/// A connection that could not be had.
pub fn database(error: impl Into<store::Error>) -> Error {
    Error::Store(error.into())
}

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::CrossSite | Self::ViewOnly | Self::OwnersOnly => StatusCode::FORBIDDEN,
            Self::LinkOver => StatusCode::GONE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Store(_) | Self::Session(_) | Self::Template(_) | Self::Task(_) | Self::Unexpected(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What a layer meant that answered with a bare status.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            StatusCode::GATEWAY_TIMEOUT => Self::TimedOut,
            status if status.is_client_error() => Self::Unreadable,
            _ => Self::Unexpected("a layer answered with a bare status"),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status(), Extension(Arc::new(self))).into_response()
    }
}

impl From<FormRejection> for Error {
    fn from(rejection: FormRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { Self::TooLarge } else { Self::Unreadable }
    }
}

impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}

impl From<QueryRejection> for Error {
    fn from(_: QueryRejection) -> Self {
        Self::Unreadable
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    explanation: &'static str,
    reference: Option<String>,
}

/// The outer layer: logs what failed and draws it.
pub async fn draw(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let status = response.status();
    let error = match response.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => error,
        None if is_bare(&response) => Arc::new(Error::of_status(status)),
        None => return response,
    };
    let reference = status.is_server_error().then(|| codes::random(REFERENCE_LENGTH));
    if let Some(reference) = &reference {
        let cause = error.source().map(ToString::to_string);
        if matches!(*error, Error::Busy) {
            tracing::warn!(reference, %method, route, "a page was not made: too much was waiting");
        } else {
            tracing::error!(reference, %method, route, %error, cause, "a page failed");
        }
    }
    let (title, explanation) = words(&error);
    let page = ErrorPage { title, explanation, reference };
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page could not be drawn");
            (status, title).into_response()
        }
    }
}

fn is_bare(response: &Response) -> bool {
    let status = response.status();
    (status.is_client_error() || status.is_server_error()) && !response.headers().contains_key(header::CONTENT_TYPE)
}

/// What happened, then what to do.
pub fn words(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::NotFound => (
            "There is nothing here",
            "The link may be old, the event may be past its retention, or it belongs to another account.",
        ),
        Error::Method => ("This page cannot be used that way", "Go back, reload the page and press the button again."),
        Error::CrossSite => (
            "This form came from another site",
            "To protect your account, forms are accepted only from our own pages. Open the page here and send it again.",
        ),
        Error::ViewOnly => (
            "You can look, but not change",
            "Your role here is viewer. Ask someone who is an owner or a developer to do it.",
        ),
        Error::OwnersOnly => ("Only an owner can do this", "Ask someone whose role here is owner to do it."),
        Error::LinkOver => (
            "This link does not work any more",
            "It was used already, its time is over, or a newer one was sent. Ask for a new one where you asked for this.",
        ),
        Error::Unreadable => (
            "That could not be read",
            "Something in the request was incomplete. Go back, reload the page and try again.",
        ),
        Error::TooLarge => {
            ("That is too much for a form", "A form may hold 64 KiB. Shorten what you entered and send it again.")
        }
        Error::Busy => (
            "Too much at once",
            "We could not take this right now, and nothing was changed. Try again in a few seconds.",
        ),
        Error::TooOften(_) => {
            ("That was tried too often", "To protect accounts, we count tries. Wait some minutes, then try again.")
        }
        Error::TimedOut => {
            ("That took too long", "The page did not finish in time. Try again; if it stays so, tell us the reference.")
        }
        _ => (
            "Something failed on our side",
            "It is logged under the reference below, and your events are not affected. Try again; if it stays so, tell us the reference.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_never_reads_our_text() {
        let ours = Error::Unexpected("secret detail");
        let (title, explanation) = words(&ours);
        assert!(!title.contains("secret") && !explanation.contains("secret"));
        assert_eq!(ours.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn bare_statuses_keep_their_meaning() {
        for status in [404, 405, 413, 503, 504] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Error::of_status(status).status(), status);
        }
    }
}
