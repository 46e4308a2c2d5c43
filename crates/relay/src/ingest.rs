//! Taking a webhook in: verify, parse, route, normalise, hand to the writer, and answer once that has committed.
//!
//! What must hold: nothing is stored of a POST whose signature does not fit. Everything signed is kept and accepted,
//! whatever its shape. Each part goes to the tenant whose channel it names, and a tenant's receipt holds only its parts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use socialhook_core::event::{Channel, Platform};
use socialhook_core::id::{ReceiptId, TenantId};
use socialhook_core::meta::{Part, Route, Webhook};
use socialhook_core::normalise::{self, Context};
use socialhook_core::signature::{self, Refusal};
use socialhook_store::channels;
use socialhook_store::ingest::{FanOut, NewEvent, NewReceipt};

use crate::Relay;
use crate::directory::{App, Contents};
use crate::writer::Submission;

/// The largest body taken; Meta's own limit is 3 MB (WhatsApp §9).
pub const BODY_MAX: usize = 4 << 20;
/// Rather 503 than an answer later than this: Messenger gives up after 5 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// Channels of an app beyond which signed webhooks add none by themselves.
const DISCOVERED_MAX: usize = 1000;
/// Characters of an id of Meta's that can be a channel's.
const EXTERNAL_ID_MAX: usize = 64;
/// Events that one POST may become: ten times what Meta batches, since a history may hold thousands. More are kept as bytes only.
const EVENTS_MAX: usize = 10_000;

/// A POST as it came.
#[derive(Debug)]
pub struct Post {
    pub callback_key: String,
    /// The `X-Hub-Signature-256` header.
    pub signature: Option<Vec<u8>>,
    pub body: Bytes,
    /// Made by our simulator: its events say `"test": true`.
    pub simulated: bool,
}

/// The POST is stored for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Events in it.
    pub events: usize,
    /// Those that were not there before.
    pub fresh: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    #[error("no app has this callback URL")]
    UnknownApp,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("it cannot be stored right now")]
    Unavailable,
}

impl Relay {
    /// Takes a POST in. After `Ok` it survives whatever dies.
    ///
    /// # Errors
    /// Unknown app and refused signature: nothing is stored. Unavailable: Meta is to repeat it.
    pub async fn accept(&self, post: Post) -> Result<Accepted, NotAccepted> {
        let accepted = tokio::time::timeout(ANSWER_WITHIN, self.take_in(post)).await;
        accepted.unwrap_or(Err(NotAccepted::Unavailable))
    }

    async fn take_in(&self, post: Post) -> Result<Accepted, NotAccepted> {
        let now = self.0.means.clock.now();
        let contents = self.directory_with(&post.callback_key).await;
        let app = contents.app(&post.callback_key).ok_or(NotAccepted::UnknownApp)?;
        if let Err(refusal) = signature::verify(&app.keys, post.signature.as_deref(), &post.body) {
            self.0.tally.refused(app.tenant_id, app.app_id, refusal.reason(), now);
            return Err(refusal.into());
        }
        let webhook = Webhook::parse(&post.body).ok();
        let contents = match &webhook {
            Some(webhook) => self.know_channels(contents.clone(), app, webhook, now).await?,
            None => contents.clone(),
        };
        let oldest = self.0.settings.retention.oldest_event(now);
        let intake = Intake { app, contents: &contents, now, oldest, simulated: post.simulated };
        let submission = intake.sort(&post.body, webhook.as_ref());
        let heard = submission.events.iter().filter_map(|new| Some((new.tenant_id, new.channel_id?)));
        self.0.tally.heard(heard, now);
        let events = submission.events.len();
        let fresh = self.0.writer.write(submission).await.map_err(|_| NotAccepted::Unavailable)?;
        Ok(Accepted { events, fresh })
    }

    /// The directory with the channels that the webhook names. One that is not there may just have been connected by another
    /// process; a number of a tenant's own app is connected now, since the signature proves that it is its own.
    async fn know_channels(
        &self,
        contents: Arc<Contents>,
        app: &App,
        webhook: &Webhook<'_>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Contents>, NotAccepted> {
        if unknown_channels(&contents, app, webhook).is_empty() {
            return Ok(contents);
        }
        if app.tenant_id == TenantId::OPERATOR {
            return Ok(self.look_up_again(contents).await);
        }
        self.discover(contents, app, webhook, now).await
    }

