//! Every page in a real browser: accessible by axe's rules, within the window's width, below its size, without complaints.
//!
//! What must hold: a page that is added later is looked at without anybody thinking of it; axe is really there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use chrono::TimeDelta;
use serde_json::{Value, json};
use socialhook_core::sample::{self, Stage};

use crate::browser::Browser;
use crate::chromium::Chromium;
use crate::mailbox::{empty, letter};
use crate::receiver::Reply;
use crate::second_factor::code;
use crate::tenancy::{acmes, everything, open};
use crate::world::{PASSWORD, World, world};

/// `deploy/setup.sh test` puts it here.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache/axe.min.js");
/// A picture of each page, and the tables of what was found: for people.
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pages");
/// Bytes of a page with all that it loads.
const PAGE_MAX: u64 = 100_000;

/// What answers a GET but is not a page: parts of pages, streams and files, and what is for machines.
const NO_PAGES: &[&str] = &[
    "/progress",
    "/stream",
    "/export",
    "/event.json",
    "/raw.json",
    "/sign-out",
    "/schema/event.v1.json",
    "/schema/event.v1.d.ts",
    "/healthz",
    "/readyz",
];
/// What a tenant without anything sees.
const EMPTY: &[&str] = &[
    "/start",
    "/overview",
    "/deliveries",
    "/replays",
    "/inspector",
    "/endpoints",
    "/channels",
    "/apps",
    "/search?q=x",
];

fn is_page(path: &str) -> bool {
    !NO_PAGES.iter().any(|end| path.ends_with(end))
}

#[derive(Clone, Copy)]
struct Look {
    width: u32,
    height: u32,
    scheme: &'static str,
}

/// A day of traffic with everything in it that happens to people; returns the pages of Acme, named.
async fn scene(world: &World) -> BTreeMap<String, String> {
    let ids = acmes(world).await;
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    let url = world.receiver.url(world.acme.hook);
    for (name, events) in [("warehouse", "message.*"), ("calls", "call.*")] {
        browser.submit("/endpoints", &[("name", name), ("url", &url), ("events", events)]).await;
    }
    let samples = ["whatsapp-text", "whatsapp-image", "whatsapp-location", "whatsapp-delivered", "whatsapp-text"];
    for hour in 0..26 {
        world.clock.advance(TimeDelta::minutes(50));
        for (serial, name) in (0..).zip(samples.iter().cycle().take(2 + hour % 7)) {
            let stage = Stage {
                external_id: world.acme.phone_number_id,
                address: Some("+447700900123"),
                at: world.clock.now(),
                serial: u64::try_from(hour * 100 + serial).expect("a small number"),
            };
            let body = sample::find(name).unwrap_or_else(|| panic!("no sample {name}")).body(&stage);
            if hour % 9 == 4 {
                world.receiver.will_reply("/acme", [Reply::Status(503)]);
            }
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        }
        world.settle().await;
        if hour == 22 {
            let other = link(&browser, "/endpoints", "warehouse").await;
            browser.submit(&format!("{other}/pause"), &[]).await;
        }
    }
    what_goes_wrong(world, &browser).await;
    let mut pages: BTreeMap<String, String> =
        everything(&ids).into_iter().filter(|path| is_page(path)).map(|path| (name_of(&path), path)).collect();
    let confirm = format!(
        "/replays/confirm?endpoint={}&from=2026-11-02T12:00&to=2026-11-03T06:00&which=all",
        world.acme.endpoint_id
    );
    pages.insert("replays-confirm".to_owned(), confirm);
    pages.insert("replays-confirm-wrong".to_owned(), "/replays/confirm".to_owned());
    pages.insert("message".to_owned(), "/messages?id=wamid.A1".to_owned());
    for outcome in ["parked", "unmatched"] {
        let list = format!("/deliveries?outcome={outcome}");
        let found = browser.get(&list).await.attributes("main tbody a[href^='/deliveries/evt_']", "href");
        pages.insert(format!("deliveries-one-{outcome}"), found.first().unwrap_or_else(|| panic!("{outcome}")).clone());
    }
    crate::media_pages::gone(world).await;
    pages.insert("deliveries-one-dropped".to_owned(), crate::bodies::dropped(world).await);
    pages.insert("overview-7d".to_owned(), "/overview?range=7d".to_owned());
    pages.insert("deliveries-filtered".to_owned(), "/deliveries?outcome=delivered&last=24h".to_owned());
    pages.insert("search".to_owned(), "/search?q=%2B447700900456".to_owned());
    pages.insert("search-nothing".to_owned(), "/search?q=wamid.nothing".to_owned());
    pages.insert("not-found".to_owned(), "/endpoints/nothing".to_owned());
    pages.remove("messages");
    pages
}

