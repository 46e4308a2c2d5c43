//! A programmable receiver: a tenant's endpoint that answers as it is told and remembers what it got.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16),
    /// Status, headers, body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Never answers.
    Hang,
    /// Begins a body that never ends.
    Endless(u16),
    /// Answers once [`Receiver::open_gate`] is called.
    Gated(u16),
    /// Answers after a while.
    Late(u16, Duration),
    /// Takes the request and closes the connection without an answer.
    Reset,
}

impl Reply {
    /// The status that it gives, sooner or later.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status)
            | Self::Full(status, ..)
            | Self::Endless(status)
            | Self::Gated(status)
            | Self::Late(status, _) => Some(*status),
            Self::Hang | Self::Reset => None,
        }
    }
}

/// What a receiver does by itself, where it was not told what to reply.
pub type Habit = Box<dyn Fn(&Received) -> Reply + Send + Sync>;

#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The status that it was answered; none if it was not.
    pub answer: Option<u16>,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a delivery is JSON")
    }

    /// By the official library.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        let timestamp = self.header("webhook-timestamp").parse().expect("seconds");
        // Not by the library's own verify: the time of the request is the world's.
        let signature = webhook.sign(self.header("webhook-id"), timestamp, &self.body).expect("a signature");
        self.header("webhook-signature").split(' ').any(|one| one == signature)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    habit: Mutex<Option<Habit>>,
    gate: Notify,
    arrived: Notify,
}

pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                let service = service_fn(move |request| answer(state.clone(), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the next requests on a path are answered; after that, 200.
    pub fn will_reply(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state.replies.lock().expect("not poisoned").entry(path.to_owned()).or_default().extend(replies);
    }

    /// From now on a path is answered 200, whatever it was to be.
    pub fn answers_again(&self, path: &str) {
        self.state.replies.lock().expect("not poisoned").remove(path);
    }

    pub fn behaves(&self, habit: Habit) {
        *self.state.habit.lock().expect("not poisoned") = Some(habit);
    }

    /// Every request so far, to whatever path.
    pub fn everything(&self) -> Vec<Received> {
        self.state.received.lock().expect("not poisoned").clone()
    }

    pub fn received(&self, path: &str) -> Vec<Received> {
        let all = self.state.received.lock().expect("not poisoned");
        all.iter().filter(|request| request.path == path).cloned().collect()
    }

    /// Waits until a path has got so many requests.
    pub async fn wait_for(&self, path: &str, count: usize) {
        loop {
            let arrived = self.state.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if self.received(path).len() >= count {
                return;
            }
            arrived.await;
        }
    }

    pub fn open_gate(&self) {
        self.state.gate.notify_waiters();
    }

    /// A world may not end with a reply that nobody asked for, or a request to a path that no tenant has.
    pub fn finish(&self) {
        let left = self.state.replies.lock().expect("not poisoned").values().flatten().count();
        assert_eq!(left, 0, "replies that nobody asked for");
        let all = self.state.received.lock().expect("not poisoned");
        let stray: Vec<&str> = all
            .iter()
            .map(|request| request.path.as_str())
            .filter(|path| !["/acme", "/globex"].contains(path))
            .collect();
        assert!(stray.is_empty(), "requests that nobody expected: {stray:?}");
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(state: Arc<State>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let reply = state.replies.lock().expect("not poisoned").get_mut(&path).and_then(VecDeque::pop_front);
    let opened = state.gate.notified();
    tokio::pin!(opened);
    opened.as_mut().enable();
    let mut received = Received { path, headers: parts.headers, body, answer: None };
    let reply = reply.unwrap_or_else(|| match &*state.habit.lock().expect("not poisoned") {
        Some(habit) => habit(&received),
        None => Reply::Status(200),
    });
    received.answer = reply.status();
    state.received.lock().expect("not poisoned").push(received);
    state.arrived.notify_waiters();
    let (status, headers, body) = match reply {
        Reply::Status(status) => (status, Vec::new(), Vec::new()),
        Reply::Full(status, headers, body) => (status, headers, body),
        Reply::Hang => std::future::pending().await,
        Reply::Endless(status) => {
            let begun = futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(b"and so on")))]);
            let body = StreamBody::new(begun.chain(futures_util::stream::pending()));
            return Ok(Response::builder().status(status).body(BodyExt::boxed(body)).expect("a response"));
        }
        Reply::Late(status, after) => {
            tokio::time::sleep(after).await;
            (status, Vec::new(), Vec::new())
        }
        Reply::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
        Reply::Gated(status) => {
            opened.await;
            (status, Vec::new(), Vec::new())
        }
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(body)).boxed()).expect("a response"))
}
