//! The webhook side: the challenge when a callback URL is saved, and signed posts that are repeated until they are answered 200.

use std::collections::BTreeSet;
use std::fmt::Write;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use socialhook_core::signature::Key;

use super::MetaSim;
use super::accounts::{MetaApp, PAGES, PROFESSIONALS};
use super::faults::Fault;
use super::media::NewMedia;
use super::state::{AppSubscription, Refused, random};
use super::tokens::{Params, text};

/// Waits before the first repeats; then each is twice as long as the one before, for seven days (WhatsApp §9).
const FIRST_REPEATS: [i64; 3] = [0, 15, 60];
const GIVES_UP_AFTER: TimeDelta = TimeDelta::days(7);
/// Posts that are remembered.
const POSTS_MAX: usize = 50;
/// Meta waits about so long (WhatsApp §9).
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);

/// Messages that are gathered before they are posted, where that is wanted; after a second they are posted all the same.
const GATHERED: usize = 3;

/// A message that is posted together with others, or after them.
#[derive(Debug, Clone)]
pub struct Held {
    to: String,
    secret: String,
    body: Value,
}

/// A webhook that was not answered 200 yet.
#[derive(Debug, Clone)]
pub struct Waiting {
    to: String,
    body: String,
    signature: String,
    first_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    repeats: usize,
}

/// What a customer writes.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub text: String,
    pub media: Option<NewMedia>,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// To where, and what was answered first.
    Posted { status: u16, media_id: Option<String> },
    /// It waits for others, to be posted with them or after them.
    Held { media_id: Option<String> },
    /// Meta sends it to nobody, and why.
    ToNobody(&'static str),
}

/// Asks a callback URL for its challenge, as Meta does before it takes one.
pub async fn verify(sim: &MetaSim, callback_url: &str, verify_token: &str) -> Result<(), Refused> {
    let failed = |why: &str| {
        Refused::new(2200, None, format!("(#2200) Callback verification failed with the following errors: {why}"))
    };
    let mut url = url::Url::parse(callback_url).map_err(|_| failed("no URL"))?;
    let challenge = random("");
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", verify_token);
    let answer = sim.0.http.get(url).timeout(ANSWER_WITHIN).send().await.map_err(|_| failed("no answer"))?;
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap_or_default();
    if status == 200 && body == challenge { Ok(()) } else { Err(failed(&format!("HTTP Status Code = {status}"))) }
}

/// `POST /{app}/subscriptions`, in the app's own name.
pub async fn subscribe_app(
    State(sim): State<MetaSim>,
    headers: HeaderMap,
    Path((_, id)): Path<(String, String)>,
    Query(params): Query<Params>,
) -> Result<Json<Value>, Refused> {
    sim.is_app(&headers, &params)?;
    if id != sim.state().app.id {
        return Err(Refused::not_there(&id));
    }
    verify(&sim, text(&params, "callback_url"), text(&params, "verify_token")).await?;
    let fields = text(&params, "fields").split(',').map(str::to_owned).collect();
    sim.set_callback(text(&params, "object"), text(&params, "callback_url"), fields);
    Ok(Json(json!({ "success": true })))
}

const OBJECTS: [(&str, &[&str]); 3] = [
    (
        "whatsapp_business_account",
        &["messages", "account_update", "phone_number_quality_update", "message_template_status_update"],
    ),
    ("page", &["messages", "messaging_postbacks"]),
    ("instagram", &["messages", "messaging_postbacks", "comments"]),
];

/// Letters outside ASCII as Meta writes them: `\u00e4`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Nothing that is written to memory fails.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.replace('/', "\\/")
}

/// Those that go to the same place together, in one body each.
fn batched(held: Vec<Held>) -> Vec<Held> {
    let mut batches: Vec<Held> = Vec::new();
    for mut one in held {
        let fits = |batch: &&mut Held| {
            (&batch.to, &batch.secret, &batch.body["object"]) == (&one.to, &one.secret, &one.body["object"])
        };
        match batches.iter_mut().find(fits) {
            Some(batch) => {
                if let (Some(all), Some(own)) = (batch.body["entry"].as_array_mut(), one.body["entry"].as_array_mut()) {
                    all.append(own);
                }
            }
            None => batches.push(one),
        }
    }
    batches
}

