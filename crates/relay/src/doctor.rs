//! "Why do I get no messages?": walks the chain from Meta's app to the tenant's endpoint, one line a link, with evidence and the fix.
//!
//! What must hold: a line says what was seen, not what is thought; the first link that is broken is the cause, since what comes after
//! it cannot work; looking changes nothing.

mod meta;
mod ours;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_store::doctor::{self as stored, Facts};
use socialhook_store::{connections, endpoints};

pub(crate) use self::meta::{Look, Mend, TokenSeen};
use crate::connect::{Examiner, Through};

/// A link of the chain, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The app's callback URL and fields at Meta.
    App,
    /// The access token and its permissions.
    Token,
    /// The app gets the webhooks of this account.
    Subscription,
    /// Somebody has them sent elsewhere.
    Override,
    /// The number itself.
    Number,
    /// What came from Meta last.
    Arrival,
    Signature,
    /// Ours from the app to the channel.
    Routing,
    Endpoint,
    /// The endpoint's health.
    Breaker,
}

impl Link {
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::App => "Meta app",
            Self::Token => "Access token",
            Self::Subscription => "Subscription",
            Self::Override => "Override",
            Self::Number => "Number",
            Self::Arrival => "Last from Meta",
            Self::Signature => "Signature",
            Self::Routing => "Routing",
            Self::Endpoint => "Endpoint",
            Self::Breaker => "Delivery",
        }
    }

    /// Whose side it is on, as the end of a sentence.
    #[must_use]
    pub fn side(self) -> &'static str {
        match self {
            Self::App | Self::Token | Self::Subscription | Self::Override | Self::Number => "at Meta",
            Self::Arrival => "with those who write to it, or at Meta",
            Self::Signature => "between Meta and us: what comes is refused",
            Self::Routing => "here",
            Self::Endpoint | Self::Breaker => "at your endpoint",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Good,
    /// It may be the cause.
    Warning,
    Bad,
    /// It could not be looked at.
    Unknown,
}

/// One link, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub link: Link,
    pub state: State,
    /// What was seen.
    pub evidence: String,
    /// When that was, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Line {
    fn new(link: Link, state: State, evidence: impl Into<String>) -> Self {
        Self { link, state, evidence: evidence.into(), at: None, fix: None }
    }

    fn at(self, at: DateTime<Utc>) -> Self {
        Self { at: Some(at), ..self }
    }

    fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// The whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub channel: String,
    pub lines: Vec<Line>,
}

impl Diagnosis {
    fn new(facts: &Facts, mut lines: Vec<Line>) -> Self {
        lines.sort_by_key(|line| line.link);
        Self { channel: facts.name.clone(), lines }
    }

    /// The first link that is broken; if none is, the first that may be.
    #[must_use]
    pub fn cause(&self) -> Option<&Line> {
        let first = |state| self.lines.iter().find(|line| line.state == state);
        first(State::Bad).or_else(|| first(State::Warning))
    }
}

/// Whether Meta said, when the connection was last looked after, that this number is not registered.
#[must_use]
pub fn is_unregistered(connection: &connections::Connection, external_id: &str) -> bool {
    let findings = connection.findings.clone();
    let look = findings.and_then(|findings| serde_json::from_value::<Look>(findings).ok()).unwrap_or_default();
    look.lines_of(external_id).iter().any(|line| line.link == Link::Number && line.evidence == meta::UNREGISTERED)
}

impl Examiner {
    /// Looks at a channel of the tenant's, and asks Meta; none if there is no such channel.
    pub async fn diagnose(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
    ) -> Result<Option<Diagnosis>, socialhook_store::Error> {
        let Some((facts, mut lines)) = self.ours(tenant_id, channel_id).await? else { return Ok(None) };
        let look = if let Some(known) = self.known(tenant_id, channel_id).await? {
            self.look(&known.connection, (&known.app, &known.token), &facts.callback_key).await?.0
        } else {
            let through = Through { app_tenant_id: facts.app_tenant_id, app_id: facts.app_id };
            let (app, _) = self.identities(through).await?;
            self.look_at_app(app.as_ref(), facts.platform, &facts.callback_key).await
        };
        lines.extend(look.lines_of(&facts.external_id));
        Ok(Some(Diagnosis::new(&facts, lines)))
    }

    /// The same without asking Meta: with what it said when the connection was last looked after.
    pub async fn diagnose_from_memory(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
    ) -> Result<Option<Diagnosis>, socialhook_store::Error> {
        let Some((facts, mut lines)) = self.ours(tenant_id, channel_id).await? else { return Ok(None) };
        if let Some(connection_id) = facts.connection_id {
            let mut c = self.means.pools.background.acquire().await?;
            let connection = connections::find(&mut c, tenant_id, connection_id).await?;
            let findings = connection.and_then(|connection| connection.findings);
            let look = findings.and_then(|findings| serde_json::from_value::<Look>(findings).ok());
            lines.extend(look.map(|look| look.lines_of(&facts.external_id)).unwrap_or_default());
        }
        Ok(Some(Diagnosis::new(&facts, lines)))
    }

    async fn ours(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
    ) -> Result<Option<(Facts, Vec<Line>)>, socialhook_store::Error> {
        let now = self.means.clock.now();
        let mut c = self.means.pools.background.acquire().await?;
        let Some(facts) = stored::facts(&mut c, tenant_id, channel_id, now).await? else { return Ok(None) };
        let endpoints = endpoints::list(&mut c, tenant_id).await?;
        let lines = ours::lines(&facts, &endpoints, now);
        Ok(Some((facts, lines)))
    }
}
