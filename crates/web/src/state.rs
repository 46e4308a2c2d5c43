//! What every handler can reach.

use std::sync::Arc;

use ipnet::IpNet;
use socialhook_core::clock::Clock;
use socialhook_core::id::TenantId;
use socialhook_relay::Relay;
use socialhook_store::seal::Sealer;
use socialhook_store::{PoolConnection, Pools, Transaction};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::error::Error;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub pools: Pools,
    pub sealer: Arc<Sealer>,
    pub clock: Clock,
    pub relay: Relay,
    /// Where browsers and Meta reach this service, without a path.
    pub public_url: Url,
    /// Proxies in front of us, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Whether whoever signs up must read the address that they give: where mail is sent, and not put into a folder.
    pub confirms_addresses: bool,
    /// Cancelled when the process is about to stop: it is not ready any more, but still answers.
    pub draining: CancellationToken,
    /// Cancelled when the process stops: what streams without end must end then.
    pub stopping: CancellationToken,
}

impl App {
    /// A connection that sees and changes the rows of this tenant only.
    pub(crate) async fn tenant(&self, tenant_id: TenantId) -> Result<PoolConnection, Error> {
        Ok(self.pools.tenant(tenant_id).await?)
    }

    /// The same, in a transaction.
    pub(crate) async fn begin(&self, tenant_id: TenantId) -> Result<Transaction, Error> {
        Ok(self.pools.begin(tenant_id).await?)
    }
}
