//! Every page in a real browser: accessible by axe's rules, within the window's width, below its size, without complaints.
//!
//! What must hold: a page that is added later is looked at without anybody thinking of it; axe is really there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde_json::{Value, json};
use socialhook_core::sample::{self, Stage};

use crate::browser::Browser;
use crate::chromium::Chromium;
use crate::receiver::Reply;
use crate::tenancy::{acmes, everything};
use crate::world::{PASSWORD, World, world};

/// `deploy/setup.sh test` puts it here.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache/axe.min.js");
const SCREENSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/screenshots");
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pages");
/// Bytes of a page with all that it loads.
const PAGE_MAX: u64 = 100_000;

/// What answers a GET but is not a page: parts of pages, streams and files.
const NO_PAGES: &[&str] = &["/progress", "/stream", "/export", "/event.json", "/raw.json"];
/// Pages that need no sign-in.
const OPEN: &[&str] = &["/", "/sign-in", "/sign-up", "/docs/events"];
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

#[derive(Clone, Copy)]
struct Look {
    width: u32,
    height: u32,
    scheme: &'static str,
}

const WIDE_LIGHT: Look = Look { width: 1280, height: 900, scheme: "light" };
const WIDE_DARK: Look = Look { width: 1280, height: 900, scheme: "dark" };
const NARROW_LIGHT: Look = Look { width: 390, height: 844, scheme: "light" };
const NARROW_DARK: Look = Look { width: 390, height: 844, scheme: "dark" };

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
            let endpoints = browser.get("/endpoints").await.attributes("main a[href^='/endpoints/end_']", "href");
            let ours = format!("/endpoints/{}", world.acme.endpoint_id);
            let other = endpoints.iter().find(|href| **href != ours).expect("another endpoint");
            browser.submit(&format!("{other}/pause"), &[]).await;
        }
    }
    let mut pages: BTreeMap<String, String> = everything(&ids)
        .into_iter()
        .filter(|path| !NO_PAGES.iter().any(|end| path.ends_with(end)))
        .map(|path| (name_of(&path), path))
        .collect();
    pages.insert("message".to_owned(), "/messages?id=wamid.A1".to_owned());
    pages.insert("overview-7d".to_owned(), "/overview?range=7d".to_owned());
    pages.insert("deliveries-filtered".to_owned(), "/deliveries?outcome=delivered&last=24h".to_owned());
    pages.insert("search".to_owned(), "/search?q=wamid.nothing".to_owned());
    pages.insert("not-found".to_owned(), "/endpoints/nothing".to_owned());
    pages.remove("messages");
    pages
}

