//! The events of a replay: which of them are to be sent, and opening their deliveries.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, EventId, TenantId};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Chosen, Which};
use crate::Result;

/// Events that an estimate looks at.
const ESTIMATE_MAX: i64 = 10_000;

/// How much a replay would send, told from a bounded look at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    pub wanted: usize,
    pub looked_at: usize,
    /// Whether that was the whole stretch.
    pub is_whole: bool,
}

pub async fn estimate(c: &mut PgConnection, tenant_id: TenantId, chosen: &Chosen) -> Result<Estimate> {
    let seen = look(c, tenant_id, chosen, EventId::floor(chosen.from), ESTIMATE_MAX).await?;
    let is_whole = i64::try_from(seen.len()).is_ok_and(|looked_at| looked_at < ESTIMATE_MAX);
    Ok(Estimate { wanted: seen.iter().filter(|seen| seen.is_wanted).count(), looked_at: seen.len(), is_whole })
}

pub(super) struct Seen {
    pub(super) event_id: EventId,
    pub(super) is_wanted: bool,
}

/// The next events of the stretch after `after`, and which of them are to be sent. Each is looked up by its keys, so that
/// neither the size of the tables nor what is known of it makes a difference.
pub(super) async fn look(
    c: &mut PgConnection,
    tenant_id: TenantId,
    chosen: &Chosen,
    after: EventId,
    limit: i64,
) -> Result<Vec<Seen>> {
    let rows = sqlx::query!(
        r#"select e.event_id, coalesce(
             ($5::uuid is null or e.channel_id = $5) and ($6::text is null or event_fits($6, e.event))
             and (n.channel_ids is null or e.channel_id = any(n.channel_ids))
             and exists (select from unnest(n.events) pattern where event_fits(pattern, e.event))
             and not e.is_dropped
             and case when d.is_open then d.is_free
                 -- It was chosen, and has neither a row nor an attempt: it is being sent for the first time.
                 when made.number is null then not $2 = any(e.endpoint_ids)
                 else $7 or not made.delivered end,
             false) as "is_wanted!"
           from (select event_id, event, channel_id, endpoint_ids, is_dropped from event
                 where tenant_id = $1 and event_id > $3 and event_id < $4 order by event_id limit $8) e
           cross join (select events, channel_ids from endpoint where tenant_id = $1 and endpoint_id = $2) n
           left join lateral (
             select true as is_open, owner is null and (parked_at is not null or attempts > round_start) as is_free
             from delivery where tenant_id = $1 and event_id = e.event_id and endpoint_id = $2 limit 1) d on true
           cross join lateral (
             select max(a.number) as number, coalesce(bool_or(a.failure is null), false) as delivered from attempt a
             where a.tenant_id = $1 and a.event_id = e.event_id and a.endpoint_id = $2) made
           order by e.event_id"#,
        tenant_id.0,
        chosen.endpoint_id.0,
        after.0,
        EventId::floor(chosen.to).0,
        chosen.channel_id.map(|id| id.0),
        chosen.event,
        chosen.which == Which::All,
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| Seen { event_id: row.event_id.into(), is_wanted: row.is_wanted }).collect())
}

/// Starts a new round for each of these events at one endpoint, open or finished; returns for how many. Of those that are open
/// the free ones are taken, and nobody is waited for; what is being sent for the first time is left alone; the rest gets a row.
pub(super) async fn open(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    event_ids: &[EventId],
    now: DateTime<Utc>,
) -> Result<i64> {
    if event_ids.is_empty() {
        return Ok(0);
    }
    let mut event_ids: Vec<Uuid> = event_ids.iter().map(|id| id.0).collect();
    event_ids.sort_unstable();
    event_ids.dedup();
    let opened = sqlx::query_scalar!(
        r#"with again as (
             update delivery d set due_at = $4, parked_at = null, round_start = d.attempts, replay = true
             from (select event_id from delivery
                   where tenant_id = $1 and endpoint_id = $2 and event_id = any($3)
                     and owner is null and (parked_at is not null or attempts > round_start)
                   order by event_id for update skip locked) free
             where d.tenant_id = $1 and d.endpoint_id = $2 and d.event_id = free.event_id
             returning d.event_id
           ), anew as (
             insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, parked_at, attempts, round_start, replay)
             select e.tenant_id, e.event_id, n.endpoint_id, null, $4, null, made.attempts, made.attempts, true
             from unnest($3::uuid[]) x(event_id)
             join event e on e.tenant_id = $1 and e.event_id = x.event_id
             join endpoint n on n.tenant_id = $1 and n.endpoint_id = $2
             cross join lateral (
               select coalesce(max(a.number), 0)::smallint as attempts from attempt a
               where a.tenant_id = $1 and a.event_id = x.event_id and a.endpoint_id = $2) made
             where (made.attempts > 0 or not $2 = any(e.endpoint_ids)) and not e.is_dropped
               and not exists (
                 select from delivery d where d.tenant_id = $1 and d.event_id = x.event_id and d.endpoint_id = $2)
             order by e.event_id
             on conflict do nothing
             returning event_id
           )
           select (select count(*) from again) + (select count(*) from anew) as "opened!""#,
        tenant_id.0,
        endpoint_id.0,
        &event_ids,
        now
    )
    .fetch_one(c)
    .await?;
    Ok(opened)
}

/// Sends a selection of the tenant's deliveries again; returns how many of them. The others are on their way already, or are
/// not there.
pub async fn resend(
    c: &mut PgConnection,
    tenant_id: TenantId,
    selection: &[(EventId, EndpointId)],
    now: DateTime<Utc>,
) -> Result<usize> {
    let mut endpoint_ids: Vec<EndpointId> = selection.iter().map(|(_, endpoint_id)| *endpoint_id).collect();
    endpoint_ids.sort_unstable();
    endpoint_ids.dedup();
    let mut transaction = c.begin().await?;
    let mut opened = 0;
    for endpoint_id in endpoint_ids {
        let of_it = selection.iter().filter(|key| key.1 == endpoint_id).map(|key| key.0).collect::<Vec<_>>();
        opened += open(&mut transaction, tenant_id, endpoint_id, &of_it, now).await?;
    }
    transaction.commit().await?;
    Ok(usize::try_from(opened).unwrap_or(0))
}
