//! Why the server failed, as far as its log and the disk tell.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Output;

use super::Error;
use super::layout::Layout;

const LINES: usize = 5;

/// Enough for the last lines, and for the message before them that the disk is full.
const TAIL_BYTES: u64 = 8 * 1024;

/// With less than this a server cannot even begin a new log segment or two.
const FREE_MB_MIN: u64 = 200;

/// For a server that did not start or ended by itself.
pub(super) fn explain(layout: &Layout, log_from: u64, what: String) -> Error {
    let said = end_of(&layout.log, log_from).unwrap_or_default();
    let tail = last_lines(&said);
    match full_disk(layout, &said) {
        Some(free_mb) => Error::DiskFull { what, data_dir: layout.data_dir.clone(), free_mb, tail },
        None => Error::Failed { what, log: layout.log.clone(), tail },
    }
}

/// For a data directory that could not be made.
pub(super) fn explain_init(layout: &Layout, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let tail = last_lines(&said);
    match full_disk(layout, &said) {
        Some(free_mb) => {
            let what = "PostgreSQL could not make a new data directory.".to_owned();
            Error::DiskFull { what, data_dir: layout.data_dir.clone(), free_mb, tail }
        }
        None => Error::Init { how: output.status.to_string(), tail },
    }
}

/// The free megabytes, if the disk is what is wrong.
fn full_disk(layout: &Layout, said: &str) -> Option<u64> {
    let free = free_mb(&layout.data_dir);
    let full = said.contains("No space left") || free.is_some_and(|free| free < FREE_MB_MIN);
    full.then(|| free.unwrap_or(0))
}

fn free_mb(path: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(path).ok()?;
    // The types differ between systems.
    let bytes = u128::from(disk.blocks_available()) * u128::from(disk.fragment_size());
    u64::try_from(bytes / 1024 / 1024).ok()
}

fn end_of(path: &Path, from: u64) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(from)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return "(nothing)".to_owned();
    }
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_without_empty_ones() {
        assert_eq!(last_lines("a\nb\n\nc\nd\ne\nf\n\n"), "b\nc\nd\ne\nf");
        assert_eq!(last_lines("\n \n"), "(nothing)");
    }
}
