//! `Idempotency-Key`: a request that is sent again does not do again what it did.
//!
//! What must hold: the repeat is answered as the first was; a failure of ours is not kept, so that its repeat is tried.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use socialhook_store::idempotency::{self, Asked, Known};

use super::gate::Caller;
use super::{BODY_MAX, Problem};
use crate::error::Error;
use crate::state::App;

const KEY: &str = "idempotency-key";
const KEY_MAX: usize = 255;
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// More than any answer has.
const ANSWER_MAX: usize = 1 << 20;
/// What separates an answer's place from its body.
const SEPARATOR: u8 = b'\n';

pub async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).map(|key| key.as_bytes().to_vec());
    let (Some(key), false) = (key, request.method().is_safe()) else { return next.run(request).await };
    if key.is_empty() || key.len() > KEY_MAX {
        return Problem::unreadable(format!("An idempotency key has 1 to {KEY_MAX} characters.")).into_response();
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return next.run(request).await };
    once(&app, &caller, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn once(app: &App, caller: &Caller, key: &[u8], request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.map_err(|_| Problem::from(Error::TooLarge))?;
    let said = [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &body];
    let asked = Asked::new(caller.api_key_id, key, &said);
    let tenant_id = caller.tenant_id;
    let mut c = app.tenant(tenant_id).await?;
    let known = idempotency::begin(&mut c, tenant_id, &asked, &app.sealer, app.clock.now()).await?;
    drop(c);
    let id = match known {
        Known::New(id) => id,
        Known::UnderWay => return Err(Problem::conflict("A request with this idempotency key is under way.")),
        Known::Other => {
            let detail = "This idempotency key came with another request before: give each request its own.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        Known::Answered { status, answer } => return Ok(repeated(status, &answer)),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let read = to_bytes(body, ANSWER_MAX).await.map_err(|_| Error::Unexpected("an answer cannot be read"))?;
    let mut c = app.tenant(tenant_id).await?;
    if parts.status.is_server_error() {
        idempotency::forget(&mut c, tenant_id, &asked, id).await?;
    } else {
        let place = parts.headers.get(header::LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let answer = [place, &[SEPARATOR], &read].concat();
        let told = (parts.status.as_u16(), answer.as_slice(), &*app.sealer);
        idempotency::finish(&mut c, tenant_id, (&asked, id), told).await?;
    }
    Ok(Response::from_parts(parts, Body::from(read)))
}

fn repeated(status: u16, answer: &[u8]) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let end = answer.iter().position(|byte| *byte == SEPARATOR).unwrap_or_default();
    let (place, body) = (&answer[..end], &answer[(end + 1).min(answer.len())..]);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, [(REPLAYED, "true")], body.to_vec()).into_response();
    let headers = response.headers_mut();
    if body.is_empty() {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Ok(place) = HeaderValue::from_bytes(place)
        && !place.is_empty()
    {
        headers.insert(header::LOCATION, place);
    }
    response
}
