//! A PostgreSQL of a test's own, on TCP, that can be killed, stopped, filled, restarted and followed by a standby.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::process::{Child, Command};

/// Recovery after a crash included.
const START_LIMIT: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(50);

const CONF: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 64MB
max_connections = 80
autovacuum_naptime = 10s
wal_level = replica
idle_in_transaction_session_timeout = 60s
";

/// The newest server programs of the system.
fn programs() -> PathBuf {
    let known =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|at| at.path().join("bin"));
    let newest = known.filter(|bin| bin.join("initdb").exists()).max();
    newest.unwrap_or_else(|| {
        let told = std::process::Command::new("pg_config").arg("--bindir").output().expect("pg_config");
        PathBuf::from(String::from_utf8_lossy(&told.stdout).trim())
    })
}

fn id(arguments: &[&str]) -> Option<u32> {
    let told = std::process::Command::new("id").args(arguments).output().expect("id runs");
    told.status.success().then(|| String::from_utf8_lossy(&told.stdout).trim().parse().expect("a number"))
}

/// Whom root lends to the server, which refuses to run as root.
fn lent() -> Option<(u32, u32)> {
    let user = if id(&["-u", "postgres"]).is_some() { "postgres" } else { "nobody" };
    (id(&["-u"])? == 0).then(|| (id(&["-u", user]).expect("a user"), id(&["-g", user]).expect("a group")))
}

pub async fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().await.expect("kill runs");
    assert!(sent.success(), "SIG{name} to {pid}");
}

pub async fn free_port() -> u16 {
    let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    probe.local_addr().expect("an address").port()
}

pub struct Postgres {
    pub dir: PathBuf,
    pub port: u16,
    /// Deleted at the end, unless it is somebody else's.
    keep: bool,
    child: Option<Child>,
}

impl Postgres {
    /// A new, durable server in a directory of its own.
    pub async fn new() -> Self {
        let name = format!("socialhook-pg-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).expect("a directory");
        let mut server = Self::in_directory(dir).await;
        server.keep = false;
        server
    }

    /// In a directory that is there already, such as a small file system.
    pub async fn in_directory(dir: PathBuf) -> Self {
        let server = Self { dir, port: free_port().await, keep: true, child: None };
        std::fs::create_dir_all(&server.dir).expect("a directory");
        server.give();
        server.run("initdb", &["-A", "trust", "-U", "socialhook", "-N", "--locale=C.UTF-8", "-D"]).await;
        server.configure(CONF);
        let mut server = server;
        server.start().await;
        let mut c = server.connection("postgres").await;
        sqlx::raw_sql("create database socialhook").execute(&mut c).await.expect("a database");
        server
    }

    fn give(&self) {
        if let Some((uid, gid)) = lent() {
            std::os::unix::fs::chown(&self.dir, Some(uid), Some(gid)).expect("root may");
        }
    }

    /// A standby of this server that confirms every commit, copied now.
    pub async fn standby(&self) -> Self {
        let mut other =
            Self { dir: self.dir.with_extension("standby"), port: free_port().await, keep: false, child: None };
        std::fs::create_dir(&other.dir).expect("a directory");
        other.give();
        let from = format!("host=127.0.0.1 port={} user=socialhook application_name=standby", self.port);
        other.run("pg_basebackup", &["-R", "-X", "stream", "-c", "fast", "-d", &from, "-D"]).await;
        other.start().await;
        self.execute("alter system set synchronous_standby_names = 'standby'").await;
        self.execute("select pg_reload_conf()").await;
        other
    }

    /// Makes a standby the server that takes writes. It waits for no standby of its own.
    pub async fn promote(&self) {
        self.execute("select pg_promote()").await;
    }

    pub fn configure(&self, lines: &str) {
        let path = self.dir.join("data/postgresql.conf");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        std::fs::write(&path, text + lines).expect("written");
    }

    fn command(program: &str) -> Command {
        let mut command = std::process::Command::new(programs().join(program));
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        if let Some((uid, gid)) = lent() {
            command.uid(uid).gid(gid);
        }
        command.into()
    }

    async fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Self::command(program);
        let done = command.args(arguments).arg(self.dir.join("data")).output().await.expect("it runs");
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts it and waits until it answers; one that was killed first recovers.
    pub async fn start(&mut self) {
        self.spawn();
        tokio::time::timeout(START_LIMIT, self.answers()).await.expect("PostgreSQL answers in time");
    }

    /// Starts it without waiting.
    pub fn spawn(&mut self) {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.log()).expect("a log");
        let mut command = Self::command("postgres");
        command.arg("-D").arg(self.dir.join("data")).args(["-p", &self.port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        self.child = Some(command.spawn().expect("it starts"));
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    async fn answers(&mut self) {
        loop {
            if let Ok(c) = PgConnection::connect_with(&self.options("postgres")).await {
                let _ = c.close().await;
                return;
            }
            // What was killed a moment ago may still hold its memory.
            let ended = self.child.as_mut().is_none_or(|child| child.try_wait().expect("a status").is_some());
            if ended {
                self.spawn();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("a status").is_none())
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("it runs")
    }

    /// SIGKILL to the server itself; its processes notice and end.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("it dies");
    }

    /// Stops every process of the server in its tracks: connections are neither closed nor answered.
    pub async fn freeze(&self) {
        self.signal_all("STOP").await;
    }

    pub async fn thaw(&self) {
        self.signal_all("CONT").await;
    }

    async fn signal_all(&self, name: &str) {
        signal(self.pid(), name).await;
        let told = Command::new("pgrep").args(["-P", &self.pid().to_string()]).output().await.expect("pgrep runs");
        for pid in String::from_utf8_lossy(&told.stdout).split_whitespace() {
            // One may have ended meanwhile.
            let _ = Command::new("kill").args([&format!("-{name}"), pid]).stderr(Stdio::null()).status().await;
        }
    }

    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("socialhook")
            .database(database)
    }

    pub fn url(&self) -> String {
        url(self.port)
    }

    pub async fn connection(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database)).await.expect("PostgreSQL answers")
    }

    pub async fn execute(&self, statement: &str) {
        let mut c = self.connection("socialhook").await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut c).await.expect("a statement");
    }

    pub async fn count(&self, query: &str) -> i64 {
        let mut c = self.connection("socialhook").await;
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut c).await.expect("a count")
    }
}

pub fn url(port: u16) -> String {
    format!("postgres://socialhook@127.0.0.1:{port}/socialhook")
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child
            && let Some(pid) = child.id()
        {
            let own = std::process::Command::new("pgrep").args(["-P", &pid.to_string()]).output();
            let _ = child.start_kill();
            // A test that ended while they were frozen would leave them for ever.
            let own = own.map(|told| String::from_utf8_lossy(&told.stdout).into_owned()).unwrap_or_default();
            let mut kill = std::process::Command::new("kill");
            let _ = kill.arg("-KILL").args(own.split_whitespace()).stderr(Stdio::null()).status();
        }
        if !self.keep {
            remove(&self.dir);
        }
    }
}

fn remove(dir: &Path) {
    // The dying server still writes: a second time gets the rest.
    let _ = std::fs::remove_dir_all(dir).or_else(|_| std::fs::remove_dir_all(dir));
}
