//! One endpoint: what it is, its secret, and changing it.

pub mod pause;
pub mod removal;
pub mod secrets;
pub mod settings;
pub mod snippets;
pub mod trial;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_core::sample;
use socialhook_store as store;
use socialhook_store::channels;
use socialhook_store::endpoint_options;
use socialhook_store::endpoints::{self as stored, Endpoint, KEPT_COUNTED, NewEndpoint, PauseReason, Target};
use socialhook_store::health::{State as Health, Unwell};
use tower_sessions::Session;

use crate::endpoint::settings::{CheckedOptions, OptionFields};
use crate::endpoints::{EndpointFields, EndpointForm, destination, pill};
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::member::Member;
use crate::overview::one_endpoint::{self, EndpointHealth};
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, Pill, When, count_up_to, up_to};

#[derive(Template)]
#[template(path = "endpoint.html")]
struct EndpointPage {
    page: Page,
    id: String,
    sentence: String,
    destination: String,
    is_inspector: bool,
    is_paused: bool,
    may_act: bool,
    pill: Pill,
    /// While it does not answer: since when, and when it is tried next.
    down: Option<(When, When)>,
    created: When,
    /// None: nothing.
    kept: Option<String>,
    /// None: nothing was sent in the last 24 hours.
    health: Option<EndpointHealth>,
    /// Newest first.
    /// None is shown but to those who may act, and showed just now that it is they.
    secrets: Vec<Secret>,
    /// The test that was just made.
    tested: Option<trial::Told>,
    /// Channels to choose from: id, name, and whether it is chosen. Empty if there are none.
    channels: Vec<(String, String, bool)>,
    form: EndpointFields,
    options: OptionFields,
}

impl EndpointPage {
    fn was_tried(&self, sample: &str) -> bool {
        self.tested.as_ref().is_some_and(|told| told.sample == sample)
    }
}

struct Secret {
    id: String,
    value: String,
    created: When,
    retires: Option<When>,
    /// There is a newer one, so that it can be retired.
    is_old: bool,
}

impl Secret {
    fn of(secret: &stored::secrets::Secret, is_old: bool, now: Now) -> Self {
        Self {
            id: secret.endpoint_secret_id.to_string(),
            value: secret.secret.expose_secret().to_owned(),
            created: When::new(secret.created_at, now),
            retires: secret.retires_at.map(|at| When::new(at, now)),
            is_old,
        }
    }
}

/// One of the tenant's endpoints; anything else is not found.
async fn find(app: &App, member: &Member, endpoint_id: EndpointId) -> Result<Endpoint, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    stored::find(&mut c, member.tenant_id, endpoint_id).await?.ok_or(Error::NotFound)
}

async fn own_channels(app: &App, member: &Member) -> Result<Vec<ChannelId>, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    Ok(channels::list(&mut c, member.tenant_id).await?.into_iter().map(|channel| channel.channel_id).collect())
}

fn down(endpoint: &Endpoint, now: Now) -> Option<(When, When)> {
    match endpoint.unwell? {
        Unwell { down_since, state: Health::Down { probe_at } } => {
            Some((When::new(down_since, now), When::new(probe_at, now)))
        }
        Unwell { state: Health::Recovering { .. }, .. } => None,
    }
}

