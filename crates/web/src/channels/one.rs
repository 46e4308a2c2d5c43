//! One channel: how it is doing, its name and address, and which app it is reached through.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use socialhook_core::id::{AppId, ChannelId};
use socialhook_store::apps;
use socialhook_store::channels::{self as stored, Channel};
use socialhook_store::connections;
use socialhook_store::media::{self, Summary};
use socialhook_store::rollups::Grain;
use tower_sessions::Session;

use super::access::Access;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{self, Now, Pill, When, count};

/// Beyond, a channel counts as quiet.
const QUIET_AFTER: TimeDelta = TimeDelta::hours(24);

/// Days of media that are told of: as long as Meta keeps them.
const MEDIA_DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "channel.html")]
struct ChannelPage {
    page: Page,
    id: String,
    pill: Pill,
    sentence: String,
    may_act: bool,
    is_disabled: bool,
    /// It appeared by itself, and nobody has named it.
    is_unnamed: bool,
    /// What its beginning is called.
    began: &'static str,
    platform: &'static str,
    external_id: String,
    app_name: String,
    /// None if it is the operator's.
    app_href: Option<String>,
    created: When,
    last: Option<When>,
    rate: String,
    connection: Option<Access>,
    /// What became of its media in the last seven days; none: there were none.
    media: Option<String>,
    /// Other apps that it can be moved to.
    apps: Vec<(String, String)>,
    form: Fields,
}

#[derive(Default)]
pub struct Fields {
    name: Field,
    address: Field,
    app: Field,
}

impl Fields {
    fn of(channel: &Channel) -> Self {
        Self {
            name: Field::new(&channel.name),
            address: Field::new(channel.address.clone().unwrap_or_default()),
            app: Field::default(),
        }
    }
}

/// Where the last day begins among the sums by the hour.
pub fn day(now: DateTime<Utc>) -> DateTime<Utc> {
    Grain::Hour.floor(now - TimeDelta::hours(24))
}

/// One of the tenant's channels; anything else is not found.
pub async fn find(app: &App, member: &Member, channel_id: ChannelId) -> Result<Channel, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let found = stored::find(&mut c, member.tenant_id, channel_id, day(app.clock.now())).await?;
    found.ok_or(Error::NotFound)
}

/// How it is doing, in a word and a sentence.
pub fn state(channel: &Channel, now: Now) -> (Pill, String) {
    let ago = |at| When::new(at, now).words;
    if let Some(since) = channel.disabled_at {
        let sentence = format!("Disabled {}: its events are kept, and delivered nowhere.", ago(since));
        return (Pill::DISABLED, sentence);
    }
    match channel.last_receipt_at {
        None => (Pill::NOTHING_YET, "No webhook has come in for it yet.".to_owned()),
        Some(at) if now.to_utc() - at > QUIET_AFTER => (Pill::QUIET, format!("The last webhook came in {}.", ago(at))),
        Some(at) => (Pill::ACTIVE, format!("The last webhook came in {}; {}.", ago(at), rate(channel))),
    }
}

/// How much it carries.
fn rate(channel: &Channel) -> String {
    let events = usize::try_from(channel.events_of_day).unwrap_or(0);
    let of_day = format!("{} in the last 24 h", count(events, "event", "events"));
    match events / 24 {
        0 => of_day,
        hourly => format!("{of_day}, about {} an hour", words::grouped(hourly)),
    }
}

