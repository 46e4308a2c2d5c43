//! An app's secrets: adding one beside the others, and retiring one.
//!
//! What must hold: a secret is never shown again, only when it was added and the end of its fingerprint.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use socialhook_core::id::{AppId, AppSecretId};
use socialhook_core::signature;
use socialhook_store::apps::secrets::{self, Secret};
use socialhook_store::apps::{self as stored};
use tower_sessions::Session;

use super::one;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, When};

/// Live secrets of one app: a rotation needs two, Instagram Login one more.
const LIVE_MAX: usize = 8;

/// One as it is shown.
pub struct Shown {
    pub id: String,
    pub fingerprint: String,
    pub added: When,
}

impl Shown {
    pub fn of(secret: &Secret, now: Now) -> Self {
        let fingerprint = secret.secret.as_ref().map_or_else(|| "cannot be opened".to_owned(), fingerprint);
        Self { id: secret.app_secret_id.to_string(), fingerprint, added: When::new(secret.created_at, now) }
    }
}

/// The end of its SHA-256: enough to compare with what one has, and too little to find it by.
pub fn fingerprint(secret: &SecretString) -> String {
    let digest = Sha256::digest(secret.expose_secret().as_bytes());
    format!("…{}", signature::hex(&digest[30..]))
}

#[derive(Deserialize)]
pub struct SecretForm {
    #[serde(default)]
    app_secret: String,
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
    Form(form): Form<SecretForm>,
) -> Result<Response, Error> {
    let found = one::find(&app, &member, app_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let live = secrets::live(&mut c, member.tenant_id, app_id, &app.sealer).await?;
    let secret: Result<SecretString, String> = fields::app_secret(form.app_secret.trim()).map(Into::into);
    let checked = secret.and_then(|secret| {
        if live.len() < LIVE_MAX {
            let is_there =
                |one: &Secret| one.secret.as_ref().is_some_and(|own| own.expose_secret() == secret.expose_secret());
            if live.iter().any(is_there) { Err("This secret is there already.".to_owned()) } else { Ok(secret) }
        } else {
            Err(format!("An app has at most {LIVE_MAX} live secrets. Retire one first."))
        }
    });
    let secret = match checked {
        Ok(secret) => secret,
        Err(error) => {
            drop(c);
            let forms = one::Forms {
                app_secret: fields::Field { value: String::new(), error: Some(error) },
                ..one::Forms::of(&found)
            };
            return one::refused(&app, &member, &session, (found, forms)).await;
        }
    };
    stored::add_secret(&mut c, member.tenant_id, app_id, (&secret, &app.sealer), app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, "Added. Webhooks signed with the new secret are taken too, beside the earlier ones.")
        .await?;
    Ok(Redirect::to(&format!("/apps/{app_id}#secrets")).into_response())
}

#[derive(Template)]
#[template(path = "app-retire.html")]
struct RetirePage {
    page: Page,
    id: String,
    name: String,
    secret: Shown,
    is_last: bool,
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((app_id, secret_id)): Path<(AppId, AppSecretId)>,
) -> Result<Response, Error> {
    let found = one::find(&app, &member, app_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let live = secrets::live(&mut c, member.tenant_id, app_id, &app.sealer).await?;
    drop(c);
    let secret = live.iter().find(|one| one.app_secret_id == secret_id).ok_or(Error::NotFound)?;
    html(&RetirePage {
        page: Page::new(&member, &session, Section::Apps, format!("Retire a secret of {}", found.name)).await?,
        id: app_id.to_string(),
        name: found.name,
        secret: Shown::of(secret, member.now(&app)),
        is_last: live.len() == 1,
    })
}

pub async fn retire(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path((app_id, secret_id)): Path<(AppId, AppSecretId)>,
) -> Result<Redirect, Error> {
    one::find(&app, &member, app_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    let retired = secrets::retire(&mut c, member.tenant_id, (app_id, secret_id), app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    let notice = if retired {
        "Retired. Webhooks signed with it are refused from now on."
    } else {
        "It is retired already, or the only secret there is. An app keeps one; add the new one first."
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/apps/{app_id}#secrets")))
}
