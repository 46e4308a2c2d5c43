//! A tenant's channels: connected numbers, pages and Instagram accounts.

pub mod access;
pub mod doctor;
pub mod one;
pub mod switch;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId};
use socialhook_store::apps;
use socialhook_store::channels::{self as stored, Channel, NewChannel};
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Form;
use crate::fields::{self, Field};
use crate::inspector::simulation;
use crate::member::Member;
use crate::page::{Empty, Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    page: Page,
    sentence: String,
    rows: Vec<Row>,
    empty: Option<Empty>,
    /// Id and name, for the form; without an app there is no form.
    apps: Vec<(String, String)>,
    platforms: Vec<(&'static str, &'static str)>,
    may_act: bool,
    form: ChannelFields,
}

struct Row {
    href: String,
    name: String,
    pill: Pill,
    sentence: String,
    discovered: Option<When>,
    platform: &'static str,
    address: String,
    app: String,
}

#[derive(Deserialize)]
pub struct ChannelForm {
    #[serde(default)]
    app_id: String,
    #[serde(default)]
    platform: String,
    #[serde(default)]
    external_id: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    name: String,
}

#[derive(Default)]
struct ChannelFields {
    app_id: Field,
    platform: Field,
    external_id: Field,
    address: Field,
    name: Field,
}

/// What was checked.
struct Checked {
    app_id: AppId,
    platform: Platform,
    external_id: String,
    address: Option<String>,
    name: String,
}

impl ChannelFields {
    fn entered(form: ChannelForm) -> Self {
        Self {
            app_id: Field::new(form.app_id),
            platform: Field::new(form.platform),
            external_id: Field::new(form.external_id),
            address: Field::new(form.address),
            name: Field::new(form.name),
        }
    }

    /// `own` are the tenant's apps: another's is no choice.
    fn check(&mut self, own: &[apps::App]) -> Option<Checked> {
        let app_id = self.app_id.check(|text| {
            let app_id = text.parse().ok();
            app_id
                .filter(|app_id| own.iter().any(|app| app.app_id == *app_id))
                .ok_or_else(|| "Choose one of your apps.".to_owned())
        });
        let platform = self.platform.check(fields::platform);
        let external_id = self.external_id.check(fields::external_id);
        let address = self.address.check(fields::address);
        let name = self.name.check(fields::name);
        Some(Checked {
            app_id: app_id?,
            platform: platform?,
            external_id: external_id?,
            address: address?,
            name: name?,
        })
    }
}

async fn page(app: &App, member: &Member, session: &Session, form: ChannelFields) -> Result<Response, Error> {
    let now = member.now(app);
    let mut c = app.tenant(member.tenant_id).await?;
    let channels = stored::list_with_traffic(&mut c, member.tenant_id, one::day(app.clock.now())).await?;
    let mut apps = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    drop(c);
    // A real app is the better first choice.
    apps.sort_by_key(|app| app.name == simulation::APP_NAME);
    html(&ChannelsPage {
        page: Page::new(member, session, Section::Channels, "Channels").await?,
        sentence: sentence(&channels, now),
        empty: channels.is_empty().then(|| empty(!apps.is_empty())),
        rows: channels.into_iter().map(|channel| row(channel, now)).collect(),
        apps: apps.into_iter().map(|app| (app.app_id.to_string(), app.name)).collect(),
        platforms: Platform::ALL.map(|platform| (platform.as_str(), words::platform(platform))).to_vec(),
        may_act: member.may_act(),
        form,
    })
}

fn row(channel: Channel, now: Now) -> Row {
    let (pill, sentence) = one::state(&channel, now);
    Row {
        href: format!("/channels/{}", channel.channel_id),
        pill,
        sentence,
        // As long as nobody has named it.
        discovered: (channel.discovered && channel.name == channel.external_id)
            .then(|| When::new(channel.created_at, now)),
        name: channel.name,
        platform: words::platform(channel.platform),
        address: channel.address.unwrap_or(channel.external_id),
        app: channel.app_name,
    }
}

fn sentence(channels: &[Channel], now: Now) -> String {
    let connected = count(channels.len(), "channel is connected", "channels are connected");
    match (channels.len(), channels.iter().filter_map(|channel| channel.last_receipt_at).max()) {
        (0, _) => "No number, page or account is connected yet.".to_owned(),
        (_, None) => format!("{connected}. No webhook has come in yet."),
        (_, Some(at)) => format!("{connected}. The last webhook came in {}.", When::new(at, now).words),
    }
}

fn empty(has_app: bool) -> Empty {
    if has_app {
        Empty {
            what: "No channels yet",
            why: "A channel appears by itself when Meta’s first webhook for it arrives. You can also add it below beforehand.",
            step: None,
        }
    } else {
        Empty {
            what: "Connect an app first",
            why: "A channel is reached through a Meta app. Once the app is connected, its numbers, pages and accounts show up here.",
            step: Some(("Connect an app", "/apps")),
        }
    }
}

pub async fn list(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, ChannelFields::default()).await
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<ChannelForm>,
) -> Result<Response, Error> {
    let mut fields = ChannelFields::entered(form);
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    let Some(checked) = fields.check(&own) else {
        drop(c);
        return refused(&app, &member, &session, fields).await;
    };
    let now = app.clock.now();
    let new = NewChannel {
        channel_id: ChannelId::new(now),
        app_tenant_id: member.tenant_id,
        app_id: checked.app_id,
        platform: checked.platform,
        external_id: &checked.external_id,
        address: checked.address.as_deref(),
        name: &checked.name,
    };
    let created = stored::create(&mut c, member.tenant_id, &new, now).await;
    drop(c);
    match created {
        Ok(()) => {}
        Err(error) if error.constraint() == Some("channel_external_id") => {
            fields.external_id.wrong("This number, page or account is connected already.");
            return refused(&app, &member, &session, fields).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(&session, format!("{} is connected. Its webhooks become events from now on.", checked.name)).await?;
    Ok(Redirect::to(&format!("/channels/{}", new.channel_id)).into_response())
}

async fn refused(app: &App, member: &Member, session: &Session, fields: ChannelFields) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, fields).await?).into_response())
}
