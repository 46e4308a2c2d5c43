//! Running relay processes, and the taking over from dead ones.
//!
//! A process proves itself by a heartbeat. What a process without a young heartbeat owns is given back; the process may be
//! alive after all and may then send a thing twice, which the contract allows, but it settles nothing it no longer owns. Leases go by
//! the database's clock, so that machines whose clocks differ agree; only where time stands still for a test is it handed in.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::NodeId;
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

use crate::{Result, manifests};

/// A heartbeat older than this proves nothing any more.
pub const LEASE: TimeDelta = TimeDelta::seconds(15);

fn lease() -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: LEASE.num_microseconds().unwrap_or(i64::MAX) }
}

/// Registers the process, or renews its lease; registers again if it was taken for dead. `config_epoch` is the
/// configuration that it works with, `key_id` the key that it seals with.
pub async fn heartbeat(
    c: &mut PgConnection,
    node_id: NodeId,
    (config_epoch, key_id): (i64, &[u8]),
    now: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "insert into node (node_id, started_at, heartbeat_at, config_epoch, key_id)
         values ($1, coalesce($2, clock_timestamp()), coalesce($2, clock_timestamp()), $3, $4)
         on conflict (node_id) do update
           set heartbeat_at = excluded.heartbeat_at, config_epoch = excluded.config_epoch, key_id = excluded.key_id",
        node_id.0,
        now,
        config_epoch,
        key_id
    )
    .execute(c)
    .await?;
    Ok(())
}

/// True once every living process works with the newest configuration.
pub async fn config_is_in_force(c: &mut PgConnection, now: Option<DateTime<Utc>>) -> Result<bool> {
    let in_force = sqlx::query_scalar!(
        r#"select not exists (select from node where heartbeat_at >= coalesce($1, clock_timestamp()) - $2::interval and config_epoch < (select epoch from config_epoch)) as "in_force!""#,
        now,
        lease()
    )
    .fetch_one(c)
    .await?;
    Ok(in_force)
}

/// True once every living process seals with this key.
pub async fn all_seal_with(c: &mut PgConnection, key_id: &[u8], now: Option<DateTime<Utc>>) -> Result<bool> {
    let all = sqlx::query_scalar!(
        r#"select not exists (select from node where heartbeat_at >= coalesce($1, clock_timestamp()) - $2::interval and key_id is distinct from $3) as "all!""#,
        now,
        lease(),
        key_id
    )
    .fetch_one(c)
    .await?;
    Ok(all)
}

/// Forgets processes whose lease has run out; returns how many.
pub async fn bury(c: &mut PgConnection, now: Option<DateTime<Utc>>) -> Result<u64> {
    let buried = sqlx::query!(
        "delete from node where heartbeat_at < coalesce($1, clock_timestamp()) - $2::interval",
        now,
        lease()
    );
    Ok(buried.execute(c).await?.rows_affected())
}

/// Forgets every process but this one: only for a database that no other process can use.
pub async fn bury_others(c: &mut PgConnection, node_id: NodeId) -> Result<u64> {
    Ok(sqlx::query!("delete from node where node_id <> $1", node_id.0).execute(c).await?.rows_affected())
}

/// Gives back, due at once, what is owned by no registered process; returns how many deliveries.
pub async fn take_over(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let freed = sqlx::query!(
        "update delivery set owner = null, due_at = $1
         where owner is not null and owner not in (select node_id from node)",
        now
    )
    .execute(&mut *c)
    .await?;
    Ok(freed.rows_affected() + manifests::take_over(c, now).await?)
}

/// Unregisters a process that ends as it should. It must own nothing any more, or the next sweep gives that back.
pub async fn leave(c: &mut PgConnection, node_id: NodeId) -> Result<()> {
    sqlx::query!("delete from node where node_id = $1", node_id.0).execute(c).await?;
    Ok(())
}
