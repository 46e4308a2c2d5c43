//! Who is signed in in a browser, whatever tenants they belong to, and how somebody becomes it.
//!
//! What must hold: whoever has a second factor is signed in only after it; a session gets a new id with each step.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use socialhook_core::id::{AccountId, TenantId};
use socialhook_store::accounts;
use socialhook_store::sessions::{ACCOUNT_KEY, BROWSER_KEY, SINCE_KEY};
use socialhook_store::tenants::{self, Tenant};
use tower_sessions::Session;

use crate::client::Client;
use crate::error::{Error, database};
use crate::member::sign_in_first;
use crate::state::App;

/// Which of their tenants they look at.
const TENANT_KEY: &str = "tenant_id";
/// When they last showed that it is they, in seconds since the epoch.
const PROVED_KEY: &str = "proved";
/// Who gave the right password, and has yet to give a code.
const HALFWAY_KEY: &str = "halfway";
/// How long a proof is good enough for what secrets hang on.
const PROVED_FOR: TimeDelta = TimeDelta::minutes(15);
/// How long there is to enter a code.
const HALFWAY_FOR: TimeDelta = TimeDelta::minutes(10);

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct Person {
    pub account_id: AccountId,
    pub email: String,
    pub tenants: Vec<Tenant>,
    /// Which of them this browser looks at, if it chose one.
    chosen: Option<TenantId>,
    /// Whether they showed just now that it is they.
    pub is_proved: bool,
}

impl Person {
    /// The tenant whose pages they see: the one that they chose, or the first that they belonged to.
    pub fn tenant(&self) -> Option<&Tenant> {
        let chosen = self.tenants.iter().find(|tenant| Some(tenant.tenant_id) == self.chosen);
        chosen.or_else(|| self.tenants.first())
    }
}

/// Makes this browser the account's. The session gets a new id, so that one planted before is worth nothing.
pub async fn sign_in(app: &App, session: &Session, client: &Client, account_id: AccountId) -> Result<(), Error> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(ACCOUNT_KEY, account_id).await?;
    session.insert(SINCE_KEY, app.clock.now().timestamp()).await?;
    session.insert(BROWSER_KEY, &client.browser).await?;
    prove(app, session).await
}

/// They showed once more that it is they.
pub async fn prove(app: &App, session: &Session) -> Result<(), Error> {
    Ok(session.insert(PROVED_KEY, app.clock.now().timestamp()).await?)
}

/// Has this browser look at another tenant.
pub async fn choose(session: &Session, tenant_id: TenantId) -> Result<(), Error> {
    Ok(session.insert(TENANT_KEY, tenant_id).await?)
}

/// Who gave the right password, and where they wanted to go.
#[derive(Debug, Serialize, Deserialize)]
pub struct Halfway {
    pub account_id: AccountId,
    pub next: String,
    since: i64,
}

/// Remembers that the password was right, until the code is.
pub async fn go_halfway(app: &App, session: &Session, account_id: AccountId, next: String) -> Result<(), Error> {
    session.cycle_id().await?;
    let halfway = Halfway { account_id, next, since: app.clock.now().timestamp() };
    Ok(session.insert(HALFWAY_KEY, halfway).await?)
}

/// Who has yet to give a code here.
pub async fn halfway(app: &App, session: &Session) -> Result<Option<Halfway>, Error> {
    let halfway = session.get::<Halfway>(HALFWAY_KEY).await?;
    Ok(halfway.filter(|halfway| app.clock.now().timestamp() - halfway.since <= HALFWAY_FOR.num_seconds()))
}

/// The person of this session, if one is signed in.
pub async fn current(app: &App, session: &Session) -> Result<Option<Person>, Error> {
    let Some(account_id) = session.get::<AccountId>(ACCOUNT_KEY).await? else { return Ok(None) };
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let Some(account) = accounts::find(&mut c, account_id).await? else { return Ok(None) };
    let tenants = tenants::of_account(&mut c, account_id).await?;
    drop(c);
    let proved: Option<i64> = session.get(PROVED_KEY).await?;
    let is_proved = proved.is_some_and(|at| app.clock.now().timestamp() - at <= PROVED_FOR.num_seconds());
    let chosen = session.get(TENANT_KEY).await?;
    Ok(Some(Person { account_id, email: account.email, tenants, chosen, is_proved }))
}

impl<S> FromRequestParts<S> for Person
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let person = current(&App::from_ref(state), &session).await.map_err(IntoResponse::into_response)?;
        person.ok_or_else(|| sign_in_first(parts).into_response())
    }
}
