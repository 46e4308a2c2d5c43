//! A client of Meta's Graph API: what connecting a number, page or account takes, what tells whether it still works, and media.
//!
//! What must hold: a token goes to Meta's hosts only, in the header where Meta takes it there, and is never in an error; every call is
//! bounded in time and in bytes; what Meta says of its limits is kept to. Requests and answers are those of the catalogue, Messenger
//! §10 and WhatsApp §10.

mod addresses;
mod error;
mod instagram;
mod limits;
mod media;
mod nodes;
mod pages;
mod signed_request;
mod tokens;
mod whatsapp;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use sha2::Sha256;
use url::Url;

pub use crate::addresses::Addresses;
pub use crate::error::{Cause, Error, Refusal};
pub use crate::instagram::InstagramAccount;
use crate::limits::Limits;
pub use crate::media::{MEDIA_HOSTS, Media};
pub use crate::nodes::{AppSubscription, Subscriber};
pub use crate::pages::{LinkedAccount, Page};
pub use crate::signed_request::SignedRequest;
pub use crate::tokens::{Token, TokenInfo};
pub use crate::whatsapp::PhoneNumber;

/// The version that is asked for unless another is configured.
pub const VERSION: &str = "v26.0";
/// For one call in all: a person may be waiting.
const CALL_WITHIN: Duration = Duration::from_secs(15);
/// Bytes of an answer; the largest real ones are lists of a hundred pages.
const ANSWER_MAX: usize = 1 << 20;

/// Meta's side of an app: its id there, and its secret.
#[derive(Debug, Clone)]
pub struct AppIdentity {
    pub id: String,
    pub secret: SecretString,
}

impl AppIdentity {
    /// What the app shows for itself, in place of a person's token.
    fn token(&self) -> SecretString {
        format!("{}|{}", self.id, self.secret.expose_secret()).into()
    }

    /// Shows that whoever uses the token also knows the app's secret: HMAC-SHA256 of the token, in hex.
    fn proof(&self, token: &SecretString) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).expect("any length is a key");
        mac.update(token.expose_secret().as_bytes());
        let hex = |text, byte: &u8| format!("{text}{byte:02x}");
        mac.finalize().into_bytes().iter().fold(String::new(), hex)
    }
}

/// What a call is made with.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    pub app: &'a AppIdentity,
    pub token: &'a SecretString,
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Graph {
    http: reqwest::Client,
    addresses: Addresses,
    version: String,
    limits: Limits,
}

/// One request to be.
struct Call<'a> {
    method: Method,
    url: Url,
    /// Of the app whose limits count it.
    app_id: &'a str,
    /// In the header.
    token: Option<&'a SecretString>,
    form: Vec<(&'a str, String)>,
}

impl Graph {
    /// `http` must follow no redirects: a token must not be carried on to where one leads.
    #[must_use]
    pub fn new(http: reqwest::Client, addresses: Addresses, version: impl Into<String>) -> Self {
        Self { http, addresses, version: version.into(), limits: Limits::default() }
    }

    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What Meta calls its version, such as `v26.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A place under Facebook's Graph, in our version. `path` begins with an id: nothing in it may lead elsewhere.
    fn facebook(&self, path: &[&str]) -> Url {
        self.addresses.at(&self.addresses.facebook, &[&[&*self.version], path].concat())
    }

    /// The same under Instagram's.
    fn instagram(&self, path: &[&str]) -> Url {
        self.addresses.at(&self.addresses.instagram, &[&[&*self.version], path].concat())
    }

    /// A call with a token and the proof that goes with it.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        mut url: Url,
        access: Access<'_>,
        form: Vec<(&str, String)>,
    ) -> Result<T, Error> {
        url.query_pairs_mut().append_pair("appsecret_proof", &access.app.proof(access.token));
        self.call(Call { method, url, app_id: &access.app.id, token: Some(access.token), form }).await
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, access: Access<'_>) -> Result<T, Error> {
        self.ask(Method::GET, url, access, Vec::new()).await
    }

    async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        self.limits.check(call.app_id)?;
        let mut request = self.http.request(call.method, call.url).timeout(CALL_WITHIN);
        if let Some(token) = call.token {
            request = request.header(header::AUTHORIZATION, bearer(token)?);
        }
        if !call.form.is_empty() {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(call.form).finish();
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let answer = request.send().await.map_err(Error::of_request)?;
        let status = answer.status();
        self.limits.note(call.app_id, answer.headers());
        let bytes = bounded(answer).await?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| Error::Unreadable(status.as_u16()));
        }
        let refusal = Refusal::read(status.as_u16(), &bytes).ok_or(Error::Unreadable(status.as_u16()))?;
        if refusal.cause() == Cause::Limited {
            self.limits.hold(call.app_id);
        }
        Err(Error::Refused(refusal))
    }
}

/// The header's value, marked so that nothing prints it.
fn bearer(token: &SecretString) -> Result<header::HeaderValue, Error> {
    let mut value =
        header::HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| Error::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

async fn bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Error::of_request)? {
        if bytes.len() + chunk.len() > ANSWER_MAX {
            return Err(Error::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
