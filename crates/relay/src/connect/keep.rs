//! Storing what was connected: the connection with its token, and its channels, in one transaction.

use chrono::TimeDelta;
use secrecy::SecretString;
use socialhook_core::event::Platform;
use socialhook_core::id::{ChannelId, ConnectionId, TenantId};
use socialhook_graph::TokenInfo;
use socialhook_store::channels::{self, NewChannel};
use socialhook_store::connections::{self, Kind, NewConnection, NewToken};
use sqlx::Connection;

use super::{Failure, Item, ItemState, Stop, Through};
use crate::Relay;

/// Characters of a channel's name.
const NAME_MAX: usize = 100;

/// A business account, page or account that Meta let somebody into.
pub(super) struct Found<'a> {
    pub kind: Kind,
    pub external_id: &'a str,
    pub name: &'a str,
    pub token: &'a SecretString,
    /// What Meta says of the token, and how long it lives from now in seconds, where that was said apart.
    pub info: &'a TokenInfo,
    pub expires_in: Option<i64>,
    /// What it reaches.
    pub reaches: Vec<Reached>,
}

/// What is to be a channel.
pub(super) struct Reached {
    pub platform: Platform,
    pub external_id: String,
    pub address: Option<String>,
    pub name: String,
}

impl Reached {
    fn item(&self, channel_id: Option<ChannelId>) -> Item {
        Item {
            platform: self.platform,
            name: self.name.clone(),
            address: self.address.clone().unwrap_or_else(|| self.external_id.clone()),
            channel_id,
            state: if channel_id.is_some() { ItemState::Receiving } else { ItemState::Claimed },
        }
    }
}

impl Relay {
    /// Keeps it, and has this process know it. A connection of another tenant's is a failure; a channel of another's is told.
    pub(super) async fn keep(
        &self,
        tenant_id: TenantId,
        through: Through,
        found: &Found<'_>,
    ) -> Result<(ConnectionId, Vec<Item>), Stop> {
        let means = &self.0.means;
        let now = means.clock.now();
        let at = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0);
        let expires_at = match found.expires_in {
            Some(seconds) => Some(now + TimeDelta::seconds(seconds.clamp(0, 10 * 365 * 86_400))),
            None => found.info.expires_at.and_then(at),
        };
        let token = NewToken {
            token: found.token,
            expires_at,
            data_access_expires_at: found.info.data_access_expires_at.and_then(at),
            scopes: &found.info.scopes,
            meta_user_id: found.info.user_id.as_deref(),
        };
        let name = named(found.name, found.external_id);
        let new = NewConnection {
            app_tenant_id: through.app_tenant_id,
            app_id: through.app_id,
            kind: found.kind,
            external_id: found.external_id,
            name: &name,
            token,
        };
        let mut c = means.pools.background.acquire().await?;
        let mut tx = c.begin().await?;
        let kept = connections::put(&mut tx, tenant_id, &new, &means.sealer, now).await?;
        let connection_id = kept.ok_or_else(|| Failure::claimed(&name))?;
        let mut items = Vec::new();
        for reached in &found.reaches {
            let channel = NewChannel {
                channel_id: ChannelId::new(now),
                app_tenant_id: through.app_tenant_id,
                app_id: through.app_id,
                platform: reached.platform,
                external_id: &reached.external_id,
                address: reached.address.as_deref(),
                name: &named(&reached.name, &reached.external_id),
            };
            let channel_id = channels::connect(&mut tx, tenant_id, &channel, connection_id, now).await?;
            items.push(reached.item(channel_id));
        }
        tx.commit().await?;
        self.0.directory.load(&mut c, &means.sealer).await?;
        Ok((connection_id, items))
    }
}

/// A name of ours for it: Meta's, cut to what fits, or its id where Meta has none.
fn named(name: &str, id: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    if name.trim().is_empty() { id.to_owned() } else { name.trim().to_owned() }
}

/// Meta would not subscribe: the channels are there, and the reconciler tries again.
pub(super) fn not_subscribed(items: &mut [Item], error: &socialhook_graph::Error) {
    tracing::warn!(%error, "a connection could not be subscribed");
    for item in items.iter_mut().filter(|item| item.channel_id.is_some()) {
        item.state = ItemState::NotSubscribed { why: error.cause().advice().to_owned() };
    }
}
