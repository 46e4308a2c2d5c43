//! What operators do by the command line, on record: who, on which machine, and what.
//!
//! What must hold: it stands in the operator's own audit log, and in that of each tenant whose things it changes or sends, where the tenant's
//! people read it.

use std::iter::once;

use chrono::SecondsFormat;
use nix::unistd::{Uid, User, gethostname};
use serde_json::json;
use socialhook_core::clock::Clock;
use socialhook_core::id::{AccountId, TenantId};
use socialhook_relay::Means;
use socialhook_store::audit::{self, Deed};
use socialhook_store::{PgConnection, accounts, second_factors, tenants};
use socialhook_web::mail::{self, Notice};
use uuid::Uuid;

use crate::cli::Failure;
use crate::config::{self, Config};
use crate::{serve, simulate};

/// Whose audit log to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Log {
    /// A tenant's, by its name or its ten_… id [default: the operator's own]
    #[arg(long)]
    pub tenant: Option<String>,
    /// So many records, the newest
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub limit: i64,
}

/// Whose second factor to take away.
#[derive(Debug, Clone, clap::Args)]
pub struct Whose {
    /// The address that they sign in with
    #[arg(long)]
    pub email: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error(transparent)]
    Tenant(#[from] simulate::Error),
    #[error("nobody has an account with the address {0}")]
    NoAccount(String),
    #[error("{0} has no second factor")]
    NoSecondFactor(String),
}

/// The user of the system that runs this, and the machine: `operator alice as root@web-1`.
fn who() -> String {
    let user = User::from_uid(Uid::effective()).ok().flatten().map_or_else(|| "unknown".to_owned(), |user| user.name);
    let host = gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    match config::sudo_user() {
        Some(person) if person != user => format!("operator {person} as {user}@{host}"),
        _ => format!("operator {user}@{host}"),
    }
}

/// Puts on record what was done, to which tenants, and the ids of what.
///
/// # Errors
/// If the database fails.
pub async fn record(
    c: &mut PgConnection,
    clock: &Clock,
    tenants: &[TenantId],
    action: &str,
    subjects: &[String],
) -> socialhook_store::Result<()> {
    let who = who();
    let deed = Deed { account_id: AccountId(Uuid::nil()), email: &who, network: None, action, subjects };
    for tenant_id in once(&TenantId::OPERATOR).chain(tenants) {
        audit::add(c, *tenant_id, deed, clock.now()).await?;
    }
    Ok(())
}

/// The newest records, a line of JSON each, the newest first.
///
/// # Errors
/// If there is no such tenant, or the database fails.
pub async fn log(c: &mut PgConnection, wanted: &Log) -> Result<String, Error> {
    let tenant_id = match &wanted.tenant {
        Some(tenant) => simulate::find_tenant(c, tenant).await?,
        None => TenantId::OPERATOR,
    };
    let records = audit::list(c, tenant_id, None, wanted.limit).await?;
    let line = |record: &audit::Record| {
        let at = record.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let told = json!({
            "at": at, "who": record.email, "from": record.network, "what": record.action, "subjects": record.subjects,
        });
        format!("{told}\n")
    };
    Ok(records.iter().map(line).collect())
}

/// Takes the second factor of somebody away who has lost it, and writes to them that it was done.
///
/// # Errors
/// If there is no such account or second factor, or the database fails: then nothing is changed.
pub(crate) async fn reset_second_factor(config: &Config, means: &Means, whose: &Whose) -> Result<(), Failure> {
    let mut tx = means.pools.background.begin().await?;
    let account = accounts::find_by_email(&mut tx, &whose.email).await?;
    let account = account.ok_or_else(|| Error::NoAccount(whose.email.clone()))?;
    if second_factors::find(&mut tx, account.account_id, &means.sealer).await?.is_none() {
        return Err(Error::NoSecondFactor(whose.email.clone()).into());
    }
    second_factors::remove(&mut tx, account.account_id).await?;
    let public_url = config.public_url.clone().unwrap_or_else(|| serve::own_url(config.listen));
    let notice = Notice::of(&public_url, "The second factor was taken away by whoever runs the service");
    mail::put(&mut tx, (&means.sealer, means.clock.now()), (&account.email, mail::NOTICE_FOR), &notice).await?;
    let tenants = tenants::of_account(&mut tx, account.account_id).await?;
    let tenants: Vec<TenantId> = tenants.iter().map(|tenant| tenant.tenant_id).collect();
    let subjects = [account.account_id.to_string()];
    record(&mut tx, &means.clock, &tenants, "Took a member’s second factor away", &subjects).await?;
    Ok(tx.commit().await?)
}
