//! What the benchmark ran on, since its numbers mean nothing without.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const FLUSHES: usize = 51;
const FLUSH_BYTES: usize = 8 * 1024;

/// A flush that is quicker than this reached no disk, or one that keeps what it has without power.
const FLUSH_SUSPECT: Duration = Duration::from_micros(20);

/// In a line or two.
pub(super) fn describe(postgres_version: i32, data_dir: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or_else(|_| "?".to_owned(), |count| count.to_string());
    let model = field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal", ':').and_then(|text| gib(&text));
    let system = field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned());
    let postgres = format!("PostgreSQL {}.{}", postgres_version / 10_000, postgres_version % 10_000);
    let flush = match flush_time(data_dir) {
        Ok(time) if time < FLUSH_SUSPECT => {
            format!("a flush takes {time:.0?}: choose a real disk with --directory if that is memory")
        }
        Ok(time) => format!("a flush to its disk takes {time:.2?}"),
        Err(error) => format!("the time of a flush is not known: {error}"),
    };
    let memory = memory.map_or_else(String::new, |gib| format!(", {gib} GiB"));
    format!("{cores} cores ({model}){memory}, {system}, {postgres}; {flush}")
}

/// The value of a line `name SEPARATOR value`, without quotes.
fn field(file: &str, name: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let values = text.lines().filter_map(|line| line.split_once(separator));
    let (_, value) = values.into_iter().find(|(key, _)| key.trim() == name)?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn gib(text: &str) -> Option<u64> {
    let kilobytes: u64 = text.strip_suffix(" kB")?.trim().parse().ok()?;
    // Rounded: the kernel keeps some of it.
    Some((kilobytes + 512 * 1024) / 1024 / 1024)
}

/// How long a small write takes to be on disk: what every commit waits for. The median of some.
fn flush_time(directory: &Path) -> std::io::Result<Duration> {
    let path = directory.join("flush");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let begun = Instant::now();
        file.write_all(&[0; FLUSH_BYTES])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[FLUSHES / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_rounded() {
        assert_eq!(gib("24683912 kB"), Some(24));
        assert_eq!(gib("much"), None);
    }
}
