//! Who calls, whether they may, and how often; and what they did, for the audit log.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use socialhook_core::id::{ApiKeyId, TenantId};
use socialhook_store::api_keys::{self, ApiKey};
use socialhook_store::audit::Deed;
use socialhook_store::throttle::{self, Left, Limit, Subject};

use super::{Problem, operation};
use crate::audit;
use crate::client::Client;
use crate::error::{Error, database};
use crate::state::App;

/// Of one key: 10 a second on the whole, and up to 300 at once.
const CALLS: Limit = Limit { kind: "api", burst: 300, every: TimeDelta::milliseconds(100) };
/// Keys that do not exist, from one network.
const GUESSES: Limit = Limit { kind: "api_key", burst: 60, every: TimeDelta::seconds(10) };

/// Whoever calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant_id: TenantId,
    pub api_key_id: ApiKeyId,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Error::Unexpected("an operation stands outside the gate").into())
    }
}

fn no_key(detail: &str) -> Response {
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let network = Client::of_headers(&app, &request).network;
    let Some(text) = bearer(request.headers()).map(str::to_owned) else {
        return no_key("Send a key as Authorization: Bearer shk_…; an owner or developer makes one under Settings.");
    };
    match admitted(&app, network.as_deref(), &text).await {
        Ok(Some((key, left))) => {
            let mut response = match left.wait {
                Some(_) => {
                    Problem::new(StatusCode::TOO_MANY_REQUESTS, "Wait as long as Retry-After says.").into_response()
                }
                None => allowed(&app, (&key, network.as_deref()), request, next).await,
            };
            tell_limit(response.headers_mut(), left);
            response
        }
        Ok(None) => no_key("There is no such key, it was revoked, or its time is over."),
        Err(Error::TooOften(wait)) => {
            let mut response = Problem::from(Error::TooOften(wait)).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, seconds(wait).into());
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The key, and how many calls it has left after this one. Who guesses keys is made to wait, but not who is behind a proxy that we do not know.
async fn admitted(app: &App, network: Option<&str>, text: &str) -> Result<Option<(ApiKey, Left)>, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let now = app.clock.now();
    if let Some(key) = api_keys::find(&mut c, text, now).await? {
        let left = throttle::count(&mut c, CALLS, &Subject::of(&[key.api_key_id.0.as_bytes()]), now).await?;
        return Ok(Some((key, left)));
    }
    let Some(network) = network else { return Ok(None) };
    match throttle::take(&mut c, GUESSES, &Subject::of(&[network.as_bytes()]), now).await? {
        Some(wait) => Err(Error::TooOften(wait)),
        None => Ok(None),
    }
}

fn seconds(time: TimeDelta) -> u64 {
    u64::try_from((time.num_milliseconds() + 999) / 1000).unwrap_or(1).max(1)
}

/// The headers of draft-ietf-httpapi-ratelimit-headers that clients know best.
fn tell_limit(headers: &mut HeaderMap, left: Left) {
    let mut set = |name: &'static str, value: u64| headers.insert(HeaderName::from_static(name), value.into());
    set("ratelimit-limit", u64::try_from(CALLS.burst).unwrap_or_default());
    set("ratelimit-remaining", u64::try_from(left.tries).unwrap_or_default());
    set("ratelimit-reset", seconds(left.full_in));
    if let Some(wait) = left.wait {
        set("retry-after", seconds(wait));
    }
}

async fn allowed(app: &App, (key, network): (&ApiKey, Option<&str>), mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned()).unwrap_or_default();
    let Some((scope, action)) = operation(request.method(), &route) else { return Error::Method.into_response() };
    if !key.scopes.contains(&scope) {
        let detail = format!("This takes a key with the scope “{}”.", scope.word());
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    let caller = Caller { tenant_id: key.tenant_id, api_key_id: key.api_key_id };
    request.extensions_mut().insert(caller);
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if let Some(action) = action.filter(|_| response.status().is_success()) {
        let mut subjects = audit::ids(&path);
        if let Some(made) = response.headers().get(header::LOCATION).and_then(|made| made.to_str().ok()) {
            subjects.extend(audit::ids(made));
        }
        let email = format!("API key “{}”", key.name);
        let deed = Deed { account_id: key.created_by, email: &email, network, action, subjects: &subjects };
        audit::add(app, key.tenant_id, deed).await;
    }
    response
}
