//! Ways in: a login of Meta's, and what came of it.
//!
//! What must hold: who comes back is who left, in the same tenant, within the hour, once; nothing of the code or the token is shown,
//! kept in a page or logged.

pub mod callbacks;
pub mod disconnect;
pub mod own_app;
pub mod result;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;
use socialhook_core::id::{AppId, LoginId, TenantId};
use socialhook_relay::connect::{Back, Failure, Outcome, Through, Way};
use socialhook_store::meta_logins::{self, Login};
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::apps;
use crate::error::Error;
use crate::extract::{Form, Path, Query};
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;

/// Bytes of what a sign-up's window tells; Meta's have a few hundred.
const MESSAGE_MAX: usize = 4096;

#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectPage {
    page: Page,
    ways: Vec<WayShown>,
    /// Whose window messages are believed, with spaces between.
    origins: String,
    may_act: bool,
}

struct WayShown {
    name: &'static str,
    why: &'static str,
    needs: &'static str,
    is_signup: bool,
    /// What the button says, and where it leads, for each app that it can be done through.
    buttons: Vec<(String, String)>,
}

fn words(way: Way) -> (&'static str, &'static str, &'static str) {
    match way {
        Way::Whatsapp => (
            "WhatsApp number",
            "Sign up in Meta’s window with a new number, or with one that you use in the WhatsApp Business app and go on using.",
            "You need to manage the business account.",
        ),
        Way::Pages => (
            "Facebook pages",
            "Messenger, and the Instagram accounts that are linked to your pages.",
            "You need a role on the page that may answer messages.",
        ),
        Way::Instagram => (
            "Instagram account",
            "A professional account by itself, without a page.",
            "You need to log in as the account.",
        ),
    }
}

/// Lets the page hear the window that it opens, which is Meta's.
pub(crate) fn with_opener(answer: Response) -> Response {
    let policy = (HeaderName::from_static("cross-origin-opener-policy"), "same-origin-allow-popups");
    ([policy], answer).into_response()
}

/// What the window shows that the page opened: it stays in reach of that page, through Meta's dialog and back.
pub(crate) fn in_window(answer: Response) -> Response {
    let policy = (HeaderName::from_static("cross-origin-opener-policy"), "unsafe-none");
    ([policy], answer).into_response()
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    let offers = app.relay.offers(member.tenant_id).await?;
    let ways = Way::ALL.into_iter().map(|way| {
        let (name, why, needs) = words(way);
        let through: Vec<_> = offers.iter().filter(|offer| way.is_offered(&offer.meta)).collect();
        let several = through.len() > 1;
        let button = |app_id: AppId, app_name: &str| {
            let label = if several { format!("Continue with {app_name}") } else { "Continue".to_owned() };
            (label, format!("/connect/{}/{app_id}/start", way.as_str()))
        };
        WayShown {
            name,
            why,
            needs,
            is_signup: way == Way::Whatsapp,
            buttons: through.iter().map(|offer| button(offer.app_id, &offer.name)).collect(),
        }
    });
    let page = html(&ConnectPage {
        ways: ways.collect(),
        origins: app.relay.graph().addresses().login_origins().join(" "),
        may_act: member.may_act(),
        page: Page::new(&member, &session, Section::Channels, "Connect").await?,
    })?;
    Ok(with_opener(page))
}

fn redirect_uri(app: &App, way: Way) -> String {
    apps::below(app, &format!("connect/{}/callback", way.as_str()))
}

