//! Second factors of accounts: the secret of an authenticator app, sealed, and the hashes of recovery codes.
//!
//! What must hold: a code is good once, whoever tries it at the same time.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use socialhook_core::id::{AccountId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::seal::{Place, Sealer};
use crate::token;

/// An account belongs to no one tenant.
fn place(account_id: AccountId) -> Place {
    Place { column: "second_factor.secret", tenant_id: TenantId::OPERATOR, row_id: account_id.0 }
}

#[derive(Debug)]
pub struct SecondFactor {
    /// In base 32, as authenticator apps take it.
    pub secret: SecretString,
    /// None: no code was entered yet, so it is not asked for.
    pub confirmed_at: Option<DateTime<Utc>>,
    pub recovery_codes: i64,
}

/// Keeps a secret that was not confirmed yet, in the place of an earlier one that was not either.
pub async fn begin(
    c: &mut PgConnection,
    account_id: AccountId,
    (secret, sealer): (&SecretString, &Sealer),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into second_factor (account_id, secret, created_at) values ($1, $2, $3)
         on conflict (account_id) do update set secret = excluded.secret, created_at = excluded.created_at
           where second_factor.confirmed_at is null",
        account_id.0,
        sealer.seal(place(account_id), secret)?,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

pub async fn find(c: &mut PgConnection, account_id: AccountId, sealer: &Sealer) -> Result<Option<SecondFactor>> {
    let row = sqlx::query!(
        r#"select secret, confirmed_at, (select count(*) from recovery_code r where r.account_id = $1) as "recovery_codes!"
           from second_factor where account_id = $1"#,
        account_id.0
    )
    .fetch_optional(c)
    .await?;
    row.map(|row| {
        let secret = sealer.open(place(account_id), &row.secret)?;
        Ok(SecondFactor { secret, confirmed_at: row.confirmed_at, recovery_codes: row.recovery_codes })
    })
    .transpose()
}

/// Whether a second factor is asked for.
pub async fn is_on(c: &mut PgConnection, account_id: AccountId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from second_factor where account_id = $1 and confirmed_at is not null) as "found!""#,
        account_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(found)
}

/// Uses the code of a step up; false if it or a later one was used before.
pub async fn use_step(c: &mut PgConnection, account_id: AccountId, step: i64) -> Result<bool> {
    let used = sqlx::query!(
        "update second_factor set used_step = $2 where account_id = $1 and used_step < $2",
        account_id.0,
        step
    );
    Ok(used.execute(c).await?.rows_affected() == 1)
}

/// From now on it is asked for.
pub async fn confirm(c: &mut PgConnection, account_id: AccountId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update second_factor set confirmed_at = $2 where account_id = $1 and confirmed_at is null",
        account_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Has these codes stand for lost ones, and no others.
pub async fn set_recovery_codes(c: &mut PgConnection, account_id: AccountId, codes: &[String]) -> Result<()> {
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| token::hash(code)).collect();
    sqlx::query!("delete from recovery_code where account_id = $1", account_id.0).execute(&mut *c).await?;
    sqlx::query!(
        "insert into recovery_code (account_id, code_hash) select $1, unnest($2::bytea[])",
        account_id.0,
        &hashes
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Uses a recovery code up; false if there is no such.
pub async fn use_recovery_code(c: &mut PgConnection, account_id: AccountId, code: &str) -> Result<bool> {
    let used = sqlx::query!(
        "delete from recovery_code where account_id = $1 and code_hash = $2",
        account_id.0,
        token::hash(code)
    );
    Ok(used.execute(c).await?.rows_affected() == 1)
}

/// It is asked for no more.
pub async fn remove(c: &mut PgConnection, account_id: AccountId) -> Result<()> {
    sqlx::query!("delete from second_factor where account_id = $1", account_id.0).execute(c).await?;
    Ok(())
}
