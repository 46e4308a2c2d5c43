//! Meta under steady load, behind a balancer that asks `/readyz`: what is not acknowledged is repeated, at another node.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::cluster::{Cluster, SECRET, TENANTS, phone};
use crate::meta;

/// How often the balancer asks each node.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// The first repeat comes after this, each further one after twice the wait, up to a bound.
const REPEAT_AFTER: Duration = Duration::from_millis(150);
const REPEAT_AFTER_MAX: Duration = Duration::from_secs(2);
/// After the load has ended, repeats go on for so long.
const REPEAT_LIMIT: Duration = Duration::from_secs(30);
/// The contract: rather 503 than later than this. How much sooner it comes is a benchmark's question.
pub const AT_ONCE: Duration = Duration::from_secs(4);
const CUSTOMERS: usize = 400;
const NONE: &str = "connection";

/// What Meta saw.
#[derive(Default)]
pub struct Seen {
    pub acknowledged: HashSet<String>,
    /// Answers of 500 and more.
    pub refused: usize,
    /// No answer at all, and the first few reasons.
    pub broken: usize,
    pub reasons: Vec<String>,
    /// The longest wait for an answer that was no 200.
    pub slowest_refusal: Duration,
    /// Answers that were no 200 and took longer than [`AT_ONCE`].
    pub slow_refusals: usize,
    pub slowest_acceptance: Duration,
}

struct Shared {
    http: reqwest::Client,
    targets: Vec<Target>,
    stopped: Mutex<Option<Instant>>,
    seen: Mutex<Seen>,
    chance: Chance,
}

struct Target {
    hook: String,
    ready: String,
    lives: AtomicBool,
}

pub struct Load {
    shared: Arc<Shared>,
    posts: TaskTracker,
    work: Vec<JoinHandle<()>>,
}

/// One message, signed: its id, body and signature.
pub fn message(id: &str, tenant: usize, customer: usize) -> (String, String) {
    let mut message = meta::text(id, "Is anybody there?");
    message["timestamp"] = json!(socialhook_core::clock::Clock::System.now().timestamp().to_string());
    message["from"] = json!(format!("4477{customer:08}"));
    let body = meta::post(&[meta::change(&phone(tenant), "messages", &[message])]);
    let signature = meta::sign(SECRET, body.as_bytes());
    (body, signature)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client")
}

/// Posts one message to a node of one's choice; the status, and how long it took.
pub async fn post_to(cluster: &Cluster, node: usize, id: &str) -> (Option<u16>, Duration) {
    let (body, signature) = message(id, 0, 1);
    let begun = Instant::now();
    let url = cluster.nodes[node].url(&cluster.callback_path);
    let answer = client().post(url).header("x-hub-signature-256", signature).body(body).send().await;
    (answer.ok().map(|answer| answer.status().as_u16()), begun.elapsed())
}

impl Load {
    /// So many messages a second, until it is ended.
    pub fn start(cluster: &Cluster, per_second: u32, seed: u64) -> Self {
        let target = |node: &crate::cluster::Node| Target {
            hook: node.url(&cluster.callback_path),
            ready: node.url("/readyz"),
            lives: AtomicBool::new(true),
        };
        let shared = Arc::new(Shared {
            http: client(),
            targets: cluster.nodes.iter().map(target).collect(),
            stopped: Mutex::default(),
            seen: Mutex::default(),
            chance: Chance::new(seed),
        });
        let posts = TaskTracker::new();
        let asking = (0..shared.targets.len()).map(|n| tokio::spawn(ask(shared.clone(), n)));
        let mut work: Vec<JoinHandle<()>> = asking.collect();
        work.push(tokio::spawn(begin_posts(shared.clone(), posts.clone(), per_second)));
        Self { shared, posts, work }
    }

    pub fn acknowledged(&self) -> usize {
        self.shared.seen().acknowledged.len()
    }

    /// Waits until so many more are acknowledged.
    pub async fn goes_on(&self, more: usize) {
        let until = self.acknowledged() + more;
        let reached = async {
            while self.acknowledged() < until {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_mins(1), reached).await;
        assert!(reached.is_ok(), "only {} of {until} are acknowledged", self.acknowledged());
    }

    /// Begins nothing new, repeats what is not acknowledged yet, and tells what was seen.
    pub async fn end(self) -> Seen {
        *self.shared.stopped.lock().expect("not poisoned") = Some(Instant::now());
        self.posts.close();
        self.posts.wait().await;
        for work in self.work {
            work.abort();
        }
        std::mem::take(&mut *self.shared.seen())
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("not poisoned")
    }

    fn ended(&self) -> Option<Instant> {
        *self.stopped.lock().expect("not poisoned")
    }

    /// A living node, or any if none seems to live.
    fn choose(&self) -> &Target {
        let living: Vec<&Target> = self.targets.iter().filter(|target| target.lives.load(Ordering::SeqCst)).collect();
        match living.len() {
            0 => &self.targets[self.chance.below(self.targets.len())],
            count => living[self.chance.below(count)],
        }
    }
}

async fn ask(shared: Arc<Shared>, n: usize) {
    let target = &shared.targets[n];
    loop {
        let answer = shared.http.get(&target.ready).timeout(Duration::from_secs(1)).send().await;
        target.lives.store(answer.is_ok_and(|answer| answer.status() == 200), Ordering::SeqCst);
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn begin_posts(shared: Arc<Shared>, posts: TaskTracker, per_second: u32) {
    let mut interval = tokio::time::interval(Duration::from_secs(1) / per_second);
    let run = &uuid::Uuid::new_v4().simple().to_string()[..6];
    for n in 0_u64.. {
        interval.tick().await;
        if shared.ended().is_some() {
            return;
        }
        posts.spawn(deliver(shared.clone(), format!("wamid.{run}-{n}")));
    }
}

/// Posts until it is acknowledged, as Meta does.
async fn deliver(shared: Arc<Shared>, id: String) {
    let (body, signature) = message(&id, shared.chance.below(TENANTS), shared.chance.below(CUSTOMERS));
    let mut wait = REPEAT_AFTER;
    loop {
        let target = shared.choose();
        let begun = Instant::now();
        let request = shared.http.post(&target.hook).header("x-hub-signature-256", &signature).body(body.clone());
        let answer = request.send().await;
        let took = begun.elapsed();
        {
            let mut seen = shared.seen();
            match answer {
                Ok(answer) if answer.status() == 200 => {
                    seen.slowest_acceptance = seen.slowest_acceptance.max(took);
                    seen.acknowledged.insert(id);
                    return;
                }
                Ok(answer) => {
                    assert!(answer.status().is_server_error(), "Meta was told {}", answer.status());
                    seen.refused += 1;
                    seen.slowest_refusal = seen.slowest_refusal.max(took);
                    seen.slow_refusals += usize::from(took > AT_ONCE);
                }
                Err(error) => {
                    // What is to be seen is who did not answer: a balancer marks it, and goes elsewhere.
                    target.lives.store(false, Ordering::SeqCst);
                    seen.broken += 1;
                    let reason =
                        std::error::Error::source(&error).map_or_else(|| NONE.to_owned(), |why| format!("{why:?}"));
                    if seen.reasons.len() < 10 {
                        seen.reasons.push(format!("{reason} after {took:?}"));
                    }
                }
            }
        }
        if shared.ended().is_some_and(|at| at.elapsed() > REPEAT_LIMIT) {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(REPEAT_AFTER_MAX);
    }
}
