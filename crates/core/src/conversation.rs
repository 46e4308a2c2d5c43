//! Which conversation an event belongs to, where one customer is known by several names.
//!
//! WhatsApp names a customer by number, by business-scoped user id (BSUID), or by both, and either may change (WhatsApp
//! §2). So each name is a [`PeerKey`], and what was learnt about keys is kept as [`Known`]: an event that shows two names
//! teaches that they are one customer's. Left to itself a key stands for the conversation that is called like it, so
//! that most customers cost no memory at all:
//! - A number is kept only where it means another conversation than its own. A BSUID is always kept, since whether it was
//!   seen before decides what a number that turns up beside it means.
//! - Customers of Messenger and Instagram, and groups, have one name only; nothing of them is kept.
//!
//! [`settle`] is the whole rule; whoever calls it looks keys up and keeps what it learns.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::id::{ChannelId, ConversationId};

/// One name of one customer on one channel, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(pub Uuid);

impl PeerKey {
    /// Of a customer by whatever name, since numbers and ids cannot be taken for one another.
    pub(crate) fn of_customer(channel_id: ChannelId, name: &str) -> Self {
        Self::new(channel_id, "customer", name)
    }

    pub(crate) fn of_group(channel_id: ChannelId, group_id: &str) -> Self {
        Self::new(channel_id, "group", group_id)
    }

    /// Each field is preceded by its length, so that none can run into the next.
    fn new(channel_id: ChannelId, kind: &str, name: &str) -> Self {
        let mut hash = Sha256::new();
        for field in [b"conversation", channel_id.0.as_bytes().as_slice(), kind.as_bytes(), name.as_bytes()] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Uuid::new_v8(bytes))
    }

    /// The conversation that it stands for as long as nothing else is known.
    #[must_use]
    pub fn own_conversation(self) -> ConversationId {
        ConversationId(self.0)
    }
}

/// The other side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A group, or a customer with one name only.
    One(PeerKey),
    /// A customer of WhatsApp's.
    Customer(Customer),
}

/// What an event shows of who its customer is. At least one key is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Customer {
    pub number: Option<PeerKey>,
    pub user_id: Option<PeerKey>,
    /// Of an event that tells of a change: what he was known by before.
    pub former_number: Option<PeerKey>,
    pub former_user_id: Option<PeerKey>,
}

impl Customer {
    /// All keys that it shows.
    pub fn keys(&self) -> impl Iterator<Item = PeerKey> {
        [self.number, self.user_id, self.former_number, self.former_user_id].into_iter().flatten()
    }
}

/// What is known about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub conversation_id: ConversationId,
    /// A number whose owner has gone over to another. Late news of him still come under it, but shown beside a BSUID
    /// that was never seen, it is someone else's by now.
    pub is_left: bool,
}

/// Something to be kept about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    pub key: PeerKey,
    pub known: Known,
    /// Others may believe something else by now: what was known is changed, or a number no longer stands for itself.
    pub is_change: bool,
}

/// The conversation of `customer`, given what is `known` about his keys, and what that teaches: at most four lessons.
///
/// Where two keys were taken for two customers until now, what he was called before a change decides, and then his BSUID:
/// a number may get another owner, a BSUID never does.
pub fn settle(customer: &Customer, known: impl Fn(PeerKey) -> Option<Known>) -> (ConversationId, Vec<Lesson>) {
    let about = |key: Option<PeerKey>| key.and_then(&known);
    let is_change = customer.former_number.is_some() || customer.former_user_id.is_some();
    let user = about(customer.user_id);
    // A number that was left is someone else's by now if it is taken over, or shown beside a BSUID that was never seen.
    let is_unheard_of = customer.user_id.is_some() && user.is_none();
    let is_another_owners = |number: &Known| number.is_left && (is_change || is_unheard_of);
    let number = about(customer.number);
    let is_reassigned = number.as_ref().is_some_and(is_another_owners);
    let number_of_his = customer.number.filter(|_| !is_reassigned);
    let of_known = |known: Known| known.conversation_id;
    // Of a number nothing is kept as long as it stands for itself.
    let of_number = |key: PeerKey| known(key).map_or(key.own_conversation(), of_known);
    let names = [number_of_his, customer.former_user_id, customer.user_id];
    let conversation_id = about(customer.former_user_id)
        .map(of_known)
        .or_else(|| customer.former_number.map(of_number))
        .or_else(|| user.map(of_known))
        .or_else(|| number_of_his.and_then(&known).map(of_known))
        .or_else(|| names.into_iter().flatten().next().map(PeerKey::own_conversation))
        .unwrap_or(ConversationId(Uuid::nil()));

    let mut teaching = Teaching { known: &known, conversation_id, lessons: Vec::new() };
    teaching.number(customer.number, is_change);
    teaching.user_id(customer.user_id);
    teaching.user_id(customer.former_user_id);
    if customer.number.is_some() && customer.number != customer.former_number {
        teaching.left_number(customer.former_number);
    }
    (conversation_id, teaching.lessons)
}

