//! A person's tenants: looking at another, and opening one more.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::TenantId;
use socialhook_store as store;
use tower_sessions::Session;

use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::members;
use crate::page::{html, leave_notice};
use crate::person::{self, Person};
use crate::sign_up;
use crate::state::App;
use crate::throttle;

#[derive(Template)]
#[template(path = "tenants.html")]
struct TenantsPage {
    email: String,
    tenants: Vec<Row>,
    wish: Field,
}

struct Row {
    id: String,
    name: String,
    role: &'static str,
    is_this: bool,
}

#[derive(Deserialize)]
pub struct Choice {
    tenant: TenantId,
}

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    name: String,
}

fn page(person: &Person, wish: Field) -> Result<Response, Error> {
    let this = person.tenant().map(|tenant| tenant.tenant_id);
    let tenants = person.tenants.iter().map(|tenant| Row {
        id: tenant.tenant_id.to_string(),
        name: tenant.name.clone(),
        role: members::name(tenant.role),
        is_this: Some(tenant.tenant_id) == this,
    });
    html(&TenantsPage { email: person.email.clone(), tenants: tenants.collect(), wish })
}

pub async fn show(person: Person) -> Result<Response, Error> {
    page(&person, Field::default())
}

pub async fn choose(person: Person, session: Session, Form(choice): Form<Choice>) -> Result<Redirect, Error> {
    if !person.tenants.iter().any(|tenant| tenant.tenant_id == choice.tenant) {
        return Err(Error::NotFound);
    }
    person::choose(&session, choice.tenant).await?;
    Ok(Redirect::to("/overview"))
}

pub async fn create(
    State(app): State<App>,
    (client, person): (Client, Person),
    session: Session,
    Form(wish): Form<Wish>,
) -> Result<Response, Error> {
    let mut field = Field::new(wish.name);
    let Some(name) = field.check(fields::name) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&person, field)?).into_response());
    };
    throttle::sign_up(&app, &client).await?;
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    let tenant_id = sign_up::found(&app, &mut tx, person.account_id, &name).await?;
    tx.commit().await.map_err(store::Error::from)?;
    app.relay.refresh().await?;
    person::choose(&session, tenant_id).await?;
    leave_notice(&session, format!("{name} is ready. Three short steps lead to its first event.")).await?;
    Ok(Redirect::to("/start").into_response())
}
