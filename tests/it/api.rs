//! The JSON API from outside: every operation as its tenant, as another, with too little scope and without a key; what is wrong with a call.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use socialhook_web::api::{OPERATIONS, description};

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

/// A program of a tenant's.
pub struct Program<'a> {
    world: &'a World,
    pub key: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub async fn key(world: &World, tenant: &Tenant, scopes: &[&str]) -> String {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    let name = scopes.join(" ");
    let mut form = vec![("name", name.as_str()), ("lifetime", "30")];
    form.extend(scopes.iter().map(|scope| ("scope", *scope)));
    browser.submit("/api-keys", &form).await.find("#made").expect("a key")
}

impl<'a> Program<'a> {
    pub async fn of(world: &'a World, tenant: &Tenant, scopes: &[&str]) -> Self {
        Self { world, key: key(world, tenant, scopes).await }
    }

    pub async fn with_all(world: &'a World, tenant: &Tenant) -> Self {
        Self::of(world, tenant, &["read", "endpoints", "deliveries"]).await
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let method: Method = method.parse().expect("a method");
        let mut request = self.world.http.request(method, self.world.url(&format!("/api/v1{path}")));
        if !self.key.is_empty() {
            request = request.bearer_auth(&self.key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("text");
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        let kind = headers.get("content-type").map(|kind| kind.to_str().expect("text").to_owned());
        let expected = match (text.is_empty(), status.is_success()) {
            (true, _) => None,
            (false, true) => Some("application/json".to_owned()),
            (false, false) => Some("application/problem+json".to_owned()),
        };
        assert_eq!(kind, expected, "{path}: {text}");
        Answer { status, headers, json }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body), &[]).await
    }
}

fn with_ids(route: &str, (event, tenant, channel, replay): (&str, &Tenant, &str, &str)) -> String {
    let route = route.strip_prefix("/api/v1").expect("the root");
    let route = route.replace("{event_id}", event).replace("{endpoint_id}", &tenant.endpoint_id.to_string());
    route.replace("{channel_id}", channel).replace("{replay_id}", replay)
}

/// A body that each operation takes.
fn body(world: &World, method: &str, route: &str) -> Option<Value> {
    let url = world.receiver.url("/more");
    match (method, route) {
        ("POST", "/api/v1/endpoints") => Some(json!({ "name": "more", "url": url })),
        ("PUT", "/api/v1/endpoints/{endpoint_id}") => {
            Some(json!({ "name": "main", "url": world.receiver.url("/acme") }))
        }
        ("POST", "/api/v1/endpoints/{endpoint_id}/test") => Some(json!({ "sample": "whatsapp-text" })),
        ("POST", "/api/v1/replays") => {
            Some(json!({ "endpoint": "main", "from": "2026-11-02T00:00:00Z", "to": "2026-11-02T11:00:00Z" }))
        }
        _ => None,
    }
}

struct Ids {
    event: String,
    channel: String,
    replay: String,
}

/// An event of Acme's that failed, a channel, and a replay that is under way.
async fn acmes(world: &World) -> Ids {
    world.receiver.will_reply("/acme", [Reply::Status(500)]);
    assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
    world.settle().await;
    let event = world.received(&world.acme)[0]["id"].as_str().expect("an id").to_owned();
    let replay = crate::replays::unfinished(world).await.to_string();
    let acme = Program::of(world, &world.acme, &["read"]).await;
    let channel = acme.get("/channels").await.json["data"][0]["id"].as_str().expect("an id").to_owned();
    Ids { event, channel, replay }
}

#[test]
fn every_operation_is_described() {
    let described: Value = serde_json::from_str(description()).expect("JSON");
    let (mut count, mut names) = (0, std::collections::HashSet::new());
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, told) in methods.as_object().expect("methods") {
            let known = OPERATIONS.iter().any(|(verb, route, ..)| verb.to_lowercase() == *method && route == path);
            assert!(known, "{method} {path} is in no table");
            assert!(told["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
            assert!(names.insert(told["operationId"].to_string()), "{method} {path} is named as another");
            count += 1;
        }
    }
    assert_eq!(count, OPERATIONS.len());
}

