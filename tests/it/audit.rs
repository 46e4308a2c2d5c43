//! The books: what Meta was told, what the endpoints got and what the ledger says, held against each other once all is quiet.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use socialhook_core::id::EventId;
use sqlx::Row;
use uuid::Uuid;

use crate::cluster::{Cluster, phone};
use crate::load::Seen;

/// With the schedule that the cluster's relays have.
const ATTEMPTS_MAX: usize = 3;
/// In flight to all endpoints, and sent but not yet recorded, when one process dies.
const UNRECORDED_MAX: usize = 600;
const QUIET_EVERY: Duration = Duration::from_millis(250);

/// What a scenario did, and so what the contract allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allow {
    /// Processes killed or frozen past their lease, relays and databases.
    pub deaths: usize,
    /// Relays frozen: their own view of an answer that came while they slept may differ from the receiver's.
    pub zombies: usize,
    /// Receivers that fail on purpose.
    pub failures: bool,
    pub quiet_within: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    tenant: usize,
    event: Uuid,
}

#[derive(Debug)]
struct Sent {
    number: u16,
    answer: Option<u16>,
    message: String,
}

#[derive(Debug)]
struct Attempt {
    number: u16,
    status: Option<u16>,
    delivered: bool,
}

/// Counts worth telling.
#[derive(Debug, Default)]
pub struct Report {
    pub acknowledged: usize,
    pub requests: usize,
    pub attempts: usize,
    pub doubled: usize,
    /// Requests of which the ledger tells nothing.
    pub unrecorded: usize,
    /// Attempts whose answer the relay did not see, though there was one.
    pub unseen: usize,
}

fn tenant_of(path: &str) -> usize {
    path.strip_prefix("/t").and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("a stray path {path}"))
}

/// Waits until no delivery is left.
async fn quiet(cluster: &mut Cluster, within: Duration) {
    let left = "select count(*) from delivery";
    let manifests = cluster.postgres.count("select count(to_regclass('manifest'))").await;
    let left =
        if manifests == 0 { left.to_owned() } else { format!("select ({left}) + (select count(*) from manifest)") };
    let quiet = async {
        while cluster.postgres.count(&left).await > 0 {
            tokio::time::sleep(QUIET_EVERY).await;
        }
    };
    if tokio::time::timeout(within, quiet).await.is_err() {
        let mut c = cluster.postgres.connection("socialhook").await;
        let rows = sqlx::query(
            "select row_to_json(d)::text, (select count(*) from node n where n.node_id = d.owner), now()::text from delivery d limit 3",
        )
        .fetch_all(&mut c)
        .await
        .expect("rows");
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "{} owner lives: {} at {}",
                    row.get::<String, _>(0),
                    row.get::<i64, _>(1),
                    row.get::<String, _>(2)
                )
            })
            .collect();
        let logs: Vec<String> = cluster.nodes.iter().map(crate::cluster::Node::log).collect();
        panic!(
            "{} deliveries are left after {within:?}: {rows:#?}\n{}",
            cluster.postgres.count(&left).await,
            logs.join("\n")
        );
    }
}

fn requests(cluster: &Cluster) -> HashMap<Key, Vec<Sent>> {
    let mut found: HashMap<Key, Vec<Sent>> = HashMap::new();
    for request in cluster.receiver.everything() {
        let tenant = tenant_of(&request.path);
        let event = request.json();
        assert_eq!(event["channel"]["external_id"], phone(tenant), "nothing crosses tenants");
        let id: EventId = request.header("webhook-id").parse().expect("an event's id");
        let sent = Sent {
            number: request.header("socialhook-attempt").parse().expect("a number"),
            answer: request.answer,
            message: event["message"]["id"].as_str().expect("an id").to_owned(),
        };
        found.entry(Key { tenant, event: id.0 }).or_default().push(sent);
    }
    found
}

