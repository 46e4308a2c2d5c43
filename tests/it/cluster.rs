//! Several relay processes on one PostgreSQL, with tenants, and a receiver that all their endpoints lead to.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::pg::{Postgres, free_port, signal};
use crate::process::binary;
use crate::receiver::Receiver;

pub const TENANTS: usize = 4;
pub const SECRET: &str = "operator-secret";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// A debug build on a busy machine, and a database that recovers.
const READY_LIMIT: Duration = Duration::from_secs(40);
const STOP_LIMIT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The number of the channel of a tenant; the path of its endpoint is `/t` and the tenant's number.
pub fn phone(tenant: usize) -> String {
    format!("50{tenant}")
}

/// A relay process. It keeps its port when it is started anew.
pub struct Node {
    pub port: u16,
    database_url: String,
    dir: PathBuf,
    extra: Vec<(&'static str, &'static str)>,
    child: Option<Child>,
}

impl Node {
    pub async fn new(database_url: &str, extra: &[(&'static str, &'static str)]) -> Self {
        let name = format!("socialhook-node-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).expect("a directory");
        Self { port: free_port().await, database_url: database_url.to_owned(), dir, extra: extra.to_vec(), child: None }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database_url)
            .env("SOCIALHOOK_SECRET_KEY", KEY)
            .env("SOCIALHOOK_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("SOCIALHOOK_DATA_DIR", &self.dir)
            .env("SOCIALHOOK_ALLOW_PRIVATE_DESTINATIONS", "true")
            .env("SOCIALHOOK_RETRY_SCHEDULE", "1s,1s")
            .env("SOCIALHOOK_LOG", "info,sqlx=error")
            .envs(self.extra.iter().copied())
            .kill_on_drop(true);
        command
    }

    /// Starts it without waiting.
    pub fn spawn(&mut self) {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.dir.join("log")).expect("a log");
        let out = log.try_clone().expect("a log");
        let child = self.command(&["serve"]).stdin(Stdio::null()).stdout(out).stderr(log).spawn();
        self.child = Some(child.expect("it starts"));
    }

    pub async fn start(&mut self) {
        self.spawn();
        self.wait_until_ready().await;
    }

    pub async fn wait_until_ready(&mut self) {
        let ready = async {
            while status_of(&self.url("/readyz")).await != Some(200) {
                if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("a status")) {
                    let log = self.log();
                    // The database died under its start: whatever keeps a service running starts it again.
                    let is_unlucky = log.trim_end().lines().last().is_some_and(|line| {
                        line.starts_with("socialhook: the relay could not start: the database failed")
                    });
                    assert!(is_unlucky, "it ended instead of serving: {status}\n{log}");
                    self.spawn();
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let ready = tokio::time::timeout(READY_LIMIT, ready).await;
        assert!(ready.is_ok(), "it is not ready in time:\n{}", self.log());
    }

    /// The end of what it said.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let from = text.len().saturating_sub(6000);
        text.get(from..).unwrap_or(&text).to_owned()
    }

    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("a status").is_none())
    }

    pub async fn signal(&self, name: &str) {
        signal(self.child.as_ref().and_then(Child::id).expect("it runs"), name).await;
    }

    pub async fn kill(&mut self) {
        self.child.take().expect("it runs").kill().await.expect("it dies");
    }

    /// SIGTERM: it must end in order and in time. Returns how long that took.
    pub async fn terminate(&mut self) -> Duration {
        self.signal("TERM").await;
        let begun = Instant::now();
        let mut child = self.child.take().expect("it runs");
        let status = tokio::time::timeout(STOP_LIMIT, child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it has not ended in time:\n{}", self.log()));
        let status = status.expect("a status");
        assert!(status.success(), "{status}, signal {:?}\n{}", status.signal(), self.log());
        begun.elapsed()
    }

    async fn provision(&self, file: &Value) -> Value {
        let mut command = self.command(&["admin", "provision", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(file.to_string().as_bytes()).await.expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().await.expect("it ends");
        assert!(output.status.success(), "{}", self.log());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text[text.find('{').expect("JSON")..]).expect("JSON")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of a relay is left at {}", self.dir.join("log").display());
        } else {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// The status of a GET, if there is an answer within a second.
pub async fn status_of(url: &str) -> Option<u16> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build().expect("a client");
    http.get(url).send().await.ok().map(|answer| answer.status().as_u16())
}

pub struct Cluster {
    pub postgres: Postgres,
    pub receiver: Receiver,
    pub nodes: Vec<Node>,
    /// Where Meta posts to.
    pub callback_path: String,
}

impl Cluster {
    pub async fn start(nodes: usize, extra: &[(&'static str, &'static str)]) -> Self {
        Self::on(Postgres::new().await, None, nodes, extra).await
    }

    /// On a database, reached by another address than its own if one is given.
    pub async fn on(
        postgres: Postgres,
        address: Option<&str>,
        nodes: usize,
        extra: &[(&'static str, &'static str)],
    ) -> Self {
        let receiver = Receiver::start().await;
        let url = address.map_or_else(|| postgres.url(), str::to_owned);
        let mut cluster = Self { postgres, receiver, nodes: Vec::new(), callback_path: String::new() };
        for _ in 0..nodes {
            cluster.nodes.push(Node::new(&url, extra).await);
        }
        let tree = cluster.nodes[0].provision(&cluster.file()).await;
        tree["apps"][0]["callback_path"].as_str().expect("a path").clone_into(&mut cluster.callback_path);
        for node in &mut cluster.nodes {
            node.spawn();
        }
        for node in &mut cluster.nodes {
            node.wait_until_ready().await;
        }
        cluster
    }

    fn file(&self) -> Value {
        let tenant = |n: usize| {
            json!({ "name": format!("t{n}"),
                "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": phone(n) }],
                "endpoints": [{ "name": "main", "url": self.receiver.url(&format!("/t{n}")) }] })
        };
        json!({
            "apps": [{ "name": "shared", "app_secret": SECRET, "verify_token": "v" }],
            "tenants": (0..TENANTS).map(tenant).collect::<Vec<_>>(),
        })
    }

    /// Nobody died whom nobody killed.
    pub fn all_run(&mut self) {
        for node in &mut self.nodes {
            assert!(node.runs(), "a relay ended by itself:\n{}", node.log());
        }
    }
}
