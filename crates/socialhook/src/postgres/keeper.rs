//! The shell between us and the server, which ends the server when we end.
//!
//! Its standard input is the leash: a pipe whose other end only we hold, so that it closes when we let go of it and also when we are
//! killed. It then sends the server a SIGINT: a fast shutdown. The keeper is in a process group of its own, so that Ctrl-C at a
//! terminal reaches us alone, and we finish what we have begun while the server is still there.

use std::future::Future;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStdin};
use tokio::sync::watch;

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{Error, at, postmaster};

/// Only built-ins, so that the leash is held by no program that outlives the shell. The watch reads until the leash closes. A signal
/// to the keeper must not end it before the server, but does interrupt `wait`, hence the loop.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
trap : HUP INT TERM
"$@" 3<&- &
server=$!
(while read -r _; do :; done; kill -INT $server) <&3 3<&- >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $server
status=$?
while kill -0 $server 2>/dev/null; do
    wait $server
    status=$?
done
kill $watch 2>/dev/null
exit $status
"#;

/// A fast shutdown writes what is in memory, a gigabyte at most.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// After which an immediate shutdown is not waited for any longer.
const CUT_OFF_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Keeper {
    leash: ChildStdin,
    /// Where this server's part of the log begins.
    pub log_from: u64,
    ended: watch::Receiver<Option<String>>,
}

impl Keeper {
    pub fn start(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<Self, Error> {
        let shell = Path::new("/bin/sh");
        let (log, log_from) = layout.open_log()?;
        let mut config = std::ffi::OsString::from("config_file=");
        config.push(layout.conf.join("postgresql.conf"));
        let mut command = account.command(shell);
        command.args(["-c", SCRIPT, "sh"]);
        command.arg(binaries.path("postgres")).arg("-D").arg(&layout.cluster).arg("-c").arg(config);
        command.stdout(log.try_clone().map_err(at("open the log", &layout.log))?).stderr(log);
        let mut child = command.stdin(Stdio::piped()).process_group(0).spawn().map_err(at("run", shell))?;
        let leash = child.stdin.take().expect("stdin was asked for");
        let (tell, ended) = watch::channel(None);
        tokio::spawn(wait(child, tell));
        Ok(Self { leash, log_from, ended })
    }

    /// Resolves to how the server ended, once it has.
    pub fn ended(&self) -> impl Future<Output = String> + Send + use<> {
        let mut ended = self.ended.clone();
        async move {
            let how = ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone());
            how.unwrap_or_else(|| "unknown status".to_owned())
        }
    }

    /// Lets go of the leash and waits for the end.
    pub async fn stop(self, layout: &Layout) -> Result<(), Error> {
        let ended = self.ended();
        tokio::pin!(ended);
        drop(self.leash);
        if tokio::time::timeout(STOP_LIMIT, &mut ended).await.is_ok() {
            return Ok(());
        }
        if let Some(server) = postmaster::read(&layout.cluster)? {
            server.cut_off();
        }
        // What is left now ends by itself, and the next start waits for it.
        let _ = tokio::time::timeout(CUT_OFF_LIMIT, ended).await;
        Err(Error::CutOff(STOP_LIMIT.as_secs()))
    }
}

async fn wait(mut child: Child, tell: watch::Sender<Option<String>>) {
    let how = match child.wait().await {
        Ok(status) => describe(status),
        Err(error) => error.to_string(),
    };
    tell.send_replace(Some(how));
}

/// A shell reports a signal to its child as 128 and the signal's number.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code @ 129..160), _) => format!("signal {}", code - 128),
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("its keeper got signal {signal}"),
        (None, None) => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_it_ended() {
        assert_eq!(describe(ExitStatus::from_raw(1 << 8)), "exit status 1");
        assert_eq!(describe(ExitStatus::from_raw(137 << 8)), "signal 9");
        assert_eq!(describe(ExitStatus::from_raw(9)), "its keeper got signal 9");
    }
}
