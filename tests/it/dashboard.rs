//! What people see: signing up and in, endpoints, apps and channels, deliveries, the inspector.

use chrono::TimeDelta;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    let page = browser.sign_in(world.acme.email, PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/overview"));
    browser
}

#[tokio::test]
async fn sign_up_sign_out_sign_in() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        let fields = [("tenant", "Initech"), ("email", "bill@initech.test"), ("password", "a long password")];
        let page = browser.submit("/sign-up", &fields).await;
        assert_eq!(page.status, 200, "{}", page.words());
        assert!(page.words().contains("Initech"), "{}", page.words());
        assert_eq!(browser.get("/endpoints").await.status, 200);
        browser.submit("/sign-out", &[]).await;
        assert_eq!(browser.get("/endpoints").await.url.path(), "/sign-in");
        let page = browser.sign_in("BILL@initech.test", "a long password").await;
        assert_eq!(page.url.path(), "/overview", "the address in any letter case");
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let hash: String = sqlx::query_scalar("select password_hash from account where email = 'bill@initech.test'")
            .fetch_one(&mut *c)
            .await
            .expect("an account");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
    })
    .await;
}

#[tokio::test]
async fn mistakes_in_forms_are_told_beside_the_field_and_the_input_is_kept() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        let page = browser
            .submit("/sign-up", &[("tenant", "Initech"), ("email", "bill@initech.test"), ("password", "short")])
            .await;
        assert_eq!(page.status, 422);
        assert!(page.attributes("input[name=email]", "value").contains(&"bill@initech.test".to_owned()));
        assert!(page.attributes("input[name=password]", "aria-invalid").contains(&"true".to_owned()));
        let page = browser
            .submit("/sign-up", &[("tenant", "A"), ("email", world.acme.email), ("password", "a long password")])
            .await;
        assert_eq!(page.status, 422, "the address is taken");
        assert_eq!(world.count("select count(*) from tenant where name in ('Initech', 'A')").await, 0);

        let wrong = browser.sign_in(world.acme.email, "not the password").await;
        let unknown = browser.sign_in("nobody@example.test", "not the password").await;
        assert_eq!(wrong.status, unknown.status);
        assert_eq!(
            wrong.all("[role=alert], .error"),
            unknown.all("[role=alert], .error"),
            "neither tells whether the account exists"
        );

        let browser = signed_in(world).await;
        let page = browser.submit("/endpoints", &[("name", "mine"), ("url", "ftp://x"), ("events", "*")]).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("http://"), "{}", page.words());
        assert!(page.attributes("input[name=name]", "value").contains(&"mine".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    world(async |world| {
        let browser = signed_in(world).await;
        let url = world.receiver.url("/acme");
        let page =
            browser.submit_from_elsewhere("/endpoints", &[("name", "evil"), ("url", &url), ("events", "*")]).await;
        assert_eq!(page.status, 403);
        assert_eq!(world.count("select count(*) from endpoint where name = 'evil'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn every_page_is_closed_to_foreign_scripts_and_frames() {
    world(async |world| {
        let browser = signed_in(world).await;
        for path in
            ["/", "/sign-in", "/sign-up", "/deliveries", "/endpoints", "/apps", "/channels", "/inspector", "/nowhere"]
        {
            let page = browser.get(path).await;
            let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let policy = header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert!(page.attributes("[style]", "style").is_empty(), "{path} has inline style");
            assert!(page.attributes("script:not([src])", "type").is_empty(), "{path} has an inline script");
        }
        assert_eq!(browser.cookie_names(), ["device", "session"]);
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_from_pasting_to_pausing() {
    world(async |world| {
        let browser = signed_in(world).await;
        // Newer than the endpoint that is there already, so that it is listed after it.
        world.clock.advance(TimeDelta::seconds(1));
        browser
            .submit(
                "/endpoints",
                &[("name", "mine"), ("url", &world.receiver.url("/globex")), ("events", "message.received")],
            )
            .await;
        let list = browser.get("/endpoints").await;
        let path =
            list.attributes("main a[href^='/endpoints/end_']", "href").pop().expect("a link to the new endpoint");
        let page = browser.get(&path).await;
        assert!(page.text.contains("whsec_"), "the signing secret can be shown and copied");

        let number = world.acme.phone_number_id;
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(number, "wamid.A1")).await, 200);
        world.settle().await;
        assert_eq!(world.receiver.received("/globex").len(), 1, "the new endpoint works at once");

        browser.submit(&format!("{path}/pause"), &[]).await;
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(number, "wamid.A2")).await, 200);
        world.settle().await;
        assert_eq!(world.receiver.received("/globex").len(), 1, "paused");
        assert!(browser.get("/endpoints").await.words().contains("aused"));
        browser.submit(&format!("{path}/resume"), &[]).await;
        world.settle().await;
        let received = world.receiver.received("/globex");
        assert_eq!(received.len(), 2, "what waited arrives");
        assert_eq!(received[1].json()["delivery"]["attempt"], 1);
    })
    .await;
}

#[tokio::test]
async fn an_app_and_its_channel_from_pasting_to_the_first_webhook() {
    world(async |world| {
        let browser = signed_in(world).await;
        let page = browser
            .submit("/apps", &[("name", "fresh"), ("app_secret", "fresh-secret"), ("verify_token", "fresh-verify")])
            .await;
        assert!(browser.get("/apps").await.words().contains("fresh"), "it is in the list");
        let base = world.url("/webhooks/meta/").to_string();
        let at = page.text.rfind(&base).expect("the callback URL is shown");
        let callback: String = page.text[at + base.len()..].chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(
            page.text.contains("fresh-verify") && !page.text.contains("fresh-secret"),
            "a secret is never shown again"
        );
        let path = format!("/webhooks/meta/{callback}");
        let challenge = format!("{path}?hub.mode=subscribe&hub.verify_token=fresh-verify&hub.challenge=42");
        assert_eq!(
            world.http.get(world.url(&challenge)).send().await.expect("an answer").text().await.expect("text"),
            "42"
        );

        let app = page.attributes("form[action$='/secrets']", "action").pop().expect("the new app's form");
        let app_id = app.trim_start_matches("/apps/").trim_end_matches("/secrets");
        let fields = [
            ("app_id", app_id),
            ("platform", "whatsapp"),
            ("external_id", "555001"),
            ("address", "+447700900199"),
            ("name", "Sales"),
        ];
        let page = browser.submit("/channels", &fields).await;
        assert!(page.words().contains("Sales"), "{}", page.words());
        assert_eq!(browser.submit("/channels", &fields).await.status, 422, "connected already");

        let body = meta::one_text("555001", "wamid.S1");
        let signature = meta::sign("fresh-secret", body.as_bytes());
        assert_eq!(world.post(&path, Some(&signature), body).await.status(), 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme)[0]["channel"]["name"], "Sales");
    })
    .await;
}

#[tokio::test]
async fn the_ledger_tells_what_became_of_each() {
    world(async |world| {
        let number = world.acme.phone_number_id;
        world.receiver.will_reply(
            "/acme",
            [
                Reply::Full(500, Vec::new(), b"<b>database on fire</b>".to_vec()),
                Reply::Status(500),
                Reply::Status(500),
                // The other one; then the first comes once more by itself.
                Reply::Status(200),
                Reply::Status(500),
                Reply::Status(500),
                Reply::Status(500),
            ],
        );
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(number, "wamid.A1")).await, 200);
        world.settle().await;
        let browser = signed_in(world).await;
        let rows = async |query: &str| browser.get(&format!("/deliveries{query}")).await.all("main tbody tr").len();
        assert_eq!((rows("?outcome=waiting").await, rows("?outcome=parked").await), (1, 0));
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(7)).await;
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(number, "wamid.A2")).await, 200);
        world.settle().await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(7)).await;
        for (query, count) in [
            ("", 2),
            ("?outcome=delivered", 1),
            ("?outcome=waiting", 0),
            ("?outcome=parked", 1),
            ("?outcome=unmatched", 0),
        ] {
            assert_eq!(rows(query).await, count, "{query}");
        }
        let parked = browser.get("/deliveries?outcome=parked").await;
        let path = parked.attributes("main tbody a[href^='/deliveries/evt_']", "href").pop().expect("a link");
        let page = browser.get(&path).await;
        let words = page.words();
        assert!(words.contains("500") && words.contains("Parked after 6 attempts"), "{words}");
        assert!(
            words.contains("database on fire") && page.text.contains("&#60;b&#62;") | page.text.contains("&lt;b&gt;"),
            "the excerpt, escaped"
        );
        assert!(
            words.contains("message.received") && words.contains("whatsapp_business_account"),
            "ours and Meta's: {words}"
        );
        browser.submit(&format!("{path}/resend"), &[]).await;
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 8);
        assert_eq!(rows("?outcome=delivered").await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_ledger_pages_without_gaps() {
    world(async |world| {
        let items: Vec<_> = (0..120).map(|n| meta::text(&format!("wamid.{n}"), "x")).collect();
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        let browser = signed_in(world).await;
        let (mut path, mut seen) = ("/deliveries".to_owned(), Vec::new());
        for _ in 0..5 {
            let page = browser.get(&path).await;
            let mut links = page.attributes("main tbody a[href^='/deliveries/evt_']", "href");
            links.dedup();
            seen.extend(links);
            let Some(older) = page.attributes("a[href*='after=']", "href").pop() else { break };
            path = if older.starts_with('?') { format!("/deliveries{older}") } else { older };
        }
        let total = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((total, seen.len()), (120, 120));
    })
    .await;
}

#[tokio::test]
async fn the_inspector_receives_like_any_endpoint() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser
            .submit(
                "/sign-up",
                &[("tenant", "Initech"), ("email", "bill@initech.test"), ("password", "a long password")],
            )
            .await;
        let empty = browser.get("/inspector").await;
        assert_eq!(empty.status, 200);
        let page = browser.submit("/inspector/simulations", &[("sample", "whatsapp-text")]).await;
        assert_eq!(page.status, 200, "{}", page.words());
        world.settle().await;
        let words = browser.get("/inspector").await.words();
        assert!(words.contains("message.received") && words.contains("Signature valid"), "{words}");
        assert_eq!(
            world.count("select count(*) from attempt where failure is null and status between 200 and 299").await,
            1,
            "logged as any attempt"
        );
        // Nobody else can put anything into it.
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let id: uuid::Uuid = sqlx::query_scalar("select endpoint_id from endpoint where kind = 'inspector'")
            .fetch_one(&mut *c)
            .await
            .expect("one");
        drop(c);
        let id = socialhook_core::id::EndpointId(id);
        let forged = world
            .http
            .post(world.url(&format!("/inspector/{id}")))
            .header("webhook-id", "x")
            .header("webhook-timestamp", "1")
            .header("webhook-signature", "v1,AAAA")
            .body("{}");
        assert_eq!(forged.send().await.expect("an answer").status(), 401);
        assert_eq!(world.count("select count(*) from inspection").await, 1);
    })
    .await;
}
