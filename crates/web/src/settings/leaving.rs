//! Deleting the tenant: what goes with it, in numbers, and then at once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use socialhook_store as store;
use socialhook_store::leaving::{self, EVENTS_COUNTED, Extent};
use socialhook_store::tenants::Role;
use tower_sessions::Session;

use crate::account;
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::Field;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::passwords::Passwords;
use crate::state::App;
use crate::words::{count, count_up_to};

#[derive(Template)]
#[template(path = "settings-delete.html")]
struct DeletePage {
    page: Page,
    is_owner: bool,
    lost: Vec<String>,
    typed: Field,
    password: Field,
}

#[derive(Template)]
#[template(path = "left.html")]
struct LeftPage {
    tenant: String,
}

#[derive(Deserialize)]
pub struct DeleteForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

fn lost(extent: Extent) -> Vec<String> {
    let number = |number: i64| usize::try_from(number).unwrap_or(0);
    vec![
        count_up_to(extent.events, EVENTS_COUNTED, "event", "events") + " with attempts, and Meta’s originals",
        count(number(extent.endpoints), "endpoint", "endpoints") + " with signing secrets",
        count(number(extent.channels), "channel", "channels"),
        count(number(extent.apps), "app", "apps") + " with secrets: Meta’s webhooks are answered 404 from then on",
        count(number(extent.members), "member", "members") + ": who belongs nowhere else cannot sign in any more",
    ]
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (typed, password): (Field, Field),
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let extent = leaving::extent(&mut c, member.tenant_id).await?;
    drop(c);
    html(&DeletePage {
        page: Page::new(member, session, Section::Settings, format!("Delete {}", member.tenant_name)).await?,
        is_owner: member.role == Role::Owner,
        lost: lost(extent),
        typed,
        password,
    })
}

pub async fn confirm(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, (Field::default(), Field::default())).await
}

pub async fn delete(
    State(app): State<App>,
    State(passwords): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<DeleteForm>,
) -> Result<Response, Error> {
    if member.role != Role::Owner {
        return Err(Error::OwnersOnly);
    }
    let mut typed = Field::new(form.name);
    let mut password = Field::default();
    let is_named = typed.value.trim() == member.tenant_name;
    if !is_named {
        typed.wrong(format!("Enter the name as it is: {}", member.tenant_name));
    }
    let fits = account::knows(&app, &passwords, (&client, &member), form.password).await?;
    if !fits {
        password.wrong("This is not your password.");
    }
    if !is_named || !fits {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, &session, (typed, password)).await?).into_response()
        );
    }
    let farewell = app.relay.farewell(member.tenant_id).await?;
    // Accounts may go with it.
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    leaving::begin(&mut tx, member.tenant_id, app.clock.now()).await?;
    tx.commit().await.map_err(store::Error::from)?;
    tracing::info!(tenant.id = %member.tenant_id, "a tenant was deleted by its owner");
    app.relay.bid(farewell);
    // It is done: whatever fails from here on comes by itself within a second, or when the session is looked at.
    if let Err(error) = app.relay.refresh().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the directory could not be read anew");
    }
    if let Err(error) = session.flush().await {
        tracing::warn!(%error, "the session of a deleted tenant's owner could not be ended");
    }
    html(&LeftPage { tenant: member.tenant_name })
}
