//! A database of its own for every test, cloned from a template that holds the schema and the partitions.

use std::str::FromStr;

use socialhook_store::Pools;
use socialhook_store::partitions::{self, Retention};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::world::noon;

/// Any number: serialises the processes that make the template.
const LOCK: i64 = 0x7465_6d70;

fn server() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL")
        .expect("DATABASE_URL is not set: run `make test`, which starts a PostgreSQL for the tests");
    PgConnectOptions::from_str(&url).expect("DATABASE_URL is a PostgreSQL URL")
}

/// The template's name changes with the migrations.
fn template() -> String {
    let sums = socialhook_store::MIGRATOR.iter().flat_map(|migration| migration.checksum.iter().copied());
    format!("template_{:016x}", sums.fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte))))
}

async fn run(c: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(c).await.expect("a statement on the test server");
}

async fn exists(c: &mut PgConnection, name: &str) -> bool {
    let found: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
        .bind(name.to_owned())
        .fetch_optional(c)
        .await
        .expect("the list of databases");
    found.is_some()
}

/// Makes a database for one test and returns how to reach it.
pub async fn create() -> (String, PgConnectOptions) {
    let mut c = PgConnection::connect_with(&server()).await.expect("the test server answers");
    let template = template();
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut c).await.expect("the template's lock");
    if !exists(&mut c, &template).await {
        let draft = format!("{template}_draft");
        run(&mut c, format!("drop database if exists {draft}")).await;
        run(&mut c, format!("create database {draft}")).await;
        let pools = Pools::open(&server().database(&draft)).await.expect("pools");
        pools.migrate().await.expect("the migrations run");
        let mut inside = pools.background.acquire().await.expect("a connection");
        partitions::make(&mut inside, Retention::default(), noon()).await.expect("partitions");
        drop(inside);
        pools.close().await;
        run(&mut c, format!("alter database {draft} rename to {template}")).await;
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut c).await.expect("the template's lock");
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    run(&mut c, format!("create database {name} template {template}")).await;
    c.close().await.expect("closes");
    let options = server().database(&name);
    (name, options)
}

pub async fn remove(name: &str) {
    let mut c = PgConnection::connect_with(&server()).await.expect("the test server answers");
    run(&mut c, format!("drop database if exists {name} with (force)")).await;
}
