//! The order in which queued deliveries are sent: round robin over tenants, then over a tenant's endpoints, messages before
//! statuses. Pure bookkeeping, no I/O.
//!
//! What must hold: every limit is kept; a tenant or endpoint at its limit costs the others nothing; every operation takes
//! constant time, however many wait.

use std::collections::{HashMap, VecDeque};

use socialhook_core::event::Priority;
use socialhook_core::id::{EndpointId, TenantId};

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
    pub(crate) in_flight_per_endpoint: usize,
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
            in_flight_per_endpoint: 16,
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
    is_ready: bool,
    in_flight: usize,
}

impl<T> EndpointLane<T> {
    fn len(&self) -> usize {
        self.messages.len() + self.statuses.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn drain(&mut self) -> Vec<T> {
        self.messages.drain(..).chain(self.statuses.drain(..)).collect()
    }
}

impl<T> Default for TenantLane<T> {
    fn default() -> Self {
        Self { endpoints: HashMap::new(), ready: VecDeque::new(), is_ready: false, in_flight: 0 }
    }
}

impl<T> Default for EndpointLane<T> {
    fn default() -> Self {
        Self { messages: VecDeque::new(), statuses: VecDeque::new(), is_ready: false, in_flight: 0 }
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
        }
        self.make_ready(tenant_id, endpoint_id);
        Ok(())
    }

    /// How many more items of an endpoint would be taken.
    pub(crate) fn room(&self, tenant_id: TenantId, endpoint_id: EndpointId) -> usize {
        let full = self.queued >= self.limits.queued || self.queued_bytes >= self.limits.queued_bytes;
        let share = if full { self.limits.always_room } else { self.limits.queued_per_endpoint };
        let lane = self.tenants.get(&tenant_id).and_then(|tenant| tenant.endpoints.get(&endpoint_id));
        share.saturating_sub(lane.map_or(0, EndpointLane::len))
    }

    /// Takes everything out that waits for one endpoint.
    pub(crate) fn take_lane(&mut self, tenant_id: TenantId, endpoint_id: EndpointId) -> Vec<T> {
        let lane = self.tenants.get_mut(&tenant_id).and_then(|tenant| tenant.endpoints.get_mut(&endpoint_id));
        let items: Vec<T> = lane.map(EndpointLane::drain).unwrap_or_default();
        self.queued -= items.len();
        self.queued_bytes -= items.iter().map(Queued::size).sum::<usize>();
        items
    }

