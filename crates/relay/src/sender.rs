//! One HTTP request to an endpoint: signed, bounded, and told in our own words what came of it.
//!
//! What must hold: no redirect is followed, no proxy used, no address reached that the policy forbids; a response is read
//! only so far; whatever the endpoint does, the result is an [`Answer`], never an error.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect;
use socialhook_core::delivery::{FailureClass, Outcome};
use socialhook_store::attempts::{EXCERPT_MAX, RESPONSE_HEADERS_MAX};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::Settings;
use crate::destination::{self, Blocked, Policy, Resolver, Unresolved};
use crate::directory::Endpoint;
use crate::request::{Request, USER_AGENT, address};

pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an attempt may take in all, unless the settings say otherwise.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a response that are read; the rest is left, and the connection dropped.
pub const RESPONSE_MAX: usize = 64 << 10;
/// As many as are in flight: several endpoints may share a host, and a connection that is not kept costs more than the request.
const IDLE_CONNECTIONS_PER_HOST: usize = 512;
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) struct Sender {
    client: reqwest::Client,
    /// For the inspector: it is this service itself, on an address that is rarely public.
    own: reqwest::Client,
    policy: Policy,
    inspector_base: Url,
    attempt_timeout: Duration,
}

pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// The beginning of a failure's response.
    pub(crate) excerpt: Option<Vec<u8>>,
    /// A failure's response headers: `name: value`, one a line.
    pub(crate) headers: Option<String>,
}

impl Answer {
    fn failure(class: FailureClass) -> Self {
        Self { outcome: Outcome::failure(class), excerpt: None, headers: None }
    }
}

impl Sender {
    pub(crate) fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: client(settings.policy)?,
            own: client(Policy::AllowPrivate)?,
            policy: settings.policy,
            inspector_base: settings.inspector_base.clone(),
            attempt_timeout: settings.attempt_timeout,
        })
    }

    pub(crate) async fn send(&self, endpoint: &Endpoint, request: Request<'_>) -> Answer {
        let Some(url) = address(endpoint, &self.inspector_base) else {
            return Answer::failure(FailureClass::InvalidUrl);
        };
        let client = if endpoint.is_inspector() {
            &self.own
        } else if destination::check_literal(&url, self.policy).is_ok() {
            &self.client
        } else {
            return Answer::failure(FailureClass::BlockedAddress);
        };
        let Ok(headers) = request.headers(endpoint) else { return Answer::failure(FailureClass::InvalidUrl) };
        let sending = client.post(url).headers(headers).body(request.body).send();
        let deadline = Instant::now() + endpoint.timeout.unwrap_or(self.attempt_timeout);
        match timeout_at(deadline, sending).await {
            Ok(Ok(response)) => read(response, deadline).await,
            Ok(Err(error)) => Answer::failure(classify(&error)),
            Err(_) => Answer::failure(FailureClass::Timeout),
        }
    }
}

pub(crate) fn client(policy: Policy) -> Result<reqwest::Client, reqwest::Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes clients for endpoints")]
    let builder = reqwest::Client::builder();
    builder
        .dns_resolver(Resolver::new(policy))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .retry(reqwest::retry::never())
        .build()
}

/// Reads the response so that its connection can be used again, but no further than [`RESPONSE_MAX`]. The status has told what
/// the endpoint made of the event; a body that breaks off, or does not end in time, changes nothing.
async fn read(mut response: reqwest::Response, deadline: Instant) -> Answer {
    let outcome = Outcome::of_status(response.status().as_u16(), retry_after(&response));
    let failed = matches!(outcome, Outcome::Failed { .. });
    let headers = failed.then(|| in_lines(response.headers()));
    let mut excerpt = Vec::new();
    let mut seen = 0;
    while seen <= RESPONSE_MAX
        && let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await
    {
        seen += chunk.len();
        let room = EXCERPT_MAX.saturating_sub(excerpt.len());
        excerpt.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Answer { outcome, excerpt: (failed && !excerpt.is_empty()).then_some(excerpt), headers }
}

/// As many as fit. What a cookie holds is a secret between the endpoint and whoever it set it for.
fn in_lines(headers: &HeaderMap) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let value = if name == SET_COOKIE { "(left out)".into() } else { String::from_utf8_lossy(value.as_bytes()) };
        if lines.len() + name.as_str().len() + value.len() + 3 <= RESPONSE_HEADERS_MAX {
            lines.extend([name.as_str(), ": ", &value, "\n"]);
        }
    }
    lines
}

/// Only the form in seconds; a date would need the receiver's clock to be right.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn classify(error: &reqwest::Error) -> FailureClass {
    if in_chain::<Blocked>(error) {
        FailureClass::BlockedAddress
    } else if in_chain::<Unresolved>(error) {
        FailureClass::Dns
    } else if error.is_timeout() {
        FailureClass::Timeout
    } else if in_chain::<rustls::Error>(error) {
        FailureClass::Tls
    } else if error.is_connect() {
        FailureClass::Connect
    } else if error.is_builder() {
        FailureClass::InvalidUrl
    } else {
        FailureClass::Broken
    }
}

fn in_chain<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An io::Error hides what it wraps from source(), so it is asked itself.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<E>() || wrapped.is_some_and(<dyn StdError + Send + Sync>::is::<E>) {
            return true;
        }
        next = error.source();
    }
    false
}
