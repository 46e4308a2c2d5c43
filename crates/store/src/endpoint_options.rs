//! How an endpoint's requests are made: what few set, beside where the events go.
//!
//! What must hold: the relay reads the same columns with the directory, so a change of them is a change of the directory.

use std::num::NonZeroU16;
use std::time::Duration;

use secrecy::SecretString;
use socialhook_core::id::{EndpointId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::seal::{Place, Sealer};

/// The longest time that an endpoint may ask for, in seconds; the shortest is one.
pub const TIMEOUT_SECONDS_MAX: u64 = 30;
/// The highest limit of deliveries a second.
pub const RATE_MAX: u16 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What an attempt may take in all. None: as the service is set.
    pub timeout: Option<Duration>,
    /// Adds `X-Hub-Signature-256`, made with the endpoint's secret.
    pub meta_signature: bool,
    /// Deliveries a second at most, from each process. None: as fast as it answers.
    pub rate: Option<NonZeroU16>,
    /// Adds `raw` to each event: what Meta sent of it.
    pub raw: bool,
}

impl Options {
    pub(crate) fn from_columns(
        timeout_seconds: Option<i16>,
        meta_signature: bool,
        rate_per_second: Option<i16>,
        raw: bool,
    ) -> Self {
        let seconds = timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let rate = rate_per_second.and_then(|rate| NonZeroU16::new(u16::try_from(rate).ok()?));
        Self { timeout: seconds.map(Duration::from_secs), meta_signature, rate, raw }
    }
}

/// An endpoint's options; none if the tenant has no such endpoint.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<Option<Options>> {
    let row = sqlx::query!(
        "select timeout_seconds, meta_signature, rate_per_second, raw from endpoint where tenant_id = $1 and endpoint_id = $2",
        tenant_id.0,
        endpoint_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| Options::from_columns(row.timeout_seconds, row.meta_signature, row.rate_per_second, row.raw)))
}

/// Replaces an endpoint's options. False if the tenant has no such endpoint.
pub async fn set(c: &mut PgConnection, tenant_id: TenantId, endpoint_id: EndpointId, options: Options) -> Result<bool> {
    let seconds = options.timeout.and_then(|timeout| i16::try_from(timeout.as_secs()).ok());
    let rate = options.rate.and_then(|rate| i16::try_from(rate.get()).ok());
    let updated = sqlx::query!(
        "update endpoint set timeout_seconds = $3, meta_signature = $4, rate_per_second = $5, raw = $6 where tenant_id = $1 and endpoint_id = $2",
        tenant_id.0,
        endpoint_id.0,
        seconds,
        options.meta_signature,
        rate,
        options.raw
    )
    .execute(c)
    .await?;
    Ok(updated.rows_affected() == 1)
}

pub(crate) fn headers_place(tenant_id: TenantId, endpoint_id: EndpointId) -> Place {
    Place { column: "endpoint.headers", tenant_id, row_id: endpoint_id.0 }
}

/// The headers of the tenant's own that go with an endpoint's requests: `name: value`, one a line. None: there are none.
pub async fn headers(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    sealer: &Sealer,
) -> Result<Option<SecretString>> {
    let stored = sqlx::query_scalar!(
        "select headers from endpoint where tenant_id = $1 and endpoint_id = $2",
        tenant_id.0,
        endpoint_id.0
    )
    .fetch_optional(c)
    .await?
    .flatten();
    stored.map(|bytes| sealer.open(headers_place(tenant_id, endpoint_id), &bytes)).transpose()
}

/// Replaces them.
pub async fn set_headers(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    (headers, sealer): (Option<&SecretString>, &Sealer),
) -> Result<()> {
    let place = headers_place(tenant_id, endpoint_id);
    let bytes = headers.map(|headers| sealer.seal(place, headers)).transpose()?;
    sqlx::query!(
        "update endpoint set headers = $3 where tenant_id = $1 and endpoint_id = $2",
        tenant_id.0,
        endpoint_id.0,
        bytes
    )
    .execute(c)
    .await?;
    Ok(())
}
