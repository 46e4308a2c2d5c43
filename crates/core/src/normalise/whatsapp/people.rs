//! Who a WhatsApp item is from or to, put together from its own keys and the change's `contacts`.
//!
//! `contacts` is not aligned with the items: it is joined by BSUID, then by number, and by nothing else. Either may
//! be absent, and a BSUID may stand where a number is expected.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::address;
use super::super::identity::Peer;
use super::super::wire::Contact;
use crate::json::Object;

/// A customer as far as Meta named him.
#[derive(Debug, Clone, Default)]
pub(super) struct Person<'a> {
    /// Where to write to: digits as a rule.
    pub number: Option<Cow<'a, str>>,
    pub wa_id: Option<Cow<'a, str>>,
    pub user_id: Option<Cow<'a, str>>,
    pub parent_user_id: Option<Cow<'a, str>>,
    pub username: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
}

/// The keys under which an item names a person.
pub(super) struct Keys<'k> {
    pub number: &'k str,
    pub user_id: &'k str,
    /// Meta renamed some of these; the first that is present counts.
    pub parent_user_ids: &'k [&'k str],
}

/// The people in a change's `contacts`.
#[derive(Debug, Default)]
pub(super) struct People<'a> {
    people: Vec<Person<'a>>,
    /// By BSUID and by digits, which cannot be taken for one another.
    by_key: HashMap<Cow<'a, str>, usize>,
}

impl<'a> People<'a> {
    pub fn read(value: &Object<'a>) -> Self {
        let mut all = Self::default();
        for contact in value.array("contacts").into_iter().filter_map(Object::parse) {
            let person = Person::of_contact(&contact);
            for key in [&person.user_id, &person.wa_id].into_iter().flatten() {
                all.by_key.insert(bare(key.clone()), all.people.len());
            }
            all.people.push(person);
        }
        all
    }

    /// The person whom `object` names under `keys`, with what `contacts` adds.
    pub fn find(&self, object: &Object<'a>, keys: &Keys<'_>) -> Person<'a> {
        let mut person = Person {
            number: object.non_empty(keys.number),
            user_id: object.non_empty(keys.user_id),
            parent_user_id: keys.parent_user_ids.iter().find_map(|key| object.non_empty(key)),
            ..Person::default()
        };
        person.tell_apart();
        if let Some(known) = self.entry(&person) {
            person.number = person.number.or_else(|| known.wa_id.clone());
            person.wa_id.clone_from(&known.wa_id);
            person.user_id = person.user_id.or_else(|| known.user_id.clone());
            person.parent_user_id = person.parent_user_id.or_else(|| known.parent_user_id.clone());
            person.username.clone_from(&known.username);
            person.name.clone_from(&known.name);
        }
        person
    }

    fn entry(&self, person: &Person<'a>) -> Option<&Person<'a>> {
        let by_user_id = person.user_id.as_deref().and_then(|key| self.by_key.get(key));
        let by_number = || self.by_key.get(digits(person.number.as_deref()?));
        self.people.get(*by_user_id.or_else(by_number)?)
    }
}

impl<'a> Person<'a> {
    fn of_contact(contact: &Object<'a>) -> Self {
        let profile = contact.object("profile").unwrap_or_default();
        let mut person = Self {
            number: contact.non_empty("wa_id"),
            user_id: contact.non_empty("user_id"),
            parent_user_id: contact.non_empty("parent_user_id"),
            username: profile.non_empty("username").map(address::username),
            name: profile.non_empty("name"),
            ..Self::default()
        };
        person.tell_apart();
        person.wa_id = person.number.take();
        person
    }

    /// Moves a BSUID out of the number's place.
    pub fn tell_apart(&mut self) {
        if let Some(id) = self.number.take_if(|number| address::is_bsuid(number)) {
            let place = if id.contains(".ENT.") { &mut self.parent_user_id } else { &mut self.user_id };
            place.get_or_insert(id);
        }
    }

    /// As `from` and `to` have him.
    pub fn address(&self) -> Option<Cow<'a, str>> {
        let named = self.number.as_ref().or(self.user_id.as_ref()).or(self.parent_user_id.as_ref());
        named.cloned().map(address::address)
    }

    /// His conversation. A number is used as it is dialled: Meta may print one customer's number in both its forms.
    pub fn peer(&self) -> Option<Peer<'a>> {
        let dialled = || {
            let number = self.number.clone()?;
            Some(match address::digits(&number).map(address::dialled) {
                Some(dialled) if dialled != number => Cow::Owned(dialled.into_owned()),
                _ => number,
            })
        };
        self.user_id.clone().or_else(dialled).or_else(|| self.parent_user_id.clone()).map(Peer::Customer)
    }

    /// Nothing if Meta named nobody.
    pub fn into_contact(self) -> Option<Contact<'a>> {
        self.address()?;
        let wa_id = self.wa_id.or_else(|| self.number.clone()).map(bare);
        let phone = self.number.as_deref().and_then(address::e164).or_else(|| address::e164(wa_id.as_deref()?));
        Some(Contact {
            phone,
            wa_id: wa_id.filter(|id| address::digits(id).is_some()),
            user_id: self.user_id,
            parent_user_id: self.parent_user_id,
            username: self.username,
            name: self.name,
        })
    }
}

/// Some tables of Meta's print numbers with a `+`.
fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

fn bare(key: Cow<'_, str>) -> Cow<'_, str> {
    match key.strip_prefix('+') {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => key,
    }
}
