//! The first page: its numbers are those of what was posted and answered, and it says what needs attention, in words.

use chrono::TimeDelta;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

async fn posted(world: &World, tenant: &Tenant, id: &str) {
    assert_eq!(world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, id)).await, 200);
}

/// The headline's numbers: events, attempts, delivered.
fn headline(page: &Page) -> Vec<String> {
    page.all(".sums dd").into_iter().take(3).collect()
}

#[tokio::test]
async fn its_numbers_are_those_of_what_was_posted_and_answered() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        posted(world, &world.acme, "wamid.0").await;
        world.settle().await;
        for n in 1..4 {
            posted(world, &world.acme, &format!("wamid.{n}")).await;
        }
        posted(world, &world.globex, "wamid.9").await;
        world.settle().await;
        for range in ["1h", "24h", "7d", "30d"] {
            let page = browser.get(&format!("/overview?range={range}")).await;
            assert_eq!(page.status, 200);
            assert_eq!(headline(&page), ["4", "4", "75.0 %"], "{range}");
            assert_eq!(page.all(".chips [aria-current]").len(), 1, "{range}");
            let words = page.words();
            assert!(
                words.contains("4 events in the last") && words.contains("75.0 % of attempts delivered"),
                "{words}"
            );
            assert!(page.text.len() < 100_000, "{range}: {} bytes", page.text.len());
        }
        let page = browser.get("/overview").await;
        assert_eq!(page.all(".sums dt").last().map(String::as_str), Some("Oldest waiting"));
        assert_eq!(page.all(".sums dd").last().map(String::as_str), Some("just now"), "the one that was answered 500");
        let table = page.all(".chart:first-child .numbers tbody tr").into_iter().next().expect("a row");
        assert_eq!(table, "12:00–13:00 3 1 0", "the picture's numbers also stand in a table");
        let hints = page.all(".chart:first-child title");
        assert!(
            hints.contains(&"12:00–13:00: 3 delivered; 1 failed, tried again; 0 failed, parked".to_owned()),
            "{hints:?}"
        );
        let rows = page.all(".traffic tbody tr");
        assert!(
            rows.iter().any(|row| row.starts_with("main Active 4 75.0 %") && row.contains("1 waiting")),
            "{rows:?}"
        );
        assert!(rows.iter().any(|row| row.starts_with("Support WhatsApp 4")), "{rows:?}");
        let links = page.attributes(".traffic .row-link", "href");
        assert!(links.contains(&format!("/deliveries?endpoint={}", world.acme.endpoint_id)), "{links:?}");
        assert!(links.iter().any(|link| link.starts_with("/deliveries?channel=chn_")), "{links:?}");

        let globex = signed_in(world, &world.globex).await;
        assert_eq!(headline(&globex.get("/overview").await), ["1", "1", "100 %"], "each tenant sees its own");
    })
    .await;
}

#[tokio::test]
async fn all_quiet_is_said_in_one_sentence() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        posted(world, &world.acme, "wamid.1").await;
        posted(world, &world.acme, "wamid.2").await;
        world.settle().await;
        let page = browser.get("/overview?range=1h").await;
        let sentence = page.find(".lede").expect("a sentence");
        assert!(
            sentence.starts_with("All quiet: 2 events in the last hour, all delivered, slowest 1 % within "),
            "{sentence}"
        );
        assert!(page.all(".attention").is_empty(), "nothing is said where nothing is");
    })
    .await;
}

#[tokio::test]
async fn what_is_older_than_the_stretch_is_not_counted_in_it() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        let mut seen = Vec::new();
        for hours in [0, 2, 24, 7 * 24] {
            world.advance(TimeDelta::hours(hours)).await;
            let mut events = Vec::new();
            for range in ["1h", "24h", "7d", "30d"] {
                events.push(headline(&browser.get(&format!("/overview?range={range}")).await)[0].clone());
            }
            seen.push(events.concat());
        }
        assert_eq!(seen, ["1111", "0111", "0011", "0001"]);
    })
    .await;
}

#[tokio::test]
async fn a_newcomer_is_led_to_the_first_steps() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        let fields = [("tenant", "Initech"), ("email", "bill@initech.test"), ("password", "a long password")];
        browser.submit("/sign-up", &fields).await;
        let page = browser.get("/").await;
        assert_eq!(page.url.path(), "/overview", "where the front door leads who is signed in");
        assert!(page.words().contains("Nothing has come in yet"), "{}", page.words());
        assert!(page.attributes(".empty a", "href").contains(&"/start".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn times_are_told_in_the_tenants_zone() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        world.execute("update tenant set time_zone = 'Asia/Kolkata' where name = 'Acme'").await;
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        let rows = browser.get("/overview").await.all(".chart:first-child .numbers tbody tr");
        assert_eq!(rows.first().map(String::as_str), Some("17:30–18:30 1 0 0"), "noon in London");
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_told_of_first() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        world.receiver.behaves(Box::new(|_| Reply::Status(500)));
        for n in 0..12 {
            posted(world, &world.acme, &format!("wamid.{n}")).await;
            world.settle().await;
        }
        world.clock.advance(TimeDelta::minutes(3));
        let page = browser.get("/overview").await;
        let told = page.all(".attention li");
        assert!(told[0].starts_with("Not answering main has not answered for 3 min."), "{told:?}");
        assert!(told[0].contains("sent by themselves once it answers"), "{told:?}");
        assert!(page.find(".lede").expect("a sentence").starts_with("1 thing needs attention."));
        assert!(signed_in(world, &world.globex).await.get("/overview").await.all(".attention").is_empty());
        world.receiver.behaves(Box::new(|_| Reply::Status(200)));
        world.advance(TimeDelta::minutes(30)).await;
        assert!(browser.get("/overview").await.all(".attention").is_empty(), "and no more once it answers");
    })
    .await;
}

