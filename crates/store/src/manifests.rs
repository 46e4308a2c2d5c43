//! Manifests: what a process has taken in and is sending for the first time, many deliveries to a row.
//!
//! What must hold: a delivery that is open stands in a manifest, or has a row in `delivery`; a manifest goes only when each of its
//! deliveries has an outcome that is committed, or a row. What a process leaves behind becomes rows that anyone may claim.

use chrono::{DateTime, Utc};
use socialhook_core::id::{ManifestId, NodeId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// Deliveries in one manifest: three ids each, and a row must fit into a page.
pub const DELIVERIES_MAX: usize = 128;
/// Manifests that one statement turns into deliveries.
const TAKE_OVER: i64 = 200;

/// Manifests of this process that were written before `before`.
pub async fn written_before(c: &mut PgConnection, node_id: NodeId, before: ManifestId) -> Result<Vec<ManifestId>> {
    let ids = sqlx::query_scalar!(
        "select manifest_id from manifest where node_id = $1 and manifest_id < $2",
        node_id.0,
        before.0
    )
    .fetch_all(c)
    .await?;
    Ok(ids.into_iter().map(ManifestId).collect())
}

/// Turns some of this process's own manifests into deliveries without an owner; returns how many deliveries.
pub async fn surrender(
    c: &mut PgConnection,
    node_id: NodeId,
    manifests: &[ManifestId],
    now: DateTime<Utc>,
) -> Result<u64> {
    let ids: Vec<Uuid> = manifests.iter().map(|id| id.0).collect();
    let opened = sqlx::query!(
        "with gone as (
           delete from manifest m using unnest($2::uuid[]) gone(manifest_id)
           where m.node_id = $1 and m.manifest_id = gone.manifest_id returning m.tenant_ids, m.event_ids, m.endpoint_ids
         )
         insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, attempts, round_start, replay)
         select x.tenant_id, x.event_id, x.endpoint_id, null, $3, made.attempts, 0, false
         from gone, unnest(gone.tenant_ids, gone.event_ids, gone.endpoint_ids) x(tenant_id, event_id, endpoint_id)
         join event e on e.tenant_id = x.tenant_id and e.event_id = x.event_id
         cross join lateral (
           select coalesce(max(a.number), 0)::smallint as attempts, coalesce(bool_or(a.failure is null), false) as delivered
           from attempt a where a.tenant_id = x.tenant_id and a.event_id = x.event_id and a.endpoint_id = x.endpoint_id
         ) made
         where not made.delivered
         on conflict do nothing",
        node_id.0,
        &ids,
        now
    )
    .execute(c)
    .await?;
    Ok(opened.rows_affected())
}

/// Turns the manifests of processes that are not registered any more into deliveries, a part at a time; returns how many deliveries.
pub async fn take_over(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let mut opened = 0;
    loop {
        let left = sqlx::query!(
            "select node_id, manifest_id from manifest where node_id not in (select node_id from node)
             order by node_id, manifest_id limit $1",
            TAKE_OVER
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(first) = left.first() else { return Ok(opened) };
        let node_id = NodeId(first.node_id);
        let of_node: Vec<ManifestId> =
            left.iter().filter(|row| row.node_id == node_id.0).map(|row| ManifestId(row.manifest_id)).collect();
        opened += surrender(c, node_id, &of_node, now).await?;
    }
}
