//! What signs links to media: made once, the same for every process, and kept when the sealing key is changed.

use rand::Rng;
use secrecy::SecretString;
use socialhook_core::id::TenantId;
use socialhook_core::signature::hex;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::{Place, Sealer};
use crate::{Error, Result};

const BYTES: usize = 32;

fn place() -> Place {
    Place { column: "media_key.secret", tenant_id: TenantId::OPERATOR, row_id: Uuid::nil() }
}

/// The key; makes it if there is none.
pub async fn get(c: &mut PgConnection, sealer: &Sealer) -> Result<SecretString> {
    let mut random = [0; BYTES];
    rand::rng().fill_bytes(&mut random);
    let fresh = hex(&random);
    sqlx::query!(
        "insert into media_key (secret) values ($1) on conflict do nothing",
        sealer.seal(place(), &SecretString::from(fresh))?
    )
    .execute(&mut *c)
    .await?;
    let found = sqlx::query_scalar!("select secret from media_key").fetch_optional(c).await?;
    sealer.open(place(), &found.ok_or(Error::Seal)?)
}
