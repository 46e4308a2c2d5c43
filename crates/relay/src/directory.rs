//! Apps, channels and endpoints in memory, as a whole that is replaced as a whole.
//!
//! What must hold: a reader sees one consistent state; after a change in this process the next webhook sees it
//! ([`crate::Relay::refresh`]), other processes within a tick.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use socialhook_core::event::{Channel, Platform};
use socialhook_core::id::{AppId, ChannelId, EndpointId, TenantId};
use socialhook_core::signature::Key;
use socialhook_core::signing::SigningKey;
use socialhook_store::directory as stored;
use socialhook_store::endpoints::Target;
use socialhook_store::partitions::Retention;
use socialhook_store::retention::Own;
use socialhook_store::seal::Sealer;
use socialhook_store::{PgConnection, Result};
use url::Url;

use crate::request;

#[derive(Clone, Default)]
pub(crate) struct Directory(Arc<ArcSwap<Contents>>);

impl Directory {
    pub(crate) fn contents(&self) -> Arc<Contents> {
        self.0.load_full()
    }

    pub(crate) async fn load(&self, c: &mut PgConnection, sealer: &Sealer) -> Result<()> {
        let contents = Contents::new(stored::load(c, sealer).await?);
        // Of two that load at once, the older contents may come last.
        let contents = Arc::new(contents);
        self.0.rcu(|held| if held.epoch > contents.epoch { held.clone() } else { contents.clone() });
        Ok(())
    }

    /// Reads again if anything changed since.
    pub(crate) async fn follow(&self, c: &mut PgConnection, sealer: &Sealer) -> Result<()> {
        if stored::epoch(c).await? == self.contents().epoch { Ok(()) } else { self.load(c, sealer).await }
    }
}

#[derive(Debug)]
pub struct App {
    pub tenant_id: TenantId,
    pub app_id: AppId,
    pub verify_token: Option<SecretString>,
    pub keys: Vec<Key>,
}

#[derive(Debug)]
pub struct Endpoint {
    pub tenant_id: TenantId,
    pub endpoint_id: EndpointId,
    pub target: Target,
    /// Of an HTTP target, parsed once; none where that does not work.
    pub(crate) url: Option<Url>,
    pub paused: bool,
    /// What an attempt may take in all; none: as the service is set.
    pub(crate) timeout: Option<Duration>,
    /// Deliveries a second at most; none: as fast as it answers.
    pub(crate) rate: Option<NonZeroU16>,
    /// Signs as Meta does, for endpoints that asked for it: with the newest secret as it is written, as code for Meta takes its own.
    pub(crate) meta_key: Option<Key>,
    /// Adds `raw` to each event.
    pub(crate) raw: bool,
    /// The tenant's own, which go with each request.
    pub(crate) headers: HeaderMap,
    /// Newest first.
    pub keys: Vec<SigningKey>,
    events: Vec<String>,
    channel_ids: Option<Vec<ChannelId>>,
}

impl Endpoint {
    #[must_use]
    pub fn is_inspector(&self) -> bool {
        self.target == Target::Inspector
    }

    fn wants(&self, event: &str, channel_id: Option<ChannelId>) -> bool {
        let channel_fits = match (&self.channel_ids, channel_id) {
            (None, _) => true,
            (Some(wanted), Some(channel_id)) => wanted.contains(&channel_id),
            (Some(_), None) => false,
        };
        channel_fits && self.events.iter().any(|pattern| matches(pattern, event))
    }
}

fn url_of(target: &Target) -> Option<Url> {
    match target {
        Target::Http { url } => Url::parse(url).ok(),
        Target::Inspector => None,
    }
}

/// A pattern is an event word, or the beginning of one and `*`.
pub(crate) fn matches(pattern: &str, event: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == event, |start| event.starts_with(start))
}

#[derive(Debug, Default)]
pub struct Contents {
    epoch: i64,
    apps: HashMap<String, Arc<App>>,
    channels: HashMap<(AppId, Platform), HashMap<String, Arc<Channel>>>,
    /// Their events are kept, and go to nobody.
    disabled: HashSet<ChannelId>,
    /// Whose files are kept.
    keeping: HashSet<ChannelId>,
    by_tenant: HashMap<TenantId, Vec<Arc<Endpoint>>>,
    by_id: HashMap<EndpointId, Arc<Endpoint>>,
    retention: HashMap<TenantId, Own>,
}

