//! Secrets at rest: a copy of the database opens nothing, and the key is replaced while the service runs.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use socialhook_core::signature::hex;
use socialhook_store::nodes;
use sqlx::AssertSqlSafe;
use tokio::io::AsyncReadExt;

use crate::browser::Browser;
use crate::mailbox::letters;
use crate::meta;
use crate::process::{Installation, terminate};
use crate::receiver::Receiver;
use crate::second_factor::set_up;
use crate::world::{PASSWORD, Tenant, World, world};

/// Every row of every table, as text; bytes are hexadecimal digits in it.
pub async fn dump(world: &World) -> String {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut *c)
    .await
    .expect("the tables");
    assert!(tables.len() > 25, "{tables:?}");
    let mut dump = String::new();
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("select t::text from {table} t")))
            .fetch_all(&mut *c)
            .await
            .expect("rows");
        dump.push_str(&rows.join("\n"));
    }
    dump
}

/// Every shape that a secret could be found in.
fn shapes(secret: &str) -> [String; 3] {
    [secret.to_owned(), hex(secret.as_bytes()), BASE64_STANDARD.encode(secret)]
}

/// At the end of every test that has a world: whatever it did, none of the world's secrets is in its database.
pub async fn none_is_stored(world: &World) {
    let dump = dump(world).await;
    let of_tenant = |tenant: &Tenant| {
        let name = tenant.name;
        [
            tenant.app_secret.to_owned(),
            tenant.endpoint_secret.clone(),
            format!("verify-{name}"),
            format!("EAAtoken-of-{name}"),
        ]
    };
    let of_meta = ["simulated-app-secret", "simulated-instagram-secret", "verify-connect"].map(str::to_owned);
    let secrets =
        [&world.acme, &world.globex].into_iter().flat_map(of_tenant).chain(of_meta).chain([PASSWORD.to_owned()]);
    for secret in secrets {
        for shape in shapes(&secret) {
            assert!(!dump.contains(&shape), "{secret} is in the database");
        }
    }
}

