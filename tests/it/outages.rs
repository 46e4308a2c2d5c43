//! The database goes away, in every way there is: Meta is told 503 at once, and once it is back nothing is missing.

use std::time::{Duration, Instant};

use crate::audit::{Allow, Report, audit};
use crate::cluster::{Cluster, status_of};
use crate::load::{AT_ONCE, Load, Seen, post_to};

/// What is known already needs no asking.
const KNOWN: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_mins(1);
const OURS: &str = "from pg_stat_activity where application_name = 'socialhook'";

fn times(name: &str, otherwise: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a longer run by hand")]
    let told = std::env::var(name);
    told.map_or(otherwise, |times| times.parse().expect("a number"))
}

async fn books(cluster: &mut Cluster, seen: &Seen, deaths: usize) -> Report {
    audit(cluster, seen, Allow { deaths, quiet_within: QUIET, ..Allow::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_it_comes_back_with_everything() {
    let kills = times("SOCIALHOOK_TEST_POSTGRES_KILLS", 3);
    let mut cluster = Cluster::start(2, &[]).await;
    let load = Load::start(&cluster, 100, 11);
    for n in 0..kills {
        load.goes_on(150).await;
        cluster.postgres.kill().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (status, took) = post_to(&cluster, n % 2, "wamid.while-away").await;
        assert!(status == Some(503) && took < AT_ONCE, "{status:?} after {took:?}");
        assert_eq!(status_of(&cluster.nodes[0].url("/readyz")).await, Some(503));
        cluster.postgres.start().await;
        for node in &mut cluster.nodes {
            node.wait_until_ready().await;
        }
    }
    load.goes_on(150).await;
    let seen = load.end().await;
    // A machine that stands still for a moment makes some of them late.
    let (slow, of) = (seen.slow_refusals, seen.refused);
    assert!(slow * 50 <= of, "{slow} of {of} refusals were slow, the slowest took {:?}", seen.slowest_refusal);
    books(&mut cluster, &seen, kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_hangs_meta_is_told_at_once() {
    let mut cluster = Cluster::start(1, &[]).await;
    let load = Load::start(&cluster, 60, 12);
    load.goes_on(100).await;
    cluster.postgres.freeze().await;
    let (status, took) = post_to(&cluster, 0, "wamid.hangs").await;
    assert!(status == Some(503) && took < AT_ONCE, "{status:?} after {took:?}");
    let (status, took) = post_to(&cluster, 0, "wamid.hangs").await;
    assert!(status == Some(503) && took < KNOWN, "known by now: {status:?} after {took:?}");
    assert_eq!(status_of(&cluster.nodes[0].url("/readyz")).await, Some(503));
    tokio::time::sleep(Duration::from_secs(6)).await;
    cluster.postgres.thaw().await;
    cluster.nodes[0].wait_until_ready().await;
    load.goes_on(100).await;
    let seen = load.end().await;
    books(&mut cluster, &seen, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_again_and_again_lose_nothing() {
    let mut cluster = Cluster::start(1, &[]).await;
    let load = Load::start(&cluster, 100, 13);
    load.goes_on(100).await;
    for _ in 0..20 {
        cluster.postgres.execute(&format!("select pg_terminate_backend(pid) {OURS}")).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    load.goes_on(200).await;
    let seen = load.end().await;
    let report = books(&mut cluster, &seen, 0).await;
    assert_eq!(report.doubled, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_others_connections_is_weathered() {
    let mut cluster = Cluster::start(2, &[]).await;
    let load = Load::start(&cluster, 60, 14);
    load.goes_on(100).await;
    let mut own = cluster.postgres.connection("socialhook").await;
    let options = cluster.postgres.options("socialhook").application_name("storm");
    let cut = format!("select pg_terminate_backend(pid) {OURS}");
    let mut storm = Vec::new();
    for _ in 0..3 {
        sqlx::query(sqlx::AssertSqlSafe(&*cut)).execute(&mut own).await.expect("cut");
        // Whoever is quicker gets the places that are free.
        while let Ok(c) = <sqlx::PgConnection as sqlx::Connection>::connect_with(&options).await {
            storm.push(c);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (status, took) = post_to(&cluster, 0, "wamid.storm").await;
    assert!(status == Some(200) || status == Some(503) && took < AT_ONCE, "{status:?} after {took:?}");
    drop(storm);
    for node in &mut cluster.nodes {
        node.wait_until_ready().await;
    }
    load.goes_on(100).await;
    let seen = load.end().await;
    let report = books(&mut cluster, &seen, 0).await;
    assert_eq!(report.doubled, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_held_open_holds_up_nobody() {
    let mut cluster = Cluster::start(2, &[]).await;
    let load = Load::start(&cluster, 100, 15);
    load.goes_on(100).await;
    // An old snapshot, and a lock on rows that are about to be settled, by somebody who has forgotten both.
    let mut old = cluster.postgres.connection("socialhook").await;
    let held = "begin isolation level repeatable read; select count(*) from delivery; select count(*) from event";
    sqlx::raw_sql(held).execute(&mut old).await.expect("a snapshot");
    let begun = Instant::now();
    let seconds = u64::try_from(times("SOCIALHOOK_TEST_HELD_SECONDS", 10)).expect("small");
    while begun.elapsed() < Duration::from_secs(seconds) {
        let second = Instant::now();
        load.goes_on(80).await;
        assert!(second.elapsed() < Duration::from_secs(4), "80 took {:?}", second.elapsed());
    }
    sqlx::raw_sql("rollback").execute(&mut old).await.expect("ended");
    let seen = load.end().await;
    assert_eq!((seen.refused, seen.broken), (0, 0));
    let report = books(&mut cluster, &seen, 0).await;
    assert_eq!((report.doubled, report.unrecorded), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_a_hot_table_is_503_while_it_lasts() {
    let mut cluster = Cluster::start(2, &[]).await;
    let load = Load::start(&cluster, 60, 16);
    load.goes_on(100).await;
    let mut locker = cluster.postgres.connection("socialhook").await;
    let lock = "begin; lock table delivery in share mode";
    sqlx::raw_sql(lock).execute(&mut locker).await.expect("locked");
    let (status, took) = post_to(&cluster, 0, "wamid.locked").await;
    assert!(status == Some(503) && took < Duration::from_millis(4500), "{status:?} after {took:?}");
    sqlx::raw_sql("rollback").execute(&mut locker).await.expect("ended");
    load.goes_on(100).await;
    let seen = load.end().await;
    let report = books(&mut cluster, &seen, 0).await;
    assert_eq!((report.doubled, report.unrecorded), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_starts_first_waits_for_the_database() {
    let mut cluster = Cluster::start(1, &[]).await;
    cluster.nodes[0].kill().await;
    cluster.postgres.kill().await;
    cluster.nodes[0].spawn();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(cluster.nodes[0].runs(), "{}", cluster.nodes[0].log());
    cluster.postgres.start().await;
    cluster.nodes[0].wait_until_ready().await;
    assert_eq!(post_to(&cluster, 0, "wamid.first").await.0, Some(200));
}
