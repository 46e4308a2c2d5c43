//! axum's extractors with our own error, so that a rejection is drawn like every other failure.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use crate::api::Problem;

use crate::error::Error;

#[derive(FromRequest)]
#[from_request(via(axum::extract::Form), rejection(Error))]
pub struct Form<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub struct Path<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub struct Query<T>(pub T);

/// A query of the API, with what is wrong in it told.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Asked<T>(pub T);

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::unreadable(format!("{}.", rejection.body_text()))
    }
}

/// A JSON body of the API, with what is wrong in it told.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_json =
            kind.is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !is_json {
            return Err(Problem::unreadable("Send a JSON body, with Content-Type: application/json."));
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| Problem::from(Error::TooLarge))?;
        let told = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => Problem::wrong([("body", format!("{error}."))]),
            _ => Problem::unreadable(format!("The body is not JSON: {error}.")),
        };
        serde_json::from_slice(&body).map(Self).map_err(told)
    }
}
