//! What the queue promises, as examples.

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
    queued_per_endpoint: 50,
    always_room: 1,
    queued: 100,
    queued_bytes: 100,
};

fn two(_: EndpointId) -> usize {
    2
}

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
    std::iter::from_fn(|| queue.pop(two)).map(|item| (item.0, item.1)).collect()
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
    assert_eq!(queue.pop(two).map(|item| item.3), Some(1));
    assert_eq!(queue.pop(two).map(|item| item.3), Some(0));
}

#[test]
fn what_is_sent_again_gives_way_but_has_its_turns() {
    let again = (0..40).map(|n| Item(1, 1, Priority::Backlog, n));
    let fresh = (40..50).map(|n| message(1, 1, n));
    let mut queue = filled(again.chain(fresh));
    let mut order = Vec::new();
    while let Some(item) = queue.pop(two) {
        order.push(item.2 == Priority::Message);
        queue.done(item.tenant_id(), item.endpoint_id());
    }
    assert_eq!(order.len(), 50);
    let fresh_early = order.iter().take(14).filter(|fresh| **fresh).count();
    assert_eq!(fresh_early, 10, "{order:?}");
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
fn what_is_fetched_leaves_room_for_what_comes_in() {
    let (tenant_id, endpoint_id) = (TenantId(Uuid::from_u128(1)), EndpointId(Uuid::from_u128(10)));
    let queue = filled((0..20).map(|n| message(1, 10, n)));
    assert_eq!((queue.room_to_fetch(tenant_id, endpoint_id), queue.room(tenant_id, endpoint_id)), (5, 30));
    let queue = filled((0..30).map(|n| message(1, 10, n)));
    assert_eq!((queue.room_to_fetch(tenant_id, endpoint_id), queue.room(tenant_id, endpoint_id)), (0, 20));
}

#[test]
fn memory_is_bounded_and_freed() {
    let mut queue = FairQueue::new(Limits { queued: 2, ..SMALL });
    assert!(queue.push(message(1, 1, 0)).is_ok());
    assert!(queue.push(message(1, 1, 1)).is_ok());
    assert_eq!(queue.push(message(1, 1, 2)), Err(message(1, 1, 2)));
    while let Some(item) = queue.pop(two) {
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
        while let Some(item) = queue.pop(two) {
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
    let flying = queue.pop(two).expect("one");
    assert_eq!(queue.take_all().len(), 3);
    assert!(queue.pop(two).is_none());
    queue.done(flying.tenant_id(), flying.endpoint_id());
    queue.push(message(1, 1, 9)).expect("room");
    assert_eq!(queue.pop(two).map(|item| item.3), Some(9));
}
