//! Codes and access tokens (Messenger §10.1, §10.2 and §10.4).

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{AppIdentity, Call, Error, Graph};

/// A token that Meta has given out.
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    pub access_token: SecretString,
    /// Seconds that it lives from now; none: Meta does not say, or for ever.
    pub expires_in: Option<i64>,
}

/// What Meta tells of a token.
#[derive(Debug, Clone, Default)]
pub struct TokenInfo {
    pub is_valid: bool,
    /// Of the app that it was given to.
    pub app_id: String,
    /// `USER`, `PAGE` or `SYSTEM_USER`.
    pub kind: String,
    /// Of the person who logged in, as this app knows them.
    pub user_id: Option<String>,
    /// Seconds since the epoch; none: it does not expire.
    pub expires_at: Option<i64>,
    /// When Meta stops showing it data although it is still valid, in seconds since the epoch.
    pub data_access_expires_at: Option<i64>,
    pub scopes: Vec<String>,
    /// A permission, and the ids that it was given for; none: for all.
    pub granular_scopes: Vec<(String, Option<Vec<String>>)>,
}

impl TokenInfo {
    /// The ids that a permission was given for, newest first; none named means all.
    #[must_use]
    pub fn targets(&self, scope: &str) -> Vec<String> {
        let of_scope = self.granular_scopes.iter().find(|(name, _)| name == scope);
        of_scope.and_then(|(_, targets)| targets.clone()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Wrapped {
    data: Told,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    is_valid: bool,
    #[serde(default)]
    app_id: Id,
    #[serde(default, rename = "type")]
    kind: String,
    user_id: Option<Id>,
    expires_at: Option<i64>,
    data_access_expires_at: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    granular_scopes: Vec<Granular>,
}

#[derive(Deserialize)]
struct Granular {
    scope: String,
    target_ids: Option<Vec<Id>>,
}

/// An id, which Meta prints as a string or as a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Number(u64),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Text(text) => Self(text),
            Either::Number(number) => Self(number.to_string()),
        })
    }
}

impl Graph {
    /// Exchanges a login's code, within 30 s of its making. `redirect_uri` as it stood in the login's URL.
    pub async fn exchange_code(&self, app: &AppIdentity, code: &str, redirect_uri: &str) -> Result<Token, Error> {
        let fields = [("code", code), ("redirect_uri", redirect_uri)];
        self.access_token(app, &fields).await
    }

    /// Makes a person's short token one of about 60 days.
    pub async fn extend_token(&self, app: &AppIdentity, short: &SecretString) -> Result<Token, Error> {
        let fields = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.expose_secret())];
        self.access_token(app, &fields).await
    }

    async fn access_token(&self, app: &AppIdentity, fields: &[(&str, &str)]) -> Result<Token, Error> {
        let mut url = self.facebook(&["oauth", "access_token"]);
        url.query_pairs_mut()
            .append_pair("client_id", &app.id)
            .append_pair("client_secret", app.secret.expose_secret())
            .extend_pairs(fields);
        self.call(Call { method: reqwest::Method::GET, url, app_id: &app.id, token: None, form: Vec::new() }).await
    }

    /// What Meta knows of a token, asked in the app's own name.
    pub async fn debug_token(&self, app: &AppIdentity, token: &SecretString) -> Result<TokenInfo, Error> {
        let mut url = self.facebook(&["debug_token"]);
        url.query_pairs_mut().append_pair("input_token", token.expose_secret());
        let own = app.token();
        let call = Call { method: reqwest::Method::GET, url, app_id: &app.id, token: Some(&own), form: Vec::new() };
        let told = self.call::<Wrapped>(call).await?.data;
        let some = |seconds: Option<i64>| seconds.filter(|seconds| *seconds > 0);
        let ids = |ids: Vec<Id>| ids.into_iter().map(|id| id.0).collect();
        let granular = told.granular_scopes.into_iter();
        Ok(TokenInfo {
            is_valid: told.is_valid,
            app_id: told.app_id.0,
            kind: told.kind,
            user_id: told.user_id.map(|id| id.0),
            expires_at: some(told.expires_at),
            data_access_expires_at: some(told.data_access_expires_at),
            scopes: told.scopes,
            granular_scopes: granular.map(|one| (one.scope, one.target_ids.map(ids))).collect(),
        })
    }
}
