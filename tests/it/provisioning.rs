//! `socialhook admin provision`: what it makes, for whom, and that doing it again changes nothing. And the key it seals with.

use std::path::Path;

use secrecy::SecretString;
use serde_json::json;
use socialhook::config::{Config, Options};
use socialhook::provision::{self, Error};
use socialhook::{key, simulate};
use socialhook_core::id::{AccountId, TenantId};
use socialhook_relay::destination::Policy;
use socialhook_store::accounts::{self, Account, PasswordHash};
use socialhook_store::tenants;

use crate::meta;
use crate::world::{World, world};

async fn apply(world: &World, file: serde_json::Value, policy: Policy) -> Result<serde_json::Value, Error> {
    let mut c = world.pools.background.acquire().await.expect("a connection");
    let applied = provision::apply(&mut c, &world.means, policy, &file.to_string()).await;
    drop(c);
    world.relay.refresh().await.expect("the directory is read anew");
    applied
}

#[tokio::test]
async fn twice_is_as_once() {
    world(async |world| {
        let file = json!({
            "apps": [{ "name": "shared", "app_secret": "s", "verify_token": "v" }],
            "tenants": [{
                "name": "Initech", "owner": { "email": "bill@initech.test", "password": "a long password" },
                "apps": [{ "name": "own", "app_secret": "o", "verify_token": "w" }],
                "channels": [
                    { "app": "own", "platform": "whatsapp", "external_id": "301", "address": "+447700900125", "name": "One" },
                    { "app": "operator/shared", "platform": "instagram", "external_id": "302" },
                ],
                "endpoints": [{ "name": "main", "url": world.receiver.url("/acme"), "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "events": ["*"], "channels": ["301"] },
                              { "name": "generated", "url": world.receiver.url("/acme"), "events": ["call.*"] }],
            }],
        });
        let first = apply(world, file.clone(), Policy::AllowPrivate).await.expect("provisioned");
        let epoch = world.count("select epoch from config_epoch").await;
        let second = apply(world, file, Policy::AllowPrivate).await.expect("provisioned again");
        assert_eq!(first, second);
        assert_eq!(first["tenants"][0]["endpoints"][0]["secret"], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert!(first["tenants"][0]["endpoints"][1]["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
        assert!(first["apps"][0]["callback_path"].as_str().is_some_and(|path| path.starts_with("/webhooks/meta/")));
        assert_eq!(world.count("select count(*) from tenant where name = 'Initech'").await, 1);
        assert!(world.count("select epoch from config_epoch").await >= epoch);
    })
    .await;
}

#[tokio::test]
async fn a_changed_secret_replaces_the_old_one() {
    world(async |world| {
        let file = json!({ "tenants": [{ "name": "Acme", "apps": [{ "name": "app", "app_secret": "renewed", "verify_token": "verify-Acme" }] }] });
        apply(world, file, Policy::AllowPrivate).await.expect("provisioned");
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        assert_eq!(world.meta_posts(&world.acme, body.clone()).await, 403, "the old secret");
        let signature = meta::sign("renewed", body.as_bytes());
        assert_eq!(world.post(&world.acme.callback_path, Some(&signature), body).await.status(), 200);
        world.settle().await;
    })
    .await;
}

#[tokio::test]
async fn mistakes_are_told_and_change_nothing() {
    world(async |world| {
        let tenant = |part: serde_json::Value| {
            let mut tenant = json!({ "name": "Initech" });
            tenant.as_object_mut().expect("an object").extend(part.as_object().expect("an object").clone());
            json!({ "tenants": [tenant] })
        };
        let channel = |app: &str| json!({ "app": app, "platform": "whatsapp", "external_id": "109000000000001" });
        for (file, policy, message) in [
            (json!({ "tenant": [] }), Policy::AllowPrivate, "not understood"),
            (tenant(json!({ "channels": [channel("none")] })), Policy::AllowPrivate, "there is no app none"),
            (
                tenant(json!({ "endpoints": [{ "name": "e", "url": "http://10.0.0.1/" }] })),
                Policy::PublicOnly,
                "private or reserved",
            ),
            (
                tenant(json!({ "endpoints": [{ "name": "e", "url": "https://example.com", "secret": "short" }] })),
                Policy::PublicOnly,
                "whsec_",
            ),
            (
                tenant(json!({ "endpoints": [{ "name": "e", "url": "https://example.com", "channels": ["5"] }] })),
                Policy::PublicOnly,
                "channel 5",
            ),
            (
                tenant(json!({ "endpoints": [{ "name": "e", "options": { "timeout_seconds": 31 } }] })),
                Policy::PublicOnly,
                "timeout_seconds is 31",
            ),
            (
                tenant(json!({ "endpoints": [{ "name": "e", "options": { "headers": { "Host": "x" } } }] })),
                Policy::PublicOnly,
                "host is set by us",
            ),
        ] {
            let error = apply(world, file, policy).await.expect_err("a mistake");
            assert!(error.to_string().contains(message), "{error}");
        }
        assert_eq!(world.count("select count(*) from tenant where name = 'Initech'").await, 0, "all or nothing");
    })
    .await;
}

#[tokio::test]
async fn an_endpoints_options_are_those_of_the_file_if_it_has_any() {
    world(async |world| {
        let file = |options: serde_json::Value| {
            let mut endpoint = json!({ "name": "main", "url": world.receiver.url("/acme") });
            endpoint.as_object_mut().expect("an object").extend(options.as_object().expect("an object").clone());
            json!({ "tenants": [{ "name": "Acme", "endpoints": [endpoint] }] })
        };
        let set = json!({ "options": { "timeout_seconds": 5, "rate_per_second": 50, "meta_signature": true, "raw": true,
                                       "headers": { "Authorization": "Bearer x" } } });
        // The second time, the file says nothing of them; the third time, that they are as usual.
        for (number, options, is_set) in [(1, set, true), (2, json!({}), true), (3, json!({ "options": {} }), false)] {
            apply(world, file(options), Policy::AllowPrivate).await.expect("provisioned");
            let post = meta::one_text(world.acme.phone_number_id, &format!("wamid.{number}"));
            assert_eq!(world.meta_posts(&world.acme, post).await, 200);
            world.settle().await;
            let received = world.receiver.received(world.acme.hook);
            assert_eq!(received.len(), number);
            let received = &received[number - 1];
            let has = |name: &str| received.headers.contains_key(name);
            assert_eq!([has("authorization"), has("x-hub-signature-256")], [is_set; 2]);
            let body: serde_json::Value = serde_json::from_slice(&received.body).expect("JSON");
            assert_eq!(body.get("raw").is_some(), is_set);
            let unusual = "select count(*) from endpoint where timeout_seconds = 5 and rate_per_second = 50";
            assert_eq!(world.count(unusual).await, i64::from(is_set));
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_of_one_app_belongs_to_one_tenant() {
    world(async |world| {
        let claim = |tenant: &str| {
            json!({ "apps": [{ "name": "shared", "app_secret": "s", "verify_token": "v" }],
                    "tenants": [{ "name": tenant, "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": "777" }] }] })
        };
        apply(world, claim("Acme"), Policy::AllowPrivate).await.expect("the first one");
        let error = apply(world, claim("Globex"), Policy::AllowPrivate).await.expect_err("the second one");
        assert!(matches!(error, Error::Claimed { .. }), "{error}");
    })
    .await;
}

/// Whoever likes may sign up with any name, and with an address that is not his.
async fn signs_up(world: &World, tenant: &str, email: &str, password: &str) -> TenantId {
    let now = world.clock.now() - chrono::TimeDelta::hours(1);
    let (tenant_id, account_id) = (TenantId::new(now), AccountId::new(now));
    let password_hash = PasswordHash::new(&SecretString::from(password)).expect("hashes");
    let mut c = world.pools.web.acquire().await.expect("a connection");
    accounts::create(&mut c, &Account { account_id, email: email.to_owned(), password_hash }, now).await.expect("new");
    tenants::create(&mut c, tenant_id, tenant, now).await.expect("new");
    tenants::add_member(&mut c, tenant_id, (account_id, tenants::Role::Owner), now).await.expect("new");
    tenant_id
}

fn owned(tenant: &str, email: &str, password: &str) -> serde_json::Value {
    json!({
        "name": tenant, "owner": { "email": email, "password": password },
        "apps": [{ "name": "own", "app_secret": "o", "verify_token": "w" }],
        "channels": [{ "app": "own", "platform": "whatsapp", "external_id": "301", "address": "+447700900125" }],
    })
}

#[tokio::test]
async fn a_name_is_no_claim() {
    world(async |world| {
        let stranger = signs_up(world, "Initech", "stranger@example.test", "a stranger's password").await;
        let file =
            json!({ "tenants": [owned("Initech", "bill@initech.test", "a long password"), { "name": "Operator" }] });
        let tree = apply(world, file.clone(), Policy::AllowPrivate).await.expect("provisioned");
        let own = tree["tenants"][0]["id"].as_str().expect("an id");
        assert_ne!(own, stranger.to_string());
        assert_ne!(tree["tenants"][1]["id"], json!(TenantId::OPERATOR), "a tenant may be called so, too");
        assert_eq!(tree, apply(world, file, Policy::AllowPrivate).await.expect("provisioned again"));
        let foreign = "select count(*) from app a join member m using (tenant_id) join account using (account_id)
                       where a.name = 'own' and email = 'stranger@example.test'";
        assert_eq!(world.count(foreign).await, 0);

        let plan = simulate::Plan { rate: 0.0, ..simulate::Plan::default() };
        let error = simulate::run(&world.means, &world.base, "Initech", &plan).await.expect_err("which one?");
        assert!(error.to_string().contains(own) && error.to_string().contains(&stranger.to_string()), "{error}");
        assert_eq!(simulate::run(&world.means, &world.base, own, &plan).await.expect("sent"), 1);
        let nobody = TenantId::new(world.clock.now()).to_string();
        let error = simulate::run(&world.means, &world.base, &nobody, &plan).await.expect_err("no such tenant");
        assert!(matches!(error, simulate::Error::NoTenant(_)), "{error}");
        world.settle().await;
    })
    .await;
}

#[tokio::test]
async fn the_operator_is_nobodys_name() {
    world(async |world| {
        let mut c = world.pools.web.acquire().await.expect("a connection");
        assert_eq!(tenants::find_by_name(&mut c, "Operator").await.expect("an answer"), []);
        assert_eq!(tenants::find_provisioned(&mut c, "Operator").await.expect("an answer"), None);
    })
    .await;
}

#[tokio::test]
async fn an_account_is_only_adopted_with_its_password() {
    world(async |world| {
        signs_up(world, "Elsewhere", "Bill@initech.test", "bill's own password").await;
        let file = |password: &str| json!({ "tenants": [owned("Initech", "bill@initech.test", password)] });
        let error = apply(world, file("a guess of his"), Policy::AllowPrivate).await.expect_err("not proven");
        assert!(matches!(error, Error::OwnerTaken { .. }), "{error}");
        assert_eq!(world.count("select count(*) from tenant where name = 'Initech'").await, 0, "all or nothing");
        let first = apply(world, file("bill's own password"), Policy::AllowPrivate).await.expect("proven");
        // A member stays one, whatever his password is by now.
        let second = apply(world, file("an old password"), Policy::AllowPrivate).await.expect("a member");
        assert_eq!(first, second);
        assert_eq!(world.count("select count(*) from account where lower(email) = 'bill@initech.test'").await, 1);
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let account = accounts::find_by_email(&mut c, "bill@initech.test").await.expect("found").expect("there");
        assert!(account.password_hash.fits(&"bill's own password".into()), "it is kept");
    })
    .await;
}

#[tokio::test]
async fn one_file_may_name_an_owner_twice() {
    world(async |world| {
        let owner = |email: &str, password: &str| json!({ "email": email, "password": password });
        let file = |second: serde_json::Value| {
            json!({ "tenants": [{ "name": "One", "owner": owner("bill@initech.test", "a long password") },
                                { "name": "Two", "owner": second }] })
        };
        let other = file(owner("bill@initech.test", "another password"));
        let error = apply(world, other, Policy::AllowPrivate).await.expect_err("two passwords");
        assert!(matches!(&error, Error::OwnerTaken { tenant, .. } if tenant == "Two"), "{error}");
        let same = file(owner("BILL@initech.test", "a long password"));
        let tree = apply(world, same, Policy::AllowPrivate).await.expect("one person");
        assert_eq!(tree["tenants"][0]["owner"]["id"], tree["tenants"][1]["owner"]["id"]);
    })
    .await;
}

fn config(data_dir: &Path, secret_key: Option<&str>) -> Config {
    let config = Options::default().resolve().expect("defaults");
    Config { data_dir: data_dir.to_owned(), secret_key: secret_key.map(SecretString::from), ..config }
}

#[tokio::test]
async fn another_key_is_noticed() {
    world(async |world| {
        let base = std::env::temp_dir().join(format!("socialhook-key-{}", uuid::Uuid::new_v4().simple()));
        let (first, second) = (config(&base.join("first"), None), config(&base.join("second"), None));
        let pools = &world.pools;
        let made = key::settled(&first, pools).await.expect("a fresh database takes a new key");
        let again = key::settled(&first, pools).await.expect("and knows it");
        assert_eq!(made.key_id(), again.key_id());

        let error = key::settled(&second, pools).await.expect_err("another data directory");
        assert!(matches!(error, key::Error::Missing { .. }), "{error}");
        assert!(error.to_string().contains("second/secret.key"), "{error}");
        assert!(!base.join("second/secret.key").exists(), "no key is made that would be of no use");

        let error = key::settled(&config(&base, Some(&"ab".repeat(32))), pools).await.expect_err("another key");
        assert!(matches!(error, key::Error::Other { .. }), "{error}");
        assert!(error.to_string().contains("SOCIALHOOK_SECRET_KEY"), "{error}");
        std::fs::write(base.join("first/secret.key"), "cd".repeat(32)).expect("written");
        let error = key::settled(&first, pools).await.expect_err("another key in the file");
        assert!(error.to_string().contains("first/secret.key"), "{error}");
        std::fs::remove_dir_all(&base).expect("removed");
    })
    .await;
}
