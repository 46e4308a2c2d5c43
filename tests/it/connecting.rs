//! The ways in, against a simulated Meta: what is connected receives, and each step that fails says what to do.

use chrono::TimeDelta;
use serde_json::Value;
use socialhook::meta_sim::{Fault, Message, MetaSim, Sent};
use url::Url;

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, Tenant, World, world_with_meta};

pub const NUMBER: &str = "106540352242922";
pub const SECOND_NUMBER: &str = "106540352242923";
pub const ACCOUNT: &str = "524126980791429";
pub const PAGE: &str = "104512399000001";
pub const LINKED: &str = "17841499000000001";
pub const PROFESSIONAL: &str = "17841499000000002";

pub async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

/// Where the page of ways leads for one of them.
async fn start(browser: &Browser, way: &str) -> Url {
    let page = browser.get("/connect").await;
    let links = page.attributes(&format!("main a[href^='/connect/{way}/']"), "href");
    browser.leaves_for(links.first().unwrap_or_else(|| panic!("no way {way}: {}", page.words()))).await
}

/// Somebody at Meta's dialog: sends it off as it stands, with some of it changed. Returns where Meta sends them back to.
async fn answer_dialog(
    world: &World,
    dialog: Url,
    change: impl Fn(&mut Vec<(String, String)>),
) -> (Url, Option<Value>) {
    let page = world.http.get(dialog.clone()).send().await.expect("the dialog");
    assert_eq!(page.status(), 200, "{dialog}");
    let page = Page::from_text(dialog.clone(), page.text().await.expect("text"));
    let mut fields: Vec<(String, String)> = Vec::new();
    for kind in ["input[type=hidden]", "input[checked]"] {
        fields.extend(page.attributes(kind, "name").into_iter().zip(page.attributes(kind, "value")));
    }
    fields.push(("decision".to_owned(), "continue".to_owned()));
    change(&mut fields);
    let action = dialog.join(&page.attributes("form", "action")[0]).expect("a URL");
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let request = world.http.post(action).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await.expect("an answer");
    if let Some(to) = answer.headers().get("location") {
        return (Url::parse(to.to_str().expect("text")).expect("a URL"), None);
    }
    let page = Page::from_text(dialog, answer.text().await.expect("text"));
    let message = serde_json::from_str(&page.attributes("#leaving", "data-message")[0]).expect("JSON");
    (Url::parse(&page.attributes("#leaving", "href")[0]).expect("a URL"), Some(message))
}

fn path(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// The whole way, without changing anything in the dialog.
pub async fn connect(world: &World, browser: &Browser, way: &str) -> Page {
    connect_with(world, browser, way, |_| ()).await
}

pub async fn connect_with(
    world: &World,
    browser: &Browser,
    way: &str,
    change: impl Fn(&mut Vec<(String, String)>),
) -> Page {
    let dialog = start(browser, way).await;
    let (back, message) = answer_dialog(world, dialog, change).await;
    if let Some(message) = message {
        let passed = browser.submit("/connect/message", &[("message", &message.to_string())]).await;
        assert_eq!(passed.status, 204);
    }
    browser.get(&path(&back)).await
}

async fn writes(world: &World, sim: &MetaSim, to: &str, text: &str) -> Sent {
    let sent = sim.send(to, Message { text: text.to_owned(), media: None }).await;
    world.settle().await;
    sent
}

fn said(received: &[Value]) -> Vec<&str> {
    received.iter().filter_map(|event| event["message"]["body"].as_str()).collect()
}

fn sorted(received: &[Value]) -> Vec<&str> {
    let mut said = said(received);
    said.sort_unstable();
    said
}

const OK: Sent = Sent::Posted { status: 200, media_id: None };

#[tokio::test]
async fn a_whatsapp_account_is_connected_and_receives() {
    world_with_meta(async |world, sim| {
        assert!(matches!(writes(world, sim, NUMBER, "before").await, Sent::ToNobody(_)));
        let browser = signed_in(world, &world.acme).await;
        let page = connect(world, &browser, "whatsapp").await;
        assert_eq!(page.status, 200);
        let words = page.words();
        assert!(words.contains("2 channels are connected"), "both pages of the list of numbers: {words}");
        assert!(words.contains("Lighthouse Returns") && words.contains("+447700900789"), "{words}");
        assert_eq!(sim.subscribed(ACCOUNT), Some(Vec::new()));
        assert_eq!(writes(world, sim, NUMBER, "Grüße 👋").await, OK);
        assert_eq!(writes(world, sim, SECOND_NUMBER, "second").await, OK);
        assert_eq!(said(&world.received(&world.acme)), ["Grüße 👋", "second"]);
        assert!(world.received(&world.globex).is_empty());
    })
    .await;
}

#[tokio::test]
async fn batches_and_disorder_lose_nothing() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        connect(world, &browser, "whatsapp").await;
        for fault in [Fault::Batches, Fault::Disorder, Fault::Duplicates] {
            sim.fault(fault, true);
        }
        for text in ["one", "two", "three"] {
            assert_eq!(writes(world, sim, NUMBER, text).await, Sent::Held { media_id: None });
        }
        assert_eq!(sim.posts(), 2, "all three in one post, which comes twice");
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let originals: String = sqlx::query_scalar("select string_agg(convert_from(body, 'UTF8'), '') from receipt")
            .fetch_one(&mut *c)
            .await
            .expect("originals");
        drop(c);
        assert!(originals.find("\"three\"") < originals.find("\"one\""), "{originals}");
        assert_eq!(sorted(&world.received(&world.acme)), ["one", "three", "two"], "each once");
        sim.fault(Fault::Batches, false);
        for text in ["four", "five"] {
            writes(world, sim, NUMBER, text).await;
        }
        assert_eq!(sim.posts(), 2);
        sim.retry_due().await;
        world.settle().await;
        assert_eq!(sim.posts(), 6);
        assert_eq!(sorted(&world.received(&world.acme)), ["five", "four", "one", "three", "two"]);
    })
    .await;
}

