//! The real binary as a process of its own: for what only a process can show, such as dying.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// A debug build with its database may take this long until it answers.
const START_LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The binary beside this test's own.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps");
    let binary = profile.join("socialhook");
    assert!(binary.exists(), "{} is missing: run `make test`, which builds it first", binary.display());
    binary
}

/// An installation: a data directory that an unprivileged server may enter, and a port.
pub struct Installation {
    pub data_dir: PathBuf,
    pub port: u16,
    extra: Vec<(&'static str, String)>,
}

impl Installation {
    pub async fn new(name: &str, extra: Vec<(&'static str, &'static str)>) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let data_dir = std::env::temp_dir().join(format!("socialhook-{name}-{}", &unique[..8]));
        // Free a moment ago; nobody else here asks for it.
        let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = probe.local_addr().expect("an address").port();
        let extra = extra.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Self { data_dir, port, extra }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env("SOCIALHOOK_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("SOCIALHOOK_DATA_DIR", &self.data_dir)
            .env("SOCIALHOOK_LOG", "warn")
            .envs(self.extra.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }

    /// From the next start on.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.extra.push((name, value.to_owned()));
    }

    /// Starts the service and waits until it is ready.
    pub async fn serve(&self, arguments: &[&str]) -> Child {
        self.ready(self.command(&[&["serve"], arguments].concat())).await
    }

    /// The same, with its log into a file.
    pub async fn serve_logging(&self, log: std::fs::File) -> Child {
        let mut command = self.command(&["serve"]);
        command.stderr(log);
        self.ready(command).await
    }

    async fn ready(&self, mut command: Command) -> Child {
        let mut child = command.stdin(Stdio::null()).spawn().expect("it starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let ready = async {
            loop {
                if http.get(self.url("/readyz")).send().await.is_ok_and(|answer| answer.status() == 200) {
                    return;
                }
                if let Some(status) = child.try_wait().expect("a status") {
                    panic!("it ended instead of serving: {status}");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(START_LIMIT, ready).await.expect("it is ready in time");
        child
    }

    /// Runs another command to its end; returns what it printed.
    pub async fn run(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).await.expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().await.expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    /// Waits until the letters that were written hold what is looked for.
    pub async fn wait_for_letters(&self, enough: impl Fn(&[String]) -> bool) {
        let read = || {
            let files = std::fs::read_dir(self.data_dir.join("mail")).into_iter().flatten();
            files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok()).collect::<Vec<_>>()
        };
        let waiting = async {
            while !enough(&read()) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(START_LIMIT, waiting).await.expect("the letters are written in time");
    }

    pub async fn provision(&self, file: &Value) -> Value {
        let (done, text) = self.run(&["admin", "provision", "-"], &file.to_string()).await;
        assert!(done, "{text}");
        serde_json::from_str(&text[text.find('{').expect("JSON")..]).expect("JSON")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

/// SIGKILL: no chance to tidy up.
pub async fn kill(mut child: Child) {
    child.kill().await.expect("it dies");
}

/// SIGTERM, and it must end in order.
pub async fn terminate(mut child: Child) {
    signal(&child, "TERM").await;
    let status = tokio::time::timeout(Duration::from_secs(25), child.wait()).await.expect("in time").expect("a status");
    assert!(status.success(), "{status}");
}

pub async fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it runs").to_string();
    let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await.expect("kill runs");
    assert!(sent.success());
}
