//! Facebook pages, and the Instagram accounts that are linked to them (Messenger §10.2).

use secrecy::SecretString;
use serde::Deserialize;

use crate::tokens::Id;
use crate::{Access, Error, Graph};

/// A page that the person manages.
#[derive(Debug, Clone)]
pub struct Page {
    pub id: String,
    pub name: String,
    /// The page's own; none if the person lacks the role.
    pub token: Option<SecretString>,
    /// What the person may do there: `MESSAGING`, `MODERATE`, `MANAGE`, …
    pub tasks: Vec<String>,
}

/// The Instagram professional account of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedAccount {
    pub id: String,
    pub username: Option<String>,
}

#[derive(Deserialize)]
struct ListedPage {
    id: Id,
    #[serde(default)]
    name: String,
    access_token: Option<SecretString>,
    #[serde(default)]
    tasks: Vec<String>,
}

#[derive(Deserialize)]
struct WithAccount {
    instagram_business_account: Option<ListedAccount>,
}

#[derive(Deserialize)]
struct ListedAccount {
    id: Id,
    username: Option<String>,
}

impl Graph {
    /// The pages that the token was given for.
    pub async fn pages(&self, access: Access<'_>) -> Result<Vec<Page>, Error> {
        let listed: Vec<ListedPage> = self.all(self.facebook(&["me", "accounts"]), access).await?;
        let page = |one: ListedPage| Page { id: one.id.0, name: one.name, token: one.access_token, tasks: one.tasks };
        Ok(listed.into_iter().map(page).collect())
    }

    /// The Instagram account that is linked to a page, if one is.
    pub async fn linked_account(&self, access: Access<'_>, page_id: &str) -> Result<Option<LinkedAccount>, Error> {
        let mut url = self.facebook(&[page_id]);
        url.query_pairs_mut().append_pair("fields", "instagram_business_account{id,username}");
        let found = self.get::<WithAccount>(url, access).await?.instagram_business_account;
        Ok(found.map(|one| LinkedAccount { id: one.id.0, username: one.username }))
    }
}