impl MetaSim {
    /// The app that there is at this Meta.
    pub fn set_app(&self, app: MetaApp) {
        self.state().app = app;
    }

    #[must_use]
    pub fn app(&self) -> MetaApp {
        self.state().app.clone()
    }

    fn set_callback(&self, object: &str, callback_url: &str, fields: BTreeSet<String>) {
        let one = AppSubscription { callback_url: callback_url.to_owned(), fields };
        self.state().app_subscriptions.insert(object.to_owned(), one);
    }

    /// As somebody does in the app's dashboard: the callback URL for all three products, verified first.
    ///
    /// # Errors
    /// What Meta says if the URL does not answer the challenge.
    pub async fn save_callback(&self, callback_url: &str, verify_token: &str) -> Result<(), String> {
        verify(self, callback_url, verify_token).await.map_err(|refused| format!("{refused:?}"))?;
        for (object, fields) in OBJECTS {
            self.set_callback(object, callback_url, fields.iter().map(|&field| field.to_owned()).collect());
        }
        Ok(())
    }

    /// Somebody changes the callback URL of an object in the dashboard.
    pub fn redirect_app(&self, object: &str, callback_url: &str) {
        if let Some(one) = self.state().app_subscriptions.get_mut(object) {
            callback_url.clone_into(&mut one.callback_url);
        }
    }

    /// Takes fields away from what the app has sent to it of an object; the object itself if none are left.
    pub fn set_app_fields(&self, object: &str, fields: &[&str]) {
        let mut state = self.state();
        if fields.is_empty() {
            state.app_subscriptions.remove(object);
        } else if let Some(one) = state.app_subscriptions.get_mut(object) {
            one.fields = fields.iter().map(|&field| field.to_owned()).collect();
        }
    }

    /// A customer writes to a number, page or account.
    pub async fn send(&self, to: &str, message: Message) -> Sent {
        let media_id = message.media.clone().map(|media| self.upload(to, media));
        let (object, account, body) = self.webhook(to, &message, media_id.as_deref());
        let (callback, secret) = match self.way(to, object, &account) {
            Ok(way) => way,
            Err(why) => return Sent::ToNobody(why),
        };
        let secret = if self.has(Fault::SignsWrong) { "another-secret".to_owned() } else { secret };
        let one = Held { to: callback, secret, body };
        if !self.has(Fault::Batches) && !self.has(Fault::Disorder) {
            return Sent::Posted { status: self.post_first(one).await, media_id };
        }
        let gathered = {
            let mut state = self.state();
            state.held.push(one);
            state.held.len()
        };
        if gathered >= GATHERED {
            self.release().await;
        }
        Sent::Held { media_id }
    }

    /// Posts what was gathered.
    async fn release(&self) {
        let mut held = std::mem::take(&mut self.state().held);
        if self.has(Fault::Disorder) {
            held.reverse();
        }
        if self.has(Fault::Batches) {
            held = batched(held);
        }
        for one in held {
            self.post_first(one).await;
        }
    }

    async fn post_first(&self, Held { to, secret, body }: Held) -> u16 {
        let body = escaped(&body.to_string());
        let signature = Key::new(&SecretString::from(secret)).sign(body.as_bytes());
        let now = self.0.clock.now();
        let one = Waiting { to, body, signature, first_at: now, due_at: now, repeats: 0 };
        if self.has(Fault::Duplicates) {
            self.post(one.clone()).await;
        }
        self.post(one).await
    }

