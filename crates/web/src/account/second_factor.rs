//! The second factor: setting an authenticator app up, its codes, and the recovery codes for when it is lost.
//!
//! What must hold: it is asked for only after a code of it was entered once, so that nobody locks themselves out; a code is good once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use qrcodegen::{QrCode, QrCodeEcc};
use rand::seq::IndexedRandom;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use socialhook_core::id::AccountId;
use socialhook_store as store;
use socialhook_store::second_factors as stored;
use totp_rs::{Builder, Secret, Totp};
use tower_sessions::Session;

use super::knows;
use crate::client::Client;
use crate::error::{Error, database};
use crate::extract::Form;
use crate::fields::Field;
use crate::mail::{self, Notice};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::passwords::Passwords;
use crate::state::App;
use crate::throttle;

const ISSUER: &str = "SocialHook";
const RECOVERY_CODES: usize = 10;
/// Without those that are taken for others.
const LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// Letters of each of a recovery code's halves: 49 bits together.
const HALF: usize = 5;

/// A drawing of a QR code.
pub struct Drawing {
    /// Squares on a side, with the white border that readers need.
    pub side: i32,
    /// The `d` of a path.
    pub path: String,
}

#[derive(Template)]
#[template(path = "second-factor.html")]
struct SetUpPage {
    page: Page,
    drawing: Drawing,
    secret: String,
    code: Field,
    password: Field,
}

#[derive(Template)]
#[template(path = "recovery-codes.html")]
struct CodesPage {
    page: Page,
    codes: Vec<String>,
}

#[derive(Deserialize)]
pub struct Entered {
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
}

/// Whether the account's second factor is asked for.
pub async fn is_on(app: &App, account_id: AccountId) -> Result<bool, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    Ok(stored::is_on(&mut c, account_id).await?)
}

/// As authenticator apps expect it: SHA-1, six digits, 30 seconds, one step's difference of clocks.
fn totp(secret: &SecretString, email: &str) -> Result<Totp, Error> {
    let unusable = Error::Unexpected("a second factor's secret cannot be used");
    let Ok(secret) = Secret::try_from_base32(secret.expose_secret()) else { return Err(unusable) };
    // A colon parts the issuer from the name.
    let name = email.replace(':', " ");
    let builder = Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some(ISSUER));
    builder.build().map_err(|_| unusable)
}

fn draw(text: &str) -> Result<Drawing, Error> {
    const BORDER: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| Error::Unexpected("no QR code is as long"))?;
    let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let path = all
        .filter(|(x, y)| code.get_module(*x, *y))
        .fold(String::new(), |path, (x, y)| path + &format!("M{} {}h1v1h-1z", x + BORDER, y + BORDER));
    Ok(Drawing { side: code.size() + 2 * BORDER, path })
}

/// Whether a code of the app, or one for when it is lost, fits; it is used up. Tries are counted.
pub async fn fits(app: &App, client: &Client, account_id: AccountId, code: &str) -> Result<bool, Error> {
    let trying = throttle::code(app, client, account_id).await?;
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    let Some(factor) = stored::find(&mut tx, account_id, &app.sealer).await? else { return Ok(false) };
    let step = totp(&factor.secret, "account")?.check(&code, now(app));
    let fits = match step.and_then(|step| i64::try_from(step).ok()) {
        Some(step) => stored::use_step(&mut tx, account_id, step).await?,
        None => stored::use_recovery_code(&mut tx, account_id, &code).await?,
    };
    tx.commit().await.map_err(store::Error::from)?;
    if fits {
        throttle::succeeded(app, trying).await?;
    }
    Ok(fits)
}

fn now(app: &App) -> u64 {
    u64::try_from(app.clock.now().timestamp()).unwrap_or_default()
}

/// Makes the secret that the page then shows.
pub async fn begin(State(app): State<App>, member: Member) -> Result<Redirect, Error> {
    let secret = SecretString::from(Secret::generate().to_base32());
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    stored::begin(&mut c, member.account_id, (&secret, &app.sealer), app.clock.now()).await?;
    Ok(Redirect::to("/account/second-factor"))
}

/// The secret that is being set up; none: there is none, or it is in use and is not shown again.
async fn pending(app: &App, member: &Member) -> Result<Option<SecretString>, Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let factor = stored::find(&mut c, member.account_id, &app.sealer).await?;
    Ok(factor.filter(|factor| factor.confirmed_at.is_none()).map(|factor| factor.secret))
}

