//! A tenant's Meta apps: what to paste into Meta's dashboard, and what Meta sent that was refused.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use socialhook_core::id::{AppId, TenantId};
use socialhook_store as store;
use socialhook_store::apps::{self as stored, NewApp};
use socialhook_store::refusals::{self, Total};
use tower_sessions::Session;

use crate::codes;
use crate::error::{Error, database};
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, When, count};

pub const VERIFY_TOKEN_LENGTH: usize = 24;
/// How far back refused requests are told of.
const REFUSALS_DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage {
    page: Page,
    sentence: String,
    apps: Vec<Card>,
    form: AppFields,
}

/// One app as it is shown.
struct Card {
    id: String,
    name: String,
    callback_url: String,
    verify_token: String,
    live_secrets: String,
    created: When,
    refusals: Vec<Refused>,
    /// Of the form for one more secret.
    secret: Field,
}

struct Refused {
    sentence: String,
    advice: &'static str,
    last: When,
}

impl Refused {
    fn of(total: &Total, now: Now) -> Self {
        let times = count(usize::try_from(total.count).unwrap_or(0), "request", "requests");
        let (what, advice) = match total.reason.as_str() {
            "signature_missing" => (
                "came without a signature",
                "Meta always signs, so somebody else posted to this URL. Nothing was stored.",
            ),
            "signature_malformed" => (
                "had a signature that is not Meta’s form",
                "Meta always signs the same way, so somebody else posted to this URL. Nothing was stored.",
            ),
            "signature_wrong" => (
                "had a signature that fits none of the secrets",
                "If these came from Meta, the app secret here is not the one in Meta’s dashboard: add the right one. Nothing was stored.",
            ),
            "verify_token_wrong" => (
                "asked for verification with a wrong token",
                "Paste the verify token shown here into Meta’s dashboard and verify again.",
            ),
            _ => ("were refused", "Nothing was stored."),
        };
        Self { sentence: format!("{times} {what}"), advice, last: When::new(total.last_at, now) }
    }
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

#[derive(Deserialize)]
pub struct SecretForm {
    #[serde(default)]
    app_secret: String,
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

/// The page, with the complaint about one app's new secret where there is one.
async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    form: AppFields,
    complaint: Option<(AppId, String)>,
) -> Result<Response, Error> {
    let now = member.now(app);
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let apps = stored::list(&mut c, member.tenant_id, &app.sealer).await?;
    let refusals = refusals::since(&mut c, member.tenant_id, app.clock.now() - TimeDelta::days(REFUSALS_DAYS)).await?;
    drop(c);
    let cards = apps.iter().map(|one| Card {
        id: one.app_id.to_string(),
        name: one.name.clone(),
        callback_url: callback_url(app, &one.callback_key),
        verify_token: one.verify_token.expose_secret().to_owned(),
        live_secrets: count(usize::try_from(one.live_secrets).unwrap_or(0), "live secret", "live secrets"),
        created: When::new(one.created_at, now),
        refusals: refusals
            .iter()
            .filter(|total| total.app_id == one.app_id)
            .map(|total| Refused::of(total, now))
            .collect(),
        secret: match &complaint {
            Some((app_id, error)) if *app_id == one.app_id => {
                Field { value: String::new(), error: Some(error.clone()) }
            }
            _ => Field::default(),
        },
    });
    html(&AppsPage {
        page: Page::new(member, session, Section::Apps, "Apps").await?,
        sentence: sentence(apps.len(), refusals.iter().map(|total| total.count).sum()),
        apps: cards.collect(),
        form,
    })
}

pub fn callback_url(app: &App, callback_key: &str) -> String {
    let path = format!("webhooks/meta/{callback_key}");
    app.public_url.join(&path).map_or(path, Into::into)
}

fn sentence(apps: usize, refused: i64) -> String {
    let connected = count(apps, "app is connected", "apps are connected");
    match (apps, usize::try_from(refused).unwrap_or(0)) {
        (0, _) => "No app is connected yet. Add yours, then paste two values into Meta’s dashboard.".to_owned(),
        (_, 0) => format!("{connected}, and nothing was refused in the last {REFUSALS_DAYS} days."),
        (_, refused) => format!(
            "{connected}. {} refused in the last {REFUSALS_DAYS} days; see why below.",
            count(refused, "request was", "requests were")
        ),
    }
}

pub async fn list(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, AppFields::default(), None).await
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
    let Some(checked) = fields.check(&form) else { return refused(&app, &member, &session, fields, None).await };
    match add(&app, member.tenant_id, &checked.name, &checked.verify_token, &checked.secret).await {
        Ok(_) => {}
        Err(error) if error.constraint() == Some("app_name") => {
            fields.name.wrong("You have an app of this name already. Choose another name.");
            return refused(&app, &member, &session, fields, None).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(
        &session,
        format!("{} is added. Paste its callback URL and verify token into Meta’s dashboard.", checked.name),
    )
    .await?;
    Ok(Redirect::to("/apps").into_response())
}

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
    let mut tx = app.pools.web.begin().await?;
    let new = NewApp { app_id, name, callback_key: &callback_key, verify_token };
    stored::create(&mut tx, tenant_id, &new, &app.sealer, now).await?;
    stored::add_secret(&mut tx, tenant_id, app_id, (secret, &app.sealer), now).await?;
    tx.commit().await?;
    Ok(app_id)
}

pub async fn add_secret(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
    Form(form): Form<SecretForm>,
) -> Result<Response, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let found = stored::find(&mut c, member.tenant_id, app_id, &app.sealer).await?.ok_or(Error::NotFound)?;
    let secret: SecretString = match fields::app_secret(form.app_secret.trim()) {
        Ok(secret) => secret.into(),
        Err(error) => {
            drop(c);
            return refused(&app, &member, &session, AppFields::default(), Some((app_id, error))).await;
        }
    };
    stored::add_secret(&mut c, member.tenant_id, app_id, (&secret, &app.sealer), app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(
        &session,
        format!("{} takes webhooks signed with the new secret too, beside the earlier ones.", found.name),
    )
    .await?;
    Ok(Redirect::to("/apps").into_response())
}

async fn refused(
    app: &App,
    member: &Member,
    session: &Session,
    fields: AppFields,
    complaint: Option<(AppId, String)>,
) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, fields, complaint).await?).into_response())
}
