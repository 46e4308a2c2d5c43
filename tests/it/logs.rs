//! What the service and its database log: never what customers wrote, their numbers, or a secret, however much is logged.

use std::fs::File;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use socialhook_core::signature::hex;
use sqlx::{Connection, PgConnection};

use crate::browser::Browser;
use crate::meta;
use crate::process::{Installation, terminate};
use crate::receiver::{Receiver, Reply};

const PASSWORD: &str = "three bright umbrellas";
const EMAIL: &str = "ada@acme.test";
const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const VERIFY_TOKEN: &str = "verify-token-of-acme";
const OWN_HEADER: &str = "value-of-a-header-of-their-own";
/// What a customer wrote, from which number.
const WRITTEN: &str = "my card ends in forty-two";
const NUMBER: &str = "447700900456";
const META_TOKEN: &str = "a-token-that-meta-would-know";

fn file(url: &str, dead: &str) -> Value {
    let endpoint =
        |name: &str, url: &str| json!({ "name": name, "url": url, "options": { "headers": { "x-own": OWN_HEADER } } });
    json!({ "tenants": [{ "name": "Acme", "owner": { "email": EMAIL, "password": PASSWORD },
        "apps": [{ "name": "own", "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN }],
        "channels": [{ "app": "own", "platform": "whatsapp", "external_id": "401" }],
        "endpoints": [endpoint("main", url), endpoint("dead", dead)] }] })
}

/// A webhook with what a customer wrote; its signature is made with this secret.
async fn post(http: &reqwest::Client, url: &str, secret: &str, body: String) -> u16 {
    let signature = meta::sign(secret, body.as_bytes());
    let posted = http.post(url).header("x-hub-signature-256", signature).body(body).send().await;
    posted.expect("an answer").status().as_u16()
}

fn message(id: &str) -> String {
    let mut message = meta::text(id, WRITTEN);
    message["timestamp"] = json!(socialhook_core::clock::Clock::System.now().timestamp().to_string());
    meta::post(&[meta::change("401", "messages", &[message])])
}

/// Everything that people and programs do, right and wrong; gives the secrets that came up.
async fn everything(installation: &Installation, http: &reqwest::Client) -> Vec<String> {
    let browser = Browser::new(&installation.url("").parse().expect("a URL"));
    browser.sign_in(EMAIL, "not her password, but near").await;
    browser.sign_in(EMAIL, PASSWORD).await;
    browser.submit("/forgot", &[("email", EMAIL)]).await;
    browser.submit("/members", &[("email", "grace@example.test"), ("role", "viewer")]).await;
    let form =
        [("name", "all"), ("lifetime", "30"), ("scope", "read"), ("scope", "endpoints"), ("scope", "deliveries")];
    let api_key = browser.submit("/api-keys", &form).await.find("#made").expect("a key");
    for key in [&api_key, "sh_nonsense"] {
        for path in ["/api/v1/endpoints", "/api/v1/events", "/api/v1/nonsense"] {
            let asked = http.get(installation.url(path)).bearer_auth(key).send().await;
            asked.expect("an answer").text().await.expect("text");
        }
    }
    browser
        .submit("/clinic", &[("secret", APP_SECRET), ("header", "sha256=00"), ("body", &message("wamid.clinic"))])
        .await;
    for path in
        [format!("/search?q={NUMBER}"), "/settings/export".to_owned(), "/deliveries".to_owned(), "/nonsense".to_owned()]
    {
        browser.get(&path).await;
    }
    let apps = browser.get("/apps").await.attributes("main a[href^='/apps/app_']", "href");
    let fields = [("meta_app_id", "670843887433847"), ("access_token", META_TOKEN)];
    browser.submit(&format!("{}/meta", apps[0]), &fields).await;
    browser
        .submit(
            "/account/password",
            &[("current", "wrong"), ("password", "never taken in"), ("repeated", "never taken in")],
        )
        .await;
    let factor = browser.submit("/account/second-factor", &[]).await.find("#factor-secret").expect("a secret");
    let cookies = ["session", "device"].map(|name| browser.cookie(name).expect("a cookie"));
    [api_key, factor, "not her password, but near".to_owned()].into_iter().chain(cookies).collect()
}

/// Webhooks of every sort, and Meta's question with the right token and a wrong one.
async fn webhooks(installation: &Installation, http: &reqwest::Client, path: &str) {
    let url = installation.url(path);
    assert_eq!(post(http, &url, APP_SECRET, message("wamid.1")).await, 200);
    assert_eq!(post(http, &url, "another secret of somebody's", message("wamid.2")).await, 403);
    assert_eq!(post(http, &url, APP_SECRET, format!("{{\"{WRITTEN}\": {NUMBER}")).await, 200, "signed, and no JSON");
    assert_eq!(post(http, &installation.url("/webhooks/meta/nobody"), APP_SECRET, message("wamid.3")).await, 404);
    for token in [VERIFY_TOKEN, "verify-token-of-another"] {
        let asked = format!("{url}?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
        http.get(asked).send().await.expect("an answer");
    }
}

/// Has the database refuse what is stored, so that it and the service say why.
async fn refused_by_the_database(installation: &Installation, http: &reqwest::Client, path: &str) {
    let url = socialhook::postgres::running(&installation.data_dir).await.expect("known").expect("it runs");
    let mut c = PgConnection::connect(&url).await.expect("a connection");
    let check = "alter table event add constraint nothing check (body = '') not valid";
    sqlx::query(check).execute(&mut c).await.expect("altered");
    assert_eq!(post(http, &installation.url(path), APP_SECRET, message("wamid.4")).await, 503);
    sqlx::query("alter table event drop constraint nothing").execute(&mut c).await.expect("altered");
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).expect("a log")).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_much_is_logged_nobody_s_secrets_are() {
    let receiver = Receiver::start().await;
    let mut installation = Installation::new("logs", Vec::new()).await;
    installation.set("SOCIALHOOK_LOG", "trace");
    let log = std::env::temp_dir().join(format!("socialhook-log-{}", uuid::Uuid::new_v4().simple()));
    let service = installation.serve_logging(File::create(&log).expect("a file")).await;
    let echo = format!("I was told {WRITTEN} by +{NUMBER}").into_bytes();
    receiver.will_reply("/acme", [Reply::Full(500, vec![("x-told", NUMBER.to_owned())], echo), Reply::Status(204)]);
    let tree = installation.provision(&file(&receiver.url("/acme"), "http://127.0.0.1:1/dead")).await;
    let tenant = &tree["tenants"][0];
    let path = tenant["apps"][0]["callback_path"].as_str().expect("a path").to_owned();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    webhooks(&installation, &http, &path).await;
    receiver.wait_for("/acme", 1).await;
    let mut secrets = everything(&installation, &http).await;
    refused_by_the_database(&installation, &http, &path).await;
    // The letters that were asked for are on their way.
    installation.wait_for_letters(|letters| letters.len() >= 2).await;
    terminate(service).await;
    let text = read(&log);
    let database = read(&installation.data_dir.join("postgres.log"));
    std::fs::remove_file(&log).expect("removed");
    secrets.extend(
        tenant["endpoints"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["secret"].as_str())
            .map(str::to_owned),
    );
    secrets.extend(
        [PASSWORD, APP_SECRET, VERIFY_TOKEN, OWN_HEADER, WRITTEN, NUMBER, META_TOKEN, "verify-token-of-another"]
            .map(str::to_owned),
    );
    assert!(secrets.len() >= 15, "{}", secrets.len());
    assert!(text.len() > 100_000 && text.contains("webhooks could not be stored"), "all is logged: {}", text.len());
    assert!(database.contains("violates check constraint"), "{database}");
    for secret in &secrets {
        for shape in [secret.clone(), hex(secret.as_bytes()), BASE64_STANDARD.encode(secret)] {
            let line = text.lines().chain(database.lines()).find(|line| line.contains(&shape));
            assert_eq!(line, None, "{secret} is logged");
        }
    }
}