    /// The next item to send, if the limits allow one. Its place is taken until [`FairQueue::done`].
    pub(crate) fn pop(&mut self) -> Option<T> {
        while self.in_flight < self.limits.in_flight {
            let tenant_id = self.ready.pop_front()?;
            let Some(tenant) = self.tenants.get_mut(&tenant_id) else { continue };
            tenant.is_ready = false;
            if tenant.in_flight >= self.limits.in_flight_per_tenant {
                continue;
            }
            let Some(item) = tenant.pop(self.limits.in_flight_per_endpoint) else { continue };
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
    fn pop(&mut self, in_flight_per_endpoint: usize) -> Option<T> {
        loop {
            let endpoint_id = self.ready.pop_front()?;
            let Some(lane) = self.endpoints.get_mut(&endpoint_id) else { continue };
            lane.is_ready = false;
            if lane.in_flight >= in_flight_per_endpoint {
                continue;
            }
            let Some(item) = lane.messages.pop_front().or_else(|| lane.statuses.pop_front()) else { continue };
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
mod tests {
    use super::*;
    use uuid::Uuid;

    #[derive(Debug, PartialEq)]
    struct Item(u128, u128, Priority, u32);

    impl Queued for Item {
        fn tenant_id(&self) -> TenantId {
            TenantId(Uuid::from_u128(self.0))
        }
        fn endpoint_id(&self) -> EndpointId {
            EndpointId(Uuid::from_u128(self.1))
        }
        fn priority(&self) -> Priority {
            self.2
        }
        fn size(&self) -> usize {
            1
        }
    }

    const SMALL: Limits = Limits {
        in_flight: 5,
        in_flight_per_tenant: 3,
        in_flight_per_endpoint: 2,
        queued_per_endpoint: 50,
        always_room: 1,
        queued: 100,
        queued_bytes: 100,
    };

    fn message(tenant: u128, endpoint: u128, number: u32) -> Item {
        Item(tenant, endpoint, Priority::Message, number)
    }

    fn filled(items: impl IntoIterator<Item = Item>) -> FairQueue<Item> {
        let mut queue = FairQueue::new(SMALL);
        for item in items {
            queue.push(item).expect("room");
        }
        queue
    }

    fn popped(queue: &mut FairQueue<Item>) -> Vec<(u128, u128)> {
        std::iter::from_fn(|| queue.pop()).map(|item| (item.0, item.1)).collect()
    }

    #[test]
    fn tenants_and_endpoints_take_turns_within_their_limits() {
        let flood = (0..20).map(|n| message(1, 10 + u128::from(n % 2), n));
        let mut queue = filled(flood.chain([message(2, 20, 0), message(2, 20, 1), message(2, 20, 2)]));
        assert_eq!(popped(&mut queue), [(1, 10), (2, 20), (1, 11), (2, 20), (1, 10)]);
        queue.done(TenantId(Uuid::from_u128(2)), EndpointId(Uuid::from_u128(20)));
        assert_eq!(popped(&mut queue), [(2, 20)], "tenant 1 is at its limit");
    }

    #[test]
    fn a_full_endpoint_does_not_hold_its_siblings() {
        let mut queue = filled((0..5).map(|n| message(1, 10, n)).chain([message(1, 11, 9)]));
        assert_eq!(popped(&mut queue), [(1, 10), (1, 11), (1, 10)]);
    }

    #[test]
    fn messages_before_statuses() {
        let mut queue = filled([Item(1, 1, Priority::Status, 0), message(1, 1, 1)]);
        assert_eq!(queue.pop().map(|item| item.3), Some(1));
        assert_eq!(queue.pop().map(|item| item.3), Some(0));
    }

    #[test]
    fn one_endpoint_cannot_fill_the_memory_of_all() {
        let mut queue = FairQueue::new(Limits { queued: 60, ..SMALL });
        let taken = (0..100).filter(|n| queue.push(message(1, 10, *n)).is_ok()).count();
        assert_eq!(taken, 50, "its own share");
        assert_eq!(queue.room(TenantId(Uuid::from_u128(1)), EndpointId(Uuid::from_u128(10))), 0);
        let taken = (0..100).filter(|n| queue.push(message(2, 20, *n)).is_ok()).count();
        assert_eq!(taken, 10, "what is left");
        let taken = (0..100).filter(|n| queue.push(message(3, 30, *n)).is_ok()).count();
        assert_eq!(taken, 1, "always a little, though the memory is full");
        assert_eq!(queue.take_lane(TenantId(Uuid::from_u128(1)), EndpointId(Uuid::from_u128(10))).len(), 50);
        assert!(queue.push(message(1, 10, 0)).is_ok(), "room again");
    }

    #[test]
    fn memory_is_bounded_and_freed() {
        let mut queue = FairQueue::new(Limits { queued: 2, ..SMALL });
        assert!(queue.push(message(1, 1, 0)).is_ok());
        assert!(queue.push(message(1, 1, 1)).is_ok());
        assert_eq!(queue.push(message(1, 1, 2)), Err(message(1, 1, 2)));
        while let Some(item) = queue.pop() {
            queue.done(item.tenant_id(), item.endpoint_id());
        }
        assert!(queue.tenants.is_empty() && queue.ready.is_empty());
        assert_eq!((queue.in_flight, queue.queued, queue.queued_bytes), (0, 0, 0));
    }

    #[test]
    fn everything_is_sent_once_whatever_the_order() {
        let mut queue = filled((0..60).map(|n| message(u128::from(n % 3), u128::from(n % 7), n)));
        let (mut flying, mut sent) = (VecDeque::new(), Vec::new());
        loop {
            while let Some(item) = queue.pop() {
                sent.push(item.3);
                flying.push_back((item.tenant_id(), item.endpoint_id()));
            }
            assert!(flying.len() <= SMALL.in_flight);
            let Some((tenant_id, endpoint_id)) = flying.pop_front() else { break };
            queue.done(tenant_id, endpoint_id);
        }
        sent.sort_unstable();
        assert_eq!(sent, (0..60).collect::<Vec<_>>());
    }

    #[test]
    fn take_all_leaves_what_is_in_flight() {
        let mut queue = filled((0..4).map(|n| message(1, 1, n)));
        let flying = queue.pop().expect("one");
        assert_eq!(queue.take_all().len(), 3);
        assert!(queue.pop().is_none());
        queue.done(flying.tenant_id(), flying.endpoint_id());
        queue.push(message(1, 1, 9)).expect("room");
        assert_eq!(queue.pop().map(|item| item.3), Some(9));
    }
}