/// What became of files, in words.
fn told(media: Summary) -> Option<String> {
    let number = |number: i64| usize::try_from(number).unwrap_or(0);
    let parts = [
        (media.stored, format!("{} kept, {}", words::grouped(number(media.stored)), words::bytes(number(media.bytes)))),
        (media.waiting, format!("{} still to be fetched", words::grouped(number(media.waiting)))),
        (media.gone, format!("{} gone at Meta", words::grouped(number(media.gone)))),
        (media.refused, format!("{} too large, or without room", words::grouped(number(media.refused)))),
    ];
    let said: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (channel, form): (Channel, Fields),
) -> Result<Response, Error> {
    let now = member.now(app);
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    let found = match channel.connection_id {
        Some(connection_id) => connections::find(&mut c, member.tenant_id, connection_id).await?,
        None => None,
    };
    let connection = match &found {
        Some(found) => Some(Access::of(&mut c, (found, &channel.external_id), now).await?),
        None => None,
    };
    let since = app.clock.now() - TimeDelta::days(MEDIA_DAYS);
    let media = media::summary(&mut c, member.tenant_id, channel.channel_id, since).await?;
    drop(c);
    let (pill, sentence) = state(&channel, now);
    let others = own.into_iter().filter(|one| one.app_id != channel.app_id);
    html(&ChannelPage {
        id: channel.channel_id.to_string(),
        pill,
        sentence,
        may_act: member.may_act(),
        is_disabled: channel.disabled_at.is_some(),
        is_unnamed: channel.discovered && channel.name == channel.external_id,
        began: if channel.discovered { "Appeared by itself" } else { "Added" },
        platform: words::platform(channel.platform),
        rate: rate(&channel),
        app_href: (!channel.is_operators).then(|| format!("/apps/{}", channel.app_id)),
        app_name: channel.app_name,
        external_id: channel.external_id,
        media: told(media),
        connection,
        created: When::new(channel.created_at, now),
        last: channel.last_receipt_at.map(|at| When::new(at, now)),
        apps: others.map(|one| (one.app_id.to_string(), one.name)).collect(),
        form,
        page: Page::new(member, session, Section::Channels, channel.name).await?,
    })
}

async fn refused(app: &App, member: &Member, session: &Session, shown: (Channel, Fields)) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, session, shown).await?).into_response())
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Response, Error> {
    let channel = find(&app, &member, channel_id).await?;
    let form = Fields::of(&channel);
    page(&app, &member, &session, (channel, form)).await
}

#[derive(Deserialize)]
pub struct DescribeForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
}

pub async fn update(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
    Form(form): Form<DescribeForm>,
) -> Result<Response, Error> {
    let channel = find(&app, &member, channel_id).await?;
    let mut fields = Fields { name: Field::new(form.name), address: Field::new(form.address), app: Field::default() };
    let (name, address) = (fields.name.check(fields::name), fields.address.check(fields::address));
    let (Some(name), Some(address)) = (name, address) else {
        return refused(&app, &member, &session, (channel, fields)).await;
    };
    let mut c = app.tenant(member.tenant_id).await?;
    stored::describe(&mut c, member.tenant_id, channel_id, &name, address.as_deref()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, "Saved. The next event carries it.").await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}")).into_response())
}

#[derive(Deserialize)]
pub struct MoveForm {
    #[serde(default)]
    app: String,
}

pub async fn move_to(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
    Form(form): Form<MoveForm>,
) -> Result<Response, Error> {
    let channel = find(&app, &member, channel_id).await?;
    let mut fields = Fields { app: Field::new(form.app), ..Fields::of(&channel) };
    let choose = || "Choose one of your apps.".to_owned();
    let Some(app_id) = fields.app.check(|text| text.parse::<AppId>().map_err(|_| choose())) else {
        return refused(&app, &member, &session, (channel, fields)).await;
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let moved = stored::move_to(&mut c, member.tenant_id, channel_id, app_id).await;
    drop(c);
    match moved {
        Ok(true) => {}
        Ok(false) => {
            fields.app.wrong(choose());
            return refused(&app, &member, &session, (channel, fields)).await;
        }
        Err(error) if error.constraint() == Some("channel_external_id") => {
            fields
                .app
                .wrong("That app has this number, page or account as a channel already. Delete one of the two first.");
            return refused(&app, &member, &session, (channel, fields)).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.relay.refresh().await?;
    leave_notice(&session, "Moved. Its webhooks are taken through the other app from now on.").await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}")).into_response())
}
