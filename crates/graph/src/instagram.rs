//! Instagram Business Login: its own hosts, its own app secret, and answers of its own shape (Messenger §10.3).

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::nodes::{List, Success};
use crate::tokens::{Id, Token};
use crate::{Access, AppIdentity, Call, Error, Graph, Subscriber};

/// A professional account that somebody logged in with.
#[derive(Debug, Clone, Deserialize)]
pub struct InstagramAccount {
    /// As this app knows the person: what a deauthorization names.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// What webhooks name.
    #[serde(deserialize_with = "text")]
    pub user_id: String,
    #[serde(default)]
    pub username: String,
    #[serde(default)]
    pub name: String,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Id::deserialize(deserializer)?.0)
}

/// Flat, or wrapped in a list: both are seen.
#[derive(Deserialize)]
#[serde(untagged)]
enum Exchanged {
    Wrapped { data: Vec<ShortToken> },
    Flat(ShortToken),
}

#[derive(Deserialize)]
struct ShortToken {
    access_token: SecretString,
    #[serde(default)]
    permissions: Value,
}

impl ShortToken {
    /// An array, or one text with commas between.
    fn permissions(&self) -> Vec<String> {
        match &self.permissions {
            Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(text) => {
                text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Graph {
    /// Exchanges a code for a token of an hour, and tells what was permitted. `app` is the Instagram app: its id and secret are others.
    pub async fn exchange_instagram_code(
        &self,
        app: &AppIdentity,
        code: &str,
        redirect_uri: &str,
    ) -> Result<(SecretString, Vec<String>), Error> {
        let form = vec![
            ("client_id", app.id.clone()),
            ("client_secret", app.secret.expose_secret().to_owned()),
            ("grant_type", "authorization_code".to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
            // Meta appends it to the address; it is no part of the code.
            ("code", code.trim_end_matches("#_").to_owned()),
        ];
        let url = self.addresses.at(&self.addresses.instagram_api, &["oauth", "access_token"]);
        let token = match self.call(Call { method: Method::POST, url, app_id: &app.id, token: None, form }).await? {
            Exchanged::Flat(token) => token,
            Exchanged::Wrapped { data } => data.into_iter().next().ok_or(Error::Unreadable(200))?,
        };
        let permissions = token.permissions();
        Ok((token.access_token, permissions))
    }

    /// Makes the token of an hour one of 60 days.
    pub async fn extend_instagram_token(&self, app: &AppIdentity, short: &SecretString) -> Result<Token, Error> {
        let fields = [
            ("grant_type", "ig_exchange_token"),
            ("client_secret", app.secret.expose_secret()),
            ("access_token", short.expose_secret()),
        ];
        self.instagram_token(app, "access_token", &fields).await
    }

    /// Another 60 days, for a token that is a day old and has not expired.
    pub async fn refresh_instagram_token(&self, access: Access<'_>) -> Result<Token, Error> {
        let fields = [("grant_type", "ig_refresh_token"), ("access_token", access.token.expose_secret())];
        self.instagram_token(access.app, "refresh_access_token", &fields).await
    }

    async fn instagram_token(&self, app: &AppIdentity, path: &str, fields: &[(&str, &str)]) -> Result<Token, Error> {
        let mut url = self.addresses.at(&self.addresses.instagram, &[path]);
        url.query_pairs_mut().extend_pairs(fields);
        self.call(Call { method: Method::GET, url, app_id: &app.id, token: None, form: Vec::new() }).await
    }

    /// Whose account the token is.
    pub async fn instagram_account(&self, access: Access<'_>) -> Result<InstagramAccount, Error> {
        let mut url = self.instagram(&["me"]);
        url.query_pairs_mut().append_pair("fields", "id,user_id,username,name");
        self.instagram_call(Method::GET, url, access).await
    }

    /// Which apps get the account's webhooks.
    pub async fn instagram_subscribed_apps(&self, access: Access<'_>) -> Result<Vec<Subscriber>, Error> {
        let url = self.instagram(&["me", "subscribed_apps"]);
        Ok(Self::subscribers_of(self.instagram_call::<List<Value>>(Method::GET, url, access).await?))
    }

    /// Has the app get the account's webhooks. Replaces the fields that were there.
    pub async fn instagram_subscribe(&self, access: Access<'_>, fields: &[&str]) -> Result<(), Error> {
        let mut url = self.instagram(&["me", "subscribed_apps"]);
        url.query_pairs_mut().append_pair("subscribed_fields", &fields.join(","));
        self.instagram_call::<Success>(Method::POST, url, access).await?.check()
    }

    pub async fn instagram_unsubscribe(&self, access: Access<'_>) -> Result<(), Error> {
        let url = self.instagram(&["me", "subscribed_apps"]);
        self.instagram_call::<Success>(Method::DELETE, url, access).await?.check()
    }

    /// Instagram takes its token as a parameter.
    async fn instagram_call<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        mut url: Url,
        access: Access<'_>,
    ) -> Result<T, Error> {
        url.query_pairs_mut().append_pair("access_token", access.token.expose_secret());
        self.call(Call { method, url, app_id: &access.app.id, token: None, form: Vec::new() }).await
    }
}
