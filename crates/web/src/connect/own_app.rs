//! Bringing one's own app: Meta's id of it, and an access token, so that we may ask Meta about its numbers and fetch their media.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::id::{AppId, LoginId};
use socialhook_relay::connect::{Through, Way};
use socialhook_store::apps::meta_side::{self, MetaSide};
use socialhook_store::meta_logins::{self, Login};
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::apps::one;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;

/// Characters of an access token; Meta's have some hundreds.
const TOKEN_MAX: usize = 2048;

#[derive(Deserialize)]
pub struct OwnAppForm {
    #[serde(default)]
    meta_app_id: String,
    #[serde(default)]
    access_token: String,
}

/// Keeps Meta's id of the app and, if a token was given, connects what that reaches.
pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(app_id): Path<AppId>,
    Form(form): Form<OwnAppForm>,
) -> Result<Response, Error> {
    let mut meta_app_id = Field::new(&form.meta_app_id);
    let given = form.access_token.trim();
    if given.len() > TOKEN_MAX || given.contains(char::is_whitespace) {
        meta_app_id.wrong("The access token is a row of letters and digits without spaces. Copy it again.");
    }
    let checked = meta_app_id.check(fields::external_id).filter(|_| meta_app_id.error.is_none());
    let Some(id) = checked else { return one::refused_meta(&app, &member, &session, app_id, meta_app_id).await };
    let mut c = app.tenant(member.tenant_id).await?;
    let meta = MetaSide { meta_app_id: Some(id), ..meta_side::get(&mut c, member.tenant_id, app_id).await? };
    meta_side::set(&mut c, member.tenant_id, app_id, &meta).await?;
    drop(c);
    if given.is_empty() {
        leave_notice(&session, "Saved. The doctor can now ask Meta where this app’s webhooks go.").await?;
        return Ok(Redirect::to(&format!("/apps/{app_id}")).into_response());
    }
    let through = Through { app_tenant_id: member.tenant_id, app_id };
    let outcome = app.relay.connect_token(member.tenant_id, through, SecretString::from(given)).await?;
    let told = serde_json::to_value(&outcome).map_err(|_| Error::Unexpected("an outcome could not be written"))?;
    let now = app.clock.now();
    let login = Login {
        login_id: LoginId::new(now),
        account_id: member.account_id,
        way: Way::Whatsapp.as_str().to_owned(),
        app_tenant_id: member.tenant_id,
        app_id,
        message: None,
    };
    let mut c = app.tenant(member.tenant_id).await?;
    // Nobody comes back for it: its state is known to nobody.
    meta_logins::create(&mut c, member.tenant_id, &login, Token::new("").expose(), now).await?;
    meta_logins::finish(&mut c, member.tenant_id, login.login_id, &told).await?;
    Ok(Redirect::to(&format!("/connect/logins/{}", login.login_id)).into_response())
}
