//! Connections, in pools that cannot starve one another: ingest, what it has to look up, the relay's background work, the pages, and of these what is a tenant's.
//!
//! What must hold: ingest commits are synchronous, and so are the recorder's: what it has stored it forgets, and a manifest that it
//! deletes must not outlive the outcomes that it relied on. The background pool's are not: a claim that is lost in a crash of the
//! database is at worst a duplicate, which the contract allows. Nor are those of conversations: the commit of the event that taught
//! something comes after them.

use std::sync::Arc;
use std::time::Duration;

use socialhook_core::id::TenantId;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use crate::{MIGRATOR, Result};

/// Opened only in trouble: on a line that has gone dead, a connection on its way back to its pool takes its place until the system
/// gives the line up, which may be a quarter of an hour.
const SPARE: u32 = 2;
/// Two batches of each lane under way: while one waits for its flush, the other fills.
const INGEST_CONNECTIONS: u32 = 4 + SPARE;
/// One of each lane asks at a time, for all.
const CONVERSATION_CONNECTIONS: u32 = 2 + SPARE;
/// One writes, for all.
const RECORDER_CONNECTIONS: u32 = 1 + SPARE;
const BACKGROUND_CONNECTIONS: u32 = 4;
/// For sessions and accounts, which are no tenant's.
const WEB_CONNECTIONS: u32 = 4;
/// For what pages and the API show of a tenant.
const TENANT_CONNECTIONS: u32 = 6;
/// Ingest must answer Meta within 4 s, so nobody waits longer than this for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Longer than ingest may take to answer helps nobody; then Meta is asked to repeat.
const INGEST_STATEMENT_TIMEOUT: &str = "4s";
/// Ingest waits for it, and has its own work to do within its 4 s.
const CONVERSATION_STATEMENT_TIMEOUT: &str = "2s";
const BACKGROUND_STATEMENT_TIMEOUT: &str = "30s";
/// Dropping a day waits for those who read the table, for so long at a time.
const HOUSEKEEPING_LOCK_TIMEOUT: &str = "1s";
/// A process that hangs must not keep the others from keeping house.
const HOUSEKEEPING_IDLE_TIMEOUT: &str = "60s";
/// No page may hold a snapshot for long: old snapshots keep the hot tables from being cleaned.
const WEB_STATEMENT_TIMEOUT: &str = "5s";

