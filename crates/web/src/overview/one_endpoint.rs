//! How one endpoint has fared in the last 24 hours, for its own page: from the sums, like the overview.

use socialhook_core::id::{EndpointId, TenantId};
use socialhook_store::rollups::{self, Subject};
use socialhook_store::{self as store, PgConnection};

use super::range::Range;
use super::{Charts, charts, course, of_attempts, sum};
use crate::charts::{Bars, Lines};
use crate::words::Now;

pub struct EndpointHealth {
    pub facts: Vec<(&'static str, String)>,
    pub attempts: Bars,
    pub latency: Lines,
}

/// None: nothing was sent.
pub async fn of_endpoint(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: Now,
) -> store::Result<Option<EndpointHealth>> {
    let range = Range::Day;
    let times = range.times(now);
    let subject = Subject::Endpoint(endpoint_id);
    let series = rollups::series(c, tenant_id, range.grain(), &times.buckets(), &[subject]).await?;
    let course = course(&series, subject, &times);
    let total = sum(&course);
    let Charts { attempts, latency, .. } = charts(&times, &course);
    Ok((total.attempts() > 0).then(|| EndpointHealth { facts: of_attempts(&total), attempts, latency }))
}
