//! An endpoint's own time-out and Meta's kind of signature: from the form to the request that arrives.

use std::time::Duration;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{ATTEMPT_TIMEOUT, PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

fn path(world: &World) -> String {
    format!("/endpoints/{}", world.acme.endpoint_id)
}

/// The form as it is, and these settings.
async fn save(world: &World, browser: &Browser, settings: &[(&str, &str)]) -> crate::browser::Page {
    let page = browser.get(&path(world)).await;
    let value = |name: &str| page.attributes(&format!("main input[name={name}]"), "value").pop().expect("a field");
    let (url, name, events) = (value("url"), value("name"), value("events"));
    let mut fields = vec![("url", url.as_str()), ("name", &name), ("events", &events)];
    fields.extend(settings);
    browser.submit(&path(world), &fields).await
}

#[tokio::test]
async fn meta_s_signature_comes_when_it_is_asked_for() {
    world(async |world| {
        let browser = signed_in(world).await;
        let post = async |tenant, id| {
            assert_eq!(world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, id)).await, 200);
            world.settle().await;
        };
        post(&world.acme, "wamid.1").await;
        let page = save(world, &browser, &[("meta_signature", "yes")]).await;
        assert!(page.words().contains("Saved."), "{}", page.words());
        assert_eq!(
            page.attributes("main details.more-settings[open] input[name=meta_signature][checked]", "value").len(),
            1
        );
        post(&world.acme, "wamid.2").await;
        post(&world.globex, "wamid.3").await;
        save(world, &browser, &[]).await;
        post(&world.acme, "wamid.4").await;

        let received = world.receiver.received(world.acme.hook);
        assert_eq!(received.len(), 3);
        let signed = meta::sign(&world.acme.endpoint_secret, &received[1].body);
        assert_eq!(received[1].header("x-hub-signature-256"), signed, "as code for Meta makes it");
        let others = [&received[0], &received[2], &world.receiver.received(world.globex.hook)[0]];
        for other in others {
            assert!(!other.headers.contains_key("x-hub-signature-256"), "only while it is asked for");
            assert!(other.headers.contains_key("webhook-signature"));
        }
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_may_have_longer_than_the_others() {
    world(async |world| {
        let browser = signed_in(world).await;
        let late = ATTEMPT_TIMEOUT + Duration::from_millis(200);
        assert!(late < Duration::from_secs(5));
        save(world, &browser, &[("timeout", "5")]).await;
        for tenant in [&world.acme, &world.globex] {
            world.receiver.will_reply(tenant.hook, [Reply::Late(200, late)]);
            assert_eq!(world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, "wamid.1")).await, 200);
        }
        world.settle().await;
        assert_eq!(world.count("select count(*) from attempt where failure is null").await, 1, "Acme's");
        assert_eq!(world.count("select count(*) from attempt where failure = 'timeout'").await, 1, "Globex's");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_time_out_is_told_beside_the_field_and_changes_nothing() {
    world(async |world| {
        let browser = signed_in(world).await;
        for wrong in ["0", "31", "ten"] {
            let page = save(world, &browser, &[("timeout", wrong), ("meta_signature", "yes")]).await;
            assert_eq!(page.status, 422);
            assert!(page.words().contains("Enter whole seconds from 1 to 30"), "{}", page.words());
            assert_eq!(page.attributes("main details[open] input[name=timeout]", "value"), [wrong], "it is kept");
        }
        assert_eq!(
            world.count("select count(*) from endpoint where meta_signature or timeout_seconds is not null").await,
            0
        );
    })
    .await;
}
