//! A real browser: Chromium, driven as a person would, and measured through its own tools.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use url::{ParseError, Url};

/// A page may take this long to show what is waited for: the relay works on the real clock here.
const PATIENCE: Duration = Duration::from_secs(20);

fn first_of(candidates: &[&str]) -> String {
    let found = candidates.iter().find(|candidate| Path::new(candidate).exists());
    (*found.unwrap_or_else(|| panic!("none of {candidates:?} is there: run `make test`, which installs a browser")))
        .to_owned()
}

/// A command that only Chromium's driver knows.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

pub struct Chromium {
    pub client: Client,
    /// Dies with this.
    _driver: Child,
    profile: PathBuf,
}

/// Also of a test that failed nothing is left: the driver's death does not end its browser.
impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = std::process::Command::new("pkill").arg("-KILL").arg("-f").arg(&self.profile).status();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

impl Chromium {
    pub async fn start() -> Self {
        let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = probe.local_addr().expect("an address").port();
        drop(probe);
        let program = first_of(&[
            "/usr/bin/chromedriver",
            "/usr/lib/chromium-browser/chromedriver",
            "/snap/bin/chromium.chromedriver",
            "/opt/homebrew/bin/chromedriver",
            "/usr/local/bin/chromedriver",
        ]);
        let driver = Command::new(program).arg(format!("--port={port}")).arg("--silent").kill_on_drop(true).spawn();
        let driver = driver.expect("chromedriver starts");
        let profile = std::env::temp_dir().join(format!("socialhook-browser-{}", uuid::Uuid::new_v4().simple()));
        let client = connect(port, &profile).await;
        Self { client, _driver: driver, profile }
    }

    pub async fn stop(self) {
        self.client.clone().close().await.expect("the browser closes");
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        let own = Own { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": params }) };
        self.client.issue_cmd(own).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// What the browser complained about since the last time: errors of scripts, and of the content security policy.
    pub async fn complaints(&self) -> Vec<String> {
        let own = Own { path: "se/log", body: json!({ "type": "browser" }) };
        let log = self.client.issue_cmd(own).await.expect("a log");
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A window of this many pixels that prefers `light` or `dark`.
    pub async fn look_like(&self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub async fn fill(&self, name: &str, text: &str) {
        let path = format!("main [name={name}]");
        let field = self.client.find(Locator::Css(&path)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it takes keys");
    }

    pub async fn press(&self, label: &str) {
        let path = format!("//main//button[normalize-space()='{label}']");
        let button = self.client.find(Locator::XPath(&path)).await.unwrap_or_else(|error| panic!("{label}: {error}"));
        // The phone's navigation lies over the window's lower edge.
        let place = serde_json::to_value(&button).expect("an element");
        let scroll = "arguments[0].scrollIntoView({ block: 'center' })";
        self.client.execute(scroll, vec![place]).await.expect("it scrolls");
        button.click().await.expect("it can be pressed");
    }

    async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page's text holds `words`, looking again, and loading again if asked to.
    pub async fn wait_for(&self, words: &str, reload: bool) {
        let seen = async {
            while !self.text().await.contains(words) {
                if reload {
                    let _ = self.client.refresh().await;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, seen).await;
        assert!(in_time.is_ok(), "{words:?} never appeared in {}", self.text().await);
    }
}

async fn connect(port: u16, profile: &Path) -> Client {
    let binary = first_of(&[
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ]);
    let arguments = json!([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        format!("--user-data-dir={}", profile.display()),
    ]);
    let options = json!({ "binary": binary, "args": arguments });
    let logging = json!({ "browser": "ALL" });
    let capabilities: Capabilities =
        [("goog:chromeOptions".to_owned(), options), ("goog:loggingPrefs".to_owned(), logging)].into_iter().collect();
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    let url = format!("http://127.0.0.1:{port}");
    let connected = async {
        loop {
            match ClientBuilder::new(connector.clone()).capabilities(capabilities.clone()).connect(&url).await {
                Ok(client) => return client,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.expect("the browser starts")
}