async fn attempts(cluster: &Cluster) -> HashMap<Key, Vec<Attempt>> {
    let mut c = cluster.postgres.connection("socialhook").await;
    let rows = sqlx::query(
        "select t.name, a.event_id, a.number, a.status, a.failure is null as delivered
         from attempt a join tenant t using (tenant_id)",
    )
    .fetch_all(&mut c)
    .await
    .expect("the attempts");
    let mut found: HashMap<Key, Vec<Attempt>> = HashMap::new();
    for row in rows {
        let tenant = tenant_of(&format!("/{}", row.get::<String, _>("name")));
        let small = |number: i16| u16::try_from(number).expect("positive");
        let attempt = Attempt {
            number: small(row.get("number")),
            status: row.get::<Option<i16>, _>("status").map(small),
            delivered: row.get("delivered"),
        };
        found.entry(Key { tenant, event: row.get("event_id") }).or_default().push(attempt);
    }
    found
}

fn is_success(answer: Option<u16>) -> bool {
    answer.is_some_and(|status| (200..300).contains(&status))
}

/// Holds everything against everything. `seen` is what Meta saw.
pub async fn audit(cluster: &mut Cluster, seen: &Seen, allow: Allow) -> Report {
    quiet(cluster, allow.quiet_within).await;
    cluster.all_run();
    let (requests, attempts) = (requests(cluster), attempts(cluster).await);
    let mut report = Report {
        acknowledged: seen.acknowledged.len(),
        requests: requests.values().map(Vec::len).sum(),
        attempts: attempts.values().map(Vec::len).sum(),
        ..Report::default()
    };
    let arrived: HashSet<&str> =
        requests.values().flatten().filter(|sent| is_success(sent.answer)).map(|sent| sent.message.as_str()).collect();
    let missing: Vec<&String> = seen.acknowledged.iter().filter(|id| !arrived.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "{} of {} acknowledged are missing: {missing:?}", missing.len(), report.acknowledged);
    let without = "select count(*) from event e where not exists (
        select from attempt a where a.tenant_id = e.tenant_id and a.event_id = e.event_id and a.failure is null)";
    assert_eq!(cluster.postgres.count(without).await, 0, "events of whose delivery the ledger does not know");
    for (key, sent) in &requests {
        let rows = attempts.get(key).map_or(&[][..], Vec::as_slice);
        compare(&mut report, sent, rows, allow);
    }
    assert!(attempts.keys().all(|key| requests.contains_key(key)), "attempts of which the receiver knows nothing");
    assert!(report.doubled <= allow.deaths * UNRECORDED_MAX, "{report:?}");
    assert!(report.unrecorded <= allow.deaths * UNRECORDED_MAX, "{report:?}");
    let refusals = (seen.refused, seen.slowest_refusal, seen.broken, seen.slowest_acceptance);
    println!("{report:?}; refused, slowest of them, broken, slowest 200: {refusals:?} {:?}", seen.reasons);
    report
}

/// One event: each request is one attempt, but for what a death hid.
fn compare(report: &mut Report, sent: &[Sent], rows: &[Attempt], allow: Allow) {
    let told = || format!("requests {sent:?}, attempts {rows:?}");
    let successes = sent.iter().filter(|sent| is_success(sent.answer)).count();
    assert!(successes <= 1 + allow.deaths, "delivered too often: {}", told());
    report.doubled += successes.saturating_sub(1);
    assert!(rows.len() <= ATTEMPTS_MAX + allow.deaths && sent.len() <= ATTEMPTS_MAX + allow.deaths, "{}", told());
    assert!(rows.iter().any(|row| row.delivered), "no attempt that delivered: {}", told());
    let mut open: Vec<&Sent> = sent.iter().collect();
    let mut take = |row: &Attempt, fits: &dyn Fn(&Sent) -> bool| {
        let at = open.iter().position(|sent| sent.number == row.number && fits(sent))?;
        Some(open.remove(at))
    };
    for row in rows.iter().filter(|row| row.status.is_some()) {
        assert!(take(row, &|sent| sent.answer == row.status).is_some(), "an attempt without its request: {}", told());
    }
    for row in rows.iter().filter(|row| row.status.is_none()) {
        if take(row, &|sent| sent.answer.is_none()).is_none() {
            // It never reached the receiver, or the relay was not awake to see the answer.
            let unseen = take(row, &|_| true).is_some();
            assert!(allow.zombies > 0 || (!unseen && allow.failures), "an answer that was not seen: {}", told());
            report.unseen += usize::from(unseen);
        }
    }
    assert!(open.len() <= allow.deaths, "requests of which the ledger tells nothing: {}", told());
    report.unrecorded += open.len();
}
