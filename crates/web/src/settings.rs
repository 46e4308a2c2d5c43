//! What a tenant sets for itself: its name, the zone that its pages tell times in, and how long its things are kept.

pub mod alerts;
pub mod export;
pub mod leaving;
pub mod media;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;
use socialhook_store as store;
use socialhook_store::alerts as stored_alerts;
use socialhook_store::media as stored_media;
use socialhook_store::partitions::Retention;
use socialhook_store::retention::{self, Own};
use socialhook_store::tenants;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;

/// Days that a tenant may choose from, as the database allows.
const DAYS: std::ops::RangeInclusive<u32> = 1..=90;
/// Of what customers wrote.
const BODY_DAYS: std::ops::RangeInclusive<u32> = 0..=90;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    may_act: bool,
    form: SettingsFields,
    /// What the form would have deleted, if it was not yet said that it may.
    warning: Option<String>,
    kept: media::Kept,
    /// Whether mail tells this member what needs attention.
    wants_alerts: bool,
    /// The service's own, in days: receipts, and events.
    defaults: (u32, u32),
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    name: String,
    time_zone: String,
    receipt_days: String,
    event_days: String,
    body_days: String,
    /// That what is older may be deleted.
    confirmed: String,
}

#[derive(Default)]
struct SettingsFields {
    name: Field,
    time_zone: Field,
    receipt_days: Field,
    event_days: Field,
    body_days: Field,
}

struct Checked {
    name: String,
    zone: Tz,
    own: Own,
}

impl SettingsFields {
    fn entered(form: SettingsForm) -> Self {
        Self {
            name: Field::new(form.name),
            time_zone: Field::new(form.time_zone),
            receipt_days: Field::new(form.receipt_days),
            event_days: Field::new(form.event_days),
            body_days: Field::new(form.body_days),
        }
    }

    fn of(member: &Member, own: Own) -> Self {
        let days = |days: Option<u32>| Field::new(days.map(|days| days.to_string()).unwrap_or_default());
        Self {
            name: Field::new(&member.tenant_name),
            time_zone: Field::new(member.zone.name()),
            receipt_days: days(own.receipt_days),
            event_days: days(own.event_days),
            body_days: days(own.body_days),
        }
    }

    fn check(&mut self) -> Option<Checked> {
        let name = self.name.check(fields::name);
        let zone = self.time_zone.check(|text| {
            let wrong = |_| "Choose a zone from the list, such as Europe/Berlin, or UTC.".to_owned();
            text.parse().map_err(wrong)
        });
        let receipt_days = self.receipt_days.check(|text| days(text, DAYS));
        let event_days = self.event_days.check(|text| days(text, DAYS));
        let body_days = self.body_days.check(|text| days(text, BODY_DAYS));
        let own = Own { receipt_days: receipt_days?, event_days: event_days?, body_days: body_days? };
        Some(Checked { name: name?, zone: zone?, own })
    }
}

/// Whole days; nothing if left empty.
fn days(text: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let days = text.parse().ok().filter(|days| range.contains(days));
    let wrong = || format!("Enter whole days from {} to {}, or leave this empty.", range.start(), range.end());
    days.map(Some).ok_or_else(wrong)
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (form, warning): (SettingsFields, Option<String>),
) -> Result<Response, Error> {
    let default = app.relay.default_retention();
    let mut c = app.tenant(member.tenant_id).await?;
    let choice = stored_media::choice(&mut c, member.tenant_id).await?.ok_or(Error::NotFound)?;
    let wants_alerts = stored_alerts::wants(&mut c, member.tenant_id, member.account_id).await?;
    drop(c);
    html(&SettingsPage {
        page: Page::new(member, session, Section::Settings, "Settings").await?,
        may_act: member.may_act(),
        form,
        kept: media::Kept::of(app, choice),
        wants_alerts,
        warning,
        defaults: (default.receipt_days, default.event_days),
    })
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let own = retention::of(&mut c, member.tenant_id).await?;
    drop(c);
    page(&app, &member, &session, (SettingsFields::of(&member, own), None)).await
}

/// Days that things are kept.
#[derive(Clone, Copy)]
struct Lasting {
    receipts: u32,
    events: u32,
    bodies: u32,
}

impl Lasting {
    fn of(own: Own, default: Retention) -> Self {
        let all = own.or(default);
        let bodies = own.body_days.unwrap_or(all.event_days).min(all.event_days);
        Self { receipts: all.receipt_days, events: all.event_days, bodies }
    }

    fn is_shorter_than(self, other: Self) -> bool {
        self.receipts < other.receipts || self.events < other.events || self.bodies < other.bodies
    }
}

impl std::fmt::Display for Lasting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { receipts, events, bodies } = self;
        write!(f, "Meta’s originals after {receipts} days, events and attempts after {events} days")?;
        match bodies {
            0 => write!(f, ", and what customers wrote once it is delivered"),
            days if days < events => write!(f, ", and what customers wrote after {days} days"),
            _ => Ok(()),
        }
    }
}

/// A retention that is shortened deletes, so it takes a second press.
pub async fn update(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Error> {
    let is_confirmed = form.confirmed == "yes";
    let mut fields = SettingsFields::entered(form);
    let Some(Checked { name, zone, own }) = fields.check() else {
        let page = page(&app, &member, &session, (fields, None)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let before = retention::of(&mut c, member.tenant_id).await?;
    drop(c);
    let default = app.relay.default_retention();
    let (before, after) = (Lasting::of(before, default), Lasting::of(own, default));
    if after.is_shorter_than(before) && !is_confirmed {
        let warning = format!("This deletes for good what is older: {after}. Nothing is saved yet.");
        let page = page(&app, &member, &session, (fields, Some(warning))).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let mut tx = app.begin(member.tenant_id).await?;
    tenants::change(&mut tx, member.tenant_id, &name, zone.name()).await?;
    retention::choose(&mut tx, member.tenant_id, own).await?;
    tx.commit().await.map_err(store::Error::from)?;
    app.relay.refresh().await?;
    leave_notice(&session, "Saved.").await?;
    Ok(Redirect::to("/settings").into_response())
}