async fn set_up_page(
    member: &Member,
    session: &Session,
    secret: &SecretString,
    (code, password): (Field, Field),
) -> Result<Response, Error> {
    let drawing = draw(&totp(secret, &member.email)?.to_url().map_err(|_| Error::Unexpected("a code has no URL"))?)?;
    let page = Page::new(member, session, Section::Account, "Second factor").await?;
    html(&SetUpPage { page, drawing, secret: secret.expose_secret().to_owned(), code, password })
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    match pending(&app, &member).await? {
        Some(secret) => set_up_page(&member, &session, &secret, (Field::default(), Field::default())).await,
        None => Ok(Redirect::to("/account").into_response()),
    }
}

pub async fn confirm(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<Entered>,
) -> Result<Response, Error> {
    let Some(secret) = pending(&app, &member).await? else { return Ok(Redirect::to("/account").into_response()) };
    let (mut code, mut password) = (Field::default(), Field::default());
    if !knows(&app, &hashing, (&client, &member), form.password).await? {
        password.wrong("This is not your password.");
    } else if !fits(&app, &client, member.account_id, &form.code).await? {
        code.wrong("This code does not fit. Wait for the next one, and see that the clock of your device is right.");
    }
    if code.error.is_some() || password.error.is_some() {
        let page = set_up_page(&member, &session, &secret, (code, password)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let codes = new_codes();
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    stored::confirm(&mut tx, member.account_id, app.clock.now()).await?;
    keep_codes(&mut tx, &member, &codes).await?;
    let notice = Notice::of(&app.public_url, "A second factor was switched on");
    mail::post(&app, &mut tx, (&member.email, mail::NOTICE_FOR), &notice).await?;
    tx.commit().await.map_err(store::Error::from)?;
    codes_page(&member, &session, codes).await
}

fn new_codes() -> Vec<String> {
    let mut rng = rand::rng();
    let mut half = || (0..HALF).filter_map(|_| LETTERS.choose(&mut rng)).map(|letter| char::from(*letter)).collect();
    (0..RECOVERY_CODES).map(|_| [half(), half()].map(|half: String| half).join("-")).collect()
}

async fn keep_codes(c: &mut store::PgConnection, member: &Member, codes: &[String]) -> Result<(), Error> {
    let bare: Vec<String> = codes.iter().map(|code| code.replace('-', "")).collect();
    Ok(stored::set_recovery_codes(c, member.account_id, &bare).await?)
}

async fn codes_page(member: &Member, session: &Session, codes: Vec<String>) -> Result<Response, Error> {
    html(&CodesPage { page: Page::new(member, session, Section::Account, "Recovery codes").await?, codes })
}

/// Whether password and code are both right; if not, the account's page says so.
async fn is_proved(
    app: &App,
    hashing: &Passwords,
    (client, member): (&Client, &Member),
    form: Entered,
) -> Result<bool, Error> {
    Ok(knows(app, hashing, (client, member), form.password).await?
        && is_on(app, member.account_id).await?
        && fits(app, client, member.account_id, &form.code).await?)
}

const REFUSED: &str = "Nothing was changed: password and code must both be right, and a code is good once.";

pub async fn renew_codes(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<Entered>,
) -> Result<Response, Error> {
    if !is_proved(&app, &hashing, (&client, &member), form).await? {
        return super::refused(&app, &member, &session, REFUSED).await;
    }
    let codes = new_codes();
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    keep_codes(&mut tx, &member, &codes).await?;
    tx.commit().await.map_err(store::Error::from)?;
    codes_page(&member, &session, codes).await
}

pub async fn remove(
    State(app): State<App>,
    State(hashing): State<Passwords>,
    (client, member): (Client, Member),
    session: Session,
    Form(form): Form<Entered>,
) -> Result<Response, Error> {
    if !is_proved(&app, &hashing, (&client, &member), form).await? {
        return super::refused(&app, &member, &session, REFUSED).await;
    }
    let mut tx = app.pools.web.begin().await.map_err(database)?;
    stored::remove(&mut tx, member.account_id).await?;
    let notice = Notice::of(&app.public_url, "The second factor was switched off");
    mail::post(&app, &mut tx, (&member.email, mail::NOTICE_FOR), &notice).await?;
    tx.commit().await.map_err(store::Error::from)?;
    leave_notice(&session, "Your second factor is off: the password alone signs you in.").await?;
    Ok(Redirect::to("/account").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_differ_and_have_no_letters_that_look_alike() {
        let codes = new_codes();
        let different: std::collections::HashSet<&String> = codes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        for code in codes {
            assert_eq!(code.len(), 2 * HALF + 1);
            assert!(!code.contains(['0', '1', 'i', 'l', 'o']), "{code}");
        }
    }
}