#[tokio::test]
async fn pages_bring_their_instagram_accounts() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        let both =
            |fields: &mut Vec<(String, String)>| fields.push(("chosen".to_owned(), "104512399000002".to_owned()));
        let words = connect_with(world, &browser, "pages", both).await.words();
        assert!(words.contains("3 channels are connected"), "{words}");
        assert!(words.contains("lighthouse.shop") && words.contains("Harbour Café"), "{words}");
        let fields = sim.subscribed(PAGE).expect("subscribed");
        assert_eq!(fields.len(), socialhook_relay::connect::PAGE_FIELDS.len());
        assert!(fields.iter().all(|field| socialhook_relay::connect::PAGE_FIELDS.contains(&field.as_str())));
        assert_eq!(writes(world, sim, PAGE, "to the page").await, OK);
        assert_eq!(writes(world, sim, LINKED, "to the account").await, OK);
        assert_eq!(said(&world.received(&world.acme)), ["to the page", "to the account"]);
    })
    .await;
}

#[tokio::test]
async fn an_instagram_account_logs_in_by_itself() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.globex).await;
        let words = connect(world, &browser, "instagram").await.words();
        assert!(words.contains("1 channel is connected") && words.contains("harbour.cafe"), "{words}");
        assert_eq!(writes(world, sim, PROFESSIONAL, "signed with Instagram’s secret").await, OK);
        assert_eq!(said(&world.received(&world.globex)), ["signed with Instagram’s secret"]);
        assert_eq!(world.received(&world.globex)[0]["platform"], "instagram");
    })
    .await;
}

