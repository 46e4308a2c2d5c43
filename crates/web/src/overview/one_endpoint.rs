//! How one endpoint has fared in the last 24 hours, for its own page: from the sums, like the overview.

use socialhook_core::id::{EndpointId, TenantId};
use socialhook_store::rollups::{self, Counts, Subject};
use socialhook_store::{self as store, PgConnection};

use super::range::Range;
use super::{Charts, charts, facts, sum};
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
    let subjects = [Subject::Endpoint(endpoint_id)];
    let series = rollups::series(c, tenant_id, range.grain(), &times.buckets(), &subjects).await?;
    let mut course = vec![Counts::default(); times.count];
    for bucket in &series {
        if let Some(counts) = times.index(bucket.bucket_at).and_then(|index| course.get_mut(index)) {
            counts.add(&bucket.counts);
        }
    }
    let total = sum(&course);
    let mut facts = facts(&total, None, now);
    facts.retain(|(name, _)| !["Events", "Oldest waiting"].contains(name));
    let Charts { attempts, latency, .. } = charts(&times, &course);
    Ok((total.attempts() > 0).then_some(EndpointHealth { facts, attempts, latency }))
}
