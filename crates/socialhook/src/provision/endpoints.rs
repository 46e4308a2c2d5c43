//! A tenant's endpoints, as the file says them.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_core::signing::{self, SigningKey};
use socialhook_relay::destination;
use socialhook_store::endpoints::{self, NewEndpoint, Target};
use socialhook_store::{channels, endpoint_options};

use super::options::OptionsSpec;
use super::{Error, Run, TenantSpec};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointSpec {
    name: String,
    /// Absent: the inspector.
    url: Option<String>,
    secret: Option<SecretString>,
    #[serde(default = "everything")]
    events: Vec<String>,
    /// Meta's ids of the tenant's channels, or `*`.
    #[serde(default = "everything")]
    channels: Vec<String>,
    /// Absent: left as they are.
    options: Option<OptionsSpec>,
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

fn wrong(tenant: &TenantSpec, endpoint: &EndpointSpec, reason: String) -> Error {
    Error::Endpoint { tenant: tenant.name.clone(), endpoint: endpoint.name.clone(), reason }
}

impl Run<'_> {
    pub(super) async fn endpoint(
        &mut self,
        (tenant_id, tenant): (TenantId, &TenantSpec),
        spec: &EndpointSpec,
    ) -> Result<Value, Error> {
        let (now, sealer) = (self.means.clock.now(), &self.means.sealer);
        let target = self.target(tenant, spec)?;
        let options =
            spec.options.as_ref().map(|options| options.checked().map_err(|reason| wrong(tenant, spec, reason)));
        let options = options.transpose()?;
        let channel_ids = self.channel_ids((tenant_id, tenant), spec).await?;
        let known = endpoints::list(self.c, tenant_id).await?.into_iter().find(|endpoint| endpoint.name == spec.name);
        let endpoint_id = known.as_ref().map_or_else(|| EndpointId::new(now), |endpoint| endpoint.endpoint_id);
        let new = NewEndpoint {
            endpoint_id,
            name: &spec.name,
            target: &target,
            events: &spec.events,
            channel_ids: channel_ids.as_deref(),
        };
        if known.is_some() {
            endpoints::update(self.c, tenant_id, &new).await?;
        } else {
            endpoints::create(self.c, tenant_id, &new, now).await?;
        }
        if let Some((options, headers)) = options {
            endpoint_options::set(self.c, tenant_id, endpoint_id, options).await?;
            endpoint_options::set_headers(self.c, tenant_id, endpoint_id, (headers.as_ref(), sealer)).await?;
        }
        let live = endpoints::secrets::live(self.c, tenant_id, endpoint_id, sealer).await?;
        let wanted = match (&spec.secret, live.first()) {
            (Some(given), _) => given.clone(),
            (None, Some(live)) => live.secret.clone(),
            (None, None) => signing::new_secret(&mut rand::rng()),
        };
        SigningKey::parse(&wanted).map_err(|source| Error::Secret {
            tenant: tenant.name.clone(),
            endpoint: spec.name.clone(),
            source,
        })?;
        if !live.iter().any(|secret| secret.secret.expose_secret() == wanted.expose_secret()) {
            let kept = endpoints::secrets::add(self.c, tenant_id, endpoint_id, (&wanted, sealer), now).await?;
            endpoints::secrets::retire_others(self.c, tenant_id, endpoint_id, kept, now).await?;
        }
        Ok(json!({
            "id": endpoint_id, "name": spec.name, "url": spec.url, "secret": wanted.expose_secret(),
            "events": spec.events, "channels": spec.channels,
        }))
    }

    fn target(&self, tenant: &TenantSpec, spec: &EndpointSpec) -> Result<Target, Error> {
        let Some(url) = &spec.url else { return Ok(Target::Inspector) };
        let checked = destination::check(url, self.policy).map_err(|reason| wrong(tenant, spec, reason.to_string()))?;
        Ok(Target::Http { url: checked.to_string() })
    }

    async fn channel_ids(
        &mut self,
        (tenant_id, tenant): (TenantId, &TenantSpec),
        spec: &EndpointSpec,
    ) -> Result<Option<Vec<ChannelId>>, Error> {
        if spec.channels.iter().any(|channel| channel == "*") {
            return Ok(None);
        }
        let known = channels::list(self.c, tenant_id).await?;
        let find = |external_id: &String| {
            let found = known.iter().find(|channel| channel.external_id == *external_id);
            found.map(|channel| channel.channel_id).ok_or_else(|| Error::NoSuchChannel {
                tenant: tenant.name.clone(),
                endpoint: spec.name.clone(),
                external_id: external_id.clone(),
            })
        };
        spec.channels.iter().map(find).collect::<Result<Vec<_>, _>>().map(Some)
    }
}
