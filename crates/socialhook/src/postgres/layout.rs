//! Where everything lies in the data directory, and the lock that gives it to one process.
//!
//! The directory and its configuration are ours; only the cluster and the socket directory belong to the server's account. So as
//! root we never write where that account could have put a link.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{Error, NAME, at};

/// Linux allows 107 bytes and macOS 103; the socket's lock file beside it has a longer name.
pub(super) const SOCKET_PATH_BYTES_MAX: usize = 98;

const SOCKET: &str = ".s.PGSQL.5432";

/// A longer log is emptied at the next start. A healthy server writes a few lines a day.
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub data_dir: PathBuf,
    pub cluster: PathBuf,
    pub run: PathBuf,
    pub conf: PathBuf,
    pub log: PathBuf,
}

impl Layout {
    /// The layout of a data directory that exists.
    pub fn find(data_dir: &Path) -> Result<Option<Self>, Error> {
        match data_dir.canonicalize() {
            Ok(path) => Self::new(path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at("find the data directory", data_dir)(error)),
        }
    }

    /// Makes the directories that are missing.
    pub fn prepare(data_dir: &Path, account: &Account) -> Result<Self, Error> {
        let fresh = match std::fs::read_dir(data_dir) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if let Some(parent) = data_dir.parent() {
                    std::fs::create_dir_all(parent).map_err(at("create the directory", parent))?;
                }
                DirBuilder::new().mode(0o700).create(data_dir).map_err(at("create the data directory", data_dir))?;
                true
            }
            Err(error) => return Err(at("read the data directory", data_dir)(error)),
        };
        let layout = Self::new(data_dir.canonicalize().map_err(at("find the data directory", data_dir))?)?;
        if fresh && account.lent {
            // The account passes through and sees nothing of ours. A directory with contents may be somebody's home: left as it is.
            account.share(&layout.data_dir, 0o710)?;
        }
        for dir in [&layout.run, &layout.conf] {
            match DirBuilder::new().mode(0o700).create(dir) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(at("create the directory", dir)(error));
                }
                _ => {}
            }
        }
        account.give(&layout.run, 0o700)?;
        account.share(&layout.conf, 0o750)?;
        Ok(layout)
    }

    fn new(data_dir: PathBuf) -> Result<Self, Error> {
        let layout = Self {
            cluster: data_dir.join("postgres"),
            run: data_dir.join("run"),
            conf: data_dir.join("conf"),
            log: data_dir.join("postgres.log"),
            data_dir,
        };
        if layout.data_dir.to_str().is_none_or(|path| path.contains(|c: char| c == '"' || c.is_control())) {
            return Err(Error::OddPath(layout.data_dir));
        }
        let bytes = layout.socket().as_os_str().len();
        if bytes > SOCKET_PATH_BYTES_MAX {
            return Err(Error::PathTooLong { data_dir: layout.data_dir, bytes });
        }
        Ok(layout)
    }

    pub fn socket(&self) -> PathBuf {
        self.run.join(SOCKET)
    }

    /// Everything is said, so that PGPORT and its like in our environment have no say.
    pub fn url(&self) -> String {
        format!("postgresql:///{NAME}?host={}&port=5432&user={NAME}", percent_encoded(self.run.as_os_str()))
    }

    /// Takes the directory for this process. The system frees the lock when the process ends, however it ends.
    pub fn lock(&self) -> Result<File, Error> {
        let path = self.data_dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at("open the lock file", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                return Err(Error::Locked {
                    data_dir: self.data_dir.clone(),
                    pid: known.then(|| pid.trim().to_owned()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(at("lock", &path)(error)),
        }
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        // The pid is for the message only, and a full disk gets a better error further on.
        if let Err(error) = written {
            tracing::debug!(%error, "Could not write our process id to the lock file.");
        }
        Ok(file)
    }

    /// The server's log, to append to, and how long it is.
    pub fn open_log(&self) -> Result<(File, u64), Error> {
        let failed = at("open the log", &self.log);
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log);
        log.and_then(|log| {
            let mut length = log.metadata()?.len();
            if length > LOG_BYTES_MAX {
                log.set_len(0)?;
                length = 0;
            }
            Ok((log, length))
        })
        .map_err(failed)
    }
}

/// The account for a data directory. Before anything is changed there, a cluster that is not this account's is refused.
pub(super) fn account(data_dir: &Path) -> Result<Account, Error> {
    let cluster = data_dir.join("postgres");
    let owner = match std::fs::metadata(&cluster) {
        Ok(meta) => Some(meta.uid()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(at("look at", &cluster)(error)),
    };
    let account = Account::choose(owner)?;
    match owner {
        Some(owner) if owner != account.uid => {
            Err(Error::OtherOwner { cluster, owner, name: account.name, uid: account.uid })
        }
        _ => Ok(account),
    }
}

/// A path as part of a url's query.
fn percent_encoded(path: &OsStr) -> String {
    use std::fmt::Write;
    let mut encoded = String::new();
    for &byte in path.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_hold_any_path() {
        let layout = Layout::new(PathBuf::from("/var/lib/social hook/a&b=ü%")).unwrap();
        let expected =
            "postgresql:///socialhook?host=/var/lib/social%20hook/a%26b%3D%C3%BC%25/run&port=5432&user=socialhook";
        assert_eq!(layout.url(), expected);
    }

    #[test]
    fn long_and_odd_paths_are_refused() {
        let longest = SOCKET_PATH_BYTES_MAX - "/run/.s.PGSQL.5432".len();
        let path = |bytes: usize| PathBuf::from(format!("/{}", "x".repeat(bytes - 1)));
        assert!(Layout::new(path(longest)).is_ok());
        assert!(matches!(Layout::new(path(longest + 1)), Err(Error::PathTooLong { bytes: 99, .. })));
        assert!(matches!(Layout::new(PathBuf::from("/a\"b")), Err(Error::OddPath(_))));
        assert!(matches!(Layout::new(PathBuf::from("/a\nb")), Err(Error::OddPath(_))));
    }
}
