//! `socialhook with-postgres -- COMMAND`: a command with a PostgreSQL of its own, which lasts as long as the command does. For tests.
//!
//! The command finds the server by `DATABASE_URL`. Its exit status is ours.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::postgres::{self, Embedded};

/// Every user may pass through it, and it is short: a socket's path must be.
const TEMPORARY: &str = "/tmp";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error("Say which command to run with a PostgreSQL, as in: socialhook with-postgres -- psql.")]
    NoCommand,
    #[error("Could not run {}: {source}.", .program.display())]
    Command { program: PathBuf, source: std::io::Error },
    #[error("Could not make a temporary directory under {TEMPORARY}: {0}.")]
    Temporary(std::io::Error),
}

/// Runs the command. Without a data directory, the server gets a new one, which is deleted afterwards.
pub async fn run(
    pg_bin: Option<PathBuf>,
    data_dir: Option<PathBuf>,
    command: Vec<OsString>,
) -> Result<ExitCode, Error> {
    let (program, arguments) = command.split_first().ok_or(Error::NoCommand)?;
    let throw_away = if data_dir.is_none() { Some(ThrowAway::new().map_err(Error::Temporary)?) } else { None };
    let dir: &Path = match (&data_dir, &throw_away) {
        (Some(dir), _) => dir,
        (None, Some(made)) => made.path(),
        (None, None) => unreachable!("one is made when none is given"),
    };
    let server = Embedded::start(dir, pg_bin.as_deref()).await?;
    let mut command = Command::new(program);
    command.args(arguments).env("DATABASE_URL", server.url());
    let status = run_to_end(command).await.map_err(|source| Error::Command { program: program.into(), source });
    server.stop().await?;
    status.map(exit_code)
}

/// A signal to us is the command's business: we stay until it has ended, or the server would be gone before it.
async fn run_to_end(mut command: Command) -> std::io::Result<ExitStatus> {
    // Ctrl-C at a terminal reaches the command without our help; a SIGTERM is sent to us alone.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => pass_on(&child),
        }
    }
}

fn pass_on(child: &Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(Err(error)) = pid.map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM)) {
        tracing::warn!(%error, "Could not pass the signal on to the command.");
    }
}

/// As a shell has it: 128 and the number of the signal that ended the command.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A new directory that is deleted with this value.
pub(crate) struct ThrowAway(PathBuf);

impl ThrowAway {
    fn new() -> std::io::Result<Self> {
        Self::below(Path::new(TEMPORARY))
    }

    pub(crate) fn below(directory: &Path) -> std::io::Result<Self> {
        let mut attempt = 0;
        loop {
            let path = directory.join(format!("socialhook-{}-{attempt}", std::process::id()));
            // Fails if the name exists, so nobody can have prepared it for us.
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                result => return result.map(|()| Self(path)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "Could not delete the temporary directory.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_commands() {
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), ExitCode::from(3));
        assert_eq!(exit_code(ExitStatus::from_raw(15)), ExitCode::from(143));
        assert_eq!(exit_code(ExitStatus::from_raw(0)), ExitCode::SUCCESS);
    }

    #[tokio::test]
    async fn a_command_is_needed() {
        assert!(matches!(run(None, None, Vec::new()).await, Err(Error::NoCommand)));
    }
}
