//! What every answer gets on its way out, and what every form must pass on its way in.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use socialhook_store::sessions::PgSessions;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};
use url::Url;

use crate::error::Error;
use crate::state::App;

/// Bytes of a form.
pub const FORM_MAX: usize = 64 << 10;
/// No page takes longer, but for the live one.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// After signing in.
const SESSION_DAYS: i64 = 30;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
const STRICT_TRANSPORT: &str = "max-age=31536000; includeSubDomains";

/// Whether browsers reach us over TLS only.
pub fn is_secure(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}

/// Bounds a page's time.
pub fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PAGE_TIMEOUT)
}

/// For what is text and not tiny; never for streams.
pub fn compression() -> CompressionLayer {
    CompressionLayer::new()
}

/// Forms bounded and only from our own pages, sessions, nothing kept by caches.
pub fn dashboard<S>(router: Router<S>, app: &App) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let no_store = SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    router
        .layer(sessions(app))
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .layer(
            same_site_only(&app.public_url)
                .with_rejection_response(|_: ProtectionError| Error::CrossSite.into_response()),
        )
        .layer(no_store)
        .layer(compression())
}

fn sessions(app: &App) -> SessionManagerLayer<PgSessions> {
    let secure = is_secure(&app.public_url);
    SessionManagerLayer::new(PgSessions::new(app.pools.web.clone(), app.clock.clone()))
        .with_name(if secure { "__Host-session" } else { "session" })
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(time::Duration::days(SESSION_DAYS)))
}

/// The public URL is trusted by name, for proxies that change the host.
fn same_site_only(public_url: &Url) -> CsrfLayer {
    let origin = public_url.origin().ascii_serialization();
    CsrfLayer::new().add_trusted_origin(&origin).unwrap_or_else(|error| {
        tracing::warn!(%error, origin, "the public URL cannot be trusted as an origin; forms rely on the Host header");
        CsrfLayer::new()
    })
}

/// The headers of every answer. A panic becomes an error like others.
pub fn everything(router: Router, public_url: &Url) -> Router {
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let router = router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn(crate::error::draw))
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY))
        .layer(always(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    if is_secure(public_url) {
        router.layer(always(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT))
    } else {
        router
    }
}

/// The panic's own text was written to the log by the panic hook.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::Unexpected("a handler panicked").into_response()
}
