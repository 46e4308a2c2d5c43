//! Several relay processes that share the work: some die, some sleep past their lease, some are replaced.

use std::time::Duration;

use crate::audit::{Allow, audit};
use crate::chance::Chance;
use crate::cluster::{Cluster, status_of};
use crate::load::Load;
use crate::receiver::{Received, Reply};

/// Longer than the lease of 15 s.
const PAST_THE_LEASE: Duration = Duration::from_secs(18);
const QUIET: Duration = Duration::from_mins(1);
/// A balancer needs a moment to notice.
const DRAIN: (&str, &str) = ("SOCIALHOOK_DRAIN", "2s");

/// Every fifth answer takes its time, so that some are under way whatever comes.
fn slow_at_times(cluster: &Cluster, seed: u64) {
    let chance = Chance::new(seed);
    let habit = move |_: &Received| {
        if chance.percent(20) { Reply::Late(200, Duration::from_millis(900)) } else { Reply::Status(200) }
    };
    cluster.receiver.behaves(Box::new(habit));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_nodes_two_die_and_one_sleeps_past_its_lease() {
    let mut cluster = Cluster::start(4, &[]).await;
    slow_at_times(&cluster, 5);
    let load = Load::start(&cluster, 100, 1);
    load.goes_on(200).await;
    cluster.nodes[3].signal("STOP").await;
    load.goes_on(100).await;
    cluster.nodes[0].kill().await;
    load.goes_on(200).await;
    cluster.nodes[1].kill().await;
    tokio::time::sleep(PAST_THE_LEASE).await;
    cluster.nodes[3].signal("CONT").await;
    load.goes_on(200).await;
    let seen = load.end().await;
    cluster.nodes.drain(0..2);
    let allow = Allow { deaths: 3, zombies: 1, quiet_within: QUIET, ..Allow::default() };
    audit(&mut cluster, &seen, allow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_is_seen_by_nobody() {
    let mut cluster = Cluster::start(2, &[DRAIN]).await;
    let load = Load::start(&cluster, 100, 2);
    for node in 0..cluster.nodes.len() {
        load.goes_on(100).await;
        cluster.nodes[node].terminate().await;
        cluster.nodes[node].start().await;
    }
    load.goes_on(100).await;
    let seen = load.end().await;
    assert_eq!((seen.refused, seen.broken), (0, 0), "{:?}", seen.reasons);
    let report = audit(&mut cluster, &seen, Allow { quiet_within: QUIET, ..Allow::default() }).await;
    assert_eq!(
        (report.doubled, report.requests, report.attempts),
        (0, report.acknowledged, report.acknowledged),
        "each once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_node_says_so_and_still_takes_requests() {
    let mut cluster = Cluster::start(1, &[DRAIN]).await;
    let (ready, live) = (cluster.nodes[0].url("/readyz"), cluster.nodes[0].url("/healthz"));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(http.get(&live).send().await.expect("an answer").headers().get("connection").is_none());
    cluster.nodes[0].signal("TERM").await;
    while status_of(&ready).await == Some(200) {}
    assert_eq!(status_of(&ready).await, Some(503));
    assert_eq!(crate::load::post_to(&cluster, 0, "wamid.drained").await.0, Some(200));
    let last = http.get(&live).send().await.expect("an answer");
    assert_eq!(last.headers().get("connection").map(reqwest::header::HeaderValue::as_bytes), Some(&b"close"[..]));
    while cluster.nodes[0].runs() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status_of(&ready).await, None, "it has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_under_load_it_ends_in_time_and_nothing_is_lost_or_doubled() {
    let mut cluster = Cluster::start(1, &[]).await;
    slow_at_times(&cluster, 4);
    let load = Load::start(&cluster, 100, 3);
    for _ in 0..2 {
        load.goes_on(150).await;
        cluster.nodes[0].terminate().await;
        cluster.nodes[0].start().await;
    }
    load.goes_on(100).await;
    let seen = load.end().await;
    let report = audit(&mut cluster, &seen, Allow { quiet_within: QUIET, ..Allow::default() }).await;
    assert_eq!((report.doubled, report.unrecorded), (0, 0));
}
