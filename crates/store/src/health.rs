//! Endpoints that do not answer, as all processes know them together.
//!
//! What must hold: a healthy endpoint has no row; of several processes one probes; a recovery is never forgotten before what was
//! parked is on its way.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// What is known of an endpoint that is not healthy.
#[derive(Debug, Clone, Copy)]
pub struct Unwell {
    /// Since when it is down, or was.
    pub down_since: DateTime<Utc>,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Down {
        probe_at: DateTime<Utc>,
    },
    /// What was parked until then is being sent.
    Recovering {
        drain_before: DateTime<Utc>,
    },
}

impl State {
    pub(crate) fn from_columns(probe_at: Option<DateTime<Utc>>, drain_before: Option<DateTime<Utc>>) -> Option<Self> {
        let down = probe_at.map(|probe_at| Self::Down { probe_at });
        down.or(drain_before.map(|drain_before| Self::Recovering { drain_before }))
    }
}

/// An endpoint to be probed now.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    pub tenant_id: TenantId,
    pub endpoint_id: EndpointId,
    pub down_since: DateTime<Utc>,
}

/// All that are not healthy, of all tenants.
pub async fn all(c: &mut PgConnection) -> Result<Vec<(TenantId, EndpointId, State)>> {
    let rows =
        sqlx::query!("select tenant_id, endpoint_id, probe_at, drain_before from endpoint_health").fetch_all(c).await?;
    let states = rows.into_iter().filter_map(|row| {
        let state = State::from_columns(row.probe_at, row.drain_before)?;
        Some((row.tenant_id.into(), row.endpoint_id.into(), state))
    });
    Ok(states.collect())
}

/// It is down, and to be probed at `probe_at`. One that was down already stays so since then.
pub async fn set_down(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: DateTime<Utc>,
    probe_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into endpoint_health as h (tenant_id, endpoint_id, down_since, probe_at, probes)
         select tenant_id, endpoint_id, $3, $4, 0 from endpoint where tenant_id = $1 and endpoint_id = $2
         on conflict (tenant_id, endpoint_id) do update set probe_at = excluded.probe_at, drain_before = null, probes = 0,
           down_since = excluded.down_since
           where h.probe_at is null",
        tenant_id.0,
        endpoint_id.0,
        now,
        probe_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// It answers again: what was parked until `drain_before` is to be sent. False if it was not known to be down.
pub async fn set_recovering(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    drain_before: DateTime<Utc>,
) -> Result<bool> {
    let recovering = sqlx::query!(
        "update endpoint_health set probe_at = null, drain_before = $3
         where tenant_id = $1 and endpoint_id = $2 and probe_at is not null",
        tenant_id.0,
        endpoint_id.0,
        drain_before
    )
    .execute(c)
    .await?;
    Ok(recovering.rows_affected() == 1)
}

/// It is healthy, or nobody's concern any more.
pub async fn forget(c: &mut PgConnection, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<()> {
    sqlx::query!("delete from endpoint_health where tenant_id = $1 and endpoint_id = $2", tenant_id.0, endpoint_id.0)
        .execute(c)
        .await?;
    Ok(())
}

/// A person wants to see it tried now. One that is healthy is left alone.
pub async fn probe_now(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update endpoint_health set probe_at = $3 where tenant_id = $1 and endpoint_id = $2 and probe_at > $3",
        tenant_id.0,
        endpoint_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// A person wants everything that is parked for it sent: as after a recovery. One that is down is probed first.
pub async fn send_parked(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into endpoint_health as h (tenant_id, endpoint_id, down_since, probes, drain_before)
         select tenant_id, endpoint_id, $3, 0, $3 from endpoint where tenant_id = $1 and endpoint_id = $2
         on conflict (tenant_id, endpoint_id) do update
           set probe_at = case when h.probe_at is not null then least(h.probe_at, $3) end,
             drain_before = case when h.drain_before is not null then greatest(h.drain_before, $3) end",
        tenant_id.0,
        endpoint_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Takes the probes whose time has come, of all tenants; the next one of each waits `first_wait_s` seconds, doubled with each probe up
/// to `longest_wait_s`. Paused endpoints are left alone.
pub async fn take_probes(
    c: &mut PgConnection,
    now: DateTime<Utc>,
    (first_wait_s, longest_wait_s): (f64, f64),
) -> Result<Vec<Probe>> {
    let rows = sqlx::query!(
        "update endpoint_health h
         set probes = h.probes + 1, probe_at = $1 + make_interval(secs => least($2::float8 * power(2, least(h.probes, 20)), $3::float8))
         from endpoint e
         where h.probe_at <= $1 and e.tenant_id = h.tenant_id and e.endpoint_id = h.endpoint_id and e.paused_at is null
         returning h.tenant_id, h.endpoint_id, h.down_since",
        now,
        first_wait_s,
        longest_wait_s
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Probe {
            tenant_id: row.tenant_id.into(),
            endpoint_id: row.endpoint_id.into(),
            down_since: row.down_since,
        })
        .collect())
}
