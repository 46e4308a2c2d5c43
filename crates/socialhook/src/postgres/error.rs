//! What can be in the way of the embedded server, each with what to do about it.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "No PostgreSQL server binaries were found{}. Install them ({}), or name their directory in SOCIALHOOK_PG_BIN, \
         or set DATABASE_URL to use a PostgreSQL elsewhere.",
        .looked_in.as_ref().map(|dir| format!(" in {}", dir.display())).unwrap_or_default(),
        super::binaries::HOW_TO_INSTALL
    )]
    NoBinaries { looked_in: Option<PathBuf> },

    #[error(
        "The PostgreSQL binaries in {} are version {major}; {} or newer is needed. Install a newer one ({}), \
         or name its directory in SOCIALHOOK_PG_BIN.",
        .bin.display(),
        super::binaries::OLDEST,
        super::binaries::HOW_TO_INSTALL
    )]
    TooOld { bin: PathBuf, major: u32 },

    #[error(
        "The data in {} was written by PostgreSQL {data}, but the binaries in {} are version {binaries}. \
         Install PostgreSQL {data} beside it, or convert the data with pg_upgrade.",
        .cluster.display(),
        .bin.display()
    )]
    OtherVersion { cluster: PathBuf, data: u32, bin: PathBuf, binaries: u32 },

    #[error(
        "{} exists but is not a PostgreSQL data directory (it has no readable PG_VERSION). \
         Move it away, or choose another --data-dir.",
        .0.display()
    )]
    NotACluster(PathBuf),

    #[error(
        "{} belongs to user id {owner}, but PostgreSQL would run as {name} (user id {uid}). Start as the user who started first, \
         or choose another --data-dir.",
        .cluster.display()
    )]
    OtherOwner { cluster: PathBuf, owner: u32, name: String, uid: u32 },

    #[error(
        "{}{} already uses the data directory {}. Stop it first, or choose another --data-dir.",
        "Another SocialHook process",
        .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        .data_dir.display()
    )]
    Locked { data_dir: PathBuf, pid: Option<String> },

    #[error(
        "The data directory {} makes the path of PostgreSQL's socket {bytes} bytes long; systems allow {} at most. \
         Choose a --data-dir with a shorter path.",
        .data_dir.display(),
        super::layout::SOCKET_PATH_BYTES_MAX
    )]
    PathTooLong { data_dir: PathBuf, bytes: usize },

    #[error(
        "The path of the data directory {} has a character that PostgreSQL's configuration cannot hold (a double quote, a control \
         character, or not UTF-8). Choose another --data-dir.",
        .0.display()
    )]
    OddPath(PathBuf),

    #[error(
        "As root, PostgreSQL has to run as an unprivileged user, but this system has neither a user \"postgres\" nor \"nobody\". \
         Create one, or start as an ordinary user."
    )]
    NoAccount,

    #[error(
        "User id {0} has no name on this system, which PostgreSQL needs. Add it to /etc/passwd, or start as another user."
    )]
    NamelessUser(u32),

    #[error(
        "PostgreSQL runs as the user {name}, who may not enter {}. Allow it (chmod a+x {}), or choose another --data-dir.",
        .dir.display(),
        .dir.display()
    )]
    NoWay { name: String, dir: PathBuf },

    #[error(
        "PostgreSQL runs as the user {name}, who may not run the binaries in {}. \
         Install them where every user can reach them, or name another directory in SOCIALHOOK_PG_BIN.",
        .bin.display()
    )]
    NotExecutable { name: String, bin: PathBuf },

    #[error("{what} The disk that holds {} is full, or nearly ({free_mb} MB free): make room and start again. Last it said:\n{tail}", .data_dir.display())]
    DiskFull { what: String, data_dir: PathBuf, free_mb: u64, tail: String },

    #[error("{what} The last lines of {} are:\n{tail}", .log.display())]
    Failed { what: String, log: PathBuf, tail: String },

    #[error("PostgreSQL could not make a new data directory ({how}). It said:\n{tail}")]
    Init { how: String, tail: String },

    #[error(
        "PostgreSQL did not end within {0} seconds and was cut off. Nothing committed is lost: the next start recovers it."
    )]
    CutOff(u64),

    #[error("An earlier PostgreSQL (process {pid}) still runs in {} and does not end. End it, then start again.", .cluster.display())]
    OrphanStays { cluster: PathBuf, pid: i32 },

    #[error(
        "You may not {doing} {}. Start as root, or as the user that the data directory belongs to.",
        .path.display()
    )]
    Denied { doing: &'static str, path: PathBuf },

    #[error("Could not {doing} {}: {source}.", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
}

impl Error {
    /// Whether the server refused because backends of a crashed one still hold its shared memory: they end by themselves.
    pub(super) fn is_leftover(&self) -> bool {
        let (Self::Failed { tail, .. } | Self::DiskFull { tail, .. }) = self else {
            return false;
        };
        tail.contains("pre-existing shared memory block")
    }
}
