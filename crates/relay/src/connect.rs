//! Connecting numbers, pages and accounts: from what a login of Meta's gave to channels that receive.
//!
//! What must hold: nobody connects what Meta did not let them into, nor what another tenant has; a channel is stored before Meta is
//! asked to send for it, so that nothing arrives for nobody; what fails says what to do.

mod instagram;
mod keep;
mod known;
mod leave;
mod outcome;
mod pages;
mod whatsapp;

use secrecy::SecretString;
use socialhook_core::id::{AppId, TenantId};
use socialhook_graph::{AppIdentity, Graph};
use socialhook_store::apps::meta_side::{self, MetaSide, Offer};
use socialhook_store::connections::Kind;
use url::Url;

pub use self::instagram::INSTAGRAM_FIELDS;
pub use self::known::Examiner;
pub(crate) use self::known::Known;
pub use self::leave::{Farewell, Left};
pub use self::outcome::{Failure, Item, ItemState, Outcome};
pub use self::pages::PAGE_FIELDS;
pub(crate) use self::whatsapp::is_registered;
use crate::Relay;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// WhatsApp Embedded Signup, coexistence included.
    Whatsapp,
    /// Facebook Login for Business: pages, and the Instagram accounts linked to them.
    Pages,
    /// Instagram Business Login.
    Instagram,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Pages, Self::Instagram];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Pages => "pages",
            Self::Instagram => "instagram",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }

    /// Whether an app is set up for it.
    #[must_use]
    pub fn is_offered(self, meta: &MetaSide) -> bool {
        match self {
            Self::Whatsapp => meta.meta_app_id.is_some() && meta.signup_config_id.is_some(),
            Self::Pages => meta.meta_app_id.is_some() && meta.login_config_id.is_some(),
            Self::Instagram => meta.instagram_app_id.is_some(),
        }
    }
}

/// The permissions without which no message comes.
pub(crate) fn needed_scopes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Whatsapp => &whatsapp::SCOPES,
        Kind::Page => &pages::SCOPES,
        Kind::Instagram => &instagram::NEEDED,
    }
}

/// The app that something is connected through.
#[derive(Debug, Clone, Copy)]
pub struct Through {
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
}

/// What came back from a login.
#[derive(Debug, Clone)]
pub struct Back<'a> {
    pub code: &'a str,
    /// As it stood in the dialog's address.
    pub redirect_uri: &'a str,
    /// The business account that the sign-up's window named.
    pub account_id: Option<&'a str>,
}

impl Relay {
    /// The client for Meta.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.examiner.graph
    }

    /// Who asks Meta.
    #[must_use]
    pub fn examiner(&self) -> &Examiner {
        &self.0.examiner
    }

    /// Apps that this tenant may connect through.
    pub async fn offers(&self, tenant_id: TenantId) -> Result<Vec<Offer>, socialhook_store::Error> {
        let mut c = self.0.means.pools.background.acquire().await?;
        meta_side::offers(&mut c, tenant_id).await
    }

    /// Where a person goes to log in; none if the app is not set up for it.
    #[must_use]
    pub fn login_url(&self, way: Way, meta: &MetaSide, state: &str, redirect_uri: &str) -> Option<Url> {
        let graph = self.graph();
        let addresses = graph.addresses();
        let mut url = match way {
            Way::Instagram => addresses.at(&addresses.instagram_login, &["oauth", "authorize"]),
            Way::Whatsapp | Way::Pages => {
                addresses.at(&addresses.facebook_login, &[graph.version(), "dialog", "oauth"])
            }
        };
        let client_id = if way == Way::Instagram { &meta.instagram_app_id } else { &meta.meta_app_id };
        let config_id = match way {
            Way::Whatsapp => Some(meta.signup_config_id.as_deref()?),
            Way::Pages => Some(meta.login_config_id.as_deref()?),
            Way::Instagram => None,
        };
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", client_id.as_deref()?)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("state", state);
        match config_id {
            Some(config_id) => query.append_pair("config_id", config_id),
            None => query.append_pair("scope", &instagram::SCOPES.join(",")),
        };
        if way == Way::Whatsapp {
            query.append_pair("override_default_response_type", "true").append_pair("extras", r#"{"setup":{}}"#);
        }
        drop(query);
        Some(url)
    }

    /// Connects what a login gave.
    pub async fn connect(
        &self,
        tenant_id: TenantId,
        (way, through): (Way, Through),
        back: Back<'_>,
    ) -> Result<Outcome, socialhook_store::Error> {
        let connected = match way {
            Way::Whatsapp => self.connect_whatsapp(tenant_id, through, &back).await,
            Way::Pages => self.connect_pages(tenant_id, through, &back).await,
            Way::Instagram => self.connect_instagram(tenant_id, through, &back).await,
        };
        told(connected)
    }

    /// Connects what a token reaches that somebody made in Meta's business settings: the WhatsApp business accounts that it is for.
    pub async fn connect_token(
        &self,
        tenant_id: TenantId,
        through: Through,
        token: SecretString,
    ) -> Result<Outcome, socialhook_store::Error> {
        told(self.connect_whatsapp_token(tenant_id, through, token).await)
    }

    /// The app's identity at Meta.
    async fn app_identity(&self, through: Through) -> Result<AppIdentity, Stop> {
        let (app, _) = self.0.examiner.identities(through).await?;
        app.ok_or_else(|| Failure::not_set_up().into())
    }
}

/// Why connecting ends early: the world's reason, which is told, or our own.
#[derive(Debug)]
enum Stop {
    Failure(Box<Failure>),
    Store(socialhook_store::Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl From<socialhook_graph::Error> for Stop {
    fn from(error: socialhook_graph::Error) -> Self {
        Failure::of(&error).into()
    }
}

impl From<socialhook_store::Error> for Stop {
    fn from(error: socialhook_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

fn told(connected: Result<Vec<Item>, Stop>) -> Result<Outcome, socialhook_store::Error> {
    match connected {
        Ok(items) => Ok(Outcome::Connected { items }),
        Err(Stop::Failure(failure)) => Ok(Outcome::Failed(*failure)),
        Err(Stop::Store(error)) => Err(error),
    }
}