#[tokio::test]
async fn a_copy_of_the_database_holds_no_secret() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let url = world.receiver.url("/acme");
        let more = [("name", "more"), ("url", &url), ("family", "*"), ("headers", "x-key: header-of-Acme")];
        browser.submit("/endpoints", &more).await;
        let api_key = crate::api::key(world, &world.acme, &["read", "endpoints"]).await;
        let made =
            world.http.post(world.url("/api/v1/endpoints")).bearer_auth(&api_key).header("idempotency-key", "a-key");
        let body = json!({ "name": "by API", "url": url }).to_string();
        let made = made.header("content-type", "application/json").body(body).send().await.expect("an answer");
        let made: serde_json::Value = serde_json::from_str(&made.text().await.expect("text")).expect("JSON");
        browser.submit("/members", &[("email", "grace@example.test"), ("role", "viewer")]).await;
        browser.submit("/forgot", &[("email", world.acme.email)]).await;
        let factor = set_up(world, &browser).await;
        let waiting = dump(world).await;
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.1")).await, 200);
        world.settle().await;
        let mut secrets: Vec<String> = [world.acme.app_secret, "verify-Acme", &world.acme.endpoint_secret, PASSWORD]
            .into_iter()
            .map(str::to_owned)
            .chain(["header-of-Acme".to_owned(), api_key, factor.secret])
            .chain(["session", "device"].map(|name| browser.cookie(name).expect("a cookie")))
            .chain(made["secret"].as_str().map(str::to_owned))
            .chain(factor.recovery.iter().flat_map(|code| [code.clone(), code.replace('-', "")]))
            .collect();
        for to in ["grace@example.test", world.acme.email] {
            let with_link = letters(world, to).await.into_iter().filter(|letter| letter.text.contains("token="));
            secrets.extend(with_link.map(|letter| letter.token(world)));
        }
        assert!(secrets.len() >= 30, "{}", secrets.len());
        for dump in [waiting, dump(world).await] {
            assert!(dump.contains("wamid.1") || dump.contains("acme@example.test"), "it is a dump");
            for secret in &secrets {
                for shape in shapes(secret) {
                    assert!(!dump.contains(&shape), "{secret} is in the database");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_sealed_value_in_another_row_does_not_open() {
    world(async |world| {
        world
            .execute(
                "update endpoint_secret s set secret = (select o.secret from endpoint_secret o where o.tenant_id <> s.tenant_id limit 1)",
            )
            .await;
        world.relay.refresh().await.expect("one that is broken does not stop the others");
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.1")).await, 200);
        world.settle().await;
        let sent = world.receiver.received(world.acme.hook);
        assert!(sent.iter().all(|request| !request.is_signed_with(&world.globex.endpoint_secret)));
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let page = browser.get(&format!("/endpoints/{}", world.acme.endpoint_id)).await;
        assert_eq!(page.status, 500);
        assert!(!page.text.contains(&world.globex.endpoint_secret));
    })
    .await;
}

#[tokio::test]
async fn keys_are_rotated_only_once_every_process_follows() {
    world(async |world| {
        let mut c = world.pools.background.acquire().await.expect("a connection");
        let (own, now) = (world.means.sealer.key_id(), world.clock.by_hand());
        assert!(nodes::all_seal_with(&mut c, &own, now).await.expect("an answer"));
        assert!(!nodes::all_seal_with(&mut c, b"else", now).await.expect("an answer"), "one seals with another");
        world.execute("update node set key_id = null").await;
        assert!(!nodes::all_seal_with(&mut c, &own, now).await.expect("an answer"), "one does not tell");
        world.settle().await;
        assert!(nodes::all_seal_with(&mut c, &own, now).await.expect("an answer"), "each heartbeat tells");
    })
    .await;
}

async fn post(installation: &Installation, path: &str, id: &str) -> u16 {
    let now = socialhook_core::clock::Clock::System.now().timestamp().to_string();
    let mut message = meta::text(id, "Hello");
    message["timestamp"] = json!(now);
    let body = meta::post(&[meta::change("401", "messages", &[message])]);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let signature = meta::sign("operator-secret", body.as_bytes());
    let posted = http.post(installation.url(path)).header("x-hub-signature-256", signature).body(body).send().await;
    posted.expect("an answer").status().as_u16()
}

async fn key_of(installation: &Installation) -> String {
    let mut text = String::new();
    let mut file = tokio::fs::File::open(installation.data_dir.join("secret.key")).await.expect("the file");
    file.read_to_string(&mut text).await.expect("text");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_replaced_while_the_service_runs() {
    let receiver = Receiver::start().await;
    let installation = Installation::new("rotation", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let file = json!({
        "apps": [{ "name": "shared", "app_secret": "operator-secret", "verify_token": "v" }],
        "tenants": [{ "name": "Acme",
            "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": "401" }],
            "endpoints": [{ "name": "main", "url": receiver.url("/acme") }] }],
    });
    let tree = installation.provision(&file).await;
    let path = tree["apps"][0]["callback_path"].as_str().expect("a path");
    assert_eq!(post(&installation, path, "wamid.before").await, 200);
    receiver.wait_for("/acme", 1).await;
    let old = key_of(&installation).await;
    let (done, told) = installation.run(&["admin", "rotate-keys"], "").await;
    assert!(done && told.contains("4 secrets sealed anew"), "{told}");
    let new = key_of(&installation).await;
    assert_eq!((old.lines().count(), new.lines().count()), (1, 1));
    assert_ne!(old, new);
    assert_eq!(post(&installation, path, "wamid.after").await, 200);
    receiver.wait_for("/acme", 2).await;
    let again = installation.provision(&file).await;
    assert_eq!(again["tenants"][0]["endpoints"][0]["secret"], tree["tenants"][0]["endpoints"][0]["secret"]);
    terminate(service).await;
    let service = installation.serve(&[]).await;
    assert_eq!(post(&installation, path, "wamid.anew").await, 200);
    receiver.wait_for("/acme", 3).await;
    terminate(service).await;
    tokio::fs::write(installation.data_dir.join("secret.key"), old).await.expect("written");
    let (done, told) = installation.run(&["admin", "rotate-keys"], "").await;
    assert!(!done && told.contains("another secret key"), "the old one is worth nothing any more: {told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_a_setting_is_replaced_from_start_to_start() {
    let (old, new) = ("0b".repeat(32), "c4".repeat(32));
    let receiver = Receiver::start().await;
    let mut installation = Installation::new("rotation-given", Vec::new()).await;
    let file = json!({
        "apps": [{ "name": "shared", "app_secret": "operator-secret", "verify_token": "v" }],
        "tenants": [{ "name": "Acme",
            "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": "401" }],
            "endpoints": [{ "name": "main", "url": receiver.url("/acme") }] }],
    });
    let (mut path, mut secret) = (String::new(), serde_json::Value::Null);
    for (place, keys) in [old.clone(), format!("{new},{old}"), new.clone()].iter().enumerate() {
        installation.set("SOCIALHOOK_SECRET_KEY", keys);
        let service = installation.serve(&[]).await;
        let tree = installation.provision(&file).await;
        if place == 0 {
            tree["apps"][0]["callback_path"].as_str().expect("a path").clone_into(&mut path);
            secret = tree["tenants"][0]["endpoints"][0]["secret"].clone();
        }
        assert_eq!(tree["tenants"][0]["endpoints"][0]["secret"], secret, "with {keys}");
        assert_eq!(post(&installation, &path, &format!("wamid.{place}")).await, 200);
        receiver.wait_for("/acme", place + 1).await;
        if place == 1 {
            let (done, told) = installation.run(&["admin", "rotate-keys"], "").await;
            assert!(done && told.contains("4 secrets sealed anew"), "{told}");
            assert_eq!(post(&installation, &path, "wamid.rotated").await, 200);
        }
        terminate(service).await;
    }
    assert!(!installation.data_dir.join("secret.key").exists(), "a key that is given is not written");
    installation.set("SOCIALHOOK_SECRET_KEY", &old);
    let (done, told) = installation.run(&["admin", "provision", "-"], &file.to_string()).await;
    assert!(!done && told.contains("another secret key"), "the old one is worth nothing any more: {told}");
}