impl Contents {
    fn new(stored: stored::Contents) -> Self {
        let (epoch, retention, disabled, keeping) = (stored.epoch, stored.retention, stored.disabled, stored.keeping);
        let mut contents = Self { epoch, disabled, keeping, retention, ..Self::default() };
        for app in stored.apps {
            let keys = app.secrets.iter().map(Key::new).collect();
            let (tenant_id, app_id, verify_token) = (app.tenant_id, app.app_id, app.verify_token);
            contents.apps.insert(app.callback_key, Arc::new(App { tenant_id, app_id, verify_token, keys }));
        }
        for (app_id, channel) in stored.channels {
            let of_app = contents.channels.entry((app_id, channel.platform)).or_default();
            of_app.insert(channel.external_id.clone(), Arc::new(channel));
        }
        for endpoint in stored.endpoints {
            let endpoint = Arc::new(Endpoint {
                tenant_id: endpoint.tenant_id,
                endpoint_id: endpoint.endpoint_id,
                url: url_of(&endpoint.target),
                headers: match &endpoint.target {
                    Target::Http { .. } => endpoint.headers.as_ref().map(request::own_headers).unwrap_or_default(),
                    // It would show and store what may be a secret.
                    Target::Inspector => HeaderMap::new(),
                },
                target: endpoint.target,
                paused: endpoint.paused,
                timeout: endpoint.options.timeout,
                rate: endpoint.options.rate,
                raw: endpoint.options.raw,
                meta_key: endpoint.secrets.first().filter(|_| endpoint.options.meta_signature).map(Key::new),
                keys: endpoint.secrets.iter().filter_map(|secret| SigningKey::parse(secret).ok()).collect(),
                events: endpoint.events,
                channel_ids: endpoint.channel_ids,
            });
            contents.by_id.insert(endpoint.endpoint_id, endpoint.clone());
            contents.by_tenant.entry(endpoint.tenant_id).or_default().push(endpoint);
        }
        contents
    }

    /// Grows with every change.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    #[must_use]
    pub fn app(&self, callback_key: &str) -> Option<&Arc<App>> {
        self.apps.get(callback_key)
    }

    /// How many channels an app has.
    #[must_use]
    pub fn channels_of(&self, app_id: AppId) -> usize {
        let of = |platform| self.channels.get(&(app_id, platform)).map_or(0, HashMap::len);
        Platform::ALL.into_iter().map(of).sum()
    }

    /// The channel that one of Meta's ids means to this app.
    #[must_use]
    pub fn channel(&self, app_id: AppId, platform: Platform, external_id: &str) -> Option<&Arc<Channel>> {
        self.channels.get(&(app_id, platform))?.get(external_id)
    }

    /// The channel that has this number, in digits: what Meta tells of some things about a number. None if two have it.
    #[must_use]
    pub fn channel_by_number(&self, app_id: AppId, platform: Platform, digits: &str) -> Option<&Arc<Channel>> {
        let has_number = |channel: &&Arc<Channel>| {
            let address = channel.address.as_deref().unwrap_or_default();
            address.bytes().filter(u8::is_ascii_digit).eq(digits.bytes())
        };
        let mut found = self.channels.get(&(app_id, platform))?.values().filter(has_number);
        found.next().filter(|_| found.next().is_none())
    }

    /// Whether the files of this channel's messages are fetched and kept.
    #[must_use]
    pub fn keeps_files(&self, channel_id: ChannelId) -> bool {
        self.keeping.contains(&channel_id)
    }

    /// How long the tenant's things are kept.
    #[must_use]
    pub fn retention(&self, tenant_id: TenantId, default: Retention) -> Retention {
        self.retention.get(&tenant_id).map_or(default, |own| own.or(default))
    }

    /// Whether the tenant keeps what customers wrote only until it is delivered.
    #[must_use]
    pub fn is_fleeting(&self, tenant_id: TenantId) -> bool {
        self.retention.get(&tenant_id).is_some_and(|own| own.is_fleeting())
    }

    /// How old an event may be to have its own time in its id: no older than its tenant keeps, nor than all tenants do, since
    /// only so far back are there partitions.
    #[must_use]
    pub fn oldest_event(&self, tenant_id: TenantId, default: Retention, now: DateTime<Utc>) -> DateTime<Utc> {
        let own = self.retention.get(&tenant_id).map(|own| own.or(default).oldest_event(now));
        default.oldest_event(now).max(own.unwrap_or_default())
    }

    #[must_use]
    pub fn endpoint(&self, endpoint_id: EndpointId) -> Option<Arc<Endpoint>> {
        self.by_id.get(&endpoint_id).cloned()
    }

    /// The tenant's endpoints that want such an event; none while its channel is disabled.
    pub fn wanting<'a>(
        &'a self,
        tenant_id: TenantId,
        event: &'a str,
        channel_id: Option<ChannelId>,
    ) -> impl Iterator<Item = &'a Arc<Endpoint>> {
        let is_disabled = channel_id.is_some_and(|channel_id| self.disabled.contains(&channel_id));
        let endpoints = self.by_tenant.get(&tenant_id).filter(|_| !is_disabled);
        endpoints
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter(move |endpoint| endpoint.wants(event, channel_id))
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, event, fits) in [
            ("*", "message.received", true),
            ("message.*", "message.received", true),
            ("message.*", "messages", false),
            ("message.received", "message.received", true),
            ("message.received", "message.receive", false),
            ("message", "message.received", false),
        ] {
            assert_eq!(matches(pattern, event), fits, "{pattern} {event}");
        }
    }
}
