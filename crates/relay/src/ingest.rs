//! Taking a webhook in: verify, parse, route, normalise, hand to the writer, and answer once that has committed.
//!
//! What must hold: nothing is stored of a POST whose signature does not fit. Everything signed is kept and accepted,
//! whatever its shape. Each part goes to the tenant whose channel it names, and a tenant's receipt holds only its parts.

mod raw;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use socialhook_core::conversation::Peer;
use socialhook_core::event::{Channel, Platform};
use socialhook_core::id::{ConversationId, ReceiptId, TenantId};
use socialhook_core::meta::{self, Part, Route, Webhook};
use socialhook_core::normalise::{self, Context, Reading};
use socialhook_core::signature::{self, Refusal};
use socialhook_store::channels;
use socialhook_store::ingest::{FanOut, Hold, NewEvent, NewReceipt};
use socialhook_store::partitions::Retention;

use self::raw::Places;
use crate::Relay;
use crate::conversations::Asked;
use crate::directory::{App, Contents, Endpoint};
use crate::dispatcher::Dispatcher;
use crate::lanes::Lane;
use crate::writer::Submission;

/// The largest body taken; Meta's own limit is 3 MB (WhatsApp §9).
pub const BODY_MAX: usize = 4 << 20;
/// Rather 503 than an answer later than this: Messenger gives up after 5 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// Channels of an app beyond which signed webhooks add none by themselves.
const DISCOVERED_MAX: usize = 1000;
/// Events that one POST may become: ten times what Meta batches, since a history may hold thousands. More are kept as bytes only.
const EVENTS_MAX: usize = 10_000;
/// Bytes that its events may come to: each repeats its contact, and a name may be as long as the webhook. Meta's largest
/// webhooks come to a fraction.
const EVENTS_BYTES_MAX: usize = 48 << 20;

/// A POST as it came.
#[derive(Debug)]
pub struct Post {
    pub callback_key: String,
    /// The `X-Hub-Signature-256` header.
    pub signature: Option<Vec<u8>>,
    pub body: Bytes,
    /// All of its headers, for those who want to know why it was refused.
    pub headers: HeaderMap,
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
        if self.0.pulse.is_lost() {
            return Err(NotAccepted::Unavailable);
        }
        tokio::select! {
            accepted = tokio::time::timeout(ANSWER_WITHIN, self.take_in(post)) => {
                accepted.unwrap_or(Err(NotAccepted::Unavailable))
            }
            // Not stored, or stored without our knowing: either way the repeat makes it right.
            () = self.0.pulse.lost() => Err(NotAccepted::Unavailable),
        }
    }

    async fn take_in(&self, post: Post) -> Result<Accepted, NotAccepted> {
        let now = self.0.means.clock.now();
        let contents = self.directory_with(&post.callback_key).await;
        let app = contents.app(&post.callback_key).ok_or(NotAccepted::UnknownApp)?;
        if let Err(refusal) = signature::verify(&app.keys, post.signature.as_deref(), &post.body)
            && !fits_escaped(app, refusal, &post)
        {
            self.0.tally.refused(app.tenant_id, app.app_id, refusal.reason(), now);
            self.0.refused.note((app.tenant_id, app.app_id), refusal, (&post.headers, &post.body), now);
            return Err(refusal.into());
        }
        let document = meta::document(&post.body).ok();
        let webhook = document.as_ref().and_then(|document| Webhook::of(document).ok());
        let contents = match &webhook {
            Some(webhook) => self.know_channels(contents.clone(), app, webhook, now).await?,
            None => contents.clone(),
        };
        let retention = self.0.settings.retention;
        let dispatcher = &self.0.dispatcher;
        let intake = Intake { app, contents: &contents, dispatcher, now, retention, simulated: post.simulated };
        let submission = match webhook.as_ref().filter(|it| (1..=EVENTS_MAX).contains(&it.parts().len())) {
            Some(webhook) => self.sort(&intake, &post.body, webhook).await?,
            None => Submission {
                lane: self.0.lanes.choose(&[app.tenant_id]),
                receipts: vec![intake.receipt(app.tenant_id, post.body.clone(), true)],
                events: Vec::new(),
            },
        };
        let heard = submission.events.iter().filter_map(|new| Some((new.tenant_id, new.channel_id?)));
        self.0.tally.heard((!post.simulated).then_some((app.tenant_id, app.app_id)), heard, now);
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
            return Ok(Box::pin(self.look_up_again(contents)).await);
        }
        Box::pin(self.discover(contents, app, webhook, now)).await
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

