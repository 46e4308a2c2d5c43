//! The contract as it is published: the page on events, the schema, the types; and the tool that prints a body's events.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use socialhook_core::event::EventType;
use socialhook_core::{sample, schema};

use crate::browser::Browser;
use crate::world::world;

#[tokio::test]
async fn the_page_shows_every_event_with_an_example() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        let page = browser.get("/docs/events").await;
        assert_eq!(page.status, 200);
        let shown = page.all(".event h2");
        let words: Vec<&str> = EventType::ALL.into_iter().map(EventType::as_str).collect();
        assert_eq!(shown, words);
        let examples = page.all(".event figure .json");
        assert_eq!(examples.len(), words.len());
        for (word, example) in words.iter().zip(examples) {
            let event: Value = serde_json::from_str(&example).expect("an example is JSON");
            assert_eq!(event["event"], *word);
            crate::contract::check(&event);
        }
        let commands = page.all(".event .facts div:last-child code");
        assert_eq!(commands.len(), words.len());
        for sample in commands {
            let name = sample.strip_prefix("socialhook simulate --type ").expect("a command");
            assert!(sample::find(name).is_some(), "{name}");
        }
        for key in ["webhook-id", "rank", "url_expires_at", "parent_user_id"] {
            assert!(page.text.contains(key), "{key} is told");
        }
        let landing = browser.get("/").await;
        assert!(landing.attributes("a", "href").contains(&"/docs/events".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_schema_and_the_types_are_served_to_anyone() {
    world(async |world| {
        for (path, kind, content) in [
            ("/docs/events", "text/html; charset=utf-8", ""),
            ("/schema/event.v1.json", "application/schema+json", schema::JSON_SCHEMA),
            ("/schema/event.v1.d.ts", "text/plain; charset=utf-8", schema::TYPESCRIPT),
        ] {
            let answer = world.http.get(world.url(path)).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["content-type"], kind);
            let is_open = answer.headers().contains_key("access-control-allow-origin");
            assert_eq!(is_open, !content.is_empty(), "only what tools read");
            let tag = answer.headers()["etag"].clone();
            let text = answer.text().await.expect("text");
            assert!(content.is_empty() || text == content);
            let again = world.http.get(world.url(path)).header("if-none-match", tag).send().await.expect("an answer");
            assert_eq!(again.status(), 304);
        }
    })
    .await;
}

/// Runs `socialhook normalise` on a body; its standard output, or its error.
fn normalise(body: &[u8]) -> Result<String, String> {
    let mut child = Command::new(crate::process::binary())
        .args(["normalise"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    child.stdin.take().expect("its input").write_all(body).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[test]
fn the_tool_prints_a_bodys_events_as_lines() {
    let item = |id: &str, to: &str| {
        format!(
            "{{\"field\":\"messages\",\n \"value\":{{\"metadata\":{{\"phone_number_id\":\"{to}\"}},\"messages\":[{{\"from\":\"447700900456\",\"id\":\"{id}\",\"timestamp\":\"1704067200\",\"type\":\"text\",\"text\":{{\"body\":\"a\\nb\"}},\n\"new_key\":[1,\n2]}}]}}}}"
        )
    };
    let changes =
        [item("wamid.1", "1"), item("wamid.2", "2"), item("wamid.1", "1"), item("wamid.3", "123456123")].join(",\n");
    let body =
        format!("{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"W\",\"changes\":[{changes}]}}]}}");
    let printed = normalise(body.as_bytes()).expect("events");
    let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let ids: Vec<&Value> = events.iter().map(|event| &event["message"]["id"]).collect();
    assert_eq!(ids, ["wamid.1", "wamid.2", "wamid.3"], "whatever the number, and a repeat once");
    for event in &events {
        assert_eq!((event["signature_verified"].as_bool(), event.get("delivery")), (Some(false), None));
        assert_eq!(event["data"]["new_key"], serde_json::json!([1, 2]));
    }
    assert_eq!(events[0]["channel"]["id"], "chn_00000000000000000000000001");
    assert_eq!(events[2]["test"], true, "a sample of Meta's Test button");
    assert_eq!(printed, normalise(body.as_bytes()).expect("events"), "the same every time");
    let error = normalise(b"{\"object\":").expect_err("no JSON");
    assert!(error.contains("not JSON"), "{error}");
    assert!(normalise(b"{}").expect_err("no entries").contains("no entries"));
}
