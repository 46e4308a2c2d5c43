//! What was learnt of customers' names: which conversation each stands for.
//!
//! The relay asks and teaches in batches across tenants; every key belongs to one channel, hence to one tenant, whose id is
//! in the query. What must hold: what another process learnt in the meantime is never overwritten unseen.

use chrono::{DateTime, Utc};
use socialhook_core::conversation::{Known, PeerKey};
use socialhook_core::id::{ChannelId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// A key of a tenant's, and what is to be known about it from now on.
#[derive(Debug, Clone, Copy)]
pub struct Learnt {
    pub tenant_id: TenantId,
    pub channel_id: ChannelId,
    pub key: PeerKey,
    /// What it takes the place of; none if nothing was known.
    pub replaces: Option<Known>,
    pub known: Known,
    /// Others may believe something else by now.
    pub is_change: bool,
}

/// What is known about each of these keys; those about which nothing is are left out.
pub async fn known(c: &mut PgConnection, keys: &[(TenantId, PeerKey)]) -> Result<Vec<(PeerKey, Known)>> {
    let tenants: Vec<_> = keys.iter().map(|(tenant_id, _)| tenant_id.0).collect();
    let peers: Vec<_> = keys.iter().map(|(_, key)| key.0).collect();
    let rows = sqlx::query!(
        "select k.peer_key, k.conversation_id, k.is_left
         from unnest($1::uuid[], $2::uuid[]) x(tenant_id, peer_key)
         join conversation_key k on k.tenant_id = x.tenant_id and k.peer_key = x.peer_key",
        &tenants,
        &peers
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| known_of(row.peer_key, row.conversation_id, row.is_left)).collect())
}

fn known_of(peer_key: uuid::Uuid, conversation_id: uuid::Uuid, is_left: bool) -> (PeerKey, Known) {
    (PeerKey(peer_key), Known { conversation_id: conversation_id.into(), is_left })
}

/// Keeps what was learnt, each key at most once. False if another process was quicker with one of them: then that one is as
/// the other left it. Two processes may wait for each other in a circle; the one that the database turns away tries again.
pub async fn learn(c: &mut PgConnection, learnt: &[Learnt], now: DateTime<Utc>) -> Result<bool> {
    let (replaced, new): (Vec<Learnt>, Vec<Learnt>) = learnt.iter().partition(|one| one.replaces.is_some());
    let mut kept = 0;
    if !new.is_empty() {
        kept += insert(&mut *c, &new, now).await?;
    }
    if !replaced.is_empty() {
        kept += replace(&mut *c, &replaced, now).await?;
    }
    Ok(kept == learnt.len() as u64)
}

async fn insert(c: &mut PgConnection, new: &[Learnt], now: DateTime<Utc>) -> Result<u64> {
    let changed: Vec<Option<DateTime<Utc>>> = new.iter().map(|one| one.is_change.then_some(now)).collect();
    let done = sqlx::query!(
        "insert into conversation_key (tenant_id, peer_key, channel_id, conversation_id, is_left, changed_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::timestamptz[])
         on conflict do nothing",
        &column(new, |one| one.tenant_id.0),
        &column(new, |one| one.key.0),
        &column(new, |one| one.channel_id.0),
        &column(new, |one| one.known.conversation_id.0),
        &column(new, |one| one.known.is_left),
        &changed as &[Option<DateTime<Utc>>]
    );
    Ok(done.execute(c).await?.rows_affected())
}

async fn replace(c: &mut PgConnection, replaced: &[Learnt], now: DateTime<Utc>) -> Result<u64> {
    let former = |one: &Learnt| one.replaces.unwrap_or(one.known);
    let done = sqlx::query!(
        "update conversation_key k set conversation_id = x.conversation_id, is_left = x.is_left, changed_at = $6
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::uuid[], $7::bool[])
           x(tenant_id, peer_key, former, was_left, conversation_id, is_left)
         where k.tenant_id = x.tenant_id and k.peer_key = x.peer_key and (k.conversation_id, k.is_left) = (x.former, x.was_left)",
        &column(replaced, |one| one.tenant_id.0),
        &column(replaced, |one| one.key.0),
        &column(replaced, |one| former(one).conversation_id.0),
        &column(replaced, |one| former(one).is_left),
        &column(replaced, |one| one.known.conversation_id.0),
        now,
        &column(replaced, |one| one.known.is_left)
    );
    Ok(done.execute(c).await?.rows_affected())
}

fn column<T>(learnt: &[Learnt], of: impl Fn(&Learnt) -> T) -> Vec<T> {
    learnt.iter().map(of).collect()
}

/// What others may have to forget what they believed of: changes since then.
pub async fn changed_since(c: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<(PeerKey, Known)>> {
    let rows = sqlx::query!(
        "select peer_key, conversation_id, is_left from conversation_key where changed_at is not null and changed_at >= $1",
        since
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| known_of(row.peer_key, row.conversation_id, row.is_left)).collect())
}