    /// Where it goes, and whose secret signs it.
    fn way(&self, to: &str, object: &str, account: &str) -> Result<(String, String), &'static str> {
        let mut state = self.state();
        if state.faults.contains(&Fault::Silent) {
            return Err("Meta sends nothing at all");
        }
        let subscribed = state.subscribed.get(account).ok_or("the app is not subscribed to it")?;
        if object != "whatsapp_business_account" && !subscribed.contains("messages") {
            return Err("the app is not subscribed to its messages");
        }
        let app = state.app_subscriptions.get(object).ok_or("the app has no callback URL for it")?;
        if !app.fields.contains("messages") {
            return Err("the app does not have messages sent");
        }
        let callback = app.callback_url.clone();
        let is_login = PROFESSIONALS.iter().any(|one| one.user_id == to);
        let secret = if is_login { state.app.instagram_secret.clone() } else { state.app.secret.clone() };
        let Some((account, place)) = state.number(to) else { return Ok((callback, secret)) };
        let number = &account.numbers[place];
        if number.platform_type != "CLOUD_API" || number.status == "BANNED" {
            return Err("the number is not in service");
        }
        let overridden =
            [&number.override_callback, &account.override_callback].into_iter().find(|url| !url.is_empty());
        Ok((overridden.cloned().unwrap_or(callback), secret))
    }

    /// The body, its object, and whose subscription decides.
    fn webhook(&self, to: &str, message: &Message, media_id: Option<&str>) -> (&'static str, String, Value) {
        let now = self.0.clock.now();
        let serial = {
            let mut state = self.state();
            state.serial += 1;
            state.serial
        };
        let announced = media_id.map(|id| self.announced(id));
        let mut state = self.state();
        let Some((account, place)) = state.number(to) else {
            let is_page = PAGES.iter().any(|page| page.id == to);
            // A linked account's webhooks hang on its page.
            let page = PAGES.iter().find(|page| page.linked.is_some_and(|(id, _)| id == to));
            let mid = format!("m_simulated{serial}");
            let item = json!({
                "sender": { "id": "7001200300400" }, "recipient": { "id": to }, "timestamp": now.timestamp_millis(),
                "message": { "mid": mid, "text": message.text },
            });
            let object = if is_page { "page" } else { "instagram" };
            let body = json!({ "object": object, "entry": [{ "id": to, "time": now.timestamp_millis(), "messaging": [item] }] });
            return (object, page.map_or(to, |page| page.id).to_owned(), body);
        };
        let digits: String = account.numbers[place].display.chars().filter(char::is_ascii_digit).collect();
        let mut item = json!({
            "from": "447700900456", "id": format!("wamid.SIMULATED{serial}"), "timestamp": now.timestamp().to_string(),
            "type": "text", "text": { "body": message.text },
        });
        if let Some(mut announced) = announced {
            if !message.text.is_empty() {
                announced["caption"] = json!(message.text);
            }
            let kind = match announced["mime_type"].as_str().and_then(|mime| mime.split('/').next()) {
                Some("image") => "image",
                Some("audio") => "audio",
                Some("video") => "video",
                _ => "document",
            };
            item["type"] = json!(kind);
            item[kind] = announced;
            item.as_object_mut().map(|item| item.remove("text"));
        }
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": digits, "phone_number_id": to },
            "contacts": [{ "profile": { "name": "Zoë Müller" }, "wa_id": "447700900456" }],
            "messages": [item],
        });
        let account_id = account.id.to_owned();
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": account_id, "changes": [{ "field": "messages", "value": value }] }] });
        ("whatsapp_business_account", account_id, body)
    }

    async fn post(&self, mut one: Waiting) -> u16 {
        let request = self.0.http.post(&one.to).timeout(ANSWER_WITHIN).body(one.body.clone());
        let request = request
            .header("content-type", "application/json")
            .header("user-agent", "facebookexternalua")
            .header("x-hub-signature-256", &one.signature);
        let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
        let now = self.0.clock.now();
        let mut state = self.state();
        state.posts.push((one.to.clone(), status));
        let old = state.posts.len().saturating_sub(POSTS_MAX);
        state.posts.drain(..old);
        if status != 200 && now - one.first_at < GIVES_UP_AFTER {
            let wait = FIRST_REPEATS.get(one.repeats).copied();
            let wait = wait.unwrap_or_else(|| 60 << (one.repeats - FIRST_REPEATS.len() + 1).min(16));
            one.due_at = now + TimeDelta::seconds(wait);
            one.repeats += 1;
            state.waiting.push(one);
        }
        status
    }

    /// How many webhooks were posted, of the last fifty.
    #[must_use]
    pub fn posts(&self) -> usize {
        self.state().posts.len()
    }

    /// Posts what was gathered, and repeats what is due; returns how many were repeated.
    pub async fn retry_due(&self) -> usize {
        self.release().await;
        let now = self.0.clock.now();
        let due: Vec<Waiting> = self.state().waiting.extract_if(.., |one| one.due_at <= now).collect();
        for one in due.clone() {
            self.post(one).await;
        }
        due.len()
    }
}
