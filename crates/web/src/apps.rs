//! A tenant's Meta apps: how each is doing, and adding one.

pub mod one;
pub mod refusals;
pub mod removal;
pub mod secrets;
pub mod state;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::{AppId, TenantId};
use socialhook_store as store;
use socialhook_store::apps::{self as stored, NewApp};
use socialhook_store::refusals as counted;
use tower_sessions::Session;

use crate::apps::refusals::REFUSALS_DAYS;
use crate::codes;
use crate::error::Error;
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Empty, Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Pill, When, count};

pub const VERIFY_TOKEN_LENGTH: usize = 24;

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage {
    page: Page,
    sentence: String,
    rows: Vec<Row>,
    empty: Option<Empty>,
    may_act: bool,
    form: AppFields,
}

struct Row {
    href: String,
    name: String,
    pill: Pill,
    sentence: String,
    channels: String,
    signed: Option<When>,
}

#[derive(Default)]
struct AppFields {
    name: Field,
    /// Never shown again; only its message is.
    app_secret: Field,
    verify_token: Field,
}

#[derive(Deserialize)]
pub struct AppForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    app_secret: String,
    #[serde(default)]
    verify_token: String,
}

/// What was checked.
struct Checked {
    name: String,
    secret: SecretString,
    verify_token: SecretString,
}

impl AppFields {
    fn check(&mut self, form: &AppForm) -> Option<Checked> {
        let name = self.name.check(fields::name);
        let secret = fields::app_secret(form.app_secret.trim()).map_err(|error| self.app_secret.wrong(error)).ok();
        let token = match self.verify_token.value.trim() {
            "" => Some(codes::random(VERIFY_TOKEN_LENGTH)),
            _ => self.verify_token.check(fields::verify_token),
        };
        Some(Checked { name: name?, secret: secret?.into(), verify_token: token?.into() })
    }
}

async fn page(app: &App, member: &Member, session: &Session, form: AppFields) -> Result<Response, Error> {
    let now = member.now(app);
    let mut c = app.tenant(member.tenant_id).await?;
    let apps = stored::list(&mut c, member.tenant_id, &app.sealer).await?;
    let since = app.clock.now() - TimeDelta::days(REFUSALS_DAYS);
    let totals = counted::since(&mut c, member.tenant_id, since).await?;
    drop(c);
    let rows = apps.iter().map(|one| {
        let (pill, sentence) = state::of(one, &totals, now);
        Row {
            href: format!("/apps/{}", one.app_id),
            name: one.name.clone(),
            pill,
            sentence,
            channels: count(usize::try_from(one.channels).unwrap_or(0), "channel", "channels"),
            signed: one.activity.signed_at.map(|at| When::new(at, now)),
        }
    });
    html(&AppsPage {
        page: Page::new(member, session, Section::Apps, "Apps").await?,
        sentence: sentence(apps.len(), totals.iter().map(|total| total.count).sum()),
        empty: apps.is_empty().then_some(Empty {
            what: "No app yet",
            why: "A Meta app is what your numbers, pages and accounts are reached through. Add yours below, or let the guide lead you.",
            step: Some(("Open the guide", "/start")),
        }),
        rows: rows.collect(),
        may_act: member.may_act(),
        form,
    })
}

pub fn callback_url(app: &App, callback_key: &str) -> String {
    below(app, &format!("webhooks/meta/{callback_key}"))
}

/// A place of this service, as Meta is told it.
pub fn below(app: &App, path: &str) -> String {
    app.public_url.join(path).map_or_else(|_| path.to_owned(), Into::into)
}

fn sentence(apps: usize, refused: i64) -> String {
    let connected = count(apps, "app is connected", "apps are connected");
    match (apps, usize::try_from(refused).unwrap_or(0)) {
        (0, _) => "No app is connected yet. Add yours, then paste two values into Meta’s dashboard.".to_owned(),
        (_, 0) => format!("{connected}, and nothing was refused in the last {REFUSALS_DAYS} days."),
        (_, refused) => format!(
            "{connected}. {} refused in the last {REFUSALS_DAYS} days; each app’s page says why.",
            count(refused, "request was", "requests were")
        ),
    }
}

pub async fn list(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, AppFields::default()).await
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<AppForm>,
) -> Result<Response, Error> {
    let mut fields = AppFields {
        name: Field::new(&form.name),
        verify_token: Field::new(&form.verify_token),
        ..AppFields::default()
    };
    let Some(checked) = fields.check(&form) else { return refused(&app, &member, &session, fields).await };
    let app_id = match add(&app, member.tenant_id, &checked.name, &checked.verify_token, &checked.secret).await {
        Ok(app_id) => app_id,
        Err(error) if error.constraint() == Some("app_name") => {
            fields.name.wrong(NAME_IS_TAKEN);
            return refused(&app, &member, &session, fields).await;
        }
        Err(error) => return Err(error.into()),
    };
    app.relay.refresh().await?;
    leave_notice(
        &session,
        format!("{} is added. Paste its callback URL and verify token into Meta’s dashboard.", checked.name),
    )
    .await?;
    Ok(Redirect::to(&format!("/apps/{app_id}")).into_response())
}

const NAME_IS_TAKEN: &str = "You have an app of this name already. Choose another name.";

/// The app and its first secret, in one transaction.
pub async fn add(
    app: &App,
    tenant_id: TenantId,
    name: &str,
    verify_token: &SecretString,
    secret: &SecretString,
) -> store::Result<AppId> {
    let now = app.clock.now();
    let app_id = AppId::new(now);
    let callback_key = stored::new_callback_key();
    let mut tx = app.pools.begin(tenant_id).await?;
    let new = NewApp { app_id, name, callback_key: &callback_key, verify_token };
    stored::create(&mut tx, tenant_id, &new, &app.sealer, now).await?;
    stored::add_secret(&mut tx, tenant_id, app_id, (secret, &app.sealer), now).await?;
    tx.commit().await?;
    Ok(app_id)
}

async fn refused(app: &App, member: &Member, session: &Session, fields: AppFields) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, fields).await?).into_response())
}
