//! What a machine or a network does to a database: a full disk, a server that is replaced by its standby, a line that goes dead.
//! Two need more of the machine than others do, so they are run by hand:
//! `cargo nextest run -p socialhook-tests disasters --run-ignored all`.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use crate::audit::{Allow, audit};
use crate::cluster::Cluster;
use crate::load::{AT_ONCE, Load, post_to};
use crate::pg::{self, Postgres};
use crate::proxy::Proxy;

const QUIET: Duration = Duration::from_secs(90);

/// A file system in memory of a few megabytes, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    async fn new(megabytes: u32) -> Option<Self> {
        let dir =
            std::env::temp_dir().join(format!("socialhook-disk-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]));
        std::fs::create_dir(&dir).expect("a directory");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&dir).output().await;
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(dir));
        }
        println!("skipped: a small file system cannot be mounted here");
        let _ = std::fs::remove_dir(&dir);
        None
    }

    /// Writes until there is no room left.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        for size in [1 << 20, 4096] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: it mounts a file system, as root"]
async fn a_full_disk_is_503_until_there_is_room() {
    let Some(disk) = SmallDisk::new(200).await else { return };
    let postgres = Postgres::in_directory(disk.0.join("pg")).await;
    postgres.configure("max_wal_size = 64MB\nmin_wal_size = 32MB\n");
    let mut cluster = Cluster::on(postgres, None, 2, &[]).await;
    let load = Load::start(&cluster, 100, 21);
    load.goes_on(200).await;
    disk.fill();
    let mut refused = 0;
    for n in 0..400 {
        let (status, took) = post_to(&cluster, 0, &format!("wamid.full-{n}")).await;
        assert!(took < AT_ONCE && [Some(200), Some(503)].contains(&status), "{status:?} after {took:?}");
        refused += usize::from(status == Some(503));
        if refused > 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refused > 20, "only {refused} refused: the disk is not full");
    tokio::time::sleep(Duration::from_secs(5)).await;
    disk.free();
    // It may have given up meanwhile, as after a crash.
    let deaths = usize::from(!cluster.postgres.runs());
    println!("PostgreSQL died of it: {deaths}");
    if deaths > 0 {
        cluster.postgres.start().await;
    }
    for node in &mut cluster.nodes {
        node.wait_until_ready().await;
    }
    load.goes_on(200).await;
    let seen = load.end().await;
    let allow = Allow { deaths: deaths.max(1), quiet_within: QUIET, ..Allow::default() };
    audit(&mut cluster, &seen, allow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: it needs pg_basebackup, and copies a server"]
async fn a_standby_that_is_promoted_has_everything() {
    let primary = Postgres::new().await;
    let proxy = Proxy::start(primary.port).await;
    let mut cluster = Cluster::on(primary, Some(&pg::url(proxy.port)), 2, &[]).await;
    let standby = cluster.postgres.standby().await;
    let load = Load::start(&cluster, 100, 22);
    load.goes_on(400).await;
    cluster.postgres.kill().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    proxy.lead_to(standby.port);
    // It answers, but takes no writes yet.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(post_to(&cluster, 0, "wamid.read-only").await.0, Some(503));
    standby.promote().await;
    cluster.postgres = standby;
    load.goes_on(400).await;
    let seen = load.end().await;
    audit(&mut cluster, &seen, Allow { deaths: 1, quiet_within: QUIET, ..Allow::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_dead_is_given_up() {
    let postgres = Postgres::new().await;
    let proxy = Proxy::start(postgres.port).await;
    let mut cluster = Cluster::on(postgres, Some(&pg::url(proxy.port)), 1, &[]).await;
    let load = Load::start(&cluster, 100, 23);
    load.goes_on(200).await;
    proxy.fall_silent();
    let (status, took) = post_to(&cluster, 0, "wamid.silent").await;
    assert!(status == Some(503) && took < AT_ONCE, "{status:?} after {took:?}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    proxy.lead_to(cluster.postgres.port);
    load.goes_on(200).await;
    let seen = load.end().await;
    audit(&mut cluster, &seen, Allow { deaths: 1, quiet_within: QUIET, ..Allow::default() }).await;
}
