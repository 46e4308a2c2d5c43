//! One app: what to paste into Meta's dashboard, what Meta did, its secrets, what was refused, and changing it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use socialhook_core::id::AppId;
use socialhook_store::apps::{self as stored, App as Stored, secrets as stored_secrets};
use socialhook_store::channels;
use socialhook_store::refusals as counted;
use socialhook_store::refused_requests::{self, KEPT_DAYS, KEPT_OF_REASON};
use tower_sessions::Session;

use super::refusals::{Kept, REFUSALS_DAYS, Reason};
use super::secrets::Shown;
use super::{NAME_IS_TAKEN, below, callback_url, state};
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, Pill, When};

/// Kept requests on the page.
const KEPT_SHOWN: i64 = 20;
/// Channels on the page.
const CHANNELS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    page: Page,
    id: String,
    pill: Pill,
    sentence: String,
    may_act: bool,
    callback_url: String,
    verify_token: String,
    challenge: Challenge,
    created: When,
    signed: Option<When>,
    secrets: Vec<Shown>,
    reasons: Vec<Reason>,
    kept: Vec<Kept>,
    channels: Vec<(String, String)>,
    more_channels: usize,
    /// What Meta calls when a person takes the app's permissions back, or wants their data deleted.
    deauthorize_url: String,
    deletion_url: String,
    forms: Forms,
}

/// What Meta asked last.
#[derive(Default)]
struct Challenge {
    right: Option<When>,
    wrong: Option<When>,
    /// The wrong one came last.
    is_wrong: bool,
}

impl Challenge {
    fn of(app: &Stored, now: Now) -> Self {
        let (right, wrong) = (app.activity.challenged_at, app.activity.challenge_failed_at);
        Self {
            is_wrong: wrong.is_some_and(|wrong| right.is_none_or(|right| right < wrong)),
            right: right.map(|at| When::new(at, now)),
            wrong: wrong.map(|at| When::new(at, now)),
        }
    }
}

/// The forms of the page.
#[derive(Default)]
pub struct Forms {
    pub name: Field,
    pub verify_token: Field,
    /// Never shown again; only its message is.
    pub app_secret: Field,
    pub meta_app_id: Field,
}

impl Forms {
    pub fn of(app: &Stored) -> Self {
        Self {
            name: Field::new(&app.name),
            meta_app_id: Field::new(app.meta_app_id.clone().unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// One of the tenant's own apps; anything else is not found.
pub async fn find(app: &App, member: &Member, app_id: AppId) -> Result<Stored, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    stored::find(&mut c, member.tenant_id, app_id, &app.sealer).await?.ok_or(Error::NotFound)
}

async fn page(app: &App, member: &Member, session: &Session, (one, forms): (Stored, Forms)) -> Result<Response, Error> {
    let (now, tenant_id) = (member.now(app), member.tenant_id);
    let mut c = app.tenant(member.tenant_id).await?;
    let secrets = stored_secrets::live(&mut c, tenant_id, one.app_id, &app.sealer).await?;
    let totals = counted::since(&mut c, tenant_id, app.clock.now() - TimeDelta::days(REFUSALS_DAYS)).await?;
    let limits = (app.clock.now(), KEPT_SHOWN);
    let kept = refused_requests::list(&mut c, tenant_id, Some(one.app_id), limits).await?;
    let own = channels::list(&mut c, tenant_id).await?;
    drop(c);
    let of_app: Vec<_> = own.iter().filter(|channel| channel.app_id == one.app_id).collect();
    let (pill, sentence) = state::of(&one, &totals, now);
    html(&AppPage {
        id: one.app_id.to_string(),
        pill,
        sentence,
        may_act: member.may_act(),
        callback_url: callback_url(app, &one.callback_key),
        deauthorize_url: below(app, &format!("meta/deauthorize/{}", one.callback_key)),
        deletion_url: below(app, &format!("meta/data-deletion/{}", one.callback_key)),
        verify_token: one.verify_token.expose_secret().to_owned(),
        challenge: Challenge::of(&one, now),
        created: When::new(one.created_at, now),
        signed: one.activity.signed_at.map(|at| When::new(at, now)),
        secrets: secrets.iter().map(|secret| Shown::of(secret, now)).collect(),
        reasons: totals.iter().filter(|it| it.app_id == one.app_id).map(|it| Reason::of(it, now)).collect(),
        kept: kept.iter().map(|line| Kept::of(line, now)).collect(),
        more_channels: of_app.len().saturating_sub(CHANNELS_SHOWN),
        channels: of_app
            .iter()
            .take(CHANNELS_SHOWN)
            .map(|channel| (format!("/channels/{}", channel.channel_id), channel.name.clone()))
            .collect(),
        forms,
        page: Page::new(member, session, Section::Apps, one.name).await?,
    })
}

/// What was entered of Meta's side of the app is wrong.
pub async fn refused_meta(
    app: &App,
    member: &Member,
    session: &Session,
    app_id: AppId,
    meta_app_id: Field,
) -> Result<Response, Error> {
    let found = find(app, member, app_id).await?;
    let forms = Forms { meta_app_id, ..Forms::of(&found) };
    refused(app, member, session, (found, forms)).await
}

pub async fn refused(app: &App, member: &Member, session: &Session, shown: (Stored, Forms)) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, shown).await?).into_response())
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
) -> Result<Response, Error> {
    let found = find(&app, &member, app_id).await?;
    let forms = Forms::of(&found);
    page(&app, &member, &session, (found, forms)).await
}

#[derive(Deserialize)]
pub struct NameForm {
    #[serde(default)]
    name: String,
}

pub async fn rename(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
    Form(form): Form<NameForm>,
) -> Result<Response, Error> {
    let found = find(&app, &member, app_id).await?;
    let mut forms = Forms { name: Field::new(form.name), ..Forms::default() };
    let Some(name) = forms.name.check(fields::name) else {
        return refused(&app, &member, &session, (found, forms)).await;
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let renamed = stored::rename(&mut c, member.tenant_id, app_id, &name).await;
    drop(c);
    match renamed {
        Ok(_) => {}
        Err(error) if error.constraint() == Some("app_name") => {
            forms.name.wrong(NAME_IS_TAKEN);
            return refused(&app, &member, &session, (found, forms)).await;
        }
        Err(error) => return Err(error.into()),
    }
    leave_notice(&session, format!("It is called {name} now.")).await?;
    Ok(Redirect::to(&format!("/apps/{app_id}")).into_response())
}

#[derive(Deserialize)]
pub struct TokenForm {
    #[serde(default)]
    verify_token: String,
}

pub async fn change_token(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
    Form(form): Form<TokenForm>,
) -> Result<Response, Error> {
    let found = find(&app, &member, app_id).await?;
    let mut forms = Forms { verify_token: Field::new(form.verify_token), ..Forms::of(&found) };
    let Some(token) = forms.verify_token.check(fields::verify_token) else {
        return refused(&app, &member, &session, (found, forms)).await;
    };
    let token = SecretString::from(token);
    let mut c = app.tenant(member.tenant_id).await?;
    stored::set_verify_token(&mut c, member.tenant_id, app_id, &token, &app.sealer).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(
        &session,
        "Changed. Meta asks for it only when the callback URL is verified; webhooks go on as before.",
    )
    .await?;
    Ok(Redirect::to(&format!("/apps/{app_id}")).into_response())
}
