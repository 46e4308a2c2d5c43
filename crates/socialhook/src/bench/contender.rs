//! What is measured, as processes of its own, so that their CPU time is theirs alone: the relay and the floor.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::Error;
use super::receiver::{HEALTHY, Receiver};

/// A debug build that makes its tables may take this long until it answers.
const START_LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// Seals nothing but the benchmark's own secrets.
const SECRET_KEY: &str = "00000000000000000000000000000000000000000000000000000000000000be";

/// Something that takes webhooks and forwards them. It ends with this value.
pub(super) struct Contender {
    pub(super) address: SocketAddr,
    pub(super) path: String,
    /// Its processes.
    pub(super) own: Vec<u32>,
    /// What stores for it.
    pub(super) store: Vec<u32>,
    pub(super) children: Vec<Child>,
}

/// The database that the relay and the floor use in turn.
pub(super) struct Database {
    pub(super) url: String,
    pub(super) server: Vec<u32>,
}

/// Starts the relay, provisioned.
pub(super) async fn relay(database: &Database, file: &Value) -> Result<Contender, Error> {
    let address = free_address()?;
    let mut child = ourselves(database, address, &["serve"])?.spawn().map_err(Error::Start)?;
    until_ready(&mut child, "the relay", (address, "/readyz"), |status| status == StatusCode::OK).await?;
    let tree = provision(database, address, file).await?;
    let path = tree["apps"][0]["callback_path"].as_str().ok_or(Error::Provision(String::new()))?.to_owned();
    Ok(Contender { address, path, own: pids(&[&child]), store: database.server.clone(), children: vec![child] })
}

/// Starts the floor.
pub(super) async fn floor(database: &Database, receiver: &Receiver) -> Result<Contender, Error> {
    let address = free_address()?;
    let arguments = ["bench-floor", &receiver.url(HEALTHY)];
    let mut child = ourselves(database, address, &arguments)?.spawn().map_err(Error::Start)?;
    until_ready(&mut child, "the floor", (address, "/"), |_| true).await?;
    let path = "/".to_owned();
    Ok(Contender { address, path, own: pids(&[&child]), store: database.server.clone(), children: vec![child] })
}

pub(super) fn pids(children: &[&Child]) -> Vec<u32> {
    children.iter().filter_map(|child| child.id()).collect()
}

/// This binary, with settings of the benchmark's and none of the environment's.
fn ourselves(database: &Database, listen: SocketAddr, arguments: &[&str]) -> Result<Command, Error> {
    let mut command = Command::new(std::env::current_exe().map_err(Error::Start)?);
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("SOCIALHOOK_LISTEN", listen.to_string())
        .env("SOCIALHOOK_SECRET_KEY", SECRET_KEY)
        .env("SOCIALHOOK_DATA_DIR", "/nowhere")
        .env("SOCIALHOOK_ALLOW_PRIVATE_DESTINATIONS", "true")
        .env("SOCIALHOOK_LOG", "error")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

async fn provision(database: &Database, relay: SocketAddr, file: &Value) -> Result<Value, Error> {
    let mut command = ourselves(database, relay, &["admin", "provision", "-"])?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::Start)?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(file.to_string().as_bytes()).await.map_err(Error::Start)?;
    drop(stdin);
    let output = child.wait_with_output().await.map_err(Error::Start)?;
    let tree = serde_json::from_slice(&output.stdout);
    tree.map_err(|_| Error::Provision(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Free a moment ago, and the system does not give it away again so soon.
pub(super) fn free_address() -> Result<SocketAddr, Error> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(Error::Start)?;
    listener.local_addr().map_err(Error::Start)
}

/// Waits until a GET is answered as it should be.
pub(super) async fn until_ready(
    child: &mut Child,
    name: &'static str,
    (address, path): (SocketAddr, &str),
    is_ready: fn(StatusCode) -> bool,
) -> Result<(), Error> {
    let ready = async {
        loop {
            let answer = tokio::time::timeout(ANSWER_LIMIT, get(address, path)).await;
            if answer.ok().flatten().is_some_and(is_ready) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        ready = tokio::time::timeout(START_LIMIT, ready) => ready.map_err(|_| Error::NotReady(name)),
        _ = child.wait() => Err(Error::NotReady(name)),
    }
}

async fn get(address: SocketAddr, path: &str) -> Option<StatusCode> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut open, conversation) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(conversation);
    let request = Request::get(path).header(HOST, address.to_string()).body(Empty::<Bytes>::new()).ok()?;
    Some(open.send_request(request).await.ok()?.status())
}

impl Contender {
    /// Ends its processes at once: nothing of theirs is kept.
    pub(super) async fn end(self) {
        for mut child in self.children {
            // It may have ended by itself; then there is nothing to do.
            let _ = child.kill().await;
        }
    }
}
