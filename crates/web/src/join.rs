//! Where the link of an invitation leads: whoever reads the address joins, with the account that it has or with a new one.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::AccountId;
use socialhook_store as store;
use socialhook_store::accounts::{self, Account};
use socialhook_store::invitations::{self, Received};
use socialhook_store::tenants;
use tower_sessions::Session;
use url::form_urlencoded;

use crate::audit;
use crate::client::{Client, device_cookie};
use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields::Field;
use crate::mail::Held;
use crate::page::{html, leave_notice};
use crate::passwords::{self, Passwords};
use crate::person::{self, Person};
use crate::state::App;
use crate::throttle;

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage {
    token: String,
    tenant: String,
    email: String,
    role: &'static str,
    who: Who,
}

/// Whose browser follows the link.
enum Who {
    /// One that is signed in with the address.
    Invited,
    /// One that is signed in with another address.
    Another { email: String },
    /// One that is to sign in first; where that is.
    Known { sign_in: String },
    /// One without an account: it chooses a password.
    New { password: Field },
}

#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

async fn find(app: &App, client: &Client, token: &str) -> Result<(Received, Option<Account>), Error> {
    throttle::link(app, client).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let received = invitations::find(&mut c, token, app.clock.now()).await?.ok_or(Error::LinkOver)?;
    let account = accounts::find_by_email(&mut c, &received.email).await?;
    Ok((received, account))
}

fn who(person: Option<&Person>, account: Option<&Account>, token: &str) -> Who {
    match (person, account) {
        (Some(person), Some(account)) if person.account_id == account.account_id => Who::Invited,
        (Some(person), _) => Who::Another { email: person.email.clone() },
        (None, Some(_)) => {
            let next: String = form_urlencoded::byte_serialize(format!("/join?token={token}").as_bytes()).collect();
            Who::Known { sign_in: format!("/sign-in?next={next}") }
        }
        (None, None) => Who::New { password: Field::default() },
    }
}

fn page(token: String, received: Received, who: Who) -> Result<Response, Error> {
    let Received { tenant_name: tenant, email, role, .. } = received;
    html(&JoinPage { token, tenant, email, role: role.word(), who })
}

pub async fn show(
    State(app): State<App>,
    client: Client,
    session: Session,
    Query(Held { token }): Query<Held>,
) -> Result<Response, Error> {
    let (received, account) = find(&app, &client, &token).await?;
    let person = person::current(&app, &session).await?;
    let who = who(person.as_ref(), account.as_ref(), &token);
    page(token, received, who)
}

pub async fn create(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    client: Client,
    session: Session,
    Form(Answer { token, password }): Form<Answer>,
) -> Result<Response, Error> {
    let (received, account) = find(&app, &client, &token).await?;
    let person = person::current(&app, &session).await?;
    let who = who(person.as_ref(), account.as_ref(), &token);
    let newcomer = match who {
        Who::Invited => None,
        Who::New { .. } => {
            let password = SecretString::from(password);
            if let Some(complaint) = passwords::complaint(&password, &[&received.email, &received.tenant_name]) {
                let mut field = Field::default();
                field.wrong(complaint);
                let page = page(token, received, Who::New { password: field })?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
            let password_hash = hashing.hash(password).await?;
            let account_id = AccountId::new(app.clock.now());
            Some(Account { account_id, email: received.email.clone(), password_hash })
        }
        other => return page(token, received, other),
    };
    let account_id = newcomer.as_ref().or(account.as_ref()).map(|account| account.account_id);
    let account_id = account_id.ok_or(Error::LinkOver)?;
    join(&app, &token, &received, (account_id, newcomer.as_ref())).await?;
    audit::of_tenant(&app, &client, received.tenant_id, (account_id, &received.email), "Joined").await;
    person_goes_there(&app, &client, &session, (account_id, newcomer.is_some(), &received)).await
}

async fn join(
    app: &App,
    token: &str,
    received: &Received,
    (account_id, newcomer): (AccountId, Option<&Account>),
) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    if !invitations::take(&mut tx, token, now).await? {
        return Err(Error::LinkOver);
    }
    if let Some(account) = newcomer {
        accounts::create(&mut tx, account, now).await?;
    }
    tenants::add_member(&mut tx, received.tenant_id, (account_id, received.role), now).await?;
    Ok(tx.commit().await.map_err(store::Error::from)?)
}

async fn person_goes_there(
    app: &App,
    client: &Client,
    session: &Session,
    (account_id, is_new, received): (AccountId, bool, &Received),
) -> Result<Response, Error> {
    if is_new {
        person::sign_in(app, session, client, account_id).await?;
    }
    person::choose(session, received.tenant_id).await?;
    leave_notice(session, format!("You belong to {} now.", received.tenant_name)).await?;
    let known = [(header::SET_COOKIE, device_cookie(app, account_id)?)];
    Ok((known, Redirect::to("/overview")).into_response())
}
