//! The benchmark's yardstick: what the least that a relay can do asks of the database. Tables of its own, thrown away with the
//! benchmark's database; the service never touches them.
//!
//! They hold no tenant's rows and stand in no migration, so these queries alone are not checked against the schema.

use sqlx::PgConnection;

use crate::Result;

/// Makes the tables anew.
pub async fn prepare(c: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "drop table if exists floor_event, floor_attempt;
         create table floor_event (
           id bigint generated always as identity primary key,
           received_at timestamptz not null default now(),
           sent boolean not null default false,
           raw bytea not null,
           event bytea not null
         );
         create table floor_attempt (
           event_id bigint not null,
           at timestamptz not null default now(),
           status integer not null,
           latency_us integer not null
         );
         create index on floor_attempt (event_id)",
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Stores a batch of webhooks, each with its event, and returns their ids in the same order.
pub async fn store(c: &mut PgConnection, raw: &[&[u8]], events: &[&[u8]]) -> Result<Vec<i64>> {
    #[expect(clippy::disallowed_methods, reason = "a table of the benchmark's, which the checked schema does not have")]
    let query = sqlx::query_scalar(
        "insert into floor_event (raw, event) select * from unnest($1::bytea[], $2::bytea[]) returning id",
    );
    Ok(query.bind(raw).bind(events).fetch_all(c).await?)
}

/// What came of sending: a column each.
#[derive(Debug, Default)]
pub struct Attempts {
    pub event_ids: Vec<i64>,
    pub statuses: Vec<i32>,
    pub latencies_us: Vec<i32>,
}

/// Logs a batch of attempts and marks their events as sent, in one commit.
pub async fn log(c: &mut PgConnection, attempts: &Attempts) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a table of the benchmark's, which the checked schema does not have")]
    let query = sqlx::query(
        "with sent as (update floor_event set sent = true where id = any($1))
         insert into floor_attempt (event_id, status, latency_us)
         select * from unnest($1::bigint[], $2::integer[], $3::integer[])",
    );
    query.bind(&attempts.event_ids).bind(&attempts.statuses).bind(&attempts.latencies_us).execute(c).await?;
    Ok(())
}