/// The queue's tables are empty one minute and hold a million rows the next, faster than statistics follow. Statements on them
/// name keys, so that the plan by index is right for both.
const BY_KEY: [(&str, &str); 3] = [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")];

/// Row-level security holds for this role (`migrations/0027_row_level_security.sql`).
const TENANT_ROLE: &str = "socialhook_tenant";

#[derive(Clone, Debug)]
pub struct Pools {
    pub ingest: PgPool,
    /// For what ingest has to know of customers before it writes.
    pub conversations: PgPool,
    /// For what came of deliveries.
    pub recorder: PgPool,
    pub background: PgPool,
    /// For what is no tenant's: sessions, accounts, throttling.
    pub web: PgPool,
    /// Reached with [`Pools::tenant`] only, so that no connection is without its tenant.
    tenants: PgPool,
    options: Arc<PgConnectOptions>,
}

impl Pools {
    /// Opens the pools; connects lazily, but tries one connection to tell a wrong address at once.
    pub async fn open(options: &PgConnectOptions) -> Result<Self> {
        let options = options.clone().application_name("socialhook");
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
        };
        let planned_once = options.clone().options([("plan_cache_mode", "force_generic_plan")]);
        let ingest = planned_once.clone().options([("statement_timeout", INGEST_STATEMENT_TIMEOUT)]);
        let by_key = planned_once.options(BY_KEY);
        let recorder = by_key.clone().options([("statement_timeout", BACKGROUND_STATEMENT_TIMEOUT)]);
        let lax = |timeout| by_key.clone().options([("synchronous_commit", "off"), ("statement_timeout", timeout)]);
        let (conversations, background) = (lax(CONVERSATION_STATEMENT_TIMEOUT), lax(BACKGROUND_STATEMENT_TIMEOUT));
        let web = options.clone().options([("statement_timeout", WEB_STATEMENT_TIMEOUT)]);
        let tenants = web.clone().options([("role", TENANT_ROLE)]);
        Ok(Self {
            ingest: pool(INGEST_CONNECTIONS).connect_with(ingest).await?,
            conversations: pool(CONVERSATION_CONNECTIONS).connect_lazy_with(conversations),
            recorder: pool(RECORDER_CONNECTIONS).connect_lazy_with(recorder),
            background: pool(BACKGROUND_CONNECTIONS).connect_lazy_with(background),
            web: pool(WEB_CONNECTIONS).test_before_acquire(true).connect_lazy_with(web),
            tenants: pool(TENANT_CONNECTIONS).test_before_acquire(true).connect_lazy_with(tenants),
            options: Arc::new(options),
        })
    }

    /// A connection that sees and changes the rows of this tenant only, whatever it is asked.
    pub async fn tenant(&self, tenant_id: TenantId) -> Result<PoolConnection<Postgres>> {
        let mut c = self.tenants.acquire().await?;
        // Overwrites the tenant before: nobody gets a connection otherwise.
        sqlx::query_scalar!("select set_config('socialhook.tenant_id', $1, false)", tenant_id.0.to_string())
            .fetch_one(&mut *c)
            .await?;
        Ok(c)
    }

    /// The same, in a transaction.
    pub async fn begin(&self, tenant_id: TenantId) -> Result<Transaction<'static, Postgres>> {
        let mut tx = self.tenants.begin().await?;
        sqlx::query_scalar!("select set_config('socialhook.tenant_id', $1, true)", tenant_id.0.to_string())
            .fetch_one(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// A connection of its own for keeping house: its locks go with it, and however long it takes, nobody waits for its place.
    pub async fn housekeeping(&self) -> Result<PgConnection> {
        let options = PgConnectOptions::clone(&self.options).options(BY_KEY).options([
            ("synchronous_commit", "off"),
            ("statement_timeout", BACKGROUND_STATEMENT_TIMEOUT),
            ("lock_timeout", HOUSEKEEPING_LOCK_TIMEOUT),
            ("idle_session_timeout", HOUSEKEEPING_IDLE_TIMEOUT),
            ("idle_in_transaction_session_timeout", HOUSEKEEPING_IDLE_TIMEOUT),
        ]);
        Ok(PgConnection::connect_with(&options).await?)
    }

    /// Whether the database takes a connection.
    pub async fn reach(options: &PgConnectOptions) -> Result<()> {
        Ok(PgConnection::connect_with(options).await?.close().await?)
    }

    /// A connection apart from the pools: for whoever asks whether the database answers at all.
    pub async fn apart(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.options).await?)
    }

    /// Brings the schema up to date, on a connection that has all the time it needs. Processes that start together wait for
    /// one another.
    pub async fn migrate(&self) -> Result<()> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        MIGRATOR.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Settings of the server that would let an acknowledged webhook vanish; empty if it is durable.
    pub async fn durability_gaps(&self) -> Result<Vec<String>> {
        let mut connection = self.ingest.acquire().await?;
        let rows = sqlx::query!(
            r#"select name as "name!", setting as "setting!" from pg_settings
               where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name"#
        )
        .fetch_all(&mut *connection)
        .await?;
        Ok(rows.into_iter().map(|row| format!("{} = {}", row.name, row.setting)).collect())
    }

    /// The server's version as one number: 150018 is 15.18.
    pub async fn server_version(&self) -> Result<i32> {
        let mut connection = self.ingest.acquire().await?;
        let version = sqlx::query_scalar!(r#"select current_setting('server_version_num')::int as "version!""#)
            .fetch_one(&mut *connection)
            .await?;
        Ok(version)
    }

    pub async fn close(&self) {
        self.ingest.close().await;
        self.conversations.close().await;
        self.recorder.close().await;
        self.background.close().await;
        self.web.close().await;
        self.tenants.close().await;
    }
}
