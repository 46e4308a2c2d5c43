//! A private PostgreSQL of our own, for whoever starts the relay without naming a database.
//!
//! The nouns: the *binaries* are the system's; the *account* is the unprivileged user that the server runs as (ourselves, unless we
//! are root); the *layout* is where things lie in the data directory; the *keeper* is a small shell between us and the server,
//! holding a *leash*: a pipe that closes when we end, however we end. An *orphan* is a server of ours whose relay is gone.
//!
//! What holds:
//! - One relay a data directory: the file `lock` is locked for as long as the process lives.
//! - The server ends with us, also after SIGKILL, and a fast shutdown leaves nothing to recover.
//! - It listens on a socket in a directory of its own, never on the network; only root and the user it runs as get in.
//! - It is durable: fsync, full-page writes and synchronous commit are on, and data pages have checksums.
//! - `<data_dir>/postgres` appears whole or not at all. It is never deleted, moved or upgraded by us.
//!
//! ```text
//! <data_dir>/lock           who holds the directory
//! <data_dir>/postgres/      the cluster, private to the account
//! <data_dir>/run/           its socket, private to the account
//! <data_dir>/conf/          its configuration: ours, rewritten at each start
//! <data_dir>/postgres.log   what the server says
//! ```

mod account;
mod binaries;
mod cluster;
mod conf;
mod error;
mod keeper;
mod layout;
mod orphan;
mod postmaster;
mod trouble;

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::Error;

use account::Account;
use binaries::Binaries;
use keeper::Keeper;
use layout::Layout;

/// The role, and the database that it owns.
const NAME: &str = "socialhook";

/// How long a server may take until it answers. Recovery after a crash replays up to `max_wal_size`.
const START_LIMIT: Duration = Duration::from_mins(15);

/// How long after a crash backends of the old server may hold its shared memory.
const LEFTOVERS_LIMIT: Duration = Duration::from_secs(20);

/// How often a file or a process is looked at while we wait for it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server that ends when this value does; [`Embedded::stop`] also waits for the end.
#[derive(Debug)]
pub struct Embedded {
    layout: Layout,
    keeper: Keeper,
    _lock: File,
}

impl Embedded {
    /// Finds binaries (in `pg_bin` only, if given), makes the cluster if there is none, starts the server and waits until it answers.
    pub async fn start(data_dir: &Path, pg_bin: Option<&Path>) -> Result<Self, Error> {
        let account = layout::account(data_dir)?;
        let layout = Layout::prepare(data_dir, &account)?;
        let lock = layout.lock()?;
        let binaries = Binaries::find(pg_bin, cluster::version(&layout)?).await?;
        account.check_access(&layout, &binaries).await?;
        if layout.cluster.exists() {
            cluster::check(&layout, &binaries)?;
        } else {
            cluster::create(&layout, &account, &binaries).await?;
        }
        orphan::end(&layout).await?;
        conf::write(&layout, &account, &binaries).await?;
        let keeper = launch(&layout, &account, &binaries).await?;
        tracing::info!(version = binaries.major, data = %layout.cluster.display(), "The embedded PostgreSQL is running.");
        Ok(Self { layout, keeper, _lock: lock })
    }

    /// The url to connect to.
    #[must_use]
    pub fn url(&self) -> String {
        self.layout.url()
    }

    /// The server's process, whose children do the work; None while it says nothing of itself.
    pub fn pid(&self) -> Result<Option<u32>, Error> {
        let server = postmaster::read(&self.layout.cluster)?;
        Ok(server.and_then(|server| u32::try_from(server.pid).ok()))
    }

    /// Resolves, with the reason, when the server ends by itself. It never resolves during an ordinary run.
    pub fn exited(&self) -> impl Future<Output = Error> + Send + use<> {
        let ended = self.keeper.ended();
        let layout = self.layout.clone();
        let log_from = self.keeper.log_from;
        async move {
            let how = ended.await;
            trouble::explain(&layout, log_from, format!("PostgreSQL ended by itself ({how})."))
        }
    }

    /// Ends the server: open transactions are rolled back, everything committed is on disk.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { layout, keeper, _lock } = self;
        keeper.stop(&layout).await?;
        // Had the keeper been killed, the server would still be busy ending.
        orphan::end(&layout).await
    }
}

/// The url of a server that already runs in this data directory, if any: for commands beside a running relay.
pub async fn running(data_dir: &Path) -> Result<Option<String>, Error> {
    let Some(layout) = Layout::find(data_dir)? else {
        return Ok(None);
    };
    let server = postmaster::read(&layout.cluster)?;
    let ready = server.is_some_and(|server| server.ready) && postmaster::answers(&layout.socket()).await?;
    Ok(ready.then(|| layout.url()))
}

/// Starts the server; after a crash, once more for as long as processes of the old one are still about.
async fn launch(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<Keeper, Error> {
    let deadline = tokio::time::Instant::now() + LEFTOVERS_LIMIT;
    loop {
        match launch_once(layout, account, binaries).await {
            Err(error) if error.is_leftover() && tokio::time::Instant::now() < deadline => {
                tracing::info!("Processes of the previous PostgreSQL are still ending; trying again.");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            result => return result,
        }
    }
}

async fn launch_once(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<Keeper, Error> {
    // The file of a server that crashed says "ready" until the new one has written its own.
    let before = postmaster::read(&layout.cluster)?;
    let keeper = Keeper::start(layout, account, binaries)?;
    let ready = async {
        loop {
            let server = postmaster::read(&layout.cluster)?;
            if server.as_ref().is_some_and(|server| server.ready) && server != before {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let what = tokio::select! {
        how = keeper.ended() => format!("PostgreSQL did not start ({how})."),
        result = tokio::time::timeout(START_LIMIT, ready) => match result {
            Ok(result) => return result.map(|()| keeper),
            Err(_) => format!("PostgreSQL did not answer within {} minutes.", START_LIMIT.as_secs() / 60),
        },
    };
    Err(trouble::explain(layout, keeper.log_from, what))
}

/// Where a file or program is, for errors.
fn at(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path: PathBuf = path.to_owned();
    move |source| match source.kind() {
        std::io::ErrorKind::PermissionDenied => Error::Denied { doing, path },
        _ => Error::Io { doing, path, source },
    }
}
