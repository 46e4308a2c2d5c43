//! How often people may try to sign in, to sign up, to have mail written, and to guess links and verify tokens.
//!
//! What must hold: whoever guesses runs out of tries, by account and by network, also across restarts and processes; nobody is locked out of a
//! browser that they use by what others try, since one that has signed in before has tries of its own; an address without an account is treated as one with it.

use chrono::TimeDelta;
use socialhook_core::id::{AccountId, TenantId};
use socialhook_store::throttle::{self, Limit, Subject};

use crate::client::Client;
use crate::error::{Error, database};
use crate::state::App;

/// For an account from one network, or from one browser that it knows.
const SIGN_IN: Limit = Limit { kind: "sign_in", burst: 10, every: TimeDelta::minutes(2) };
/// For an account from anywhere but the browsers that it knows.
const SIGN_IN_ACCOUNT: Limit = Limit { kind: "sign_in_account", burst: 50, every: TimeDelta::minutes(2) };
/// From one network, whatever the account.
const SIGN_IN_NETWORK: Limit = Limit { kind: "sign_in_network", burst: 100, every: TimeDelta::seconds(36) };
/// Codes of a second factor, as the tries to sign in.
const CODE: Limit = Limit { kind: "code", burst: 10, every: TimeDelta::minutes(2) };
const CODE_ACCOUNT: Limit = Limit { kind: "code_account", burst: 50, every: TimeDelta::minutes(2) };
/// From one network.
const SIGN_UP: Limit = Limit { kind: "sign_up", burst: 20, every: TimeDelta::minutes(6) };
/// For an app's verify token from one network.
const CHALLENGE: Limit = Limit { kind: "challenge", burst: 30, every: TimeDelta::seconds(10) };

/// Letters to one address, by whoever asks for them.
const MAIL_ADDRESS: Limit = Limit { kind: "mail_address", burst: 5, every: TimeDelta::minutes(12) };
/// Letters that one network has us write.
const MAIL_NETWORK: Limit = Limit { kind: "mail_network", burst: 20, every: TimeDelta::minutes(6) };
/// Letters that a tenant has us write.
const MAIL_TENANT: Limit = Limit { kind: "mail_tenant", burst: 50, every: TimeDelta::minutes(12) };
/// Links in mails that one network tries.
const LINK: Limit = Limit { kind: "link", burst: 50, every: TimeDelta::minutes(1) };

/// A try that has been counted.
pub struct Counted(Limit, Subject);

async fn take(app: &App, limit: Limit, subject: &Subject) -> Result<(), Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    let wait = throttle::take(&mut c, limit, subject, app.clock.now()).await?;
    wait.map_or(Ok(()), |wait| Err(Error::TooOften(wait)))
}

/// Counts a try to sign in with an address, which may have an account; [`Error::TooOften`] if it is one too many.
pub async fn sign_in(app: &App, client: &Client, email: &str, account_id: Option<AccountId>) -> Result<Counted, Error> {
    let email = email.to_lowercase();
    if let Some(device) = account_id.and_then(|account_id| client.device_of(app, account_id)) {
        let own = Subject::of(&[email.as_bytes(), b"device", &device]);
        take(app, SIGN_IN, &own).await?;
        return Ok(Counted(SIGN_IN, own));
    }
    let network = client.network.as_deref().unwrap_or_default();
    let own = Subject::of(&[email.as_bytes(), b"network", network.as_bytes()]);
    let mut limits = vec![(SIGN_IN, own.clone()), (SIGN_IN_ACCOUNT, Subject::of(&[email.as_bytes()]))];
    if !network.is_empty() {
        limits.push((SIGN_IN_NETWORK, Subject::of(&[network.as_bytes()])));
    }
    for (limit, subject) in limits {
        take(app, limit, &subject).await?;
    }
    Ok(Counted(SIGN_IN, own))
}

/// Counts a code of a second factor, which somebody enters who knows the password.
pub async fn code(app: &App, client: &Client, account_id: AccountId) -> Result<Counted, Error> {
    let account = account_id.0.as_bytes().as_slice();
    if let Some(device) = client.device_of(app, account_id) {
        let own = Subject::of(&[account, b"device", &device]);
        take(app, CODE, &own).await?;
        return Ok(Counted(CODE, own));
    }
    let network = client.network.as_deref().unwrap_or_default();
    let own = Subject::of(&[account, b"network", network.as_bytes()]);
    take(app, CODE, &own).await?;
    take(app, CODE_ACCOUNT, &Subject::of(&[account])).await?;
    Ok(Counted(CODE, own))
}

/// It was right: whoever mistyped it before begins anew.
pub async fn succeeded(app: &App, Counted(limit, own): Counted) -> Result<(), Error> {
    let mut c = app.pools.web.acquire().await.map_err(database)?;
    Ok(throttle::forget(&mut c, limit, &own).await?)
}

/// Counts a try to sign up.
pub async fn sign_up(app: &App, client: &Client) -> Result<(), Error> {
    let Some(network) = &client.network else { return Ok(()) };
    take(app, SIGN_UP, &Subject::of(&[network.as_bytes()])).await
}

/// Counts a letter to an address that anybody may have given.
pub async fn mail(app: &App, client: &Client, email: &str) -> Result<(), Error> {
    if let Some(network) = &client.network {
        take(app, MAIL_NETWORK, &Subject::of(&[network.as_bytes()])).await?;
    }
    take(app, MAIL_ADDRESS, &Subject::of(&[email.to_lowercase().as_bytes()])).await
}

/// Counts a letter that a tenant's owner has us write.
pub async fn invitation(app: &App, tenant_id: TenantId, email: &str) -> Result<(), Error> {
    take(app, MAIL_TENANT, &Subject::of(&[tenant_id.0.as_bytes()])).await?;
    take(app, MAIL_ADDRESS, &Subject::of(&[email.to_lowercase().as_bytes()])).await
}

/// Counts a try to follow a link in a mail.
pub async fn link(app: &App, client: &Client) -> Result<(), Error> {
    let Some(network) = &client.network else { return Ok(()) };
    take(app, LINK, &Subject::of(&[network.as_bytes()])).await
}

/// Counts a challenge with a verify token; [`Error::TooOften`] if it is one too many.
pub async fn challenge(app: &App, client: &Client, callback_key: &str) -> Result<Counted, Error> {
    let network = client.network.as_deref().unwrap_or_default();
    let own = Subject::of(&[callback_key.as_bytes(), network.as_bytes()]);
    take(app, CHALLENGE, &own).await?;
    Ok(Counted(CHALLENGE, own))
}

/// A wait for people: whole minutes, or seconds if it is short.
pub fn in_words(wait: TimeDelta) -> String {
    match wait.num_seconds().max(1) {
        1 => "a second".to_owned(),
        seconds @ ..90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", (seconds + 59) / 60),
    }
}
