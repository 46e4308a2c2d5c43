//! An endpoint's own time-out and Meta's kind of signature: from the form to the request that arrives.

use std::time::Duration;

use chrono::TimeDelta;

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

#[tokio::test]
async fn headers_of_ones_own_go_with_each_request_and_are_never_shown() {
    world(async |world| {
        let browser = signed_in(world).await;
        let set = "Authorization: Bearer hush-hush\nX-Route: blue";
        for bad in ["Host: evil.test", "webhook-id: mine", "no colon", "x: 1\nX: 2", "x-new: ••••••••"]
        {
            let page = save(world, &browser, &[("headers", bad)]).await;
            assert_eq!(page.status, 422, "{bad}");
            assert_eq!(page.find("textarea[name=headers]").as_deref(), Some(bad.replace('\n', " ").as_str()), "kept");
            assert_eq!(page.all("#headers-help .error").len(), 1, "{bad}");
        }
        let page = save(world, &browser, &[("headers", set)]).await;
        let shown = page.find("textarea[name=headers]").expect("a field");
        assert_eq!(shown, "authorization: •••••••• x-route: ••••••••");
        // Saved again as it stands there, and with one more.
        let again = "authorization: ••••••••\nx-route: ••••••••\nx-more: 1";
        assert!(save(world, &browser, &[("headers", again)]).await.words().contains("Saved."));
        for tenant in [&world.acme, &world.globex] {
            assert_eq!(world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, "wamid.1")).await, 200);
        }
        world.settle().await;
        browser.submit(&format!("{}/test", path(world)), &[("sample", "whatsapp-text")]).await;
        let received = world.receiver.received(world.acme.hook);
        assert_eq!(received.len(), 2, "an event and a test");
        for one in &received {
            let got = ["authorization", "x-route", "x-more"].map(|name| one.header(name));
            assert_eq!(got, ["Bearer hush-hush", "blue", "1"]);
            assert_eq!(one.header("content-type"), "application/json");
        }
        assert!(!world.receiver.received(world.globex.hook)[0].headers.contains_key("x-route"), "not for others");
        let delivery = browser.get("/messages?id=wamid.1").await.attributes("main a[href^='/deliveries/evt_']", "href");
        for path in [path(world), delivery[0].clone()] {
            let page = browser.get(&path).await;
            assert!(page.text.contains("authorization") && !page.text.contains("hush-hush"), "{path}");
            assert_eq!(page.text.contains("in place of the dots"), path.starts_with("/deliveries"), "{path}");
        }
        assert_eq!(
            world.count("select count(*) from endpoint where position('hush'::bytea in headers) > 0").await,
            0,
            "sealed"
        );
    })
    .await;
}

#[tokio::test]
async fn events_are_chosen_by_family_from_the_beginning() {
    world(async |world| {
        let browser = signed_in(world).await;
        let url = world.receiver.url(world.acme.hook);
        let fields = [
            ("name", "calls"),
            ("url", &url),
            ("family", "call.*"),
            ("family", "lead.*"),
            ("events", "group.updated"),
            ("timeout", "5"),
            ("headers", "x-which: second"),
        ];
        let page = browser.submit("/endpoints", &fields.map(|(name, value)| (name, value))).await;
        assert!(page.words().contains("calls receives events from now on"), "{}", page.words());
        let ticked = page.attributes("input[name=family][checked]", "value");
        assert_eq!(ticked, ["call.*", "lead.*"]);
        assert_eq!(page.attributes("input[name=events]", "value"), ["group.updated"]);
        assert_eq!(page.attributes("input[name=timeout]", "value"), ["5"], "options too");
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.1")).await, 200);
        world.settle().await;
        let received = world.receiver.received(world.acme.hook);
        assert_eq!(received.len(), 1, "a message goes to the other endpoint only");
        assert!(!received[0].headers.contains_key("x-which"));

        let wrong = [("name", "more"), ("url", url.as_str()), ("family", "call.*"), ("events", "no such word!")];
        let page = browser.submit("/endpoints", &wrong).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.attributes("input[name=family][checked]", "value"), ["call.*"], "the input is kept");
    })
    .await;
}

#[tokio::test]
async fn an_endpoints_page_says_how_it_fares() {
    world(async |world| {
        let browser = signed_in(world).await;
        assert!(browser.get(&path(world)).await.words().contains("Nothing was sent here."));
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        for n in 0..4 {
            let body = meta::one_text(world.acme.phone_number_id, &format!("wamid.{n}"));
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
            world.settle().await;
        }
        let page = browser.get(&path(world)).await;
        let facts: Vec<(String, String)> = page.all(".sums dt").into_iter().zip(page.all(".sums dd")).collect();
        assert_eq!(facts[0], ("Attempts".to_owned(), "4".to_owned()));
        assert_eq!(facts[1], ("Delivered".to_owned(), "75.0 %".to_owned()));
        assert_eq!(page.all(".chart").len(), 2);
        assert!(page.text.len() < 100_000, "{} bytes", page.text.len());
    })
    .await;
}

#[tokio::test]
async fn a_limit_spreads_what_comes_in_and_loses_nothing() {
    world(async |world| {
        let browser = signed_in(world).await;
        for bad in ["0", "1001", "-1", "ten"] {
            assert_eq!(save(world, &browser, &[("rate", bad)]).await.status, 422, "{bad}");
        }
        assert!(save(world, &browser, &[("rate", "5")]).await.words().contains("Saved."));
        let received = |world: &World| world.receiver.received(world.acme.hook).len();
        for tenant in [&world.acme, &world.globex] {
            let items: Vec<_> = (0..18).map(|n| meta::text(&format!("wamid.{}.{n}", tenant.name), "x")).collect();
            let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &items)]);
            assert_eq!(world.meta_posts(tenant, body).await, 200);
        }
        world.settle().await;
        assert_eq!(received(world), 5, "a second's worth at once");
        assert_eq!(world.receiver.received(world.globex.hook).len(), 18, "others have no limit");
        world.advance(TimeDelta::seconds(1)).await;
        assert_eq!(received(world), 10);
        // What is new does not overtake what waits.
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.late")).await, 200);
        world.advance(TimeDelta::milliseconds(400)).await;
        assert_eq!(received(world), 12);
        world.advance(TimeDelta::seconds(1)).await;
        assert_eq!(received(world), 17);
        world.advance(TimeDelta::seconds(1)).await;
        let ids: Vec<String> =
            world.receiver.received(world.acme.hook).iter().map(|one| one.header("webhook-id").to_owned()).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!((ids.len(), once.len()), (19, 19), "each once");
        assert_eq!(world.count("select count(*) from delivery").await, 0);

        // The limit gone, everything goes at once again.
        save(world, &browser, &[]).await;
        let items: Vec<_> = (0..18).map(|n| meta::text(&format!("wamid.more.{n}"), "x")).collect();
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(received(world), 37);
    })
    .await;
}
