//! The first five minutes: connect an app or use the simulator, say where events go, see the first one.
//!
//! What must hold: a step is ticked because it happened, never because a page was visited, so that the guide is right whatever way
//! someone took; and where something failed, the reason stands where the tick would.

mod steps;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use socialhook_store::endpoints::Target;
use socialhook_store::overview::{self as stored, AppNow};
use socialhook_store::{self as store, apps, channels, onboarding};
use tower_sessions::Session;
use url::{Host, Url};

use self::steps::{Known, Step};
use crate::error::Error;
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::inspector::simulation;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::Now;
use crate::{apps as app_pages, codes, endpoints, sign_up};

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    page: Page,
    sentence: String,
    may_act: bool,
    steps: [Step; 3],
    apps: Vec<Card>,
    /// The service's address, where Meta cannot reach it.
    unreachable: Option<String>,
    has_inspector: bool,
    app_form: AppFields,
    endpoint_form: endpoints::EndpointFields,
    event: Option<EventShown>,
}

/// Only what changes by itself.
#[derive(Template)]
#[template(path = "start-progress.html")]
struct Progress {
    sentence: String,
    steps: [Step; 3],
    event: Option<EventShown>,
}

/// What is pasted into Meta's dashboard.
struct Card {
    id: String,
    name: String,
    callback_url: String,
    verify_token: String,
}

/// The newest event.
pub struct EventShown {
    word: String,
    channel: Option<String>,
    body: String,
    href: Option<String>,
}

#[derive(Default)]
struct AppFields {
    name: Field,
    /// Never shown again; only its message is.
    app_secret: Field,
}

#[derive(Deserialize)]
pub struct AppForm {
    #[serde(default)]
    app_name: String,
    #[serde(default)]
    app_secret: String,
}

/// Everything that the guide asks the database.
async fn known(app: &App, member: &Member, now: Now) -> Result<Known, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let tenant_id = member.tenant_id;
    Ok(Known {
        apps: stored::apps(&mut c, tenant_id, now.to_utc()).await?,
        channels: channels::list(&mut c, tenant_id).await?,
        answers: onboarding::answers(&mut c, tenant_id).await?,
        newest: member.sees(onboarding::newest_event(&mut c, tenant_id).await?),
    })
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (app_form, endpoint_form): (AppFields, endpoints::EndpointFields),
) -> Result<Response, Error> {
    let now = member.now(app);
    let known = known(app, member, now).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    drop(c);
    let cards = own.iter().filter(|one| one.name != simulation::APP_NAME).map(|one| Card {
        id: one.app_id.to_string(),
        name: one.name.clone(),
        callback_url: app_pages::callback_url(app, &one.callback_key),
        verify_token: one.verify_token.expose_secret().to_owned(),
    });
    html(&StartPage {
        page: Page::new(member, session, Section::Overview, "First steps").await?,
        sentence: known.sentence(),
        may_act: member.may_act(),
        steps: known.steps(now),
        apps: cards.collect(),
        unreachable: unreachable(&app.public_url),
        has_inspector: known.answers.iter().any(|answer| answer.is_inspector),
        app_form,
        endpoint_form,
        event: known.event(),
    })
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, <_>::default()).await
}

/// The parts of the page that change by themselves, for the script that asks for them.
pub async fn progress(State(app): State<App>, member: Member) -> Result<Response, Error> {
    let now = member.now(&app);
    let known = known(&app, &member, now).await?;
    html(&Progress { sentence: known.sentence(), steps: known.steps(now), event: known.event() })
}

pub async fn connect(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<AppForm>,
) -> Result<Response, Error> {
    let mut fields = AppFields { name: Field::new(&form.app_name), app_secret: Field::default() };
    let name = fields.name.check(fields::name);
    let secret = fields::app_secret(form.app_secret.trim()).map_err(|error| fields.app_secret.wrong(error)).ok();
    let (Some(name), Some(secret)) = (name, secret) else {
        return refused(&app, &member, &session, (fields, <_>::default())).await;
    };
    let token = codes::random(app_pages::VERIFY_TOKEN_LENGTH).into();
    match app_pages::add(&app, member.tenant_id, &name, &token, &secret.into()).await {
        Ok(_) => {}
        Err(error) if error.constraint() == Some("app_name") => {
            fields.name.wrong("You have an app of this name already. Choose another name.");
            return refused(&app, &member, &session, (fields, <_>::default())).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(&session, format!("{name} is added. Paste the two values below into Meta’s dashboard.")).await?;
    Ok(Redirect::to("/start").into_response())
}

/// An endpoint, with everything but its URL left as it comes.
pub async fn send_to(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let mut fields = endpoints::EndpointFields::entered(endpoints::EndpointForm::read(form));
    let Some(checked) = fields.check(&app, false) else {
        return refused(&app, &member, &session, (<_>::default(), fields)).await;
    };
    match endpoints::add(&app, member.tenant_id, (&checked, None)).await {
        Ok(_) => {}
        Err(error) if fields.explains(&error) => {
            return refused(&app, &member, &session, (<_>::default(), fields)).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} receives events from now on.", checked.name)).await?;
    Ok(Redirect::to("/start").into_response())
}

/// The inspector, for those who have none.
pub async fn inspect(State(app): State<App>, member: Member, session: Session) -> Result<Redirect, Error> {
    let checked = endpoints::Checked {
        name: sign_up::INSPECTOR_NAME.to_owned(),
        target: Target::Inspector,
        events: vec!["*".to_owned()],
        channel_ids: None,
    };
    match endpoints::add(&app, member.tenant_id, (&checked, None)).await {
        Ok(_) => leave_notice(&session, "The inspector receives events from now on.").await?,
        // Pressed twice, or it was there all along.
        Err(error) if error.constraint() == Some("endpoint_name") => {}
        Err(error) => return Err(store_error(error)),
    }
    app.relay.refresh().await?;
    Ok(Redirect::to("/start"))
}

fn store_error(error: store::Error) -> Error {
    error.into()
}

pub async fn simulate(State(app): State<App>, member: Member, session: Session) -> Result<Redirect, Error> {
    simulation::send(&app, &member, simulation::FIRST_SAMPLE).await?;
    leave_notice(&session, "A simulated message was taken in just as Meta’s are. Watch it arrive under step 3.")
        .await?;
    Ok(Redirect::to("/start"))
}

pub async fn dismiss(State(app): State<App>, member: Member, session: Session) -> Result<Redirect, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    onboarding::dismiss(&mut c, member.tenant_id, app.clock.now()).await?;
    drop(c);
    leave_notice(&session, "The guide is closed. You find it again at /start.").await?;
    Ok(Redirect::to("/overview"))
}

async fn refused(
    app: &App,
    member: &Member,
    session: &Session,
    forms: (AppFields, endpoints::EndpointFields),
) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, forms).await?).into_response())
}

/// Meta calls public addresses only, and only securely.
fn unreachable(public_url: &Url) -> Option<String> {
    let is_local = match public_url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => true,
    };
    (is_local || public_url.scheme() != "https").then(|| public_url.origin().ascii_serialization())
}

/// The simulator's app is no app of Meta's.
fn is_real(one: &AppNow) -> bool {
    one.name != simulation::APP_NAME
}
