//! Plays Meta: posts signed webhooks over kept connections, each load on a thread of its own, and notes in a ledger what is answered.
//!
//! At a rate the loop is open: the next event is due when the clock says so, whatever became of the one before, and its latency
//! counts from then. So a stall shows in every event that it delays. Without a rate, each connection posts as soon as it
//! is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use secrecy::SecretString;
use socialhook_core::clock::Clock;
use socialhook_core::signature::{self, Key};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::ledger::Ledger;
use super::webhook::Webhooks;
use super::{APP_SECRET, real};

/// How often due events are looked for at most: a finer grain costs more than it shows.
const TICK_MIN: Duration = Duration::from_micros(200);
/// After a connection could not be made.
const RECONNECT_AFTER: Duration = Duration::from_millis(50);
/// Events that are due and still not sent after so many times the planned duration never will be.
const PATIENCE: u32 = 3;
/// For the ledger of a run without a rate; more than two cores can generate.
const EVENTS_A_SECOND_MAX: f64 = 100_000.0;

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// As fast as it is answered.
    Full,
    /// Events a second.
    Rate(f64),
}

impl Pace {
    /// How many events a run may have, for its ledger.
    pub(super) fn events_max(self, lasting: Duration) -> usize {
        let rate = match self {
            Self::Full => EVENTS_A_SECOND_MAX,
            Self::Rate(rate) => rate,
        };
        whole(rate * lasting.as_secs_f64()).max(1)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as many as fit a run, and never negative")]
fn whole(events: f64) -> usize {
    events.ceil() as usize
}

/// What to post, where, and how fast.
pub(super) struct Load {
    pub(super) to: SocketAddr,
    pub(super) path: String,
    pub(super) webhooks: Webhooks,
    pub(super) pace: Pace,
    pub(super) lasting: Duration,
    pub(super) connections: usize,
    pub(super) ledger: Arc<Ledger>,
}

/// Posts all loads at once; returns when all are posted and answered.
pub(super) async fn post(loads: Vec<Load>) -> std::io::Result<()> {
    let started: Vec<_> = loads.into_iter().map(start).collect::<Result<_, _>>()?;
    for done in started {
        done.await.map_err(std::io::Error::other)?;
    }
    Ok(())
}

/// A load's thread is its own, so that no other's answers are read before one of its events is sent.
fn start(load: Load) -> std::io::Result<oneshot::Receiver<()>> {
    let (done, wait) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        runtime.block_on(work_off(load));
        let _ = done.send(());
    };
    std::thread::Builder::new().name("generator".to_owned()).spawn(work)?;
    Ok(wait)
}

/// What the connections of a load share.
struct Desk {
    load: Load,
    uri: Uri,
    host: HeaderValue,
    key: Key,
    began: Instant,
    next: AtomicUsize,
    /// A permit for each event that is due.
    due: Semaphore,
}

async fn work_off(load: Load) {
    let key = Key::new(&SecretString::from(APP_SECRET));
    let uri = load.path.parse().expect("a path makes a URI");
    let host = load.to.to_string().parse().expect("an address makes a header");
    let (connections, pace) = (load.connections, load.pace);
    let next = AtomicUsize::new(0);
    let desk = Arc::new(Desk { load, uri, host, key, began: Instant::now(), next, due: Semaphore::new(0) });
    if let Pace::Rate(rate) = pace {
        let desk = desk.clone();
        // A thread of its own: the runtime's timers are a millisecond late, which is half of what is to be measured.
        std::thread::spawn(move || metronome(&desk, rate));
    }
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..connections {
        posting.spawn(post_in_turn(desk.clone()));
    }
    while posting.join_next().await.is_some() {}
}

/// Hands out a permit for each event when it is due, and in the end one to each connection, so that all see that it is over.
fn metronome(desk: &Desk, rate: f64) {
    let total = desk.load.pace.events_max(desk.load.lasting);
    let mut handed_out = 0;
    while handed_out < total {
        let due = whole(desk.began.elapsed().as_secs_f64() * rate).min(total);
        desk.due.add_permits(due - handed_out);
        handed_out = due;
        let next = due_at(desk.began, due, rate);
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()).max(TICK_MIN));
    }
    desk.due.add_permits(desk.load.connections);
}

fn due_at(began: Instant, n: usize, rate: f64) -> Instant {
    began + Duration::from_secs_f64(real(n as u64) / rate)
}

impl Desk {
    /// The next event and when it was due, once it is; None when the load is done.
    async fn next(&self) -> Option<(usize, Instant)> {
        let due = match self.load.pace {
            Pace::Full if self.began.elapsed() < self.load.lasting => None,
            Pace::Full => return None,
            Pace::Rate(rate) => {
                self.due.acquire().await.ok()?.forget();
                Some(rate)
            }
        };
        let n = self.next.fetch_add(1, Relaxed);
        let late = self.began.elapsed() > self.load.lasting * PATIENCE;
        if late || !self.load.ledger.holds(n) {
            return None;
        }
        Some((n, due.map_or_else(Instant::now, |rate| due_at(self.began, n, rate))))
    }

    fn request(&self, n: usize) -> Request<Full<Bytes>> {
        let body = self.load.webhooks.body(self.load.ledger.run, n, Clock::System.now().timestamp());
        Request::post(self.uri.clone())
            .header(HOST, self.host.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static("facebookexternalua"))
            .header(signature::HEADER, self.key.sign(body.as_bytes()))
            .body(Full::new(Bytes::from(body)))
            .expect("these make a request")
    }
}

async fn post_in_turn(desk: Arc<Desk>) {
    let mut connection = None;
    while let Some((n, due)) = desk.next().await {
        desk.load.ledger.due(n, due);
        if post_one(&desk, &mut connection, n).await.is_some() {
            desk.load.ledger.acked(n, due);
        } else {
            desk.load.ledger.refused();
        }
    }
}

type Connection = SendRequest<Full<Bytes>>;

/// Some if it was acknowledged.
async fn post_one(desk: &Desk, connection: &mut Option<Connection>, n: usize) -> Option<()> {
    // Its request is lost with a connection that broke: Meta would repeat it, we count it.
    let mut open = match connection.take() {
        Some(open) => open,
        None => connect(desk.load.to).await?,
    };
    open.ready().await.ok()?;
    let response = open.send_request(desk.request(n)).await.ok()?;
    let acknowledged = response.status().is_success();
    response.into_body().collect().await.ok()?;
    *connection = Some(open);
    acknowledged.then_some(())
}

async fn connect(to: SocketAddr) -> Option<Connection> {
    let opened = async {
        let stream = TcpStream::connect(to).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (open, conversation) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(conversation);
        Some(open)
    };
    let opened = opened.await;
    if opened.is_none() {
        tokio::time::sleep(RECONNECT_AFTER).await;
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_gives_its_events() {
        assert_eq!(Pace::Rate(200.0).events_max(Duration::from_secs(1)), 200);
        assert_eq!(Pace::Rate(0.1).events_max(Duration::from_secs(1)), 1);
        let began = Instant::now();
        assert_eq!(due_at(began, 50, 100.0), began + Duration::from_millis(500));
    }
}