/// What is to be kept, now that the conversation is settled.
struct Teaching<'k, F> {
    known: &'k F,
    conversation_id: ConversationId,
    lessons: Vec<Lesson>,
}

impl<F: Fn(PeerKey) -> Option<Known>> Teaching<'_, F> {
    /// A number that is known to have been left stays so, until it is told that he has it again.
    fn number(&mut self, key: Option<PeerKey>, is_told: bool) {
        let Some(key) = key else { return };
        let is_known = match (self.known)(key) {
            Some(before) => before.conversation_id == self.conversation_id && !(is_told && before.is_left),
            None => key.own_conversation() == self.conversation_id,
        };
        if !is_known {
            self.keep(key, false, true);
        }
    }

    fn user_id(&mut self, key: Option<PeerKey>) {
        let Some(key) = key else { return };
        let before = (self.known)(key);
        if before.is_none_or(|before| before.conversation_id != self.conversation_id) {
            self.keep(key, false, before.is_some());
        }
    }

    /// Unless it has got another owner already, when the news of the change comes late.
    fn left_number(&mut self, key: Option<PeerKey>) {
        let Some(key) = key else { return };
        let is_known = |before: Known| before.is_left || before.conversation_id != self.conversation_id;
        if !(self.known)(key).is_some_and(is_known) {
            self.keep(key, true, true);
        }
    }

    fn keep(&mut self, key: PeerKey, is_left: bool, is_change: bool) {
        let known = Known { conversation_id: self.conversation_id, is_left };
        self.lessons.push(Lesson { key, known, is_change });
    }
}

/// All that was learnt, in memory: for whoever has no database.
#[derive(Debug, Default)]
pub struct Memory(HashMap<PeerKey, Known>);

