//! What the simulated Meta remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use rand::RngExt;
use serde_json::json;

use super::accounts::{self, BusinessAccount, MetaApp};
use super::faults::Fault;
use super::media::Medium;
use super::webhooks::{Held, Waiting};

/// A login's code: what it was given for.
pub struct Code {
    pub app_id: String,
    pub redirect_uri: String,
    pub expires_at: DateTime<Utc>,
    pub used: bool,
    pub grant: Grant,
}

/// What somebody has permitted.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The person, or the professional account.
    pub user_id: String,
    pub scopes: Vec<String>,
    /// Business accounts, pages: those that were chosen.
    pub targets: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct AccessToken {
    pub app_id: String,
    pub kind: &'static str,
    /// The page, of a page's own token.
    pub page_id: Option<String>,
    pub made_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub grant: Grant,
}

/// Where an app has its webhooks sent, of one kind of object.
#[derive(Debug, Clone, Default)]
pub struct AppSubscription {
    pub callback_url: String,
    pub fields: BTreeSet<String>,
}

pub struct State {
    pub app: MetaApp,
    pub faults: HashSet<Fault>,
    pub business_accounts: Vec<BusinessAccount>,
    pub codes: HashMap<String, Code>,
    pub tokens: HashMap<String, AccessToken>,
    /// By object.
    pub app_subscriptions: BTreeMap<String, AppSubscription>,
    /// Of business accounts, pages and Instagram accounts, by id: the fields that the app gets.
    pub subscribed: BTreeMap<String, BTreeSet<String>>,
    pub media: HashMap<String, Medium>,
    /// Addresses of media: whose, and until when.
    pub media_urls: HashMap<String, (String, DateTime<Utc>)>,
    /// Messages that are gathered, to be batched or put out of order.
    pub held: Vec<Held>,
    /// Webhooks that were not answered 200.
    pub waiting: Vec<Waiting>,
    /// Messages so far: each has an id of its own.
    pub serial: u64,
    /// Posts so far, and what was answered: newest last.
    pub posts: Vec<(String, u16)>,
}

impl State {
    pub fn new() -> Self {
        Self {
            app: MetaApp::default(),
            faults: HashSet::new(),
            business_accounts: accounts::business_accounts(),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            app_subscriptions: BTreeMap::new(),
            subscribed: BTreeMap::new(),
            media: HashMap::new(),
            media_urls: HashMap::new(),
            held: Vec::new(),
            waiting: Vec::new(),
            serial: 0,
            posts: Vec::new(),
        }
    }

    /// The account that has this number, and the number's place in it.
    pub fn number(&mut self, id: &str) -> Option<(&mut BusinessAccount, usize)> {
        self.business_accounts.iter_mut().find_map(|account| {
            let place = account.numbers.iter().position(|number| number.id == id)?;
            Some((account, place))
        })
    }
}

/// Letters and digits that nobody guesses.
pub fn random(prefix: &str) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    let random = (0..40).map(|_| char::from(letters[rng.random_range(0..letters.len())]));
    random.fold(prefix.to_owned(), |text, letter| format!("{text}{letter}"))
}

/// Meta's refusals, in Meta's form.
#[derive(Debug)]
pub struct Refused(StatusCode, i64, Option<i64>, String);

impl Refused {
    pub fn new(code: i64, subcode: Option<i64>, message: impl Into<String>) -> Self {
        let status = match code {
            190 => StatusCode::UNAUTHORIZED,
            10 | 200 => StatusCode::FORBIDDEN,
            2 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, code, subcode, message.into())
    }

    pub fn not_there(id: &str) -> Self {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
        );
        Self::new(100, Some(33), message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, code, subcode, message) = self;
        let mut error =
            json!({ "message": message, "type": "OAuthException", "code": code, "fbtrace_id": random("A") });
        if let Some(subcode) = subcode {
            error["error_subcode"] = subcode.into();
        }
        (status, Json(json!({ "error": error }))).into_response()
    }
}
