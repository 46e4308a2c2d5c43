//! Chaos: relays and PostgreSQL die and stall at random, receivers reset and dawdle, under load; then the books are audited.
//!
//! What happens follows from a seed, which is printed. `SOCIALHOOK_TEST_CHAOS_SECONDS` makes it a soak,
//! `SOCIALHOOK_TEST_CHAOS_SEED` repeats one.

use std::time::{Duration, Instant};

use crate::audit::{Allow, audit};
use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::receiver::{Received, Reply};

const NODES: usize = 3;
const SECONDS: u64 = 45;
const PER_SECOND: u32 = 80;
/// What was owned by the last who died is taken over after the lease.
const QUIET: Duration = Duration::from_secs(90);
/// Longer than the lease of 15 s.
const PAST_THE_LEASE: u64 = 17;

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a longer run by hand, or the same again")]
    let told = std::env::var(name);
    told.ok().map(|number| number.parse().expect("a number"))
}

/// Fails a tenth of first attempts, in each way there is; what comes again is taken, so that nothing is parked.
fn moody(chance: &Chance, request: &Received) -> Reply {
    let first = request.header("socialhook-attempt") == "1";
    match chance.below(100) {
        0..3 if first => Reply::Status(500),
        3..6 if first => Reply::Reset,
        6..8 if first => Reply::Full(429, vec![("retry-after", "1".to_owned())], b"later".to_vec()),
        8..9 if first => Reply::Late(200, Duration::from_secs(3)),
        9..30 => Reply::Late(200, Duration::from_millis(u64::try_from(chance.below(400)).expect("small"))),
        _ => Reply::Status(200),
    }
}

/// One blow; returns how many deaths and zombies it counts for.
async fn strike(cluster: &mut Cluster, chance: &Chance) -> (usize, usize) {
    let node = chance.below(NODES);
    let pause = Duration::from_millis(u64::try_from(chance.below(1500)).expect("small"));
    match chance.below(12) {
        0..4 => {
            println!("relay {node} dies");
            cluster.nodes[node].kill().await;
            tokio::time::sleep(pause).await;
            cluster.nodes[node].spawn();
            (1, 0)
        }
        4..6 => {
            println!("PostgreSQL dies");
            cluster.postgres.kill().await;
            tokio::time::sleep(pause).await;
            cluster.postgres.start().await;
            (1, 0)
        }
        6..8 => {
            println!("relay {node} stalls for {pause:?}");
            cluster.nodes[node].signal("STOP").await;
            tokio::time::sleep(pause).await;
            cluster.nodes[node].signal("CONT").await;
            (0, 1)
        }
        8 => {
            println!("relay {node} sleeps past its lease");
            cluster.nodes[node].signal("STOP").await;
            tokio::time::sleep(Duration::from_secs(PAST_THE_LEASE)).await;
            cluster.nodes[node].signal("CONT").await;
            (1, 1)
        }
        9..11 => {
            println!("PostgreSQL stalls for {pause:?}");
            cluster.postgres.freeze().await;
            tokio::time::sleep(pause).await;
            cluster.postgres.thaw().await;
            (0, 0)
        }
        _ => {
            println!("connections are cut");
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'socialhook'";
            cluster.postgres.execute(cut).await;
            (0, 0)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaos() {
    let seed = number("SOCIALHOOK_TEST_CHAOS_SEED").unwrap_or_else(|| u64::from(uuid::Uuid::new_v4().as_fields().0));
    let seconds = number("SOCIALHOOK_TEST_CHAOS_SECONDS").unwrap_or(SECONDS);
    println!("seed {seed}");
    let chance = Chance::new(seed);
    let mut cluster = Cluster::start(NODES, &[]).await;
    let mood = Chance::new(seed ^ 1);
    cluster.receiver.behaves(Box::new(move |request| moody(&mood, request)));
    let load = Load::start(&cluster, PER_SECOND, seed ^ 2);
    let begun = Instant::now();
    let (mut deaths, mut zombies) = (0, 0);
    load.goes_on(100).await;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let (died, slept) = strike(&mut cluster, &chance).await;
        deaths += died;
        zombies += slept;
        tokio::time::sleep(Duration::from_millis(500 + u64::try_from(chance.below(2000)).expect("small"))).await;
    }
    for node in &mut cluster.nodes {
        node.wait_until_ready().await;
    }
    load.goes_on(100).await;
    let meta = load.end().await;
    let allow = Allow { deaths, zombies, failures: true, quiet_within: QUIET };
    println!("{deaths} deaths and {zombies} sleepers");
    audit(&mut cluster, &meta, allow).await;
}
