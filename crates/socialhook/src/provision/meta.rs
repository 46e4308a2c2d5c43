//! Meta's side of an app, as far as the file tells it.

use secrecy::ExposeSecret;
use socialhook_core::id::{AppId, TenantId};
use socialhook_relay::Means;
use socialhook_store::PgConnection;
use socialhook_store::apps::{self, meta_side};

use super::{AppSpec, Error};

pub async fn apply(
    c: &mut PgConnection,
    means: &Means,
    (tenant_id, app_id): (TenantId, AppId),
    spec: &AppSpec,
) -> Result<(), Error> {
    let known = meta_side::get(c, tenant_id, app_id).await?;
    let meta = meta_side::MetaSide {
        meta_app_id: spec.meta_app_id.clone().or(known.meta_app_id),
        signup_config_id: spec.signup_config_id.clone().or(known.signup_config_id),
        login_config_id: spec.login_config_id.clone().or(known.login_config_id),
        instagram_app_id: spec.instagram_app_id.clone().or(known.instagram_app_id),
    };
    meta_side::set(c, tenant_id, app_id, &meta).await?;
    let Some(secret) = &spec.instagram_app_secret else { return Ok(()) };
    let (_, instagram) = meta_side::identities(c, tenant_id, app_id, &means.sealer).await?;
    if instagram.is_some_and(|(_, known)| known.expose_secret() == secret.expose_secret()) {
        return Ok(());
    }
    let now = means.clock.now();
    let app_secret_id = apps::add_secret(c, tenant_id, app_id, (secret, &means.sealer), now).await?;
    meta_side::mark_instagrams(c, tenant_id, app_secret_id, app_id).await?;
    Ok(())
}
