//! The cluster in `<data_dir>/postgres`: what is checked of one that exists, and how a new one comes to be.
//!
//! A new one is made under another name and renamed when it is complete, database included. Whatever kills us before that leaves
//! a directory that the next start throws away.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{Error, NAME, at, trouble};

/// Names of directories that initdb has not finished begin like this.
const UNFINISHED: &str = "postgres.new-";

/// initdb takes two seconds on an ordinary machine.
const CREATE_LIMIT: Duration = Duration::from_mins(5);

/// The first that the system knows. Both compare bytes, so indexes survive an upgrade of the C library; the second knows ASCII case only.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// The version that wrote the cluster, if there is one.
pub(super) fn version(layout: &Layout) -> Result<Option<u32>, Error> {
    if !layout.cluster.exists() {
        return Ok(None);
    }
    match std::fs::read_to_string(layout.cluster.join("PG_VERSION")) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| Error::NotACluster(layout.cluster.clone())),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::NotACluster(layout.cluster.clone())),
        Err(error) => Err(at("read", &layout.cluster.join("PG_VERSION"))(error)),
    }
}

/// Refuses data that these binaries cannot open.
pub(super) fn check(layout: &Layout, binaries: &Binaries) -> Result<(), Error> {
    match version(layout)? {
        Some(data) if data != binaries.major => Err(Error::OtherVersion {
            cluster: layout.cluster.clone(),
            data,
            bin: binaries.dir.clone(),
            binaries: binaries.major,
        }),
        _ => Ok(()),
    }
}

pub(super) async fn create(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<(), Error> {
    throw_away_unfinished(layout);
    // The process id keeps us apart from an initdb that outlived its relay.
    let unfinished = layout.data_dir.join(format!("{UNFINISHED}{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&unfinished).map_err(at("create the directory", &unfinished))?;
    account.give(&unfinished, 0o700)?;
    tracing::info!(version = binaries.major, data = %layout.cluster.display(), "Making a new PostgreSQL data directory.");
    let made = async {
        initdb(&unfinished, account, binaries, layout).await?;
        create_database(&unfinished, account, binaries, layout).await?;
        std::fs::rename(&unfinished, &layout.cluster)
            .map_err(at("rename the new data directory to", &layout.cluster))?;
        let parent = std::fs::File::open(&layout.data_dir).and_then(|dir| dir.sync_all());
        parent.map_err(at("write to disk", &layout.data_dir))
    };
    let made = made.await;
    if made.is_err() {
        throw_away_unfinished(layout);
    }
    made
}

async fn initdb(dir: &Path, account: &Account, binaries: &Binaries, layout: &Layout) -> Result<(), Error> {
    let mut failed = None;
    for locale in LOCALES {
        let mut command = account.command(&binaries.path("initdb"));
        command.args(["--encoding=UTF8", "--data-checksums", "--auth=peer", "--no-instructions", "--username", NAME]);
        command.arg(format!("--locale={locale}")).arg("-D").arg(dir);
        let output = run(&mut command, "").await?;
        if output.status.success() {
            return Ok(());
        }
        let unknown_locale = String::from_utf8_lossy(&output.stderr).contains("locale");
        failed = Some(trouble::explain_init(layout, &output));
        if !unknown_locale {
            break;
        }
    }
    Err(failed.expect("there is at least one locale"))
}

/// In single-user mode: no client is needed, and the cluster is complete before it gets its name.
async fn create_database(dir: &Path, account: &Account, binaries: &Binaries, layout: &Layout) -> Result<(), Error> {
    let mut command = account.command(&binaries.path("postgres"));
    command.args(["--single", "-j", "-D"]).arg(dir).arg("postgres");
    let output = run(&mut command, &format!("create database {NAME};\n\n")).await?;
    // Single-user mode goes on after an error, and then succeeds.
    let refused = String::from_utf8_lossy(&output.stderr).contains("ERROR:");
    if output.status.success() && !refused { Ok(()) } else { Err(trouble::explain_init(layout, &output)) }
}

async fn run(command: &mut Command, input: &str) -> Result<Output, Error> {
    let program = Path::new(command.as_std().get_program()).to_owned();
    let output = async {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut stdin = child.stdin.take().expect("stdin was asked for");
        match stdin.write_all(input.as_bytes()).await {
            // It ended without reading: its status and what it said are the news.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error),
            _ => drop(stdin),
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(CREATE_LIMIT, output).await {
        Ok(output) => output.map_err(at("run", &program)),
        Err(_) => Err(at("wait for", &program)(ErrorKind::TimedOut.into())),
    }
}

/// Only directories by our own name for them. What cannot be deleted is in nobody's way.
fn throw_away_unfinished(layout: &Layout) {
    let Ok(entries) = std::fs::read_dir(&layout.data_dir) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED))
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, path = %entry.path().display(), "Could not delete an unfinished data directory.");
        }
    }
}