fn sentence(endpoint: &Endpoint) -> String {
    let waiting = count_up_to(endpoint.kept, KEPT_COUNTED, "event is kept", "events are kept");
    match (endpoint.paused, endpoint.kept) {
        (None, _) if pill(endpoint) == Pill::DOWN => format!(
            "Not answering: {waiting}, and sent by themselves, oldest first, once it answers. Until then one of them is sent now and then to see."
        ),
        (None, _) if pill(endpoint) == Pill::CATCHING_UP => {
            format!("Catching up: {waiting}, and sent now, oldest first, beside what is new.")
        }
        (None, 0) => "Active: every matching event is sent here at once.".to_owned(),
        (None, _) => {
            format!("Active, but {waiting} after failed attempts. They are sent again when you press Send kept events.")
        }
        (Some((_, PauseReason::Person)), 0) => {
            "Paused: nothing is sent. New events wait here until you resume.".to_owned()
        }
        (Some((_, PauseReason::Person)), _) => format!("Paused: nothing is sent. {waiting}, and sent when you resume."),
        (Some((_, PauseReason::Unhealthy)), _) => {
            format!("Paused because it did not answer for five days. {waiting}; resume when it can receive again.")
        }
        (Some((_, PauseReason::Gone)), _) => {
            format!("Paused because it answered 410 Gone. {waiting}; resume when it should receive again.")
        }
    }
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (endpoint, form, options): (Endpoint, EndpointFields, OptionFields),
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let mut secrets = stored::secrets::live(&mut c, member.tenant_id, endpoint.endpoint_id, &app.sealer).await?;
    if !(member.may_act() && member.is_proved) {
        secrets.clear();
    }
    let own = channels::list(&mut c, member.tenant_id).await?;
    let now = member.now(app);
    let health = one_endpoint::of_endpoint(&mut c, member.tenant_id, endpoint.endpoint_id, now).await?;
    drop(c);
    let chosen = |id: ChannelId| form.channel_ids.as_ref().is_some_and(|ids| ids.contains(&id));
    html(&EndpointPage {
        id: endpoint.endpoint_id.to_string(),
        sentence: sentence(&endpoint),
        destination: destination(&endpoint.target).to_owned(),
        is_inspector: endpoint.target == Target::Inspector,
        is_paused: endpoint.paused.is_some(),
        may_act: member.may_act(),
        pill: pill(&endpoint),
        down: down(&endpoint, member.now(app)),
        created: When::new(endpoint.created_at, member.now(app)),
        kept: (endpoint.kept > 0).then(|| up_to(endpoint.kept, KEPT_COUNTED)),
        secrets: secrets.iter().enumerate().map(|(place, secret)| Secret::of(secret, place > 0, now)).collect(),
        health,
        tested: trial::take(session, endpoint.endpoint_id).await?,
        channels: own
            .iter()
            .map(|one| (one.channel_id.to_string(), one.name.clone(), chosen(one.channel_id)))
            .collect(),
        form,
        options,
        page: Page::new(member, session, Section::Endpoints, endpoint.name).await?,
    })
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Response, Error> {
    let endpoint = find(&app, &member, endpoint_id).await?;
    let form = EndpointFields::of(&endpoint);
    let mut c = app.tenant(member.tenant_id).await?;
    let set = endpoint_options::find(&mut c, member.tenant_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let headers = endpoint_options::headers(&mut c, member.tenant_id, endpoint_id, &app.sealer).await?;
    drop(c);
    page(&app, &member, &session, (endpoint, form, OptionFields::of(set, headers.as_ref()))).await
}

pub async fn update(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let endpoint = find(&app, &member, endpoint_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let known = endpoint_options::headers(&mut c, member.tenant_id, endpoint_id, &app.sealer).await?;
    drop(c);
    let mut option_fields = OptionFields::entered(&form);
    let mut fields = EndpointFields::entered(EndpointForm::read(form));
    let checked = fields.check(&app, endpoint.target == Target::Inspector);
    let (Some(checked), Some(options)) = (checked, option_fields.check(known.as_ref())) else {
        return refused(&app, &member, &session, (endpoint, fields, option_fields)).await;
    };
    let own = own_channels(&app, &member).await?;
    let channel_ids = checked.channel_ids.map(|ids| ids.into_iter().filter(|id| own.contains(id)).collect::<Vec<_>>());
    let changed = NewEndpoint {
        endpoint_id,
        name: &checked.name,
        target: &checked.target,
        events: &checked.events,
        channel_ids: channel_ids.as_deref().filter(|ids| !ids.is_empty()),
    };
    match save(&app, member.tenant_id, &changed, &options).await {
        Ok(true) => {}
        Ok(false) => return Err(Error::NotFound),
        Err(error) if fields.explains(&error) => {
            return refused(&app, &member, &session, (endpoint, fields, option_fields)).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(&session, "Saved. The next event is sent by the new settings.").await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")).into_response())
}

/// What the form says and what its options say, together or not at all.
pub async fn save(
    app: &App,
    tenant_id: TenantId,
    changed: &NewEndpoint<'_>,
    checked: &CheckedOptions,
) -> store::Result<bool> {
    let mut tx = app.pools.begin(tenant_id).await?;
    let updated = stored::update(&mut tx, tenant_id, changed).await?;
    set_options(&mut tx, app, (tenant_id, changed.endpoint_id), checked).await?;
    tx.commit().await?;
    Ok(updated)
}

/// Within the caller's transaction.
pub async fn set_options(
    c: &mut store::PgConnection,
    app: &App,
    (tenant_id, endpoint_id): (TenantId, EndpointId),
    checked: &CheckedOptions,
) -> store::Result<()> {
    endpoint_options::set(c, tenant_id, endpoint_id, checked.options).await?;
    endpoint_options::set_headers(c, tenant_id, endpoint_id, (checked.headers.as_ref(), &app.sealer)).await
}

async fn refused(
    app: &App,
    member: &Member,
    session: &Session,
    shown: (Endpoint, EndpointFields, OptionFields),
) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, shown).await?).into_response())
}
