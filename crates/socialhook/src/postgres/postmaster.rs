//! What a server tells of itself: the file `postmaster.pid` in its data directory, and its socket.
//!
//! The file outlives a crash, and its process id may then be somebody else's. Only the socket shows that the server lives.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::UnixStream;

use super::{Error, at};

/// A server that lives accepts at once, whatever else it is doing.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The line on which the server says what it is doing, counted from zero.
const STATUS_LINE: usize = 7;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub pid: i32,
    /// Unlike the process id, never the same twice in a row.
    started: String,
    pub ready: bool,
}

impl Postmaster {
    /// Asks for a fast shutdown.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Ends it at once; the next start recovers.
    pub fn cut_off(&self) {
        self.signal(Signal::SIGQUIT);
    }

    fn signal(&self, signal: Signal) {
        // Not being allowed to, or its being gone already, shows in what follows: it stays, or it does not.
        if let Err(error) = kill(Pid::from_raw(self.pid), signal) {
            tracing::debug!(%error, pid = self.pid, %signal, "Could not signal PostgreSQL.");
        }
    }
}

/// What the file says, if there is one and it is complete.
pub(super) fn read(cluster: &Path) -> Result<Option<Postmaster>, Error> {
    let path = cluster.join("postmaster.pid");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read", &path)(error)),
    }
}

fn parse(text: &str) -> Option<Postmaster> {
    let lines: Vec<&str> = text.lines().collect();
    // A negative number would signal a group, one a system.
    let pid = lines.first()?.trim().parse().ok().filter(|pid| *pid > 1)?;
    let started = (*lines.get(2)?).to_owned();
    let ready = lines.get(STATUS_LINE).is_some_and(|status| status.trim() == "ready");
    Some(Postmaster { pid, started, ready })
}

/// Whether a server listens on the socket.
pub(super) async fn answers(socket: &Path) -> Result<bool, Error> {
    match tokio::time::timeout(ANSWER_LIMIT, UnixStream::connect(socket)).await {
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(false),
        Ok(Err(error)) if error.kind() == ErrorKind::PermissionDenied => Err(at("connect to", socket)(error)),
        // A full queue is a sign of life too.
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "4711\n/data/postgres\n1700000000\n5432\n/data/run\n\n  1234567    65538\nready   \n";

    #[test]
    fn reads_a_ready_server() {
        assert_eq!(parse(FILE), Some(Postmaster { pid: 4711, started: "1700000000".to_owned(), ready: true }));
    }

    #[test]
    fn a_starting_server_is_not_ready() {
        assert!(!parse(&FILE.replace("ready", "starting")).unwrap().ready);
        assert!(!parse("4711\n/data/postgres\n1700000000\n5432\n").unwrap().ready);
    }

    #[test]
    fn nonsense_is_no_server() {
        for text in ["", "\n", "4711\n/data", "0\na\nb\n", "-1\na\nb\n", "1\na\nb\n", "x\na\nb\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
