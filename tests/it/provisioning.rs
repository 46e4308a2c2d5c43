//! `socialhook admin provision`: what it makes, and that doing it again changes nothing.

use serde_json::json;
use socialhook::provision::{self, Error};
use socialhook_relay::destination::Policy;

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
        ] {
            let error = apply(world, file, policy).await.expect_err("a mistake");
            assert!(error.to_string().contains(message), "{error}");
        }
        assert_eq!(world.count("select count(*) from tenant where name = 'Initech'").await, 0, "all or nothing");
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
