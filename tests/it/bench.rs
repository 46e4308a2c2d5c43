//! The benchmark as a user runs it: it ends well, tells its numbers, loses nothing, and leaves nothing behind.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::process::{binary, signal};

const LIMIT: Duration = Duration::from_mins(1);
/// A run's last columns: missing, doubled, refused.
const FAULTS: usize = 3;

/// Without the hand-built pipeline, which would ask a registry for its packages.
fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(binary());
    command.args(["bench", "--only", "relay,floor", "--rounds", "1"]).args(arguments).env_remove("DATABASE_URL");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("it starts")
}

fn home(child: &Child) -> PathBuf {
    PathBuf::from(format!("/tmp/socialhook-{}-0", child.id().expect("it runs")))
}

#[tokio::test]
async fn it_tells_its_numbers_and_leaves_nothing_behind() {
    let child = start(&["--seconds", "1", "--rate", "200"]);
    let home = home(&child);
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await.expect("in time").expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("cores") && text.contains("PostgreSQL"), "the machine is described: {text}");
    for name in ["relay", "floor"] {
        let line = text.lines().find(|line| line.starts_with(&format!("1  {name}"))).expect(name);
        let columns: Vec<&str> = line.split_ascii_whitespace().skip(2).collect();
        let rate: f64 = columns[0].parse().expect("a rate");
        assert!(rate > 1.0 && rate < 300.0, "{line}");
        let latencies: Vec<f64> = columns[1..9].iter().map(|column| column.parse().expect("a latency")).collect();
        assert!(latencies.iter().all(|ms| *ms > 0.0), "{line}");
        assert_eq!(columns[columns.len() - FAULTS..], ["0", "0", "0"], "{line}");
    }
    assert!(!home.exists(), "{} is left behind", home.display());
}

#[tokio::test]
async fn interrupted_it_tidies_up() {
    let mut child = start(&["--seconds", "60"]);
    let home = home(&child);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = tokio::time::timeout(LIMIT, lines.next_line()).await.expect("in time").expect("it is read");
    assert!(first.is_some_and(|line| line.contains("PostgreSQL")), "its database runs");
    signal(&child, "TERM").await;
    let status = tokio::time::timeout(LIMIT, child.wait()).await.expect("in time").expect("it ends");
    assert!(!status.success());
    assert!(!home.exists(), "{} is left behind", home.display());
}