#[tokio::test]
async fn an_own_app_and_a_token_connect_without_a_login() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        let app = sim.app();
        let page =
            browser.submit("/apps", &[("name", "Own"), ("app_secret", &app.secret), ("verify_token", "own")]).await;
        let own = page.url.path().to_owned();
        let wrong = browser.submit(&format!("{own}/meta"), &[("meta_app_id", "no id"), ("access_token", "")]).await;
        assert_eq!(wrong.status, 422);
        let unknown = [("meta_app_id", app.id.as_str()), ("access_token", "EAAnonsense")];
        let words = browser.submit(&format!("{own}/meta"), &unknown).await.words();
        assert!(words.contains("Meta does not take the access token"), "{words}");
        let token = sim.system_token();
        let fields = [("meta_app_id", app.id.as_str()), ("access_token", token.as_str())];
        let page = browser.submit(&format!("{own}/meta"), &fields).await;
        assert!(page.words().contains("3 channels are connected"), "{}", page.words());
        assert!(!page.text.contains(&token) && !browser.get(&own).await.text.contains(&token));
        // Another app of the same id is another way to the same number, and no claim on it.
        assert_eq!(world.count("select count(distinct app_id) from connection").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_fails_on_the_way_says_what_to_do() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        let cancel = |fields: &mut Vec<(String, String)>| {
            fields.retain(|(name, _)| name != "decision");
            fields.push(("decision".to_owned(), "cancel".to_owned()));
        };
        let withhold = |fields: &mut Vec<(String, String)>| {
            fields.retain(|(_, value)| {
                !matches!(
                    value.as_str(),
                    "whatsapp_business_messaging" | "pages_messaging" | "instagram_business_manage_messages"
                )
            });
        };
        for way in ["whatsapp", "pages", "instagram"] {
            let words = connect_with(world, &browser, way, cancel).await.words();
            assert!(words.contains("Nothing was connected") && words.contains("Start again"), "{way}: {words}");
            let words = connect_with(world, &browser, way, withhold).await.words();
            assert!(words.contains("A permission is missing") && words.contains("messag"), "{way}: {words}");
            sim.fault(Fault::CodeExpires, true);
            let words = connect(world, &browser, way).await.words();
            assert!(words.contains("The login took too long") && words.contains("in one go"), "{way}: {words}");
            sim.fault(Fault::CodeExpires, false);
            sim.fault(Fault::Down, true);
            let words = connect(world, &browser, way).await.words();
            assert!(words.contains("Meta cannot answer right now"), "{way}: {words}");
            sim.heal();
        }
        let words =
            connect_with(world, &browser, "pages", |fields| fields.retain(|(name, _)| name != "chosen")).await.words();
        assert!(words.contains("Nothing was shared"), "{words}");
        assert_eq!(world.count("select count(*) from connection").await, 0);
        // The cancelled sign-up's step is told.
        let words = connect_with(world, &browser, "whatsapp", cancel).await.words();
        assert!(words.contains("BUSINESS_ACCOUNT_SELECTION"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn without_a_window_message_the_token_tells_the_account() {
    world_with_meta(async |world, sim| {
        sim.fault(Fault::NoWindowMessage, true);
        let browser = signed_in(world, &world.acme).await;
        let words = connect(world, &browser, "whatsapp").await.words();
        assert!(words.contains("2 channels are connected"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn a_window_message_may_not_name_what_was_not_shared() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        let dialog = start(&browser, "whatsapp").await;
        let (back, message) = answer_dialog(world, dialog, |_| ()).await;
        let mut message = message.expect("a message");
        message["data"]["waba_id"] = "524126980791430".into();
        browser.submit("/connect/message", &[("message", &message.to_string())]).await;
        let words = browser.get(&path(&back)).await.words();
        assert!(words.contains("You may not connect this account"), "{words}");
        assert_eq!(
            (world.count("select count(*) from connection").await, sim.subscribed("524126980791430")),
            (0, None)
        );
    })
    .await;
}

#[tokio::test]
async fn only_who_left_comes_back_and_only_once() {
    world_with_meta(async |world, _| {
        let (acme, globex) = (signed_in(world, &world.acme).await, signed_in(world, &world.globex).await);
        let dialog = start(&acme, "pages").await;
        let (back, _) = answer_dialog(world, dialog, |_| ()).await;
        // Somebody sends the victim a link that ends with the attacker's code.
        let words = globex.get(&path(&back)).await.words();
        assert!(words.contains("This login is not yours, or is over"), "{words}");
        assert_eq!(
            acme.get("/connect/pages/callback?code=x&state=made-up").await.words().matches("not yours").count(),
            1
        );
        assert_eq!(
            acme.get(&path(&back).replace("/pages/", "/instagram/")).await.words().matches("not yours").count(),
            1
        );
        let dialog = start(&acme, "pages").await;
        let (back, _) = answer_dialog(world, dialog, |_| ()).await;
        assert!(acme.get(&path(&back)).await.words().contains("2 channels are connected"));
        assert!(acme.get(&path(&back)).await.words().contains("is over"), "a reload connects nothing twice");
        let dialog = start(&acme, "pages").await;
        let (back, _) = answer_dialog(world, dialog, |_| ()).await;
        world.clock.advance(chrono::TimeDelta::hours(2));
        assert!(acme.get(&path(&back)).await.words().contains("is over"));
    })
    .await;
}

#[tokio::test]
async fn nobody_claims_what_another_tenant_has() {
    world_with_meta(async |world, sim| {
        let (acme, globex) = (signed_in(world, &world.acme).await, signed_in(world, &world.globex).await);
        for way in ["whatsapp", "pages", "instagram"] {
            connect(world, &acme, way).await;
            let words = connect(world, &globex, way).await.words();
            assert!(
                words.contains("It is connected already") && words.contains("disconnected there first"),
                "{way}: {words}"
            );
            assert!(!words.contains("Acme"), "{words}");
        }
        assert_eq!(writes(world, sim, NUMBER, "still Acme’s").await, OK);
        assert_eq!(said(&world.received(&world.acme)), ["still Acme’s"]);
        assert!(world.received(&world.globex).is_empty());

        // Disconnecting frees it, and nothing more is sent.
        let channel = world.channel_path(NUMBER).await;
        let links = acme.get(&channel).await.attributes("main a[href$='/disconnect']", "href");
        assert!(acme.get(&links[0]).await.words().contains("Lighthouse Returns"));
        assert_eq!(globex.submit(&links[0], &[]).await.status, 404);
        let words = acme.submit(&links[0], &[]).await.words();
        assert!(words.contains("Meta sends nothing more for it"), "{words}");
        assert_eq!(sim.subscribed(ACCOUNT), None);
        assert!(matches!(writes(world, sim, NUMBER, "to nobody").await, Sent::ToNobody(_)));
        assert!(connect(world, &globex, "whatsapp").await.words().contains("2 channels are connected"));
        assert_eq!(writes(world, sim, NUMBER, "now Globex’s").await, OK);
        assert_eq!(said(&world.received(&world.globex)), ["now Globex’s"]);
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_not_registered_is_registered_with_a_pin() {
    world_with_meta(async |world, sim| {
        sim.set_number(NUMBER, "PENDING", "NOT_APPLICABLE");
        let browser = signed_in(world, &world.acme).await;
        let page = connect(world, &browser, "whatsapp").await;
        assert!(page.words().contains("Not registered"), "{}", page.words());
        let channel = page.attributes("main a.row-link", "href")[0].clone();
        let words = browser.submit(&format!("{channel}/register"), &[("pin", "12")]).await.words();
        assert!(words.contains("six digits"), "{words}");
        let words = browser.submit(&format!("{channel}/register"), &[("pin", "581063")]).await.words();
        assert!(words.contains("Registered."), "{words}");
        assert_eq!(writes(world, sim, NUMBER, "hello").await, OK);
    })
    .await;
}

#[tokio::test]
async fn meta_tells_that_somebody_left_and_wants_their_data_deleted() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        connect(world, &browser, "pages").await;
        let app = sim.app();
        let key = world.callback_key("Connect").await;
        let post = async |path: &str, secret: &str| {
            let signed =
                socialhook_graph::SignedRequest::make(socialhook::meta_sim::PERSON, 0, &secret.to_owned().into());
            let request = world.http.post(world.url(&format!("/meta/{path}/{key}")));
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            request.body(format!("signed_request={signed}")).send().await.expect("an answer")
        };
        assert_eq!(post("deauthorize", "another-secret").await.status(), 403);
        assert_eq!(world.count("select count(*) from connection where dead_reason is null").await, 1);
        assert_eq!(post("deauthorize", &app.secret).await.status(), 200);
        assert_eq!(world.count("select count(*) from connection where dead_reason = 'deauthorized'").await, 1);
        assert_eq!(post("data-deletion", "another-secret").await.status(), 403);
        let answer = post("data-deletion", &app.secret).await;
        let told: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        let url = Url::parse(told["url"].as_str().expect("a URL")).expect("a URL");
        assert!(url.path().ends_with(told["confirmation_code"].as_str().expect("a code")));
        assert_eq!(world.count("select count(*) from connection").await, 0);
        let page = Browser::new(&world.base).get(url.path()).await;
        assert!(page.words().contains("One connection was deleted"), "{}", page.words());
        assert_eq!(Browser::new(&world.base).get("/meta/deletions/made-up").await.status, 404);
        for (days, status) in [(179, 200), (2, 404)] {
            world.clock.advance(TimeDelta::days(days));
            world.relay.keep_house().await.expect("swept");
            assert_eq!(Browser::new(&world.base).get(url.path()).await.status, status);
        }
    })
    .await;
}