    async fn discover(
        &self,
        contents: Arc<Contents>,
        app: &App,
        webhook: &Webhook<'_>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Contents>, NotAccepted> {
        let mut unknown = unknown_channels(&contents, app, webhook);
        unknown.truncate(DISCOVERED_MAX.saturating_sub(contents.channels_of(app.app_id)));
        if unknown.is_empty() {
            return Ok(contents);
        }
        let added = async {
            let mut c = self.0.means.pools.background.acquire().await?;
            channels::discover(&mut c, app.tenant_id, app.app_id, &unknown, now).await?;
            self.0.directory.load(&mut c, &self.0.means.sealer).await
        };
        added.await.map_err(|error: socialhook_store::Error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "new channels could not be connected");
            NotAccepted::Unavailable
        })?;
        Ok(self.directory())
    }
}

/// The channels that the webhook names and the app does not have.
fn unknown_channels<'a>(contents: &Contents, app: &App, webhook: &'a Webhook<'_>) -> Vec<(Platform, &'a str)> {
    let named = webhook.parts().iter().filter_map(|part| match part.route() {
        Route::Channel { platform, external_id } => Some((*platform, external_id.as_str())),
        Route::Account { .. } | Route::MetaTest => None,
    });
    let mut unknown: Vec<_> = named
        .filter(|(_, external_id)| (1..=EXTERNAL_ID_MAX).contains(&external_id.chars().count()))
        .filter(|(platform, external_id)| contents.channel(app.app_id, *platform, external_id).is_none())
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

/// What sorting a POST needs.
struct Intake<'a> {
    app: &'a App,
    contents: &'a Contents,
    now: DateTime<Utc>,
    oldest: DateTime<Utc>,
    simulated: bool,
}

impl Intake<'_> {
    /// Makes receipts and events of the body: a receipt per tenant, holding only its own parts.
    fn sort(&self, body: &Bytes, webhook: Option<&Webhook<'_>>) -> Submission {
        let mut submission = Submission::default();
        let Some(webhook) = webhook.filter(|webhook| (1..=EVENTS_MAX).contains(&webhook.parts().len())) else {
            submission.receipts.push(self.receipt(self.app.tenant_id, body.clone(), true));
            return submission;
        };
        let parts = webhook.parts();
        let owners: Vec<(TenantId, Option<&Arc<Channel>>)> = parts.iter().map(|part| self.owner(part)).collect();
        let mut tenants: Vec<TenantId> = owners.iter().map(|(tenant_id, _)| *tenant_id).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for &tenant_id in &tenants {
            let own = |index: usize| owners[index].0 == tenant_id;
            let bytes = if tenants.len() == 1 { body.clone() } else { Bytes::from(webhook.excerpt(own)) };
            let mut receipt = self.receipt(tenant_id, bytes, false);
            let before = submission.events.len();
            // What no tenant's channel claims in an operator's app is kept as a receipt, and goes to nobody.
            if tenant_id != TenantId::OPERATOR {
                for (part, (_, channel)) in parts.iter().zip(&owners).filter(|(_, owner)| owner.0 == tenant_id) {
                    self.normalise(part, channel.map(|channel| &**channel), &receipt, &mut submission.events);
                }
            }
            if submission.events.len() > EVENTS_MAX {
                tracing::error!(receipt.id = %receipt.receipt_id, "a webhook of too many events is kept as bytes only");
                submission.events.truncate(before);
            }
            receipt.without_events = submission.events.len() == before;
            submission.receipts.push(receipt);
        }
        submission
    }

    fn owner(&self, part: &Part<'_>) -> (TenantId, Option<&Arc<Channel>>) {
        let channel = match part.route() {
            Route::Channel { platform, external_id } => self.contents.channel(self.app.app_id, *platform, external_id),
            Route::Account { .. } | Route::MetaTest => None,
        };
        (channel.map_or(self.app.tenant_id, |channel| channel.tenant_id), channel)
    }

    fn receipt(&self, tenant_id: TenantId, body: Bytes, without_events: bool) -> NewReceipt {
        NewReceipt {
            tenant_id,
            receipt_id: ReceiptId::new(self.now),
            app_id: self.app.app_id,
            received_at: self.now,
            body,
            without_events,
        }
    }

    fn normalise(&self, part: &Part<'_>, channel: Option<&Channel>, receipt: &NewReceipt, events: &mut Vec<NewEvent>) {
        let tenant_id = receipt.tenant_id;
        let channel_id = channel.map(|channel| channel.channel_id);
        let context = Context {
            tenant_id,
            channel,
            received_at: self.now,
            oldest: self.oldest,
            test: self.simulated || *part.route() == Route::MetaTest,
        };
        for event in normalise::normalise(part, &context) {
            let fan_out = self
                .contents
                .wanting(tenant_id, event.event, channel_id)
                .map(|endpoint| FanOut { endpoint_id: endpoint.endpoint_id, held: endpoint.paused })
                .collect();
            let (receipt_id, received_at) = (receipt.receipt_id, self.now);
            events.push(NewEvent { tenant_id, receipt_id, channel_id, received_at, event, fan_out });
        }
    }
}
