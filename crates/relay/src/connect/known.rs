//! What Meta can be asked with, in whose name: for connecting, for media, for the doctor.

use secrecy::SecretString;
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_graph::{Addresses, AppIdentity, Graph};
use socialhook_store::apps::meta_side;
use socialhook_store::connections::{self, Connection, Kind};

use super::Through;
use crate::destination::Policy;
use crate::{Means, sender};

/// Asks Meta, and the database what to ask it with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Examiner {
    pub(crate) means: Means,
    pub(crate) graph: Graph,
}

/// A channel's connection, and what Meta is asked with.
pub(crate) struct Known {
    pub connection: Connection,
    pub app: AppIdentity,
    pub token: SecretString,
    /// The channel's id at Meta.
    pub external_id: String,
}

/// Meta's side of an app: its own identity, and that of the Instagram app inside it.
pub(crate) type Identities = (Option<AppIdentity>, Option<AppIdentity>);

impl Examiner {
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(
        means: Means,
        (addresses, version): (Addresses, String),
        policy: Policy,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self { means, graph: Graph::new(sender::client(policy)?, addresses, version) })
    }

    pub(crate) async fn identities(&self, through: Through) -> Result<Identities, socialhook_store::Error> {
        let mut c = self.means.pools.background.acquire().await?;
        let sealer = &self.means.sealer;
        let (app, instagram) = meta_side::identities(&mut c, through.app_tenant_id, through.app_id, sealer).await?;
        let identity = |(id, secret)| AppIdentity { id, secret };
        Ok((app.map(identity), instagram.map(identity)))
    }

    /// Which of its app's two identities a connection is asked about with.
    pub(crate) async fn identity_of(
        &self,
        connection: &Connection,
    ) -> Result<Option<AppIdentity>, socialhook_store::Error> {
        let through = Through { app_tenant_id: connection.app_tenant_id, app_id: connection.app_id };
        let (app, instagram) = self.identities(through).await?;
        Ok(if connection.kind == Kind::Instagram { instagram } else { app })
    }

    /// What Meta can be asked about a channel with; none if nothing can.
    pub(crate) async fn known(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
    ) -> Result<Option<Known>, socialhook_store::Error> {
        let mut c = self.means.pools.background.acquire().await?;
        let found = connections::of_channel(&mut c, tenant_id, channel_id).await?;
        let Some((connection_id, external_id)) = found else { return Ok(None) };
        let Some(connection) = connections::find(&mut c, tenant_id, connection_id).await? else { return Ok(None) };
        let token = connections::token(&mut c, tenant_id, connection_id, &self.means.sealer).await?;
        drop(c);
        let app = self.identity_of(&connection).await?;
        Ok(app.zip(token).map(|(app, token)| Known { connection, app, token, external_id }))
    }
}
