//! Another e-mail address for the account: a link in the new mailbox makes it so, and one in the old takes it back.
//!
//! What must hold: whoever changes it knows the password and reads the new address; whoever reads the old one can undo it for a week.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_store as store;
use socialhook_store::account_links::{self, Purpose};
use socialhook_store::accounts::{self, Account};
use socialhook_store::sessions;
use socialhook_store::token::Token;
use tower_sessions::Session;

use super::{Fields, knows};
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::{Form, Query};
use crate::fields;
use crate::mail::{self, Held};
use crate::member::Member;
use crate::page::{html, leave_notice};
use crate::passwords::Passwords;
use crate::state::App;
use crate::{audit, forgot, throttle};

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    email: String,
    #[serde(default)]
    email_password: String,
}

#[derive(Template)]
#[template(path = "email-confirm.html")]
struct ConfirmPage {
    token: String,
    email: String,
    old: String,
    is_undoing: bool,
}

pub async fn create(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<Wish>,
) -> Result<Response, Error> {
    let mut fields = Fields::default();
    fields.email.value = form.email;
    let email = fields.email.check(fields::email);
    if !knows(&app, &hashing, (&client, &member), form.email_password).await? {
        fields.email_password.wrong("This is not your password.");
    }
    let (Some(email), None) = (email, &fields.email_password.error) else {
        let page = super::page(&app, &member, &session, fields).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    throttle::mail(&app, &client, &email).await?;
    let token = Token::new("");
    let held = (token.hash.as_slice(), app.clock.now() + mail::NEW_EMAIL_FOR);
    let letter = mail::NewEmail { link: mail::link(&app, "/email", token.expose()), old: member.email.clone() };
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    account_links::add(&mut tx, member.account_id, &Purpose::NewEmail(email.clone()), held).await?;
    mail::post(&app, &mut tx, (&email, mail::NEW_EMAIL_FOR), &letter).await?;
    tx.commit().await.map_err(store::Error::from)?;
    leave_notice(&session, format!("A letter is on its way to {email}. The link in it makes it your address.")).await?;
    Ok(Redirect::to("/account").into_response())
}

/// The account, the address that it gets, and whether that is its old one.
async fn find(app: &App, client: &Client, token: &str) -> Result<(Account, String, bool), Error> {
    throttle::link(app, client).await?;
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let Some((account_id, purpose)) = account_links::find(&mut c, token, app.clock.now()).await? else {
        return Err(Error::LinkOver);
    };
    let account = accounts::find(&mut c, account_id).await?.ok_or(Error::LinkOver)?;
    match purpose {
        Purpose::Reset => Err(Error::LinkOver),
        Purpose::NewEmail(email) => Ok((account, email, false)),
        Purpose::OldEmail(email) => Ok((account, email, true)),
    }
}

pub async fn show(
    State(app): State<App>,
    client: Client,
    Query(Held { token }): Query<Held>,
) -> Result<Response, Error> {
    let (account, email, is_undoing) = find(&app, &client, &token).await?;
    html(&ConfirmPage { token, email, old: account.email, is_undoing })
}

pub async fn confirm(
    State(app): State<App>,
    client: Client,
    session: Session,
    Form(Held { token }): Form<Held>,
) -> Result<Response, Error> {
    let (account, email, is_undoing) = find(&app, &client, &token).await?;
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    if !account_links::take(&mut tx, &token, app.clock.now()).await? {
        return Err(Error::LinkOver);
    }
    match accounts::set_email(&mut tx, account.account_id, &email).await {
        // Told to somebody who reads the address.
        Err(error) if error.constraint() == Some("account_email") => return Err(Error::LinkOver),
        set => set?,
    }
    account_links::remove_of(&mut tx, account.account_id).await?;
    let told = (account.account_id, email.as_str());
    if is_undoing {
        sessions::end_all(&mut tx, account.account_id).await?;
        let link = forgot::add_link(&app, &mut tx, account.account_id).await?;
        tx.commit().await.map_err(store::Error::from)?;
        audit::of_account(&app, &client, told, "Took their account back by mail").await?;
        return Ok(Redirect::to(&link).into_response());
    }
    let back = Token::new("");
    let held = (back.hash.as_slice(), app.clock.now() + mail::OLD_EMAIL_FOR);
    account_links::add(&mut tx, account.account_id, &Purpose::OldEmail(account.email.clone()), held).await?;
    let letter = mail::OldEmail { link: mail::link(&app, "/email", back.expose()), new: email.clone() };
    mail::post(&app, &mut tx, (&account.email, mail::OLD_EMAIL_FOR), &letter).await?;
    tx.commit().await.map_err(store::Error::from)?;
    audit::of_account(&app, &client, told, "Took another e-mail address").await?;
    leave_notice(&session, format!("{email} is your address from now on.")).await?;
    Ok(Redirect::to("/account").into_response())
}
