//! Signing up: an account, its tenant, and an inspector to see the first event in, all at once or not at all.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::{AccountId, EndpointId, TenantId};
use socialhook_core::signing;
use socialhook_store::accounts::{self, Account, PasswordHash};
use socialhook_store::endpoints::{self, NewEndpoint, Target};
use socialhook_store::{self as store, tenants};
use tower_sessions::Session;

use crate::client::{Client, device_cookie};
use crate::error::Error;
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::member;
use crate::page::{html, leave_notice};
use crate::passwords::{self, Passwords};
use crate::state::App;
use crate::throttle;

pub const INSPECTOR_NAME: &str = "Inspector";

#[derive(Template, Default)]
#[template(path = "sign-up.html")]
struct SignUpPage {
    tenant: Field,
    email: Field,
    /// Never shown again; only its message is.
    password: Field,
}

#[derive(Deserialize)]
pub struct Application {
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// What was checked.
struct Newcomer {
    tenant: String,
    email: String,
    password: SecretString,
}

impl SignUpPage {
    fn check(&mut self, password: SecretString) -> Option<Newcomer> {
        let tenant = self.tenant.check(fields::name);
        let email = self.email.check(fields::email);
        self.password.error = passwords::complaint(&password);
        let fits = self.password.error.is_none();
        Some(Newcomer { tenant: tenant?, email: email?, password: fits.then_some(password)? })
    }

    fn answer(&self) -> Result<Response, Error> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, html(self)?).into_response())
    }
}

pub async fn form(State(app): State<App>, session: Session) -> Result<Response, Error> {
    if member::current(&app, &session).await?.is_some() {
        return Ok(Redirect::to("/overview").into_response());
    }
    html(&SignUpPage::default())
}

pub async fn create(
    State(app): State<App>,
    State(passwords): State<Passwords>,
    client: Client,
    session: Session,
    Form(form): Form<Application>,
) -> Result<Response, Error> {
    let mut page =
        SignUpPage { tenant: Field::new(form.tenant), email: Field::new(form.email), password: Field::default() };
    let Some(newcomer) = page.check(form.password.into()) else { return page.answer() };
    throttle::sign_up(&app, &client).await?;
    let hash = passwords.hash(newcomer.password).await?;
    let account_id = match welcome(&app, newcomer.tenant, newcomer.email, hash).await {
        Ok(account_id) => account_id,
        Err(error) if error.constraint() == Some("account_email") => {
            page.email.wrong("This address has an account already. Sign in with it, or use another one.");
            return page.answer();
        }
        Err(error) => return Err(error.into()),
    };
    app.relay.refresh().await?;
    member::sign_in(&app, &session, &client, account_id).await?;
    leave_notice(&session, "Your account is ready. Three short steps lead to your first event.").await?;
    let known = [(header::SET_COOKIE, device_cookie(&app, account_id)?)];
    Ok((known, Redirect::to("/start")).into_response())
}

/// Creates all that a new customer has, in one transaction.
async fn welcome(app: &App, tenant: String, email: String, password_hash: PasswordHash) -> store::Result<AccountId> {
    let now = app.clock.now();
    let (account_id, tenant_id, endpoint_id) = (AccountId::new(now), TenantId::new(now), EndpointId::new(now));
    let mut tx = app.pools.web.begin().await?;
    accounts::create(&mut tx, &Account { account_id, email, password_hash }, now).await?;
    tenants::create(&mut tx, tenant_id, &tenant, now).await?;
    tenants::add_owner(&mut tx, tenant_id, account_id, now).await?;
    let events = ["*".to_owned()];
    let inspector = NewEndpoint {
        endpoint_id,
        name: INSPECTOR_NAME,
        target: &Target::Inspector,
        events: &events,
        channel_ids: None,
    };
    endpoints::create(&mut tx, tenant_id, &inspector, now).await?;
    let secret = signing::new_secret(&mut rand::rng());
    endpoints::secrets::add(&mut tx, tenant_id, endpoint_id, (&secret, &app.sealer), now).await?;
    tx.commit().await?;
    Ok(account_id)
}
