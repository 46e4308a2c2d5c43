//! A tenant's endpoints: the list, and adding one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_core::signing;
use socialhook_store as store;
use socialhook_store::endpoints::{self as stored, Endpoint, KEPT_COUNTED_EACH, NewEndpoint, Target};
use socialhook_store::health::{State as Health, Unwell};
use tower_sessions::Session;

use crate::endpoint::set_options;
use crate::endpoint::settings::{CheckedOptions, OptionFields};
use crate::error::Error;
use crate::extract::{Form, Query};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Pill, count, count_up_to, up_to};

/// Endpoints of one page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "endpoints.html")]
struct EndpointsPage {
    page: Page,
    /// Addresses of the pages before and after this one.
    earlier: Option<String>,
    later: Option<String>,
    sentence: String,
    rows: Vec<Row>,
    form: EndpointFields,
    options: OptionFields,
}

struct Row {
    href: String,
    name: String,
    destination: String,
    events: String,
    pill: Pill,
    kept: String,
}

impl Row {
    fn of(endpoint: &Endpoint) -> Self {
        Self {
            href: format!("/endpoints/{}", endpoint.endpoint_id),
            name: endpoint.name.clone(),
            destination: destination(&endpoint.target).to_owned(),
            events: endpoint.events.join(", "),
            pill: pill(endpoint),
            kept: up_to(endpoint.kept, KEPT_COUNTED_EACH),
        }
    }
}

pub fn destination(target: &Target) -> &str {
    match target {
        Target::Http { url } => url,
        Target::Inspector => "Inspector",
    }
}

pub fn pill(endpoint: &Endpoint) -> Pill {
    match (endpoint.paused, endpoint.unwell) {
        (Some(_), _) => Pill::PAUSED,
        (None, Some(Unwell { state: Health::Down { .. }, .. })) => Pill::DOWN,
        (None, Some(_)) => Pill::CATCHING_UP,
        (None, None) => Pill::ACTIVE,
    }
}

/// The form for adding and for editing.
#[derive(Default)]
pub struct EndpointForm {
    name: String,
    url: String,
    events: String,
    /// Those that are ticked.
    families: Vec<String>,
    channels: Vec<String>,
}

impl EndpointForm {
    pub fn read(pairs: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => form.name = value,
                "url" => form.url = value,
                "events" => form.events = value,
                "family" => form.families.push(value),
                "channel" => form.channels.push(value),
                _ => {}
            }
        }
        form
    }
}

#[derive(Default)]
pub struct EndpointFields {
    pub name: Field,
    pub url: Field,
    /// Words and beginnings, beside the families that are ticked.
    pub events: Field,
    pub families: Vec<String>,
    /// None: every channel.
    pub channel_ids: Option<Vec<ChannelId>>,
}

/// Kinds of events that belong together: the pattern, and what it is in words.
pub const FAMILIES: [(&str, &str); 9] = [
    ("message.*", "Messages, their statuses and reactions"),
    ("conversation.*", "Conversations: opt-ins, referrals, hand-overs"),
    ("call.*", "Calls"),
    ("comment.*", "Comments"),
    ("mention.*", "Mentions"),
    ("lead.*", "Leads"),
    ("contact.*", "Contacts that change"),
    ("account.*", "Accounts: quality, limits, reviews"),
    ("template.*", "Templates: approvals, quality"),
];

/// What was checked.
pub struct Checked {
    pub name: String,
    pub target: Target,
    pub events: Vec<String>,
    pub channel_ids: Option<Vec<ChannelId>>,
}

impl EndpointFields {
    pub fn entered(form: EndpointForm) -> Self {
        let channel_ids: Vec<ChannelId> = form.channels.iter().filter_map(|id| id.parse().ok()).collect();
        Self {
            name: Field::new(form.name),
            url: Field::new(form.url),
            events: Field::new(form.events),
            families: form.families,
            channel_ids: (!channel_ids.is_empty()).then_some(channel_ids),
        }
    }

    pub fn of(endpoint: &Endpoint) -> Self {
        let url = match &endpoint.target {
            Target::Http { url } => url.as_str(),
            Target::Inspector => "",
        };
        let (families, others): (Vec<&String>, Vec<&String>) =
            endpoint.events.iter().partition(|pattern| FAMILIES.iter().any(|(family, _)| family == pattern));
        let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
        Self {
            name: Field::new(&endpoint.name),
            url: Field::new(url),
            events: Field::new(others.join(", ")),
            families: families.into_iter().cloned().collect(),
            channel_ids: endpoint.channel_ids.clone(),
        }
    }

    /// The inspector keeps being one: it has no URL to change.
    pub fn check(&mut self, app: &App, is_inspector: bool) -> Option<Checked> {
        let name = self.name.check(fields::name);
        // A family that nobody has is only a pattern that fits nothing.
        let families = self.families.join(" ");
        let events = self.events.check(|text| fields::events(&format!("{families} {text}")));
        let target = if is_inspector {
            Some(Target::Inspector)
        } else {
            self.url.check(|url| app.relay.check_destination(url)).map(|url| Target::Http { url: url.into() })
        };
        Some(Checked { name: name?, target: target?, events: events?, channel_ids: self.channel_ids.clone() })
    }

