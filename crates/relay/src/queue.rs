//! The order in which queued deliveries are sent: round robin over tenants, then over a tenant's endpoints, messages before
//! statuses. Pure bookkeeping, no I/O.
//!
//! What must hold: every limit is kept; a tenant or endpoint at its limit costs the others nothing; every operation takes
//! constant time, however many wait.

use std::collections::{HashMap, VecDeque};

use socialhook_core::event::Priority;
use socialhook_core::id::{EndpointId, TenantId};

/// One turn in so many of an endpoint begins with its statuses, and one with what is sent again.
const STATUS_TURN: usize = 8;
const BACKLOG_TURN: usize = 4;

/// What the queue needs to know of what it holds.
pub(crate) trait Queued {
    fn tenant_id(&self) -> TenantId;
    fn endpoint_id(&self) -> EndpointId;
    fn priority(&self) -> Priority;
    /// Bytes held in memory.
    fn size(&self) -> usize;
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) in_flight: usize,
    pub(crate) in_flight_per_tenant: usize,
    /// One endpoint's share: a dead one cannot fill the memory of all.
    pub(crate) queued_per_endpoint: usize,
    /// Each endpoint may queue this many, however full the memory is: nobody is shut out by the others.
    pub(crate) always_room: usize,
    pub(crate) queued: usize,
    pub(crate) queued_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 512,
            in_flight_per_tenant: 128,
            queued_per_endpoint: 1000,
            always_room: 16,
            queued: 50_000,
            queued_bytes: 128 << 20,
        }
    }
}

pub(crate) struct FairQueue<T> {
    limits: Limits,
    tenants: HashMap<TenantId, TenantLane<T>>,
    /// Tenants that may have something to send, each at most once.
    ready: VecDeque<TenantId>,
    in_flight: usize,
    queued: usize,
    queued_bytes: usize,
}

struct TenantLane<T> {
    endpoints: HashMap<EndpointId, EndpointLane<T>>,
    ready: VecDeque<EndpointId>,
    is_ready: bool,
    in_flight: usize,
}

struct EndpointLane<T> {
    messages: VecDeque<T>,
    statuses: VecDeque<T>,
    backlog: VecDeque<T>,
    /// Counts what was taken, for the turns.
    taken: usize,
    is_ready: bool,
    in_flight: usize,
}

impl<T> EndpointLane<T> {
    fn len(&self) -> usize {
        self.messages.len() + self.statuses.len() + self.backlog.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Messages first, then statuses, then what is sent again. Now and then a turn begins with one of those that give way, so that
    /// however much comes in, they are not left lying.
    fn take(&mut self) -> Option<T> {
        self.taken = self.taken.wrapping_add(1);
        let first = match self.taken % STATUS_TURN {
            0 => self.statuses.pop_front(),
            turn if turn % BACKLOG_TURN == 1 => self.backlog.pop_front(),
            _ => None,
        };
        first
            .or_else(|| self.messages.pop_front())
            .or_else(|| self.statuses.pop_front())
            .or_else(|| self.backlog.pop_front())
    }

    fn drain(&mut self) -> Vec<T> {
        self.messages.drain(..).chain(self.statuses.drain(..)).chain(self.backlog.drain(..)).collect()
    }
}

impl<T> Default for TenantLane<T> {
    fn default() -> Self {
        Self { endpoints: HashMap::new(), ready: VecDeque::new(), is_ready: false, in_flight: 0 }
    }
}

impl<T> Default for EndpointLane<T> {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            statuses: VecDeque::new(),
            backlog: VecDeque::new(),
            taken: 1,
            is_ready: false,
            in_flight: 0,
        }
    }
}