#[tokio::test]
async fn every_operation_takes_its_tenant_its_scope_and_a_key() {
    world(async |world| {
        let ids = acmes(world).await;
        let [acme, globex] =
            [Program::with_all(world, &world.acme).await, Program::with_all(world, &world.globex).await];
        let nobody = Program { world, key: String::new() };
        let made_up = Program { world, key: format!("shk_{}", "a".repeat(43)) };
        // What deletes comes last.
        let (deleting, others): (Vec<_>, Vec<_>) = OPERATIONS.iter().partition(|(method, ..)| *method == "DELETE");
        for &(method, route, scope, _) in others.into_iter().chain(deleting) {
            let path = with_ids(route, (&ids.event, &world.acme, &ids.channel, &ids.replay));
            let body = body(world, method, route);
            for stranger in [&nobody, &made_up] {
                let answer = stranger.call(method, &path, body.clone(), &[]).await;
                assert_eq!(
                    (answer.status, answer.header("www-authenticate")),
                    (StatusCode::UNAUTHORIZED, "Bearer"),
                    "{route}"
                );
            }
            let other_scopes: Vec<&str> =
                ["read", "endpoints", "deliveries"].into_iter().filter(|word| *word != scope.word()).collect();
            let lesser = Program::of(world, &world.acme, &other_scopes).await;
            let answer = lesser.call(method, &path, body.clone(), &[]).await;
            assert_eq!(answer.status, 403, "{method} {route}: {}", answer.json);
            assert!(answer.json["detail"].as_str().expect("text").contains(scope.word()));
            if route.contains('{') {
                let answer = globex.call(method, &path, body.clone(), &[]).await;
                assert_eq!(answer.status, 404, "{method} {route}: {}", answer.json);
            } else if method == "GET" {
                let told = globex.get(&path).await.json.to_string();
                for foreign in [&ids.event, &ids.channel, &ids.replay, &world.acme.endpoint_id.to_string()] {
                    assert!(!told.contains(foreign), "{route} tells {foreign}");
                }
            }
            let answer = acme.call(method, &path, body, &[]).await;
            assert!(answer.status.is_success(), "{method} {route}: {} {}", answer.status, answer.json);
            assert!(!answer.json.to_string().contains("Globex"), "{route}");
        }
        world.settle().await;
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_from_its_making_to_its_end() {
    world(async |world| {
        let acme = Program::with_all(world, &world.acme).await;
        let url = world.receiver.url("/acme");
        let made = acme
            .post("/endpoints", json!({ "name": "more", "url": url, "events": ["message.*"], "timeout_seconds": 5, "headers": { "X-Key": "k" } }))
            .await;
        assert_eq!(made.status, 201, "{}", made.json);
        let id = made.json["id"].as_str().expect("an id");
        assert_eq!(made.header("location"), format!("/api/v1/endpoints/{id}"));
        let secret = made.json["secret"].as_str().expect("a secret").to_owned();
        assert!(!acme.get(&format!("/endpoints/{id}")).await.json.to_string().contains("whsec_"), "told once");
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.1")).await, 200);
        world.settle().await;
        let received = world.receiver.received("/acme");
        let own = received.iter().find(|request| request.headers.contains_key("x-key")).expect("its own header");
        assert!(own.is_signed_with(&secret));

        for (body, field) in [
            (json!({ "name": "", "url": url }), "name"),
            (json!({ "name": "x", "url": "ftp://example.com/" }), "url"),
            (json!({ "name": "x", "url": url, "events": ["Message"] }), "events"),
            (json!({ "name": "x", "url": url, "channels": ["chn_00000000000000000000000000"] }), "channels"),
            (json!({ "name": "x", "url": url, "timeout_seconds": 31 }), "timeout_seconds"),
            (json!({ "name": "x", "url": url, "headers": { "host": "x" } }), "headers"),
            (json!({ "name": "x", "url": url, "headers": { "x": "a\nb: c" } }), "headers"),
            (json!({ "name": "x" }), "body"),
            (json!({ "name": "x", "url": url, "surprise": 1 }), "body"),
        ] {
            let answer = acme.post("/endpoints", body.clone()).await;
            assert_eq!(answer.status, 422, "{body}");
            assert!(answer.json["errors"].as_array().expect("a list").iter().any(|one| one["field"] == field), "{body}: {}", answer.json);
        }
        assert_eq!(acme.post("/endpoints", json!({ "name": "main", "url": url })).await.status, 409, "the name is taken");
        let path = format!("/endpoints/{id}");
        let changed = acme.call("PUT", &path, Some(json!({ "name": "less", "url": url, "events": ["call.*"] })), &[]).await;
        assert_eq!((changed.status.as_u16(), &changed.json["events"]), (200, &json!(["call.*"])));
        assert_eq!(acme.call("POST", &format!("{path}/pause"), None, &[]).await.json["state"], "paused");
        let tested = acme.post(&format!("{path}/test"), json!({ "sample": "whatsapp-text" })).await;
        assert_eq!(tested.json["delivered"], true, "also while it is paused");
        assert_eq!(acme.call("POST", &format!("{path}/resume"), None, &[]).await.status, 200);
        assert_ne!(acme.get(&path).await.json["state"], "paused");
        assert_eq!(acme.post(&format!("{path}/test"), json!({ "sample": "nothing" })).await.status, 422);
        assert_eq!(acme.call("DELETE", &path, None, &[]).await.status, 204);
        assert_eq!(acme.get(&path).await.status, 404);

        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let log = browser.get("/audit").await;
        assert!(log.all("td[data-label=Who]").contains(&"API key “read endpoints deliveries”".to_owned()));
        assert!(log.words().contains(&format!("Added an endpoint{id}")), "{}", log.words());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_as_a_problem() {
    world(async |world| {
        let acme = Program::with_all(world, &world.acme).await;
        assert_eq!(acme.get("/nothing").await.status, 404);
        assert_eq!(acme.get("/events/nothing").await.status, 404);
        assert_eq!(acme.call("PATCH", "/events", None, &[]).await.status, 405);
        assert_eq!(acme.call("POST", "/replays", None, &[]).await.status, 400);
        assert_eq!(acme.post("/replays", json!([1])).await.status, 422);
        assert_eq!(acme.post("/replays", json!({ "endpoint": "main", "from": "x" })).await.status, 422);
        assert_eq!(acme.post("/endpoints", json!({ "name": "x".repeat(70_000) })).await.status, 413);
        assert_eq!(
            acme.call("POST", "/endpoints", Some(json!({ "name": "x".repeat(70_000) })), &[("idempotency-key", "k")])
                .await
                .status,
            413
        );
        let broken = world.http.post(world.url("/api/v1/replays")).bearer_auth(&acme.key);
        let broken =
            broken.header("content-type", "application/json").body("{\"endpoint\":").send().await.expect("an answer");
        assert_eq!(broken.status(), 400);
    })
    .await;
}
