//! What pages, accounts and WhatsApp business accounts have in common: which apps get their webhooks.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::tokens::Id;
use crate::{Access, AppIdentity, Call, Error, Graph, Refusal};

/// Pages of a list that are read: a hundred entries each.
const PAGES_MAX: usize = 20;

/// An app that gets webhooks of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub app_id: String,
    pub fields: Vec<String>,
    /// Where its messages go instead of to the app's callback URL.
    pub override_callback: Option<String>,
}

/// What an app has Meta send it of one kind of object, and where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AppSubscription {
    /// `whatsapp_business_account`, `page` or `instagram`.
    pub object: String,
    #[serde(default)]
    pub callback_url: String,
    #[serde(default)]
    pub active: bool,
    #[serde(default, deserialize_with = "names")]
    pub fields: Vec<String>,
}

/// Fields come as names, or as objects with one.
fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let name = |field: Value| match field {
        Value::String(name) => Some(name),
        other => Some(other.get("name")?.as_str()?.to_owned()),
    };
    Ok(Vec::<Value>::deserialize(deserializer)?.into_iter().filter_map(name).collect())
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(crate) struct List<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
    #[serde(default)]
    paging: Paging,
}

#[derive(Default, Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Cursors,
    next: Option<String>,
}

#[derive(Default, Deserialize)]
struct Cursors {
    after: Option<String>,
}

/// An app as `subscribed_apps` lists it: flat for pages and accounts, wrapped for WhatsApp.
#[derive(Deserialize)]
struct Listed {
    id: Option<Id>,
    whatsapp_business_api_data: Option<Wrapped>,
    #[serde(default, deserialize_with = "names")]
    subscribed_fields: Vec<String>,
    override_callback_uri: Option<String>,
}

#[derive(Deserialize)]
struct Wrapped {
    id: Id,
}

/// `true`, or the string.
#[derive(Deserialize)]
pub(crate) struct Success {
    success: Value,
}

impl Success {
    pub fn check(&self) -> Result<(), Error> {
        if self.success == Value::Bool(true) || self.success == "true" {
            return Ok(());
        }
        let message = "it was not done, without a reason".to_owned();
        Err(Refusal { status: 200, code: 0, subcode: None, message, trace: None }.into())
    }
}

impl Graph {
    /// Everything in a list, page after page. The next page is asked for with its cursor, never at a URL that an answer names.
    pub(crate) async fn all<T: DeserializeOwned>(&self, url: Url, access: Access<'_>) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut page = url.clone();
            page.query_pairs_mut().append_pair("limit", "100");
            if let Some(after) = &after {
                page.query_pairs_mut().append_pair("after", after);
            }
            let list: List<T> = self.get(page, access).await?;
            all.extend(list.data);
            after = list.paging.cursors.after.filter(|_| list.paging.next.is_some());
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Which apps get the webhooks of a WhatsApp business account or a page; of a page, with the page's own token.
    pub async fn subscribed_apps(&self, access: Access<'_>, id: &str) -> Result<Vec<Subscriber>, Error> {
        let listed: Vec<Listed> = self.all(self.facebook(&[id, "subscribed_apps"]), access).await?;
        Ok(subscribers(listed))
    }

    pub(crate) fn subscribers_of(list: List<Value>) -> Vec<Subscriber> {
        let listed = list.data.into_iter().filter_map(|one| serde_json::from_value(one).ok());
        subscribers(listed.collect())
    }

    /// Has the app get its webhooks. Replaces the fields that were there; none are named for WhatsApp, whose fields are the app's.
    pub async fn subscribe(&self, access: Access<'_>, id: &str, fields: &[&str]) -> Result<(), Error> {
        let mut url = self.facebook(&[id, "subscribed_apps"]);
        if !fields.is_empty() {
            url.query_pairs_mut().append_pair("subscribed_fields", &fields.join(","));
        }
        self.ask::<Success>(Method::POST, url, access, Vec::new()).await?.check()
    }

    pub async fn unsubscribe(&self, access: Access<'_>, id: &str) -> Result<(), Error> {
        let url = self.facebook(&[id, "subscribed_apps"]);
        self.ask::<Success>(Method::DELETE, url, access, Vec::new()).await?.check()
    }

    /// What the app has Meta send it, and where: asked in the app's own name.
    pub async fn app_subscriptions(&self, app: &AppIdentity) -> Result<Vec<AppSubscription>, Error> {
        let (url, own) = (self.facebook(&[&app.id, "subscriptions"]), app.token());
        let call = Call { method: Method::GET, url, app_id: &app.id, token: Some(&own), form: Vec::new() };
        Ok(self.call::<List<AppSubscription>>(call).await?.data)
    }
}

fn subscribers(listed: Vec<Listed>) -> Vec<Subscriber> {
    let subscriber = |one: Listed| {
        Some(Subscriber {
            app_id: one.id.or(one.whatsapp_business_api_data.map(|it| it.id))?.0,
            fields: one.subscribed_fields,
            override_callback: one.override_callback_uri.filter(|url| !url.is_empty()),
        })
    };
    listed.into_iter().filter_map(subscriber).collect()
}
