//! What processes use: CPU time and memory, as Linux tells under `/proc`. Elsewhere nothing is told, and nothing is made up.

use std::fs;
use std::time::Duration;

/// The unit of times in `/proc`, on every Linux: a hundredth of a second.
const TICK_MS: u64 = 10;

/// After the name in brackets, which may hold anything: the state, the parent, and from here on the times of the process itself,
/// user and system, and those of its children that have ended.
const PARENT_FIELD: usize = 1;
const OWN_TIME_FIELDS: std::ops::Range<usize> = 11..13;
const CHILDREN_TIME_FIELDS: std::ops::Range<usize> = 13..15;

/// The CPU time so far of these processes and their children, also of those that have ended; None where it is not told.
pub(super) fn cpu(pids: &[u32]) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended since it was listed.
        let Ok(text) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let stat = parse_stat(&text)?;
        if pids.contains(&pid) || pids.contains(&stat.parent) {
            sum += stat.own + stat.ended_children;
        }
    }
    (sum > Duration::ZERO).then_some(sum)
}

/// The CPU time of this process alone.
pub(super) fn own_cpu() -> Option<Duration> {
    Some(parse_stat(&fs::read_to_string("/proc/self/stat").ok()?)?.own)
}

/// The whole machine's time so far, over all its cores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Machine {
    pub(super) all: Duration,
    /// What no process wanted.
    pub(super) idle: Duration,
}

pub(super) fn machine() -> Option<Machine> {
    parse_machine(&fs::read_to_string("/proc/stat").ok()?)
}

/// `cpu user nice system idle iowait irq softirq steal …`; what follows is counted in `user` already.
fn parse_machine(text: &str) -> Option<Machine> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Result<Vec<u64>, _> = line.split_ascii_whitespace().take(8).map(str::parse).collect();
    let ticks = ticks.ok()?;
    let time = |ticks: u64| Duration::from_millis(ticks.saturating_mul(TICK_MS));
    Some(Machine { all: time(ticks.iter().sum()), idle: time(*ticks.get(3)? + *ticks.get(4)?) })
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
    let time = |range| {
        let ticks: Result<Vec<u64>, _> =
            fields.get::<std::ops::Range<usize>>(range)?.iter().map(|field| field.parse()).collect();
        Some(Duration::from_millis(ticks.ok()?.iter().sum::<u64>().saturating_mul(TICK_MS)))
    };
    let parent = fields.get(PARENT_FIELD)?.parse().ok()?;
    Some(Stat { parent, own: time(OWN_TIME_FIELDS)?, ended_children: time(CHILDREN_TIME_FIELDS)? })
}

/// Memory of a process that is really there, in megabytes: now, and at its peak.
pub(super) fn memory_mb(pid: u32) -> Option<(u64, u64)> {
    parse_status(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse_status(text: &str) -> Option<(u64, u64)> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
    };
    Some((value("VmRSS:")?, value("VmHWM:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_tells() {
        let stat = "4711 (a (b) c) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 1 0 99 1 2";
        let (own, ended_children) = (Duration::from_secs(2), Duration::from_millis(100));
        assert_eq!(parse_stat(stat), Some(Stat { parent: 42, own, ended_children }));
        assert_eq!(parse_stat("nonsense"), None);
        let machine = parse_machine("cpu  100 0 50 700 100 0 20 30 0 0\ncpu0 1 2 3\n").unwrap();
        assert_eq!((machine.all, machine.idle), (Duration::from_secs(10), Duration::from_secs(8)));
        assert_eq!(parse_status("VmPeak:\t 9 kB\nVmHWM:\t 20480 kB\nVmRSS:\t 10240 kB\n"), Some((10, 20)));
        assert_eq!(parse_status("Name: x"), None);
    }
}
