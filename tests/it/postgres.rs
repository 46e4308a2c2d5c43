//! The embedded server from outside: what `socialhook::postgres` promises, with real binaries and a real disk.

use std::path::{Path, PathBuf};

use socialhook::postgres::{self, Embedded, Error};
use sqlx::{Connection, PgConnection};

/// A short path that an unprivileged server may enter, deleted at the end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        Self(Path::new("/tmp").join(format!("it {name},ü'% {}", std::process::id())))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::disallowed_methods, reason = "the queries of this test know no schema of ours")]
async fn setting(url: &str, name: &str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("the server is running");
    sqlx::query_scalar("select current_setting($1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .expect("the server is running")
}

fn postmaster(dir: &Path) -> u32 {
    let file = std::fs::read_to_string(dir.join("postgres/postmaster.pid")).expect("the server is running");
    file.lines().next().expect("the server is running").parse().expect("the server is running")
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the queries of this test know no schema of ours")]
async fn starts_durable_stops_and_starts_again() {
    let dir = Dir::new("start");
    assert_eq!(postgres::running(&dir.0).await.unwrap(), None);
    let server = Embedded::start(&dir.0, None).await.unwrap();
    for name in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        assert_eq!(setting(&server.url(), name).await, "on", "{name}");
    }
    assert_eq!(setting(&server.url(), "listen_addresses").await, "");
    assert_eq!(postgres::running(&dir.0).await.unwrap(), Some(server.url()));
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::raw_sql("create table kept as select 42 as n").execute(&mut connection).await.unwrap();
    server.stop().await.unwrap();
    assert_eq!(postgres::running(&dir.0).await.unwrap(), None);

    let server = Embedded::start(&dir.0, None).await.unwrap();
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let n: i32 = sqlx::query_scalar("select n from kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(n, 42);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_has_one_relay() {
    let dir = Dir::new("lock");
    let server = Embedded::start(&dir.0, None).await.unwrap();
    let error = Embedded::start(&dir.0, None).await.unwrap_err();
    assert!(
        matches!(&error, Error::Locked { pid: Some(pid), .. } if *pid == std::process::id().to_string()),
        "{error}"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_server_ends_and_is_waited_for() {
    let dir = Dir::new("drop");
    drop(Embedded::start(&dir.0, None).await.unwrap());
    // At once: the old server is still shutting down.
    let server = Embedded::start(&dir.0, None).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_server_is_told_and_recovered_from() {
    let dir = Dir::new("kill");
    let server = Embedded::start(&dir.0, None).await.unwrap();
    let exited = server.exited();
    let killed = std::process::Command::new("kill").args(["-KILL", &postmaster(&dir.0).to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(exited.await.to_string().contains("ended by itself (signal 9)"));
    server.stop().await.unwrap();
    Embedded::start(&dir.0, None).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_cluster_is_left_alone() {
    let dir = Dir::new("other");
    std::fs::create_dir_all(dir.0.join("postgres")).unwrap();
    std::fs::write(dir.0.join("postgres/thesis.txt"), "mine").unwrap();
    let error = Embedded::start(&dir.0, None).await.unwrap_err();
    assert!(matches!(error, Error::NotACluster(_) | Error::OtherOwner { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(dir.0.join("postgres/thesis.txt")).unwrap(), "mine");
}
