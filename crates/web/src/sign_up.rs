//! Signing up: an account, its tenant, and an inspector to see the first event in, all at once or not at all.
//!
//! What must hold: where mail is sent, whoever signs up sees the same whether or not the address has an account, and there is none before
//! its link was followed. Where mail goes into a folder, the machine is the person's own, and the account is made at once.

pub mod confirm;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::{AccountId, EndpointId, TenantId};
use socialhook_core::signature::hex;
use socialhook_core::signing;
use socialhook_store as store;
use socialhook_store::accounts::{self, Account};
use socialhook_store::endpoints::{self, NewEndpoint, Target};
use socialhook_store::sign_ups::{self, SignUp};
use socialhook_store::tenants::{self, Role};
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::client::{Client, device_cookie};
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::mail::{self, SignUpKnown};
use crate::page::{html, leave_notice};
use crate::passwords::{self, Passwords};
use crate::person;
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

#[derive(Template)]
#[template(path = "mail-sent.html")]
pub struct MailSentPage {
    pub email: String,
    pub what: &'static str,
    pub is_in_files: bool,
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
        self.password.error = passwords::complaint(&password, &[&self.email.value, &self.tenant.value]);
        let fits = self.password.error.is_none();
        Some(Newcomer { tenant: tenant?, email: email?, password: fits.then_some(password)? })
    }

    fn answer(&self) -> Result<Response, Error> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, html(self)?).into_response())
    }
}

pub async fn form(State(app): State<App>, session: Session) -> Result<Response, Error> {
    if person::current(&app, &session).await?.is_some() {
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
    let password_hash = passwords.hash(newcomer.password).await?;
    let sign_up = SignUp { email: newcomer.email, tenant_name: newcomer.tenant, password_hash };
    if app.confirms_addresses {
        return ask_to_confirm(&app, &client, &session, sign_up).await;
    }
    let account_id = match welcome(&app, sign_up).await {
        Ok(account_id) => account_id,
        Err(error) if error.constraint() == Some("account_email") => {
            page.email.wrong("This address has an account already. Sign in with it, or use another one.");
            return page.answer();
        }
        Err(error) => return Err(error.into()),
    };
    begin(&app, &client, &session, account_id).await
}

/// Writes to the address that was given: with a link, or that it has an account.
async fn ask_to_confirm(app: &App, client: &Client, session: &Session, sign_up: SignUp) -> Result<Response, Error> {
    throttle::mail(app, client, &sign_up.email).await?;
    let email = sign_up.email.clone();
    let token = Token::new("");
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    let is_known = accounts::find_by_email(&mut tx, &email).await?.is_some();
    // Also for an address with an account, so that it takes as long; nobody gets this token.
    sign_ups::add(&mut tx, &sign_up, &token.hash, app.clock.now() + mail::SIGN_UP_FOR).await?;
    if is_known {
        let letter = SignUpKnown { sign_in: mail::page(app, "/sign-in"), forgot: mail::page(app, "/forgot") };
        mail::post(app, &mut tx, (&email, mail::SIGN_UP_FOR), &letter).await?;
    } else {
        let letter = mail::SignUp { link: mail::link(app, "/sign-up/confirm", token.expose()) };
        mail::post(app, &mut tx, (&email, mail::SIGN_UP_FOR), &letter).await?;
    }
    tx.commit().await.map_err(store::Error::from)?;
    session.insert(confirm::BEGUN_KEY, hex(&token.hash)).await?;
    html(&MailSentPage { email, what: "a link that opens your account", is_in_files: false })
}

/// Signs somebody in who has just got an account, and leads them to their first event.
async fn begin(app: &App, client: &Client, session: &Session, account_id: AccountId) -> Result<Response, Error> {
    app.relay.refresh().await?;
    person::sign_in(app, session, client, account_id).await?;
    leave_notice(session, "Your account is ready. Three short steps lead to your first event.").await?;
    let known = [(header::SET_COOKIE, device_cookie(app, account_id)?)];
    Ok((known, Redirect::to("/start")).into_response())
}

/// Creates all that a new customer has, in one transaction.
async fn welcome(app: &App, sign_up: SignUp) -> store::Result<AccountId> {
    let now = app.clock.now();
    let account_id = AccountId::new(now);
    let SignUp { email, tenant_name, password_hash } = sign_up;
    let mut tx = app.pools.web.begin().await?;
    sign_ups::remove_of(&mut tx, &email).await?;
    accounts::create(&mut tx, &Account { account_id, email, password_hash }, now).await?;
    found(app, &mut tx, account_id, &tenant_name).await?;
    tx.commit().await?;
    Ok(account_id)
}

/// Creates a tenant with its owner and an inspector.
pub async fn found(
    app: &App,
    c: &mut store::PgConnection,
    account_id: AccountId,
    name: &str,
) -> store::Result<TenantId> {
    let now = app.clock.now();
    let (tenant_id, endpoint_id) = (TenantId::new(now), EndpointId::new(now));
    tenants::create(c, tenant_id, name, now).await?;
    tenants::add_member(c, tenant_id, (account_id, Role::Owner), now).await?;
    let events = ["*".to_owned()];
    let inspector = NewEndpoint {
        endpoint_id,
        name: INSPECTOR_NAME,
        target: &Target::Inspector,
        events: &events,
        channel_ids: None,
    };
    endpoints::create(c, tenant_id, &inspector, now).await?;
    let secret = signing::new_secret(&mut rand::rng());
    endpoints::secrets::add(c, tenant_id, endpoint_id, (&secret, &app.sealer), now).await?;
    Ok(tenant_id)
}
