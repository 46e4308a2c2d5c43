//! What comes in that no well-meant client sends: shapes that two servers could read differently, and heads that are too large.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::meta;
use crate::world::{World, world};

const PATIENCE: Duration = Duration::from_secs(2);

/// The statuses of all that is answered to these bytes until the connection ends.
async fn answers(world: &World, bytes: &[u8]) -> Vec<String> {
    let address = (world.base.host_str().expect("a host"), world.base.port().expect("a port"));
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // It may be refused before all of it was read.
    let _ = stream.write_all(bytes).await;
    let mut read = Vec::new();
    // Some wait for what never comes.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await;
    let text = String::from_utf8_lossy(&read).into_owned();
    let statuses = text.split("HTTP/1.1 ").skip(1).map(|answer| answer.chars().take(3).collect());
    statuses.collect()
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /sign-in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n{headers}\r\n{body}").into_bytes()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn requests_that_could_be_read_in_two_ways_are_refused() {
    world(async |world| {
        let hidden = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        for (name, bytes) in [
            ("length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", hidden)),
            ("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", hidden)),
            ("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef")),
            ("two lengths in one", post("Content-Length: 5, 6\r\n", "abcdef")),
            ("a length with a sign", post("Content-Length: +5\r\n", "abcde")),
            ("a length in hexadecimal", post("Content-Length: 0x5\r\n", "abcde")),
            ("a negative length", post("Content-Length: -1\r\n", "")),
            ("another coding", post("Transfer-Encoding: xchunked\r\n", hidden)),
            ("a coding after chunks", post("Transfer-Encoding: chunked, identity\r\n", hidden)),
            ("a space before the colon", post("Transfer-Encoding : chunked\r\n", hidden)),
            ("a folded header", post("X-A: b\r\n c\r\nContent-Length: 0\r\n", "")),
            ("a nul in a header", post("X-A: a\0b\r\nContent-Length: 0\r\n", "")),
            ("a header without a name", post(": b\r\nContent-Length: 0\r\n", "")),
            ("a chunk without a size", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n")),
            ("a chunk of endless size", post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n")),
            ("another version", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
            ("no request at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ] {
            let answers = answers(world, &bytes).await;
            assert!(answers.len() <= 1, "{name}: what follows is no request: {answers:?}");
            assert!(answers.iter().all(|status| status.starts_with('4')), "{name}: {answers:?}");
        }
        let with_two = get("/healthz", "");
        assert_eq!(answers(world, &with_two).await, ["200"], "and the service goes on");
    })
    .await;
}

#[tokio::test]
async fn heads_and_bodies_are_bounded_on_every_kind_of_route() {
    world(async |world| {
        let many = "X-A: b\r\n".repeat(200);
        let long = format!("X-A: {}\r\n", "b".repeat(100_000));
        for path in ["/", "/healthz", "/api/v1/channels", &world.acme.callback_path, "/static/app.css", "/sign-in"] {
            for headers in [&many, &long] {
                assert_eq!(answers(world, &get(path, headers)).await, ["431"], "{path}");
            }
            let address = format!("{path}?{}", "a".repeat(100_000));
            let refused = answers(world, &get(&address, "")).await;
            assert!(matches!(refused[..], [ref status] if status.starts_with('4')), "{path}: {refused:?}");
        }
        let fields = "a=1&".repeat(15_000);
        let form = |kind: &str, body: &str| {
            post(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len()), body)
        };
        assert_eq!(answers(world, &form("application/x-www-form-urlencoded", &fields)).await, ["422"]);
        let larger = fields.repeat(2);
        assert_eq!(answers(world, &form("application/x-www-form-urlencoded", &larger)).await, ["413"]);
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let parts = part.repeat(1000) + "--x--\r\n";
        assert_eq!(answers(world, &form("multipart/form-data; boundary=x", &parts)).await, ["400"]);
    })
    .await;
}

#[tokio::test]
async fn a_webhook_that_waits_to_be_asked_for_its_body_is_taken() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.1");
        let signature = meta::sign(world.acme.app_secret, body.as_bytes());
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {signature}\r\nExpect: 100-continue\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            world.acme.callback_path,
            body.len()
        );
        assert_eq!(answers(world, (head + &body).as_bytes()).await.last().map(String::as_str), Some("200"));
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}