/// Meta's documentation signs letters in their escaped form. Where they are not escaped on the wire, that form is tried before refusing.
fn fits_escaped(app: &App, refusal: Refusal, post: &Post) -> bool {
    let fits = refusal == Refusal::Wrong && signature::verify_escaped(&app.keys, post.signature.as_deref(), &post.body);
    if fits {
        tracing::debug!(app.id = %app.app_id, "the signature fits the escaped form of the body");
    }
    fits
}

/// The channels that the webhook names and the app does not have.
fn unknown_channels<'a>(contents: &Contents, app: &App, webhook: &'a Webhook<'_>) -> Vec<(Platform, &'a str)> {
    let named = webhook.parts().iter().filter_map(|part| match part.route() {
        Route::Channel { platform, external_id } => Some((*platform, external_id.as_str())),
        Route::Account { .. } | Route::MetaTest => None,
    });
    let mut unknown: Vec<_> = named
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
    dispatcher: &'a Dispatcher,
    now: DateTime<Utc>,
    retention: Retention,
    simulated: bool,
}

/// Whose a part is.
#[derive(Clone, Copy)]
struct Owner<'a> {
    tenant_id: TenantId,
    channel: Option<&'a Channel>,
}

impl Relay {
    /// Makes receipts and events of a webhook: a receipt per tenant, holding only its own parts.
    async fn sort(&self, intake: &Intake<'_>, body: &Bytes, webhook: &Webhook<'_>) -> Result<Submission, NotAccepted> {
        let parts = webhook.parts();
        let owners: Vec<Owner<'_>> = parts.iter().map(|part| intake.owner(part)).collect();
        let contexts: Vec<Context<'_>> =
            parts.iter().zip(&owners).map(|(part, owner)| intake.context(part, *owner)).collect();
        let mut readings: Vec<Reading<'_>> = Vec::with_capacity(parts.len());
        let mut receipts = Vec::new();
        let tenants = tenants(&owners);
        let lane = self.0.lanes.choose(&tenants);
        for tenant_id in tenants {
            let own = |index: usize| owners[index].tenant_id == tenant_id;
            let is_only = receipts.is_empty() && (0..owners.len()).all(own);
            let bytes = if is_only { body.clone() } else { Bytes::from(webhook.excerpt(own)) };
            let before = readings.len();
            // What no tenant's channel claims in an operator's app is kept as a receipt, and goes to nobody.
            if tenant_id != TenantId::OPERATOR {
                let own = parts.iter().zip(&contexts).filter(|(_, context)| context.tenant_id == tenant_id);
                readings.extend(own.flat_map(|(part, context)| normalise::read(part, context)));
            }
            let mut receipt = intake.receipt(tenant_id, bytes, false);
            if readings.len() - before > EVENTS_MAX {
                tracing::error!(receipt.id = %receipt.receipt_id, "a webhook of too many events is kept as bytes only");
                readings.truncate(before);
            }
            receipt.without_events = readings.len() == before;
            receipts.push(receipt);
        }
        let conversations = self.conversations_of(&readings, body.len(), lane).await?;
        let mut events = Vec::with_capacity(readings.len());
        let (mut bytes, mut places) = (0, Places::default());
        for (reading, conversation_id) in readings.into_iter().zip(conversations) {
            let of_tenant = |receipt: &&NewReceipt| receipt.tenant_id == reading.context().tenant_id;
            let Some(receipt) = receipts.iter().find(of_tenant) else { continue };
            let raw = places.of(receipt, reading.part());
            let event = intake.event((self, reading), conversation_id, (receipt, raw));
            bytes += event.event.body.len();
            events.push(event);
            if bytes > EVENTS_BYTES_MAX {
                tracing::error!("a webhook whose events are much larger than itself is kept as bytes only");
                for receipt in &mut receipts {
                    receipt.without_events = true;
                }
                events.clear();
                break;
            }
        }
        Ok(Submission { lane, receipts, events })
    }

