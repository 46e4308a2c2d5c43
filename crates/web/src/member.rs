//! Who is signed in, and what their role allows.
//!
//! What must hold: a handler that takes a [`Member`] is for members only, and others are sent to sign in first; what is not a GET is not for
//! viewers, whatever the handler does, unless it stands in [`VIEWERS_MAY`] or under [`OWN`].

use axum::extract::{FromRef, FromRequestParts, MatchedPath};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::Tz;
use socialhook_core::id::{AccountId, TenantId};
use socialhook_store::tenants::{Role, Tenant};
use url::form_urlencoded;

use crate::audit::Actor;
use crate::error::Error;
use crate::person::Person;
use crate::state::App;
use crate::words::Now;

/// Forms that change nothing of the tenant's and have nothing sent, and the one by which members leave; who removes others must own.
const VIEWERS_MAY: &[&str] = &["/clinic", "/members/{account_id}/remove"];
/// Routes under which everybody does what concerns themselves only.
const OWN: &str = "/account/";

/// A signed-in person, and the tenant whose pages they see.
#[derive(Debug, Clone)]
pub struct Member {
    pub tenant_id: TenantId,
    pub tenant_name: String,
    pub account_id: AccountId,
    pub email: String,
    pub role: Role,
    /// The tenant's, for times that are told or entered.
    pub zone: Tz,
    /// Whether they showed just now that it is they.
    pub is_proved: bool,
}

impl Member {
    pub fn now(&self, app: &App) -> Now {
        app.clock.now().with_timezone(&self.zone)
    }

    /// Whether they may have anything sent or changed.
    pub fn may_act(&self) -> bool {
        self.role != Role::Viewer
    }

    /// For a page that leads to an action only. The action itself is refused without it.
    pub fn must_act(&self) -> Result<(), Error> {
        if self.may_act() { Ok(()) } else { Err(Error::ViewOnly) }
    }
}

impl Member {
    /// What somebody is in one of their tenants.
    pub fn of(person: &Person, tenant: &Tenant) -> Self {
        Self {
            tenant_id: tenant.tenant_id,
            tenant_name: tenant.name.clone(),
            account_id: person.account_id,
            email: person.email.clone(),
            role: tenant.role,
            // One that this version does not know was valid to another version: no reason to show nothing.
            zone: tenant.time_zone.parse().unwrap_or(Tz::UTC),
            is_proved: person.is_proved,
        }
    }

    /// For what only owners decide.
    pub fn must_own(&self) -> Result<(), Error> {
        if self.role == Role::Owner { Ok(()) } else { Err(Error::OwnersOnly) }
    }
}

impl<S> FromRequestParts<S> for Member
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let person = Person::from_request_parts(parts, state).await?;
        let tenant = person.tenant().ok_or_else(|| Redirect::to("/tenants").into_response())?;
        let member = Self::of(&person, tenant);
        if !member.may_act() && !only_looks(parts) {
            return Err(Error::ViewOnly.into_response());
        }
        if let Some(actor) = parts.extensions.get::<Actor>() {
            actor.is(&member);
        }
        Ok(member)
    }
}

fn only_looks(parts: &Parts) -> bool {
    let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    parts.method.is_safe() || route.is_some_and(|route| route.starts_with(OWN) || VIEWERS_MAY.contains(&route))
}

/// A page is returned to after signing in; an action is not repeated.
pub(crate) fn sign_in_first(parts: &Parts) -> Redirect {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    if parts.method != Method::GET || local_path(path).is_none() {
        return Redirect::to("/sign-in");
    }
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    Redirect::to(&format!("/sign-in?next={next}"))
}

/// A path on this site, and nothing that a browser could take for another one.
pub fn local_path(text: &str) -> Option<&str> {
    let ours = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && text.chars().all(|c| c.is_ascii_graphic());
    ours.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_our_own_are_followed() {
        for good in ["/", "/deliveries", "/deliveries?outcome=parked&after=x", "/a//b"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "deliveries",
            "//evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "https://evil.test",
            "/\t/evil.test",
            "/a\nb",
            "/ä",
            "javascript:alert(1)",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
