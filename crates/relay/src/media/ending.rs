//! The end of files: by retention, by an erasure, with their tenant.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use socialhook_core::id::TenantId;
use socialhook_store::media::{Key, ending};
use socialhook_store::{PgConnection, Result};

use super::object;
use crate::Relay;

/// Files in one go.
const BATCH: i64 = 500;
/// Sweeping goes on for this long, then in a minute again.
const SWEEP_FOR: Duration = Duration::from_secs(20);

/// Once: marks what is older than each tenant keeps its events, then takes away all that is marked.
pub(crate) async fn sweep(
    relay: &Relay,
    c: &mut PgConnection,
    oldest: impl Iterator<Item = (TenantId, DateTime<Utc>)>,
) -> Result<()> {
    let began = Instant::now();
    for (tenant_id, before) in oldest {
        while began.elapsed() < SWEEP_FOR && ending::expire(c, tenant_id, before, BATCH).await? > 0 {}
    }
    while began.elapsed() < SWEEP_FOR {
        let keys = ending::erasing(c, BATCH).await?;
        if keys.is_empty() {
            break;
        }
        let mut gone = 0;
        for key in keys {
            if delete_object(relay, key).await {
                ending::forget(c, key.tenant_id, key).await?;
                gone += 1;
            }
        }
        // The storage does not answer; in a minute again.
        if gone == 0 {
            break;
        }
    }
    Ok(())
}

/// True if it is not there any more.
pub(super) async fn delete_object(relay: &Relay, key: Key) -> bool {
    match relay.0.files.store.delete(&object(key)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => true,
        Err(error) => {
            tracing::error!(%error, "a medium could not be taken out of the storage; it is tried again");
            false
        }
    }
}

/// Takes away all that a deleted tenant has in the storage. True if nothing is left.
pub(crate) async fn delete_all(relay: &Relay, tenant_id: TenantId) -> bool {
    let store = &relay.0.files.store;
    let prefix = Path::from(tenant_id.to_string());
    let deleted = async {
        let found: Vec<Path> =
            store.list(Some(&prefix)).map_ok(|meta| meta.location).try_collect::<Vec<Path>>().await?;
        for location in found {
            store.delete(&location).await?;
        }
        Ok::<_, object_store::Error>(())
    };
    deleted.await.inspect_err(|error| tracing::error!(%error, "a deleted tenant's media could not be deleted")).is_ok()
}
