//! The server's configuration: three files in `<data_dir>/conf`, rewritten at each start, so that a new release brings its settings.
//!
//! Peer authentication is the whole of access control: the kernel tells the server who is at the other end of the socket.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::unistd::{Uid, User};

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{Error, NAME, at};

const MB: u64 = 1024 * 1024;

/// More than this helps a queue little: its working set is the last minutes.
const SHARED_BUFFERS_BYTES_MAX: u64 = 1024 * MB;
const SHARED_BUFFERS_BYTES_MIN: u64 = 32 * MB;

/// What we assume of a machine that does not tell its memory.
const MEMORY_BYTES_UNKNOWN: u64 = 2048 * MB;

const HEADER: &str = "# Written by SocialHook at each start: changes made here are lost.\n";

/// What does not depend on the machine.
const SETTINGS: &str = "\
# Nobody reaches this server but through the socket.
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 60

# An accepted webhook survives a power cut.
fsync = on
full_page_writes = on
synchronous_commit = on

# Few, long checkpoints: every page is written whole to the log once after each.
max_wal_size = 4GB
# So much of the log is kept to be written anew: making a new piece of it holds up whoever commits.
min_wal_size = 1GB
checkpoint_timeout = 15min
wal_buffers = 64MB

# Short queries by primary key, on a solid-state disk.
jit = off
random_page_cost = 1.1

# Deliveries come and go quickly: their dead rows go as quickly. A forgotten transaction would hold them.
autovacuum_naptime = 10s
idle_in_transaction_session_timeout = 30s

# To stderr, which is a file of ours. Neither statements nor the values in them: they hold our customers' data.
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
timezone = 'UTC'
log_min_error_statement = panic
log_error_verbosity = terse
";

pub(super) async fn write(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<(), Error> {
    let me = User::from_uid(Uid::effective()).ok().flatten().map(|user| user.name);
    let users = ["root", &account.name].into_iter().chain(me.as_deref());
    let compression = if knows_lz4(layout, account, binaries).await { "lz4" } else { "on" };
    let files = [
        ("postgresql.conf", postgresql_conf(layout, memory_bytes().await, compression)),
        ("pg_hba.conf", format!("{HEADER}local all all peer map={NAME}\n")),
        ("pg_ident.conf", pg_ident(users)),
    ];
    for (name, text) in files {
        let path = layout.conf.join(name);
        replace(&path, &text).map_err(at("write", &path))?;
        account.share(&path, 0o640)?;
    }
    Ok(())
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(path)?;
    file.write_all(text.as_bytes())
}

fn postgresql_conf(layout: &Layout, memory_bytes: u64, wal_compression: &str) -> String {
    let buffers = (memory_bytes / 4).clamp(SHARED_BUFFERS_BYTES_MIN, SHARED_BUFFERS_BYTES_MAX) / MB;
    // A list of directories: the inner quotes keep a comma in a path from parting it.
    let sockets = quoted(&format!("\"{}\"", layout.run.display()));
    let hba = quoted(&layout.conf.join("pg_hba.conf").display().to_string());
    let ident = quoted(&layout.conf.join("pg_ident.conf").display().to_string());
    format!(
        "{HEADER}\nunix_socket_directories = {sockets}\nhba_file = {hba}\nident_file = {ident}\n\
         shared_buffers = {buffers}MB\nwal_compression = {wal_compression}\n\n{SETTINGS}"
    )
}

/// A string of postgresql.conf, in which a backslash begins an escape.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Peer authentication alone wants the system's name to be the role's.
fn pg_ident<'a>(users: impl Iterator<Item = &'a str>) -> String {
    let mut lines: Vec<String> =
        users.map(|user| format!("{NAME} \"{}\" {NAME}\n", user.replace('"', "\"\""))).collect();
    lines.sort_unstable();
    lines.dedup();
    format!("{HEADER}{}", lines.concat())
}

/// Whether this build can compress the write-ahead log with lz4, the cheapest; every build has its own algorithm, "on".
async fn knows_lz4(layout: &Layout, account: &Account, binaries: &Binaries) -> bool {
    let mut command = account.command(&binaries.path("postgres"));
    command.args(["-C", "wal_compression", "-c", "wal_compression=lz4", "-D"]).arg(&layout.cluster);
    command.output().await.is_ok_and(|output| output.status.success())
}

/// The machine's memory, or less if our control group has a limit.
async fn memory_bytes() -> u64 {
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let machine = match std::fs::read_to_string("/proc/meminfo") {
        Ok(text) => total_memory_bytes(&text),
        Err(_) => macos_memory_bytes().await,
    };
    [limit, machine].into_iter().flatten().min().unwrap_or(MEMORY_BYTES_UNKNOWN)
}

fn total_memory_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

async fn macos_memory_bytes() -> Option<u64> {
    let output = tokio::process::Command::new("/usr/sbin/sysctl").args(["-n", "hw.memsize"]).output().await.ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(data_dir: &str) -> Layout {
        let dir = Path::new(data_dir);
        Layout {
            data_dir: dir.to_owned(),
            cluster: dir.join("postgres"),
            run: dir.join("run"),
            conf: dir.join("conf"),
            log: dir.join("postgres.log"),
        }
    }

    #[test]
    fn the_configuration_is_durable_and_private() {
        let text = postgresql_conf(&layout("/data"), 24 * 1024 * MB, "lz4");
        for line in [
            "fsync = on",
            "full_page_writes = on",
            "synchronous_commit = on",
            "listen_addresses = ''",
            "unix_socket_directories = '\"/data/run\"'",
            "hba_file = '/data/conf/pg_hba.conf'",
            "shared_buffers = 1024MB",
            "wal_compression = lz4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
    }

    #[test]
    fn memory_is_modest() {
        let buffers = |memory| {
            let text = postgresql_conf(&layout("/data"), memory, "on");
            text.lines().find_map(|line| line.strip_prefix("shared_buffers = ")).unwrap().to_owned()
        };
        assert_eq!(buffers(1024 * MB), "256MB");
        assert_eq!(buffers(64 * MB), "32MB");
        assert_eq!(buffers(MEMORY_BYTES_UNKNOWN), "512MB");
    }

    #[test]
    fn paths_are_quoted() {
        let text = postgresql_conf(&layout("/it's, a\\path"), MB, "on");
        assert!(text.contains(r#"unix_socket_directories = '"/it''s, a\\path/run"'"#), "{text}");
    }

    #[test]
    fn each_user_is_mapped_once() {
        let text = pg_ident(["root", "postgres", "root", "od\"d user"].into_iter());
        let expected = "socialhook \"od\"\"d user\" socialhook\nsocialhook \"postgres\" socialhook\nsocialhook \"root\" socialhook\n";
        assert_eq!(text.strip_prefix(HEADER), Some(expected));
    }

    #[test]
    fn reads_meminfo() {
        assert_eq!(total_memory_bytes("MemTotal:       24683912 kB\nMemFree: 1 kB\n"), Some(24_683_912 * 1024));
        assert_eq!(total_memory_bytes("nonsense"), None);
    }
}
