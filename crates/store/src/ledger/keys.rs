//! Which deliveries a page of the ledger shows: their keys, in order.
//!
//! What must hold: a page looks at a bounded number of rows, however few of them its filters want. Where it found less than a
//! page, it says how far it has looked, and the next one goes on from there.

use socialhook_core::id::{EventId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cursor, Filters, Outcome, Size, Toward};
use crate::Result;

/// An event and, unless no endpoint wanted it, an endpoint.
pub(super) type Key = (Uuid, Option<Uuid>);

/// What the queries are given.
pub(super) struct Bounds<'a> {
    pub(super) filters: &'a Filters,
    pub(super) cursor: Cursor,
    pub(super) toward: Toward,
    pub(super) size: Size,
}

impl Bounds<'_> {
    /// Events from here on.
    fn from(&self) -> Uuid {
        self.filters.from.map_or_else(Uuid::nil, |at| EventId::floor(at).0)
    }

    /// Events before this.
    fn to(&self) -> Uuid {
        self.filters.to.map_or_else(Uuid::max, |at| EventId::floor(at).0)
    }

    fn channels(&self) -> Option<Vec<Uuid>> {
        self.filters.channel_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect())
    }

    /// The word, and what all its longer forms begin with.
    fn event(&self) -> (Option<&str>, Option<&str>) {
        match self.filters.event.as_deref() {
            Some(pattern) => pattern.strip_suffix('*').map_or((Some(pattern), None), |start| (None, Some(start))),
            None => (None, None),
        }
    }

    fn outcome(&self) -> &'static str {
        match self.filters.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Unmatched => "unmatched",
            Outcome::All | Outcome::Waiting | Outcome::Parked => "all",
        }
    }

    /// Whether the ledger of what is open tells it all.
    fn is_open(&self) -> bool {
        matches!(self.filters.outcome, Outcome::Waiting | Outcome::Parked)
    }
}

/// Up to a page and one more, in the order of `toward`; and how far was looked, if that was not to the end.
pub(super) async fn find(
    c: &mut PgConnection,
    tenant_id: TenantId,
    bounds: &Bounds<'_>,
) -> Result<(Vec<Key>, Option<Cursor>)> {
    let keys = match (bounds.is_open(), bounds.toward) {
        (true, Toward::Older) => open_older(c, tenant_id, bounds).await?,
        (true, Toward::Newer) => open_newer(c, tenant_id, bounds).await?,
        (false, Toward::Older) => events_older(c, tenant_id, bounds).await?,
        (false, Toward::Newer) => events_newer(c, tenant_id, bounds).await?,
    };
    if i64::try_from(keys.len()).unwrap_or(i64::MAX) > bounds.size.rows {
        return Ok((keys, None));
    }
    Ok((keys, horizon(c, tenant_id, bounds).await?))
}

macro_rules! open_horizon {
    ($c:expr, $tenant:expr, $bounds:expr, $beyond:literal, $order:literal) => {
        sqlx::query!(
            "select event_id, endpoint_id from delivery where tenant_id = $1 and (event_id, endpoint_id) "
                + $beyond
                + " ($2, $3) and event_id >= $4 and event_id < $5 order by event_id "
                + $order
                + ", endpoint_id "
                + $order
                + " offset $6 limit 1",
            $tenant.0,
            $bounds.cursor.event_id.0,
            $bounds.cursor.endpoint_id.0,
            $bounds.from(),
            $bounds.to(),
            $bounds.size.look_back - 1
        )
        .fetch_optional($c)
        .await?
        .map(|row| (row.event_id, Some(row.endpoint_id)))
    };
}

macro_rules! event_horizon {
    ($c:expr, $tenant:expr, $bounds:expr, $beyond:literal, $order:literal) => {
        sqlx::query_scalar!(
            "select event_id from event where tenant_id = $1 and event_id "
                + $beyond
                + " $2 and event_id >= $3 and event_id < $4 order by event_id "
                + $order
                + " offset $5 limit 1",
            $tenant.0,
            $bounds.cursor.event_id.0,
            $bounds.from(),
            $bounds.to(),
            $bounds.size.look_back - 1
        )
        .fetch_optional($c)
        .await?
        .map(|event_id| (event_id, None))
    };
}

/// The last row that a look from the cursor has reached; none if it reached the end.
async fn horizon(c: &mut PgConnection, tenant_id: TenantId, bounds: &Bounds<'_>) -> Result<Option<Cursor>> {
    let found: Option<Key> = match (bounds.is_open(), bounds.toward) {
        (true, Toward::Older) => open_horizon!(c, tenant_id, bounds, "<", "desc"),
        (true, Toward::Newer) => open_horizon!(c, tenant_id, bounds, ">", "asc"),
        (false, Toward::Older) => event_horizon!(c, tenant_id, bounds, "<=", "desc"),
        (false, Toward::Newer) => event_horizon!(c, tenant_id, bounds, ">=", "asc"),
    };
    Ok(found.map(|(event_id, endpoint_id)| match (endpoint_id, bounds.toward) {
        // All of the last event's deliveries were looked at.
        (None, Toward::Newer) => super::place(event_id, Some(Uuid::max())),
        (endpoint_id, _) => super::place(event_id, endpoint_id),
    }))
}