    /// Whether the family is ticked.
    pub fn wants(&self, family: &str) -> bool {
        self.families.iter().any(|ticked| ticked == family)
    }

    /// True if the error is about a name that is taken, which is then said beside the field.
    pub fn explains(&mut self, error: &store::Error) -> bool {
        let taken = error.constraint() == Some("endpoint_name");
        if taken {
            self.name.wrong("You have an endpoint of this name already. Choose another name.");
        }
        taken
    }
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (form, options, number): (EndpointFields, OptionFields, usize),
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let endpoints = stored::list(&mut c, member.tenant_id).await?;
    drop(c);
    html(&EndpointsPage {
        page: Page::new(member, session, Section::Endpoints, "Endpoints").await?,
        sentence: sentence(&endpoints),
        rows: endpoints.iter().skip(number * ROWS).take(ROWS).map(Row::of).collect(),
        earlier: (number > 0).then(|| format!("/endpoints?page={}", number - 1)),
        later: (endpoints.len() > (number + 1) * ROWS).then(|| format!("/endpoints?page={}", number + 1)),
        form,
        options,
    })
}

/// How things are.
fn sentence(endpoints: &[Endpoint]) -> String {
    let paused = endpoints.iter().filter(|endpoint| endpoint.paused.is_some()).count();
    let kept: i64 = endpoints.iter().map(|endpoint| endpoint.kept).sum();
    let is_counted = endpoints.iter().all(|endpoint| endpoint.kept < KEPT_COUNTED_EACH);
    let events = count_up_to(kept, if is_counted { i64::MAX } else { kept }, "event is", "events are");
    let own = endpoints.iter().filter(|endpoint| endpoint.target != Target::Inspector).count();
    let down = endpoints.iter().filter(|endpoint| pill(endpoint) == Pill::DOWN).count();
    if down > 0 {
        let silent = count(down, "endpoint does not answer", "endpoints do not answer");
        return format!("{silent}. {events} kept, and what is parked for it is sent by itself once it does.");
    }
    let active = count(endpoints.len() - paused, "endpoint receives", "endpoints receive");
    match (own, paused, kept) {
        (0, 0, 0) => "Your events go to the inspector only. Paste your server’s URL below to have them sent there too."
            .to_owned(),
        (_, 0, 0) => format!("{active} your events, and nothing is kept back."),
        (_, 0, _) => {
            format!("{active} your events. {events} kept, waiting for you to resend.")
        }
        (_, paused, 0) => format!("{active} your events; {}.", count(paused, "is paused", "are paused")),
        (_, paused, _) => format!("{active} your events; {}. {events} kept.", count(paused, "is paused", "are paused")),
    }
}

#[derive(Deserialize)]
pub struct Place {
    /// Counts from 0.
    #[serde(default)]
    page: u16,
}

pub async fn list(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    page(&app, &member, &session, (EndpointFields::default(), OptionFields::default(), place.page.into())).await
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let mut options = OptionFields::entered(&form);
    let mut fields = EndpointFields::entered(EndpointForm::read(form));
    let (Some(checked), Some(set)) = (fields.check(&app, false), options.check(None)) else {
        return refused(&app, &member, &session, (fields, options)).await;
    };
    let endpoint_id = match add(&app, member.tenant_id, (&checked, Some(&set))).await {
        Ok(endpoint_id) => endpoint_id,
        Err(error) if fields.explains(&error) => return refused(&app, &member, &session, (fields, options)).await,
        Err(error) => return Err(error.into()),
    };
    app.relay.refresh().await?;
    leave_notice(
        &session,
        format!("{} receives events from now on. Copy its signing secret to your server.", checked.name),
    )
    .await?;
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}")).into_response())
}

async fn refused(
    app: &App,
    member: &Member,
    session: &Session,
    (fields, options): (EndpointFields, OptionFields),
) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, (fields, options, 0)).await?).into_response())
}

/// The endpoint, its first signing secret and its options, in one transaction.
pub async fn add(
    app: &App,
    tenant_id: TenantId,
    (checked, options): (&Checked, Option<&CheckedOptions>),
) -> store::Result<EndpointId> {
    let now = app.clock.now();
    let endpoint_id = EndpointId::new(now);
    let new = NewEndpoint {
        endpoint_id,
        name: &checked.name,
        target: &checked.target,
        events: &checked.events,
        channel_ids: checked.channel_ids.as_deref(),
    };
    let secret = signing::new_secret(&mut rand::rng());
    let mut tx = app.pools.begin(tenant_id).await?;
    stored::create(&mut tx, tenant_id, &new, now).await?;
    stored::secrets::add(&mut tx, tenant_id, endpoint_id, (&secret, &app.sealer), now).await?;
    if let Some(options) = options {
        set_options(&mut tx, app, (tenant_id, endpoint_id), options).await?;
    }
    tx.commit().await?;
    Ok(endpoint_id)
}
