//! A browser without eyes: keeps cookies, fills forms in, follows redirects, and tells where a form came from as browsers do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::{Method, StatusCode};
use scraper::{Html, Selector};
use url::Url;

pub struct Browser {
    http: reqwest::Client,
    base: Url,
    cookies: Mutex<BTreeMap<String, String>>,
    /// What the proxy in front says of where it comes from.
    forwarded_for: Option<String>,
}

pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Page {
    /// What another site showed.
    pub fn from_text(url: Url, text: String) -> Self {
        Self { status: StatusCode::OK, url, headers: reqwest::header::HeaderMap::new(), text }
    }

    /// The text of the first element that fits, with single spaces.
    pub fn find(&self, selector: &str) -> Option<String> {
        self.all(selector).into_iter().next()
    }

    pub fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        let page = Html::parse_document(&self.text);
        page.select(&selector)
            .map(|element| element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// An attribute of every element that fits and has it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        let page = Html::parse_document(&self.text);
        page.select(&selector).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// All visible text, with single spaces.
    pub fn words(&self) -> String {
        self.find("body").unwrap_or_default()
    }
}

impl Browser {
    pub fn new(base: &Url) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { http, base: base.clone(), cookies: Mutex::default(), forwarded_for: None }
    }

    /// One at this address on the other side of the proxy.
    pub fn at(base: &Url, address: &str) -> Self {
        Self { forwarded_for: Some(address.to_owned()), ..Self::new(base) }
    }

    /// The value of a cookie that it keeps.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("not poisoned").get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().expect("not poisoned").insert(name.to_owned(), value.to_owned());
    }

    /// Where a page leads that leads away from us.
    pub async fn leaves_for(&self, path: &str) -> Url {
        let page = self.request(Method::GET, self.base.join(path).expect("a path"), None, "same-origin").await;
        let location = page.headers.get("location").unwrap_or_else(|| panic!("{path}: {}", page.status));
        Url::parse(location.to_str().expect("text")).expect("a URL")
    }

    pub async fn get(&self, path: &str) -> Page {
        self.go(Method::GET, path, None, "same-origin").await
    }

    /// Submits a form of one of our own pages and follows where it leads.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.go(Method::POST, path, Some(fields), "same-origin").await
    }

    /// Submits a form as a page of another site would.
    pub async fn submit_from_elsewhere(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.go(Method::POST, path, Some(fields), "cross-site").await
    }

    async fn go(&self, method: Method, path: &str, fields: Option<&[(&str, &str)]>, site: &str) -> Page {
        let mut page = self.request(method, self.base.join(path).expect("a path"), fields, site).await;
        for _ in 0..5 {
            let Some(location) = page.headers.get("location").filter(|_| page.status.is_redirection()) else { break };
            let next = page.url.join(location.to_str().expect("text")).expect("a URL");
            assert_eq!(next.origin(), self.base.origin(), "never led elsewhere");
            page = self.request(Method::GET, next, None, "same-origin").await;
        }
        page
    }

    async fn request(&self, method: Method, url: Url, fields: Option<&[(&str, &str)]>, site: &str) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().expect("not poisoned").iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request =
            self.http.request(method, url.clone()).header("cookie", cookies.join("; ")).header("sec-fetch-site", site);
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        if let Some(fields) = fields {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.expect("an answer");
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.lock().expect("not poisoned").insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Page {
            status: answer.status(),
            url,
            headers: answer.headers().clone(),
            text: answer.text().await.expect("text"),
        }
    }

    /// Opens something that goes on, as a page's script does.
    pub async fn open(&self, path: &str, last_event_id: Option<&str>) -> reqwest::Response {
        let cookies: Vec<String> =
            self.cookies.lock().expect("not poisoned").iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = self.base.join(path).expect("a path");
        let mut request =
            self.http.get(url).header("cookie", cookies.join("; ")).header("sec-fetch-site", "same-origin");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        request.send().await.expect("an answer")
    }

    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies.lock().expect("not poisoned").keys().cloned().collect()
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.submit("/sign-in", &[("email", email), ("password", password)]).await
    }
}