// `offset 0`: each event is looked up by its key. Left to itself, PostgreSQL may read all events for a filter that few pass.
macro_rules! open_keys {
    ($name:ident, $beyond:literal, $order:literal) => {
        async fn $name(c: &mut PgConnection, tenant_id: TenantId, bounds: &Bounds<'_>) -> Result<Vec<Key>> {
            let ((word, start), channels) = (bounds.event(), bounds.channels());
            let rows = sqlx::query!(
                "select d.event_id, d.endpoint_id
                 from (select tenant_id, event_id, endpoint_id, parked_at from delivery
                   where tenant_id = $1 and (event_id, endpoint_id) "
                    + $beyond
                    + " ($2, $3) and event_id >= $4 and event_id < $5 order by event_id "
                    + $order
                    + ", endpoint_id "
                    + $order
                    + " limit $6) d
                 left join lateral (select channel_id, event from event e where e.tenant_id = d.tenant_id and e.event_id = d.event_id
                   and ($8::uuid[] is not null or $9::text is not null or $10::text is not null) offset 0) e on true
                 where (d.parked_at is not null) = $7 and ($11::uuid is null or d.endpoint_id = $11)
                   and ($8::uuid[] is null or e.channel_id = any($8)) and ($9::text is null or e.event = $9)
                   and ($10::text is null or starts_with(e.event, $10))
                 order by d.event_id "
                    + $order
                    + ", d.endpoint_id "
                    + $order
                    + " limit $12",
                tenant_id.0,
                bounds.cursor.event_id.0,
                bounds.cursor.endpoint_id.0,
                bounds.from(),
                bounds.to(),
                bounds.size.look_back,
                bounds.filters.outcome == Outcome::Parked,
                channels.as_deref() as Option<&[Uuid]>,
                word,
                start,
                bounds.filters.endpoint_id.map(|id| id.0),
                bounds.size.rows + 1
            )
            .fetch_all(c)
            .await?;
            Ok(rows.into_iter().map(|row| (row.event_id, Some(row.endpoint_id))).collect())
        }
    };
}

// What was meant for an endpoint is left out of the unmatched first, before what became of it is looked up.
macro_rules! event_keys {
    ($name:ident, $from:literal, $beyond:literal, $order:literal) => {
        async fn $name(c: &mut PgConnection, tenant_id: TenantId, bounds: &Bounds<'_>) -> Result<Vec<Key>> {
            let ((word, start), channels) = (bounds.event(), bounds.channels());
            let rows = sqlx::query!(
                r#"select e.event_id, x.endpoint_id as "endpoint_id?"
                 from (select tenant_id, event_id, channel_id, event, endpoint_ids from event
                   where tenant_id = $1 and event_id "#
                    + $from
                    + " $2 and event_id >= $4 and event_id < $5 order by event_id "
                    + $order
                    + " limit $6) e
                 left join lateral (
                   select k.endpoint_id, bool_or(k.open) as open, bool_or(k.tried) as tried from (
                     select unnest(e.endpoint_ids) as endpoint_id, false as open, false as tried
                     union all
                     select d.endpoint_id, true, false from delivery d where d.tenant_id = e.tenant_id and d.event_id = e.event_id
                     union all
                     select a.endpoint_id, false, a.failure is null from attempt a where a.tenant_id = e.tenant_id and a.event_id = e.event_id
                   ) k group by k.endpoint_id
                 ) x on true
                 where (e.event_id, coalesce(x.endpoint_id, '00000000-0000-0000-0000-000000000000')) "
                    + $beyond
                    + " ($2, $3)
                   and case $7 when 'delivered' then x.tried and not x.open when 'unmatched' then x.endpoint_id is null else true end
                   and ($7 <> 'unmatched' or e.endpoint_ids = '{}')
                   and ($8::uuid[] is null or e.channel_id = any($8)) and ($9::text is null or e.event = $9)
                   and ($10::text is null or starts_with(e.event, $10)) and ($11::uuid is null or x.endpoint_id = $11)
                 order by e.event_id "
                    + $order
                    + ", coalesce(x.endpoint_id, '00000000-0000-0000-0000-000000000000') "
                    + $order
                    + " limit $12",
                tenant_id.0,
                bounds.cursor.event_id.0,
                bounds.cursor.endpoint_id.0,
                bounds.from(),
                bounds.to(),
                bounds.size.look_back,
                bounds.outcome(),
                channels.as_deref() as Option<&[Uuid]>,
                word,
                start,
                bounds.filters.endpoint_id.map(|id| id.0),
                bounds.size.rows + 1
            )
            .fetch_all(c)
            .await?;
            Ok(rows.into_iter().map(|row| (row.event_id, row.endpoint_id)).collect())
        }
    };
}

open_keys!(open_older, "<", "desc");
open_keys!(open_newer, ">", "asc");
event_keys!(events_older, "<=", "<", "desc");
event_keys!(events_newer, ">=", ">", "asc");