/// `/endpoints/end_…/pause` is `endpoints-one-pause`.
fn name_of(path: &str) -> String {
    if path == "/" {
        return "landing".to_owned();
    }
    let parts = path.trim_matches('/').split('/');
    let named = parts.map(|part| if part.contains('_') { "one" } else { part });
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

#[derive(Default)]
struct Findings {
    table: String,
    wrong: Vec<String>,
}

impl Findings {
    /// Looks at the page that is open.
    async fn look(&mut self, browser: &Chromium, axe: &str, name: &str) {
        let sizes = browser
            .run(
                "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
                 return [all.filter((one) => one.initiatorType !== 'fetch').reduce((sum, one) => sum + one.encodedBodySize, 0),
                   document.documentElement.scrollWidth - innerWidth, document.querySelectorAll('main h1').length];",
            )
            .await;
        let violations = self.axe(browser, axe, name).await;
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
    }

    async fn axe(&mut self, browser: &Chromium, axe: &str, name: &str) -> usize {
        browser.run(axe).await;
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

    fn conclude(self, look: Look) {
        std::fs::create_dir_all(RESULTS).expect("a folder");
        let path = Path::new(RESULTS).join(format!("{}-{}.md", look.width, look.scheme));
        std::fs::write(path, format!("| Page | Bytes | Violations |\n|---|---|---|\n{}", self.table)).expect("a file");
        assert!(self.wrong.is_empty(), "{} things:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

fn axe() -> String {
    std::fs::read_to_string(AXE)
        .unwrap_or_else(|error| panic!("{AXE}: {error}: run `deploy/setup.sh test`, which fetches axe"))
}

async fn look_at_every_page(world: &World, look: Look) {
    let axe = axe();
    let pages = scene(world).await;
    let mut findings = Findings::default();
    let browser = signed_in(world, world.acme.email, PASSWORD).await;
    browser.look_like(look.width, look.height, look.scheme).await;
    for (name, path) in &pages {
        browser.go(world.url(path).as_str()).await;
        findings.look(&browser, &axe, name).await;
    }
    for (path, field, value, label) in [
        ("/endpoints", "url", "nonsense", "Add endpoint"),
        ("/settings", "name", " ", "Save settings"),
        ("/clinic", "header", "sha256=nonsense", "Find out why"),
    ] {
        browser.go(world.url(path).as_str()).await;
        browser.run("for (const form of document.forms) form.noValidate = true;").await;
        browser.fill(field, value).await;
        browser.press(label).await;
        findings.look(&browser, &axe, &format!("{}-wrong", name_of(path))).await;
    }
    browser.stop().await;

    Browser::new(&world.base)
        .submit("/sign-up", &[("tenant", "Initech"), ("email", "bill@initech.test"), ("password", PASSWORD)])
        .await;
    let browser = signed_in(world, "bill@initech.test", PASSWORD).await;
    browser.look_like(look.width, look.height, look.scheme).await;
    for path in EMPTY {
        browser.go(world.url(path).as_str()).await;
        findings.look(&browser, &axe, &format!("{}-empty", name_of(path))).await;
    }
    browser.client.delete_all_cookies().await.expect("signed out");
    for path in OPEN {
        browser.go(world.url(path).as_str()).await;
        findings.look(&browser, &axe, &name_of(path)).await;
    }
    browser.stop().await;
    findings.conclude(look);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_in_order_wide_and_light() {
    world(async |world| look_at_every_page(world, WIDE_LIGHT).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_in_order_narrow_and_dark() {
    world(async |world| look_at_every_page(world, NARROW_DARK).await).await;
}

/// Not a test: makes the pictures in docs/screenshots, for `deploy/screenshots.sh`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes pictures"]
async fn screenshots() {
    world(async |world| {
        let pages = scene(world).await;
        let browser = signed_in(world, world.acme.email, PASSWORD).await;
        for look in [WIDE_LIGHT, WIDE_DARK, NARROW_LIGHT, NARROW_DARK] {
            browser.look_like(look.width, look.height, look.scheme).await;
            for (name, path) in &pages {
                browser.go(world.url(path).as_str()).await;
                picture(&browser, name, look).await;
            }
        }
        browser.client.delete_all_cookies().await.expect("signed out");
        for look in [WIDE_LIGHT, WIDE_DARK, NARROW_LIGHT, NARROW_DARK] {
            browser.look_like(look.width, look.height, look.scheme).await;
            for path in OPEN {
                browser.go(world.url(path).as_str()).await;
                picture(&browser, &name_of(path), look).await;
            }
        }
        browser.stop().await;
    })
    .await;
}

async fn picture(browser: &Chromium, name: &str, look: Look) {
    const HEIGHT_MAX: u64 = 2000;
    let height = browser.run("return document.documentElement.scrollHeight;").await.as_u64().unwrap_or_default();
    let height = height.clamp(look.height.into(), HEIGHT_MAX);
    // The navigation of the phone stands at the window's lower edge, so the window is made as high as the page.
    let high = Look { height: u32::try_from(height).expect("bounded"), ..look };
    browser.look_like(high.width, high.height, high.scheme).await;
    let taken = browser.devtools("Page.captureScreenshot", json!({ "format": "webp", "quality": 80 })).await;
    browser.look_like(look.width, look.height, look.scheme).await;
    let data = taken["data"].as_str().expect("a picture");
    let folder = PathBuf::from(SCREENSHOTS);
    std::fs::create_dir_all(&folder).expect("a folder");
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).expect("base64");
    std::fs::write(folder.join(format!("{name}-{}-{}.webp", look.width, look.scheme)), bytes).expect("a file");
}
