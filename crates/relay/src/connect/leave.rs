//! Disconnecting: Meta is asked to send nothing more, then the token and the channels go.

use secrecy::SecretString;
use socialhook_core::id::{AppId, ChannelId, ConnectionId, TenantId};
use socialhook_graph::{Access, AppIdentity, Error, SignedRequest};
use socialhook_store::channels;
use socialhook_store::connections::{self, Connection, Death, Kind, people};

use crate::Relay;

/// What came of disconnecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Meta sends nothing more.
    Unsubscribed,
    /// Meta could not be asked: its token does not work any more, or it did not answer.
    OnlyHere,
}

/// A deleted tenant's connections, with what Meta is asked with.
pub struct Farewell(Vec<(Connection, AppIdentity, SecretString)>);

impl Relay {
    /// Disconnects; none if the tenant has no such connection.
    pub async fn disconnect(
        &self,
        tenant_id: TenantId,
        connection_id: ConnectionId,
    ) -> Result<Option<Left>, socialhook_store::Error> {
        let pool = &self.0.means.pools.background;
        let mut c = pool.acquire().await?;
        let Some(connection) = connections::find(&mut c, tenant_id, connection_id).await? else { return Ok(None) };
        let token = connections::token(&mut c, tenant_id, connection_id, &self.0.means.sealer).await?;
        drop(c);
        let left = match token {
            Some(token) => self.unsubscribe(&connection, &token).await?,
            None => Left::OnlyHere,
        };
        let mut c = pool.acquire().await?;
        for (channel_id, _, _) in channels::of_connection(&mut c, tenant_id, connection_id).await? {
            channels::delete(&mut c, tenant_id, channel_id).await?;
        }
        connections::delete(&mut c, tenant_id, connection_id).await?;
        self.0.directory.load(&mut c, &self.0.means.sealer).await?;
        Ok(Some(left))
    }

    async fn unsubscribe(
        &self,
        connection: &Connection,
        token: &SecretString,
    ) -> Result<Left, socialhook_store::Error> {
        let app = self.0.examiner.identity_of(connection).await?;
        Ok(match app {
            Some(app) => self.unsubscribe_as(connection, Access { app: &app, token }).await,
            None => Left::OnlyHere,
        })
    }

    async fn unsubscribe_as(&self, connection: &Connection, access: Access<'_>) -> Left {
        let asked: Result<(), Error> = match connection.kind {
            Kind::Instagram => self.graph().instagram_unsubscribe(access).await,
            Kind::Whatsapp | Kind::Page => self.graph().unsubscribe(access, &connection.external_id).await,
        };
        if let Err(error) = &asked {
            tracing::warn!(connection.id = %connection.connection_id, %error, "Meta could not be asked to send nothing more");
        }
        if asked.is_ok() { Left::Unsubscribed } else { Left::OnlyHere }
    }

    /// What it takes to have Meta send nothing more for a tenant: to be asked for before it is deleted, since its secrets go with it.
    pub async fn farewell(&self, tenant_id: TenantId) -> Result<Farewell, socialhook_store::Error> {
        let mut c = self.0.means.pools.background.acquire().await?;
        let mut known = Vec::new();
        for connection in connections::list(&mut c, tenant_id).await? {
            let token = connections::token(&mut c, tenant_id, connection.connection_id, &self.0.means.sealer).await;
            let app = self.0.examiner.identity_of(&connection).await?;
            known.extend(app.zip(token.ok().flatten()).map(|(app, token)| (connection, app, token)));
        }
        Ok(Farewell(known))
    }

    /// Has Meta told, after the tenant is gone: what cannot be told costs Meta's posts, which are kept by nobody.
    pub fn bid(&self, farewell: Farewell) {
        let relay = self.clone();
        self.0.tasks.spawn(async move {
            for (connection, app, token) in farewell.0 {
                relay.unsubscribe_as(&connection, Access { app: &app, token: &token }).await;
            }
        });
    }

    /// Registers a WhatsApp number for the Cloud API; the inner error says why Meta would not. `pin`: six digits.
    pub async fn register_number(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
        pin: &str,
    ) -> Result<Result<(), String>, socialhook_store::Error> {
        let Some(known) = self.0.examiner.known(tenant_id, channel_id).await? else {
            return Ok(Err("We have no access token for this number: connect it first.".to_owned()));
        };
        let access = Access { app: &known.app, token: &known.token };
        let registered = self.graph().register(access, &known.external_id, pin).await;
        Ok(registered.map_err(|error| format!("{error}. {}", error.cause().advice())))
    }

    /// Has a WhatsApp number's messages sent here again that somebody has sent elsewhere; the inner error says why Meta would not.
    pub async fn clear_override(
        &self,
        tenant_id: TenantId,
        channel_id: ChannelId,
    ) -> Result<Result<(), String>, socialhook_store::Error> {
        let Some(known) = self.0.examiner.known(tenant_id, channel_id).await? else {
            return Ok(Err("We have no access token for this number: connect it first.".to_owned()));
        };
        let access = Access { app: &known.app, token: &known.token };
        let told = |error: Error| format!("{error}. {}", error.cause().advice());
        let cleared = async {
            self.graph().clear_number_override(access, &known.external_id).await?;
            self.graph().clear_override(access, &known.connection.external_id).await
        };
        Ok(cleared.await.map_err(told))
    }

    /// Whom a request of Meta's names, if any of the app's secrets signed it.
    pub async fn signed_request(
        &self,
        callback_key: &str,
        text: &str,
    ) -> Result<Option<(AppId, String)>, socialhook_store::Error> {
        let contents = self.directory_with(callback_key).await;
        let Some(app) = contents.app(callback_key) else { return Ok(None) };
        let mut c = self.0.means.pools.background.acquire().await?;
        let secrets =
            socialhook_store::apps::live_secrets(&mut c, app.tenant_id, app.app_id, &self.0.means.sealer).await?;
        let read = secrets.iter().find_map(|secret| SignedRequest::read(text, secret));
        Ok(read.map(|request| (app.app_id, request.user_id)))
    }

    /// The person took the app's permissions back: what they connected is dead, and said to be. Returns how many.
    pub async fn deauthorize(&self, app_id: AppId, meta_user_id: &str) -> Result<usize, socialhook_store::Error> {
        let mut c = self.0.means.pools.background.acquire().await?;
        let mut buried = 0;
        for (tenant_id, connection_id) in people::of_meta_user(&mut c, app_id, meta_user_id).await? {
            let now = self.0.means.clock.now();
            buried += usize::from(connections::bury(&mut c, tenant_id, connection_id, Death::Deauthorized, now).await?);
        }
        Ok(buried)
    }

    /// The person wants what is kept of them deleted: their tokens and their id, with what they connected. Returns how many.
    pub async fn delete_data(&self, app_id: AppId, meta_user_id: &str) -> Result<usize, socialhook_store::Error> {
        let mut c = self.0.means.pools.background.acquire().await?;
        let theirs = people::of_meta_user(&mut c, app_id, meta_user_id).await?;
        for (tenant_id, connection_id) in &theirs {
            connections::delete(&mut c, *tenant_id, *connection_id).await?;
        }
        Ok(theirs.len())
    }
}