    /// The conversation of each event, in their order; nothing for those that are part of none.
    async fn conversations_of(
        &self,
        readings: &[Reading<'_>],
        bytes: usize,
        lane: Lane,
    ) -> Result<Vec<Option<ConversationId>>, NotAccepted> {
        let peers: Vec<Option<Peer>> = readings.iter().map(Reading::peer).collect();
        let asked = peers.iter().zip(readings).filter_map(|(peer, reading)| {
            let Some(Peer::Customer(customer)) = *peer else { return None };
            let channel_id = reading.context().channel?.channel_id;
            Some(Asked { tenant_id: reading.context().tenant_id, channel_id, customer })
        });
        let asked: Vec<Asked> = asked.collect();
        let told = if asked.is_empty() { Ok(Vec::new()) } else { self.0.conversations.of(asked, bytes, lane).await };
        let mut told = told.map_err(|_| NotAccepted::Unavailable)?.into_iter();
        let of = |peer: Option<Peer>| match peer? {
            Peer::One(key) => Some(key.own_conversation()),
            Peer::Customer(_) => told.next(),
        };
        Ok(peers.into_iter().map(of).collect())
    }
}

/// Whose parts there are, each tenant once.
fn tenants(owners: &[Owner<'_>]) -> Vec<TenantId> {
    let mut tenants: Vec<TenantId> = owners.iter().map(|owner| owner.tenant_id).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}

impl<'a> Intake<'a> {
    fn owner(&self, part: &Part<'_>) -> Owner<'a> {
        let app_id = self.app.app_id;
        let channel = match part.route() {
            Route::Channel { platform, external_id } => self.contents.channel(app_id, *platform, external_id),
            Route::Account { platform: Some(platform), number: Some(number), .. } => {
                // Tenants set their numbers themselves, so one's word must not bring him what is told of another's.
                let of_app = self.contents.channel_by_number(app_id, *platform, number);
                of_app.filter(|channel| channel.tenant_id == self.app.tenant_id)
            }
            Route::Account { .. } | Route::MetaTest => None,
        };
        let tenant_id = channel.map_or(self.app.tenant_id, |channel| channel.tenant_id);
        Owner { tenant_id, channel: channel.map(|channel| &**channel) }
    }

    fn context(&self, part: &Part<'_>, owner: Owner<'a>) -> Context<'a> {
        Context {
            tenant_id: owner.tenant_id,
            channel: owner.channel,
            received_at: self.now,
            oldest: self.contents.oldest_event(owner.tenant_id, self.retention, self.now),
            test: self.simulated || *part.route() == Route::MetaTest,
            signature_verified: true,
        }
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

    fn hold(&self, to: &Endpoint) -> Hold {
        if to.paused {
            Hold::Waiting
        } else if self.dispatcher.is_down(to.endpoint_id) {
            Hold::Parked
        } else {
            Hold::No
        }
    }

    /// The event to be stored, under the receipt of its tenant, in which its part stands at `raw`.
    fn event(
        &self,
        (relay, mut reading): (&Relay, Reading<'_>),
        conversation_id: Option<ConversationId>,
        (receipt, raw): (&NewReceipt, Option<Range<usize>>),
    ) -> NewEvent {
        let media = relay.link_files(self.contents, &mut reading);
        let context = reading.context();
        let tenant_id = context.tenant_id;
        let channel_id = context.channel.map(|channel| channel.channel_id);
        let event = reading.finish(conversation_id);
        let mut is_raw_wanted = false;
        let wanting = self.contents.wanting(tenant_id, event.event.as_str(), channel_id);
        let wanting = wanting.inspect(|to| is_raw_wanted |= to.raw);
        let fan_out = wanting.map(|to| FanOut { endpoint_id: to.endpoint_id, hold: self.hold(to) }).collect();
        let receipt_id = receipt.receipt_id;
        let raw_sent = raw.clone().filter(|_| is_raw_wanted).map(|place| receipt.body.slice(place));
        let is_fleeting = self.contents.is_fleeting(tenant_id);
        NewEvent {
            tenant_id,
            receipt_id,
            channel_id,
            received_at: self.now,
            event,
            raw,
            raw_sent,
            fan_out,
            is_fleeting,
            media,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_carries_no_room_about_for_what_rarely_happens() {
        crate::footprint::assert_small(|(relay, post): (&'static Relay, Post)| relay.accept(post));
    }
}
