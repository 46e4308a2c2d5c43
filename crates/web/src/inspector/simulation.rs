//! A simulated webhook, taken in exactly as Meta's are: signed with the app's secret, verified, normalised, delivered.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Redirect;
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId};
use socialhook_core::sample::{self, Sample, Stage};
use socialhook_core::signature::Key;
use socialhook_relay::{NotAccepted, Post};
use socialhook_store::apps;
use socialhook_store::channels::{self, NewChannel};
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Form;
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;
use crate::{apps as app_pages, codes, words};

/// Of the app that simulated channels are reached through.
pub const APP_NAME: &str = "Simulator";
/// What a newcomer sees first.
pub const FIRST_SAMPLE: &str = "whatsapp-text";
const APP_SECRET_LENGTH: usize = 32;
/// Digits of a made-up number's id, as many as Meta's have.
const EXTERNAL_ID_LENGTH: usize = 15;
/// From the range that Ofcom keeps for fiction in London.
const WHATSAPP_ADDRESS: &str = "+442079460123";

#[derive(Deserialize)]
pub struct SimulationForm {
    #[serde(default)]
    sample: String,
}

/// The channel that a simulated webhook is about, and the app it comes through.
struct Cast {
    callback_key: String,
    secret: SecretString,
    external_id: String,
    address: Option<String>,
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<SimulationForm>,
) -> Result<Redirect, Error> {
    send(&app, &member, &form.sample).await?;
    leave_notice(&session, "A simulated event is on its way. It appears below within a second.").await?;
    Ok(Redirect::to("/inspector"))
}

/// Sends one, from a channel that is made if there is none yet.
pub async fn send(app: &App, member: &Member, sample: &str) -> Result<(), Error> {
    let sample = sample::find(sample).ok_or(Error::Unreadable)?;
    let cast = match connected(app, member, sample.platform).await? {
        Some(cast) => cast,
        None => connect(app, member, sample.platform).await?,
    };
    match app.relay.accept(post(app, sample, &cast)).await {
        Ok(_) => Ok(()),
        Err(NotAccepted::Unavailable) => Err(Error::Busy),
        Err(NotAccepted::UnknownApp | NotAccepted::Refused(_)) => {
            Err(Error::Unexpected("the simulated webhook was refused"))
        }
    }
}

fn post(app: &App, sample: &Sample, cast: &Cast) -> Post {
    let stage = Stage {
        external_id: &cast.external_id,
        address: cast.address.as_deref(),
        at: app.clock.now(),
        serial: codes::random_serial(),
    };
    let body = sample.body(&stage);
    let signature = Key::new(&cast.secret).sign(body.as_bytes());
    Post {
        callback_key: cast.callback_key.clone(),
        signature: Some(signature.into_bytes()),
        body: body.into(),
        headers: HeaderMap::new(),
        simulated: true,
    }
}

/// The first channel of the platform that is reached through an app of the tenant's own with a live secret.
async fn connected(app: &App, member: &Member, platform: Platform) -> Result<Option<Cast>, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    for channel in channels::list(&mut c, member.tenant_id).await? {
        let Some(through) = own.iter().find(|app| app.app_id == channel.app_id && app.live_secrets > 0) else {
            continue;
        };
        if channel.platform != platform || channel.disabled_at.is_some() {
            continue;
        }
        let secrets = apps::live_secrets(&mut c, member.tenant_id, through.app_id, &app.sealer).await?;
        if let Some(secret) = secrets.into_iter().next() {
            let callback_key = through.callback_key.clone();
            return Ok(Some(Cast { callback_key, secret, external_id: channel.external_id, address: channel.address }));
        }
    }
    Ok(None)
}

/// Makes a channel of the platform under the tenant's simulator app, and that app if there is none yet.
async fn connect(app: &App, member: &Member, platform: Platform) -> Result<Cast, Error> {
    let app_id = simulator(app, member).await?;
    let now = app.clock.now();
    let external_id = codes::random_digits(EXTERNAL_ID_LENGTH);
    let name = format!("Simulated {}", words::platform(platform));
    let new = NewChannel {
        channel_id: ChannelId::new(now),
        app_tenant_id: member.tenant_id,
        app_id,
        platform,
        external_id: &external_id,
        address: (platform == Platform::Whatsapp).then_some(WHATSAPP_ADDRESS),
        name: &name,
    };
    let mut c = app.tenant(member.tenant_id).await?;
    channels::create(&mut c, member.tenant_id, &new, now).await?;
    drop(c);
    app.relay.refresh().await?;
    connected(app, member, platform).await?.ok_or(Error::Unexpected("the simulator's app has no live secret"))
}

async fn simulator(app: &App, member: &Member) -> Result<AppId, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    drop(c);
    if let Some(simulator) = own.into_iter().find(|app| app.name == APP_NAME) {
        return Ok(simulator.app_id);
    }
    let (token, secret) = (codes::random(app_pages::VERIFY_TOKEN_LENGTH), codes::random(APP_SECRET_LENGTH));
    match app_pages::add(app, member.tenant_id, APP_NAME, &token.into(), &secret.into()).await {
        Ok(app_id) => Ok(app_id),
        // Pressed twice at once: the other press makes it.
        Err(error) if error.constraint() == Some("app_name") => Err(Error::Busy),
        Err(error) => Err(error.into()),
    }
}