impl<T: Queued> FairQueue<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, tenants: HashMap::new(), ready: VecDeque::new(), in_flight: 0, queued: 0, queued_bytes: 0 }
    }

    /// Queues an item, or gives it back if the memory set aside for them is used up.
    pub(crate) fn push(&mut self, item: T) -> Result<(), T> {
        let (tenant_id, endpoint_id) = (item.tenant_id(), item.endpoint_id());
        if self.room(tenant_id, endpoint_id) == 0 {
            return Err(item);
        }
        self.queued += 1;
        self.queued_bytes += item.size();
        let lane = self.tenants.entry(tenant_id).or_default().endpoints.entry(endpoint_id).or_default();
        match item.priority() {
            Priority::Message => lane.messages.push_back(item),
            Priority::Status => lane.statuses.push_back(item),
            Priority::Backlog => lane.backlog.push_back(item),
        }
        self.make_ready(tenant_id, endpoint_id);
        Ok(())
    }

    /// How many more items of an endpoint would be taken.
    pub(crate) fn room(&self, tenant_id: TenantId, endpoint_id: EndpointId) -> usize {
        self.room_within(tenant_id, endpoint_id, 1)
    }

    /// What is left of a part of its share.
    fn room_within(&self, tenant_id: TenantId, endpoint_id: EndpointId, part: usize) -> usize {
        let full = self.queued >= self.limits.queued || self.queued_bytes >= self.limits.queued_bytes;
        let share = if full { self.limits.always_room } else { self.limits.queued_per_endpoint };
        let lane = self.tenants.get(&tenant_id).and_then(|tenant| tenant.endpoints.get(&endpoint_id));
        (share / part).saturating_sub(lane.map_or(0, EndpointLane::len))
    }

    /// How many of an endpoint's items that wait in the database may be fetched. They fill half of its share, so that what comes in
    /// has the other half.
    pub(crate) fn room_to_fetch(&self, tenant_id: TenantId, endpoint_id: EndpointId) -> usize {
        self.room_within(tenant_id, endpoint_id, 2)
    }

    /// Takes everything out that waits for one endpoint.
    pub(crate) fn take_lane(&mut self, tenant_id: TenantId, endpoint_id: EndpointId) -> Vec<T> {
        let lane = self.tenants.get_mut(&tenant_id).and_then(|tenant| tenant.endpoints.get_mut(&endpoint_id));
        let items: Vec<T> = lane.map(EndpointLane::drain).unwrap_or_default();
        self.queued -= items.len();
        self.queued_bytes -= items.iter().map(Queued::size).sum::<usize>();
        items
    }

    /// The next item to send, if the limits allow one; `window` tells how many an endpoint may have under way. Its place is taken
    /// until [`FairQueue::done`].
    pub(crate) fn pop(&mut self, window: impl Fn(EndpointId) -> usize) -> Option<T> {
        while self.in_flight < self.limits.in_flight {
            let tenant_id = self.ready.pop_front()?;
            let Some(tenant) = self.tenants.get_mut(&tenant_id) else { continue };
            tenant.is_ready = false;
            if tenant.in_flight >= self.limits.in_flight_per_tenant {
                continue;
            }
            let Some(item) = tenant.pop(&window) else { continue };
            if !tenant.ready.is_empty() {
                tenant.is_ready = true;
                self.ready.push_back(tenant_id);
            }
            self.in_flight += 1;
            self.queued -= 1;
            self.queued_bytes -= item.size();
            return Some(item);
        }
        None
    }

    /// Frees the place of an item that was popped.
    pub(crate) fn done(&mut self, tenant_id: TenantId, endpoint_id: EndpointId) {
        self.in_flight -= 1;
        let Some(tenant) = self.tenants.get_mut(&tenant_id) else { return };
        tenant.in_flight -= 1;
        let Some(lane) = tenant.endpoints.get_mut(&endpoint_id) else { return };
        lane.in_flight -= 1;
        if !lane.is_empty() {
            return self.make_ready(tenant_id, endpoint_id);
        }
        if lane.in_flight == 0 {
            tenant.endpoints.remove(&endpoint_id);
        }
        if tenant.endpoints.is_empty() {
            self.tenants.remove(&tenant_id);
        } else if !tenant.ready.is_empty() && !tenant.is_ready {
            tenant.is_ready = true;
            self.ready.push_back(tenant_id);
        }
    }

    /// Takes everything out that waits.
    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.ready.clear();
        self.queued = 0;
        self.queued_bytes = 0;
        let mut items = Vec::new();
        for tenant in self.tenants.values_mut() {
            tenant.ready.clear();
            tenant.is_ready = false;
            for lane in tenant.endpoints.values_mut() {
                lane.is_ready = false;
                items.extend(lane.drain());
            }
        }
        items
    }

    fn make_ready(&mut self, tenant_id: TenantId, endpoint_id: EndpointId) {
        let Some(tenant) = self.tenants.get_mut(&tenant_id) else { return };
        let Some(lane) = tenant.endpoints.get_mut(&endpoint_id) else { return };
        if !lane.is_ready {
            lane.is_ready = true;
            tenant.ready.push_back(endpoint_id);
        }
        if !tenant.is_ready {
            tenant.is_ready = true;
            self.ready.push_back(tenant_id);
        }
    }
}

impl<T> TenantLane<T> {
    fn pop(&mut self, window: &impl Fn(EndpointId) -> usize) -> Option<T> {
        loop {
            let endpoint_id = self.ready.pop_front()?;
            let Some(lane) = self.endpoints.get_mut(&endpoint_id) else { continue };
            lane.is_ready = false;
            if lane.in_flight >= window(endpoint_id) {
                continue;
            }
            let Some(item) = lane.take() else { continue };
            lane.in_flight += 1;
            self.in_flight += 1;
            if !lane.is_empty() {
                lane.is_ready = true;
                self.ready.push_back(endpoint_id);
            }
            return Some(item);
        }
    }
}

#[cfg(test)]
mod tests;