#[tokio::test]
async fn parked_events_and_paused_endpoints_are_told_of() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        world.receiver.will_reply("/acme", [Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        let page = browser.get("/overview").await;
        assert!(
            page.all(".attention li")[0].starts_with("Parked 1 event is parked at main"),
            "{:?}",
            page.all(".attention li")
        );
        let link = format!("/deliveries?outcome=parked&endpoint={}", world.acme.endpoint_id);
        assert!(
            page.attributes(".attention a", "href").contains(&link),
            "{:?}",
            page.attributes(".attention a", "href")
        );

        world.receiver.will_reply("/acme", [Reply::Status(410)]);
        posted(world, &world.acme, "wamid.2").await;
        world.settle().await;
        let told = browser.get("/overview").await.all(".attention li");
        assert!(told[0].contains("main was paused by itself") && told[0].contains("it answered 410"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_secret_and_a_mute_app_are_told_of() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        let body = meta::one_text(world.acme.phone_number_id, "wamid.1");
        for _ in 0..2 {
            let wrong = meta::sign("another secret", body.as_bytes());
            assert_eq!(world.post(&world.acme.callback_path, Some(&wrong), body.clone()).await.status(), 403);
        }
        world.settle().await;
        let told = browser.get("/overview").await.all(".attention li");
        assert!(told[0].contains("2 webhooks for app had a signature that fits no secret"), "{told:?}");
        assert!(told[0].contains("probably not the one in Meta’s dashboard"), "{told:?}");

        world.advance(TimeDelta::hours(25)).await;
        assert!(browser.get("/overview").await.all(".attention").is_empty(), "nobody needs to know a day later");
        let path =
            format!("{}?hub.mode=subscribe&hub.verify_token=verify-Acme&hub.challenge=1", world.acme.callback_path);
        assert_eq!(world.http.get(world.url(&path)).send().await.expect("an answer").status(), 200);
        world.advance(TimeDelta::minutes(11)).await;
        let told = browser.get("/overview").await.all(".attention li");
        assert!(told[0].contains("Meta verified app 11 min ago, but has sent nothing since"), "{told:?}");
        posted(world, &world.acme, "wamid.2").await;
        world.settle().await;
        assert!(browser.get("/overview").await.all(".attention").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_busy_channel_that_falls_silent_is_told_of() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        for hour in 0..60 {
            posted(world, &world.acme, &format!("wamid.{hour}")).await;
            world.advance(TimeDelta::hours(1)).await;
        }
        assert!(browser.get("/overview").await.all(".attention").is_empty(), "an hour is no silence");
        world.advance(TimeDelta::days(4)).await;
        let told = browser.get("/overview").await.all(".attention li");
        assert!(
            told[0].contains("Support has been silent for 4 d; before that it had about 24 events a day."),
            "{told:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_thousand_endpoints_and_as_many_parked_fit_on_the_page() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        world
            .execute(
                "with made as (
                   insert into endpoint (tenant_id, endpoint_id, name, kind, url, events, created_at)
                   select tenant_id, gen_random_uuid(), 'endpoint ' || n, 'http', 'http://example.test/' || n, '{nothing}', now()
                   from tenant, generate_series(1, 1000) n where name = 'Acme' returning tenant_id, endpoint_id
                 ), sums as (
                   insert into rollup select tenant_id, g, 'endpoint', endpoint_id,
                     to_timestamp(floor(extract(epoch from timestamptz '2026-11-02 12:00Z') / g) * g), 0, 1, 0, 0, '{1}'
                   from made, unnest('{300,3600,21600,86400,2592000}'::int[]) g
                 )
                 insert into delivery select tenant_id, gen_random_uuid(), endpoint_id, null, now(), now(), 3, 0, false
                 from made, generate_series(1, 20)",
            )
            .await;
        let page = browser.get("/overview").await;
        assert_eq!(page.status, 200);
        assert!(page.text.len() < 100_000, "{} bytes", page.text.len());
        assert_eq!(page.all("caption").iter().filter(|caption| caption.starts_with("Endpoints")).count(), 1);
        assert_eq!(page.all(".traffic .row-link").len(), 20 + 3, "those with the most traffic, and the channels");
        assert!(page.words().contains("with 981 that had less traffic"), "{}", page.words());
        let told = page.all(".attention li");
        assert_eq!(told.len(), 1, "what many have in common is told once: {told:?}");
        assert!(told[0].starts_with("Parked Events are parked at 1,000 endpoints"), "{told:?}");
    })
    .await;
}