/// Where the row of this name leads.
async fn link(browser: &Browser, list: &str, name: &str) -> String {
    let page = browser.get(list).await;
    let rows = page.all("main a.row-link").into_iter().zip(page.attributes("main a.row-link", "href"));
    rows.into_iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name} in {list}")).1
}

/// An event that is parked, one that nobody wants since its channel is disabled, and something in the inspector.
async fn what_goes_wrong(world: &World, browser: &Browser) {
    let post = async |id: &str, channel: &str, sample: &str| {
        let stage = Stage { external_id: channel, address: None, at: world.clock.now(), serial: 7000 };
        let body = sample::find(sample).expect("a sample").body(&stage);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200, "{id}");
        world.settle().await;
    };
    let account = link(browser, "/channels", "Account").await;
    browser.submit(&format!("{account}/disable"), &[]).await;
    post("unmatched", world.acme.instagram_id, "instagram-text").await;
    browser.submit("/start/inspector", &[]).await;
    browser.submit("/inspector/simulations", &[("sample", "whatsapp-text")]).await;
    world.settle().await;
    // Last: it is sent once more after the next success.
    world.receiver.will_reply("/acme", [Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
    post("parked", world.acme.page_id, "messenger-text").await;
    for minutes in [1, 7] {
        world.advance(TimeDelta::minutes(minutes)).await;
    }
}

/// `/endpoints/end_…/pause` is `endpoints-one-pause`.
fn name_of(path: &str) -> String {
    if path == "/" {
        return "landing".to_owned();
    }
    let parts = path.trim_matches('/').split('/');
    let named = parts.map(|part| if part.contains('_') { "one" } else { part.split('?').next().unwrap_or(part) });
    named.collect::<Vec<_>>().join("-")
}

/// A browser that is signed in, at the world's time.
async fn signed_in(world: &World, email: &str, password: &str) -> Chromium {
    let browser = Chromium::start().await;
    let now = world.clock.now().timestamp_millis();
    let source =
        format!("{{ const now = {now} - performance.now(); Date.now = () => Math.round(now + performance.now()); }}");
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    browser.go(world.url("/sign-in").as_str()).await;
    browser.fill("email", email).await;
    browser.fill("password", password).await;
    browser.press("Sign in").await;
    browser
}

struct Findings {
    look: Look,
    axe: String,
    table: String,
    wrong: Vec<String>,
}

impl Findings {
    fn new(look: Look) -> Self {
        let axe = std::fs::read_to_string(AXE)
            .unwrap_or_else(|error| panic!("{AXE}: {error}: run `deploy/setup.sh test`, which fetches axe"));
        Self { look, axe, table: String::new(), wrong: Vec::new() }
    }

    /// Looks at the page that is open.
    async fn look_at(&mut self, browser: &Chromium, name: &str) {
        let sizes = browser
            .run(
                "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
                 return [all.filter((one) => one.initiatorType !== 'fetch').reduce((sum, one) => sum + one.encodedBodySize, 0),
                   document.documentElement.scrollWidth - innerWidth, document.querySelectorAll('main h1').length];",
            )
            .await;
        let violations = self.axe(browser, name).await;
        let bytes = sizes[0].as_u64().unwrap_or(u64::MAX);
        let _ = writeln!(self.table, "| {name} | {bytes} | {violations} |");
        if bytes == 0 || bytes > PAGE_MAX {
            self.wrong.push(format!("{name}: {bytes} bytes"));
        }
        if sizes[1].as_i64() > Some(0) {
            self.wrong.push(format!("{name}: {} pixels wider than the window", sizes[1]));
        }
        if sizes[2] != 1 {
            self.wrong.push(format!("{name}: {} headings of the first rank", sizes[2]));
        }
        // The browser complains of 404 and 422 by itself.
        let complaints = browser.complaints().await;
        let own = complaints.into_iter().filter(|text| !text.contains("the server responded with a status of"));
        self.wrong.extend(own.map(|text| format!("{name}: {text}")));
        picture(browser, name, self.look).await;
    }

    async fn axe(&mut self, browser: &Chromium, name: &str) -> usize {
        browser.run(&self.axe).await;
        let found = browser
            .client
            .execute_async(
                "const done = arguments[0];
                 axe.run(document, { resultTypes: ['violations'] }).then(
                   ({ violations, passes }) => done({ passes: passes.length, violations: violations.map(({ id, help, nodes }) =>
                     `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' ; ')}`) }),
                   (error) => done({ passes: 0, violations: [String(error)] }));",
                Vec::new(),
            )
            .await
            .expect("axe runs");
        assert!(found["passes"].as_u64() > Some(5), "axe looked at something on {name}: {found}");
        let violations = found["violations"].as_array().cloned().unwrap_or_default();
        self.wrong.extend(violations.iter().filter_map(Value::as_str).map(|text| format!("{name}: {text}")));
        violations.len()
    }

    fn conclude(self) {
        let path = Path::new(RESULTS).join(format!("{}-{}.md", self.look.width, self.look.scheme));
        std::fs::write(path, format!("| Page | Bytes | Violations |\n|---|---|---|\n{}", self.table)).expect("a file");
        assert!(self.wrong.is_empty(), "{} things:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

async fn look_at_every_page(world: &World, pages: &BTreeMap<String, String>, look: Look) {
    let mut findings = Findings::new(look);
    let browser = signed_in(world, world.acme.email, PASSWORD).await;
    browser.look_like(look.width, look.height, look.scheme).await;
    for (name, path) in pages {
        browser.go(world.url(path).as_str()).await;
        findings.look_at(&browser, name).await;
    }
    for (path, field, value, label) in [
        ("/endpoints", "url", "nonsense", "Add endpoint"),
        ("/settings", "name", " ", "Save settings"),
        ("/settings/delete", "name", "not its name", "Delete Acme"),
        ("/clinic", "header", "sha256=nonsense", "Find out why"),
    ] {
        browser.go(world.url(path).as_str()).await;
        browser.run("for (const form of document.forms) form.noValidate = true;").await;
        browser.fill(field, value).await;
        browser.press(label).await;
        findings.look_at(&browser, &format!("{}-wrong", name_of(path))).await;
    }
    browser.go(world.url("/api-keys").as_str()).await;
    browser.fill("name", "programs").await;
    browser.press("Make key").await;
    findings.look_at(&browser, "api-keys-made").await;
    if look.scheme == "dark" {
        // The last look at these pages: what is erased is not there for another.
        browser.go(world.url(&format!("{}/erase", pages["conversations-one"])).as_str()).await;
        browser.press("Erase conversation").await;
        findings.look_at(&browser, "conversations-erased").await;
    }
    browser.stop().await;
    look_at_beginning_and_end(world, &mut findings).await;
    look_at_links(world, &mut findings).await;
    findings.conclude();
}

/// What is there before and after a tenant: the open pages, its pages while they are empty, and the last one.
async fn look_at_beginning_and_end(world: &World, findings: &mut Findings) {
    Browser::new(&world.base)
        .submit("/sign-up", &[("tenant", "Initech"), ("email", "bill@initech.test"), ("password", PASSWORD)])
        .await;
    let browser = signed_in(world, "bill@initech.test", PASSWORD).await;
    let Look { width, height, scheme } = findings.look;
    browser.look_like(width, height, scheme).await;
    for path in EMPTY {
        browser.go(world.url(path).as_str()).await;
        findings.look_at(&browser, &format!("{}-empty", name_of(path))).await;
    }
    look_at_second_factor(world, &browser, findings).await;
    browser.go(world.url("/settings/delete").as_str()).await;
    browser.fill("name", "Initech").await;
    browser.fill("password", PASSWORD).await;
    browser.press("Delete Initech").await;
    findings.look_at(&browser, "settings-deleted").await;
    for path in open().filter(|path| is_page(path)) {
        browser.go(world.url(path).as_str()).await;
        findings.look_at(&browser, &name_of(path)).await;
    }
    browser.stop().await;
}

/// Setting one up, the codes, and signing in with it.
async fn look_at_second_factor(world: &World, browser: &Chromium, findings: &mut Findings) {
    let now = || world.clock.now().timestamp();
    browser.go(world.url("/account").as_str()).await;
    browser.press("Set up a second factor").await;
    findings.look_at(browser, "second-factor").await;
    let secret = browser.run("return document.getElementById('factor-secret').textContent;").await;
    let secret = secret.as_str().expect("a secret").to_owned();
    browser.fill("code", &code(&secret, now())).await;
    browser.fill("password", PASSWORD).await;
    browser.press("Switch on").await;
    findings.look_at(browser, "recovery-codes").await;
    browser.go(world.url("/account").as_str()).await;
    findings.look_at(browser, "account-second-factor").await;
    browser.run("document.querySelector('form[action=\"/sign-out\"] button').click();").await;
    browser.wait_for("Sign in", true).await;
    browser.go(world.url("/sign-in").as_str()).await;
    browser.fill("email", "bill@initech.test").await;
    browser.fill("password", PASSWORD).await;
    browser.press("Sign in").await;
    findings.look_at(browser, "sign-in-second-factor").await;
    world.clock.advance(TimeDelta::seconds(30));
    browser.fill("code", &code(&secret, now())).await;
    browser.press("Sign in").await;
    browser.wait_for("Sign out", false).await;
}

/// Where the links in letters lead.
async fn look_at_links(world: &World, findings: &mut Findings) {
    empty(world).await;
    let owner = Browser::new(&world.base);
    owner.sign_in(world.globex.email, PASSWORD).await;
    owner.submit("/members", &[("email", "ada@example.test"), ("role", "developer")]).await;
    owner.submit("/account/email", &[("email", "new@example.test"), ("email_password", PASSWORD)]).await;
    owner.submit("/forgot", &[("email", world.globex.email)]).await;
    let Look { width, height, scheme } = findings.look;
    let browser = Chromium::start().await;
    browser.look_like(width, height, scheme).await;
    for (to, subject, name) in [
        ("ada@example.test", "Join Globex at SocialHook", "join-new"),
        ("new@example.test", "Confirm your new address for SocialHook", "email-new"),
        (world.globex.email, "Choose a new password for SocialHook", "reset-password"),
    ] {
        let path = letter(world, to, subject).await.path(world);
        browser.go(world.url(&path).as_str()).await;
        findings.look_at(&browser, name).await;
    }
    world
        .execute(
            "insert into sign_up (token_hash, email, tenant_name, password_hash, expires_at)
             values (sha256('token'), 'hopper@example.test', 'Hopper', '-', '2027-01-01') on conflict do nothing",
        )
        .await;
    browser.go(world.url("/sign-up/confirm?token=token").as_str()).await;
    findings.look_at(&browser, "sign-up-confirm-link").await;
    browser.go(world.url("/forgot").as_str()).await;
    browser.fill("email", "ada@example.test").await;
    browser.press("Send the link").await;
    findings.look_at(&browser, "mail-sent").await;
    browser.stop().await;
}

async fn in_both_themes(width: u32, height: u32) {
    world(async |world| {
        let pages = scene(world).await;
        for scheme in ["light", "dark"] {
            look_at_every_page(world, &pages, Look { width, height, scheme }).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_in_order_on_a_wide_window() {
    in_both_themes(1280, 900).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_in_order_on_a_phone() {
    in_both_themes(390, 844).await;
}

async fn picture(browser: &Chromium, name: &str, look: Look) {
    const HEIGHT_MAX: u64 = 2000;
    let height = browser.run("return document.documentElement.scrollHeight;").await.as_u64().unwrap_or_default();
    let height = u32::try_from(height.clamp(look.height.into(), HEIGHT_MAX)).expect("bounded");
    // The navigation of the phone stands at the window's lower edge, so the window is made as high as the page.
    browser.look_like(look.width, height, look.scheme).await;
    let taken = browser.devtools("Page.captureScreenshot", json!({ "format": "webp", "quality": 80 })).await;
    browser.look_like(look.width, look.height, look.scheme).await;
    let data = taken["data"].as_str().expect("a picture");
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).expect("base64");
    std::fs::create_dir_all(RESULTS).expect("a folder");
    let file = format!("{name}-{}-{}.webp", look.width, look.scheme);
    std::fs::write(Path::new(RESULTS).join(file), bytes).expect("a file");
}