/// Off to Meta.
pub async fn start(
    State(app): State<App>,
    member: Member,
    Path((way, app_id)): Path<(String, AppId)>,
) -> Result<Response, Error> {
    member.must_act()?;
    let way = Way::from_word(&way).ok_or(Error::NotFound)?;
    let offers = app.relay.offers(member.tenant_id).await?;
    let offer = offers.into_iter().find(|offer| offer.app_id == app_id).ok_or(Error::NotFound)?;
    let state = Token::new("");
    let url = app.relay.login_url(way, &offer.meta, state.expose(), &redirect_uri(&app, way)).ok_or(Error::NotFound)?;
    let now = app.clock.now();
    let login = Login {
        login_id: LoginId::new(now),
        account_id: member.account_id,
        way: way.as_str().to_owned(),
        app_tenant_id: offer.app_tenant_id,
        app_id,
        message: None,
    };
    let mut c = app.tenant(member.tenant_id).await?;
    meta_logins::create(&mut c, member.tenant_id, &login, state.expose(), now).await?;
    Ok(in_window(Redirect::to(url.as_str()).into_response()))
}

#[derive(Deserialize)]
pub struct Told {
    #[serde(default)]
    message: String,
}

/// The page that opened the sign-up's window passes on what that told. It does not know the state, which went to Meta: it is about the newest.
pub async fn message(State(app): State<App>, member: Member, Form(told): Form<Told>) -> Result<StatusCode, Error> {
    let message = Some(told.message).filter(|message| message.len() <= MESSAGE_MAX);
    let message: Value = message.and_then(|text| serde_json::from_str(&text).ok()).ok_or(Error::Unreadable)?;
    let mut c = app.tenant(member.tenant_id).await?;
    let newest = meta_logins::newest_open(&mut c, member.tenant_id, member.account_id, app.clock.now()).await?;
    let login_id = newest.ok_or(Error::NotFound)?;
    meta_logins::note_message(&mut c, member.tenant_id, login_id, &message).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct CameBack {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Back from Meta, with a code or without.
pub async fn callback(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(way): Path<String>,
    Query(back): Query<CameBack>,
) -> Result<Response, Error> {
    member.must_act()?;
    let way = Way::from_word(&way).ok_or(Error::NotFound)?;
    let mut c = app.tenant(member.tenant_id).await?;
    let login = meta_logins::take(&mut c, member.tenant_id, (member.account_id, &back.state), app.clock.now()).await?;
    drop(c);
    let Some(login) = login.filter(|login| login.way == way.as_str()) else {
        let failed = Outcome::Failed(Failure::unknown_state());
        return Ok((StatusCode::NOT_FOUND, result::page(&member, &session, (way, failed)).await?).into_response());
    };
    let outcome = finish(&app, member.tenant_id, (way, &login), &back).await?;
    let told = serde_json::to_value(&outcome).map_err(|_| Error::Unexpected("an outcome could not be written"))?;
    let mut c = app.tenant(member.tenant_id).await?;
    meta_logins::finish(&mut c, member.tenant_id, login.login_id, &told).await?;
    let to = Redirect::to(&format!("/connect/logins/{}", login.login_id));
    Ok(in_window(([(header::REFERRER_POLICY, "no-referrer")], to).into_response()))
}

async fn finish(
    app: &App,
    tenant_id: TenantId,
    (way, login): (Way, &Login),
    back: &CameBack,
) -> Result<Outcome, Error> {
    let message = login.message.as_ref();
    let of_message = |pointer: &str| message.and_then(|message| message.pointer(pointer)).map(text_of);
    let is_cancelled = of_message("/event").as_deref() == Some("CANCEL") || back.error == "access_denied";
    if is_cancelled || (back.code.is_empty() && back.error.is_empty()) {
        return Ok(Outcome::Failed(Failure::cancelled(of_message("/data/current_step").as_deref())));
    }
    if back.code.is_empty() {
        return Ok(Outcome::Failed(Failure::refused_login(&back.error_description)));
    }
    let account_id = of_message("/data/waba_id");
    let through = Through { app_tenant_id: login.app_tenant_id, app_id: login.app_id };
    let redirect_uri = redirect_uri(app, way);
    let back = Back { code: &back.code, redirect_uri: &redirect_uri, account_id: account_id.as_deref() };
    Ok(app.relay.connect(tenant_id, (way, through), back).await?)
}

/// Meta prints ids as text or as numbers.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