impl Memory {
    /// The conversation with `peer`; remembers what that teaches.
    pub fn settle(&mut self, peer: &Peer) -> ConversationId {
        match peer {
            Peer::One(key) => key.own_conversation(),
            Peer::Customer(customer) => {
                let (conversation_id, lessons) = settle(customer, |key| self.0.get(&key).copied());
                self.0.extend(lessons.into_iter().map(|lesson| (lesson.key, lesson.known)));
                conversation_id
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Option<PeerKey> {
        (!name.is_empty()).then(|| PeerKey::new(ChannelId(Uuid::nil()), "test", name))
    }

    /// An event that shows a number and a BSUID, or one of them.
    fn shows(memory: &mut Memory, number: &str, user_id: &str) -> ConversationId {
        let customer = Customer { number: key(number), user_id: key(user_id), ..Customer::default() };
        memory.settle(&Peer::Customer(customer))
    }

    fn changes(memory: &mut Memory, from: (&str, &str), to: (&str, &str)) -> ConversationId {
        let customer =
            Customer { number: key(to.0), user_id: key(to.1), former_number: key(from.0), former_user_id: key(from.1) };
        memory.settle(&Peer::Customer(customer))
    }

    #[test]
    fn a_customer_keeps_his_conversation_once_one_event_has_shown_both_names() {
        let sightings: [&[(&str, &str)]; 4] = [
            &[("1", ""), ("1", "a"), ("", "a"), ("1", "")],
            &[("", "a"), ("1", "a"), ("1", ""), ("", "a")],
            &[("1", "a"), ("", "a"), ("1", "")],
            &[("1", ""), ("1", ""), ("1", "a"), ("1", "a"), ("", "a")],
        ];
        for sightings in sightings {
            let mut memory = Memory::default();
            let found: Vec<_> = sightings.iter().map(|(number, user_id)| shows(&mut memory, number, user_id)).collect();
            assert!(found.iter().all(|id| *id == found[0]), "{sightings:?}");
            assert_ne!(shows(&mut memory, "2", "b"), found[0]);
        }
    }

    #[test]
    fn two_that_turn_out_to_be_one_are_one_from_then_on() {
        let mut memory = Memory::default();
        let apart = (shows(&mut memory, "1", ""), shows(&mut memory, "", "a"));
        assert_ne!(apart.0, apart.1);
        let both = shows(&mut memory, "1", "a");
        assert_eq!(both, apart.1, "a number that stands for itself is not kept");
        assert_eq!((shows(&mut memory, "1", ""), shows(&mut memory, "", "a")), (both, both));
    }

    #[test]
    fn a_number_or_an_id_that_changes_keeps_the_conversation() {
        for before in [("1", "a"), ("1", ""), ("", "a")] {
            let mut memory = Memory::default();
            let conversation = shows(&mut memory, before.0, before.1);
            assert_eq!(changes(&mut memory, before, ("2", "b")), conversation);
            for after in [("2", ""), ("", "b"), ("2", "b"), before] {
                assert_eq!(shows(&mut memory, after.0, after.1), conversation, "{before:?} {after:?}");
            }
        }
        let mut memory = Memory::default();
        let conversation = shows(&mut memory, "", "a");
        assert_eq!(changes(&mut memory, ("", "a"), ("", "b")), conversation);
        assert_eq!(shows(&mut memory, "", "b"), conversation);
    }

    #[test]
    fn a_number_that_was_left_may_get_another_owner() {
        let mut memory = Memory::default();
        let first = shows(&mut memory, "1", "a");
        changes(&mut memory, ("1", "a"), ("2", "b"));
        assert_eq!(shows(&mut memory, "1", ""), first, "late news of the one who left it");
        let second = shows(&mut memory, "1", "c");
        assert_ne!(second, first);
        assert_eq!((shows(&mut memory, "1", ""), shows(&mut memory, "", "c")), (second, second));
        assert_eq!((shows(&mut memory, "2", ""), shows(&mut memory, "", "b")), (first, first));
    }

    #[test]
    fn late_news_takes_nothing_from_the_next_owner() {
        let mut memory = Memory::default();
        let first = shows(&mut memory, "1", "a");
        changes(&mut memory, ("1", "a"), ("2", "b"));
        let second = shows(&mut memory, "1", "c");
        assert_eq!(changes(&mut memory, ("1", "a"), ("2", "b")), first, "told again");
        assert_eq!((shows(&mut memory, "1", ""), shows(&mut memory, "", "c")), (second, second));
        assert_eq!(shows(&mut memory, "1", "a"), first, "a status that comes late");
        assert_eq!((shows(&mut memory, "", "a"), shows(&mut memory, "1", "c")), (first, second));
        assert_eq!(shows(&mut memory, "1", ""), second);
    }

    #[test]
    fn who_takes_over_a_number_takes_his_own_conversation_along() {
        let mut memory = Memory::default();
        let first = shows(&mut memory, "2", "");
        changes(&mut memory, ("2", ""), ("4", ""));
        let second = shows(&mut memory, "1", "");
        assert_eq!(changes(&mut memory, ("1", ""), ("2", "")), second);
        assert_eq!((shows(&mut memory, "2", ""), shows(&mut memory, "4", "")), (second, first));
        let mut memory = Memory::default();
        let first = shows(&mut memory, "2", "a");
        changes(&mut memory, ("2", "a"), ("4", "b"));
        let second = changes(&mut memory, ("", "x"), ("2", "y"));
        assert_ne!(second, first, "known by an id that was never seen");
    }

    #[test]
    fn a_new_id_on_the_same_number_changes_nothing() {
        let mut memory = Memory::default();
        let conversation = shows(&mut memory, "1", "");
        assert_eq!(changes(&mut memory, ("", "a"), ("1", "b")), conversation);
        assert_eq!((shows(&mut memory, "1", ""), shows(&mut memory, "", "b")), (conversation, conversation));
    }

    #[test]
    fn a_customer_may_come_back_to_his_number() {
        let mut memory = Memory::default();
        let conversation = shows(&mut memory, "1", "a");
        changes(&mut memory, ("1", "a"), ("2", "b"));
        assert_eq!(changes(&mut memory, ("2", "b"), ("1", "c")), conversation);
        assert_eq!(shows(&mut memory, "1", "d"), conversation, "his number, not one that he left");
        assert_ne!(shows(&mut memory, "2", "e"), conversation, "that one he left");
    }

    #[test]
    fn little_is_kept() {
        let settled = |number: &str, user_id: &str| {
            let customer = Customer { number: key(number), user_id: key(user_id), ..Customer::default() };
            settle(&customer, |_| None).1.len()
        };
        assert_eq!((settled("1", ""), settled("1", "a"), settled("", "a")), (0, 1, 1));
        let mut memory = Memory::default();
        shows(&mut memory, "1", "a");
        let customer = Customer { number: key("1"), user_id: key("a"), ..Customer::default() };
        assert!(settle(&customer, |key| memory.0.get(&key).copied()).1.is_empty(), "nothing new the second time");
    }
}
