//! An app's page: what Meta did, its verify token, rotating its secret, what was refused, deleting it.

use chrono::TimeDelta;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::world::{PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

/// The address of Acme's app, as its list links it.
async fn app_path(browser: &Browser) -> String {
    browser.get("/apps").await.attributes("main a.row-link", "href").pop().expect("an app")
}

/// Posts a text to Acme's app, signed with this secret.
async fn post(world: &World, secret: &str, id: &str) -> u16 {
    let body = meta::one_text(world.acme.phone_number_id, id);
    let signature = meta::sign(secret, body.as_bytes());
    world.post(&world.acme.callback_path, Some(&signature), body).await.status().as_u16()
}

async fn challenge(world: &World, token: &str) -> u16 {
    let path = format!("{}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1", world.acme.callback_path);
    world.http.get(world.url(&path)).send().await.expect("an answer").status().as_u16()
}

fn retire_links(page: &Page) -> Vec<String> {
    page.attributes("main a[href$='/retire']", "href")
}

#[tokio::test]
async fn the_page_tells_what_meta_did() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        let page = browser.get(&path).await;
        assert!(page.words().contains("Not set up") && page.words().contains("Meta has not asked"), "{}", page.words());
        assert!(
            page.text.contains(&world.url(&world.acme.callback_path).to_string()) && page.text.contains("verify-Acme")
        );
        assert!(!page.text.contains(world.acme.app_secret), "a secret is never shown");

        assert_eq!(challenge(world, "wrong").await, 403);
        world.settle().await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("Meta asked with a wrong verify token"), "{words}");
        world.clock.advance(TimeDelta::seconds(1));
        assert_eq!(challenge(world, "verify-Acme").await, 200);
        world.settle().await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("Verified") && words.contains("has sent no webhook yet"), "{words}");
        assert!(!words.contains("Meta asked with a wrong"), "mended");
        assert_eq!(post(world, world.acme.app_secret, "wamid.1").await, 200);
        world.settle().await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("Receiving") && words.contains("Support"), "{words}");
        world.clock.advance(TimeDelta::seconds(1));
        assert_eq!(post(world, "stranger", "wamid.2").await, 403);
        world.settle().await;
        let words = browser.get("/apps").await.words();
        assert!(words.contains("Refusing") && words.contains("fits none of the secrets"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn the_verify_token_and_the_name_can_be_changed() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        let page = browser.submit(&format!("{path}/verify-token"), &[("verify_token", " ")]).await;
        assert_eq!(page.status, 422);
        let page = browser.submit(&format!("{path}/verify-token"), &[("verify_token", "fresh-token")]).await;
        assert!(page.text.contains("fresh-token"));
        assert_eq!((challenge(world, "verify-Acme").await, challenge(world, "fresh-token").await), (403, 200));

        let page = browser.submit(&path, &[("name", "Shop")]).await;
        assert_eq!(page.find("h1").as_deref(), Some("Shop"));
        browser.submit("/apps", &[("name", "second"), ("app_secret", "x"), ("verify_token", "y")]).await;
        let page = browser.submit(&path, &[("name", "second")]).await;
        assert_eq!((page.status.as_u16(), page.text.contains("an app of this name already")), (422, true));
        assert_eq!(page.attributes("#name", "value"), ["second"], "what was entered stays");
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_rotated_without_losing_a_webhook() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        assert!(retire_links(&browser.get(&path).await).is_empty(), "the last one stays");
        world.clock.advance(TimeDelta::seconds(1));
        let page = browser.submit(&format!("{path}/secrets"), &[("app_secret", "the-new-one")]).await;
        assert!(!page.text.contains("the-new-one"));
        assert_eq!(page.all("table.secrets tbody tr").len(), 2, "{}", page.words());
        assert_eq!(post(world, world.acme.app_secret, "wamid.1").await, 200, "the old one still fits");
        assert_eq!(post(world, "the-new-one", "wamid.2").await, 200, "and the new one at once");
        let again = browser.submit(&format!("{path}/secrets"), &[("app_secret", "the-new-one")]).await;
        assert_eq!((again.status.as_u16(), again.text.contains("is there already")), (422, true));

        let links = retire_links(&page);
        let confirm = browser.get(&links[1]).await;
        assert!(confirm.words().contains("refused from then on"), "{}", confirm.words());
        let page = browser.submit(&links[1], &[]).await;
        assert!(page.words().contains("Retired."), "{}", page.words());
        assert_eq!(post(world, world.acme.app_secret, "wamid.3").await, 403);
        assert_eq!(post(world, "the-new-one", "wamid.4").await, 200);
        assert!(retire_links(&page).is_empty());
        assert!(browser.get(&links[0]).await.words().contains("the only secret"));
        let page = browser.submit(&links[0], &[]).await;
        assert!(page.words().contains("An app keeps one"), "{}", page.words());
        assert_eq!(post(world, "the-new-one", "wamid.5").await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_tells_why_and_few_are_kept() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        for n in 0..30 {
            assert_eq!(post(world, "stranger", &format!("wamid.{n}")).await, 403);
        }
        world.settle().await;
        assert_eq!(world.count("select count(*) from refused_request").await, 1, "a flood leaves one");
        let words = browser.get(&path).await.words();
        assert!(words.contains("30 requests had a signature that fits none"), "but all are counted: {words}");
        for n in 0..12 {
            world.clock.advance(TimeDelta::seconds(10));
            assert_eq!(post(world, "stranger", &format!("wamid.again.{n}")).await, 403);
            assert_eq!(world.post(&world.acme.callback_path, None, "{}").await.status(), 403);
            world.settle().await;
        }
        let kept = "select count(*) from refused_request where reason = 'signature_wrong'";
        assert_eq!(world.count(kept).await, 10, "the newest of each reason");
        assert_eq!(world.count("select count(*) from refused_request").await, 20);
        let clear = "select count(*) from refused_request where position('Hello'::bytea in body) > 0";
        assert_eq!(world.count(clear).await, 0, "sealed");

        let page = browser.get(&path).await;
        let links = page.attributes("main a[href^='/refused/']", "href");
        assert_eq!(links.len(), 20);
        let newest_wrong =
            page.all("#refused tbody tr").iter().position(|row| row.contains("Fits no secret")).expect("one");
        let record = browser.get(&links[newest_wrong]).await;
        let words = record.words();
        assert!(words.contains("The signature fits none of your secrets"), "{words}");
        assert!(words.contains("wamid.again.11") && words.contains("sha256="), "body and header as they came: {words}");
        assert!(!record.text.contains("secret-of-Acme") && !record.text.contains("verify-Acme"));

        // Other tenants' and strangers' POSTs leave nothing here.
        assert_eq!(world.post("/webhooks/meta/nobody", None, "{}").await.status(), 404);
        world.settle().await;
        assert_eq!(world.count("select count(*) from refused_request").await, 20);
        world.clock.advance(TimeDelta::days(7) + TimeDelta::seconds(1));
        world.relay.keep_house().await.expect("kept");
        assert_eq!(world.count("select count(*) from refused_request").await, 0, "a week at most");
        assert_eq!(browser.get(&links[0]).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_that_keeps_webhooks_for_less_keeps_refused_ones_for_less() {
    world(async |world| {
        world.execute("update tenant set receipt_days = 2 where name = 'Acme'").await;
        assert_eq!(post(world, "stranger", "wamid.1").await, 403);
        world.settle().await;
        world.clock.advance(TimeDelta::days(2) + TimeDelta::seconds(1));
        world.relay.keep_house().await.expect("kept");
        assert_eq!(world.count("select count(*) from refused_request").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_long_refused_body_is_kept_in_part() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(200 << 10));
        let signature = meta::sign("stranger", body.as_bytes());
        assert_eq!(world.post(&world.acme.callback_path, Some(&signature), body).await.status(), 403);
        world.settle().await;
        let page = browser.get(&path).await;
        assert!(page.words().contains("200 kB"), "{}", page.words());
        let link = page.attributes("main a[href^='/refused/']", "href").pop().expect("one");
        let words = browser.get(&link).await.words();
        assert!(words.contains("Only a part of the body is kept") && words.contains("64 kB"), "{}", &words[..500]);
    })
    .await;
}

#[tokio::test]
async fn an_app_goes_once_its_channels_are_gone() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        assert_eq!(post(world, world.acme.app_secret, "wamid.1").await, 200);
        world.settle().await;
        let page = browser.get(&format!("{path}/delete")).await;
        assert!(page.words().contains("still has 3 channels"), "{}", page.words());
        assert!(page.all("form[action$='/delete']").is_empty());
        let page = browser.submit(&format!("{path}/delete"), &[]).await;
        assert!(page.words().contains("Move or delete them first"), "{}", page.words());
        assert_eq!(post(world, world.acme.app_secret, "wamid.2").await, 200, "it still works");
        world.settle().await;

        let channels = page.attributes("main a[href^='/channels/']", "href");
        for channel in &channels {
            browser.submit(&format!("{channel}/delete"), &[]).await;
        }
        let page = browser.submit(&format!("{path}/delete"), &[]).await;
        assert!(page.words().contains("answers 404 from now on"), "{}", page.words());
        assert_eq!(post(world, world.acme.app_secret, "wamid.3").await, 404);
        assert_eq!(challenge(world, "verify-Acme").await, 403);
        assert_eq!(browser.get(&path).await.status, 404);
        assert_eq!(browser.get("/deliveries").await.all("main tbody tr").len(), 2, "history stays");
        let left = "select (select count(*) from app_secret) + (select count(*) from app)";
        assert_eq!(world.count(left).await, 2, "Globex has its own");
    })
    .await;
}

#[tokio::test]
async fn the_escaped_form_that_meta_documents_is_taken_too() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.1").replace("Hello", "Grüße 😀");
        let escaped = body.replace('ü', "\\u00fc").replace('ß', "\\u00df").replace('😀', "\\ud83d\\ude00");
        let signature = meta::sign(world.acme.app_secret, escaped.as_bytes());
        assert_eq!(world.post(&world.acme.callback_path, Some(&signature), body.clone()).await.status(), 200);
        world.settle().await;
        assert!(world.received(&world.acme)[0]["message"]["body"].as_str().expect("text").starts_with("Grüße 😀"));
        let forged = meta::sign("stranger", escaped.as_bytes());
        assert_eq!(world.post(&world.acme.callback_path, Some(&forged), body).await.status(), 403);
    })
    .await;
}

#[tokio::test]
async fn viewers_look_and_change_nothing() {
    world(async |world| {
        world.execute("update member set role = 'viewer' where tenant_id = (select tenant_id from tenant where name = 'Acme')").await;
        let browser = signed_in(world).await;
        let path = app_path(&browser).await;
        let page = browser.get(&path).await;
        assert!(page.all("main form").is_empty(), "{:?}", page.all("main form"));
        for (action, fields) in [
            (String::new(), ("name", "x")),
            ("/verify-token".to_owned(), ("verify_token", "x")),
            ("/secrets".to_owned(), ("app_secret", "x")),
            ("/delete".to_owned(), ("", "")),
        ] {
            assert_eq!(browser.submit(&format!("{path}{action}"), &[fields]).await.status, 403, "{action}");
        }
        let channel = browser.get("/channels").await.attributes("main a.row-link", "href").pop().expect("one");
        assert!(browser.get(&channel).await.all("main form").is_empty());
        for action in ["", "/move", "/disable", "/enable", "/delete"] {
            assert_eq!(browser.submit(&format!("{channel}{action}"), &[("name", "x")]).await.status, 403, "{action}");
        }
    })
    .await;
}
