//! Who a WhatsApp item is from or to, put together from its own keys and the change's `contacts`.
//!
//! `contacts` is not aligned with the items: it is joined by BSUID, then by number, and by nothing else. Either may
//! be absent, and a BSUID may stand where a number is expected.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::address;
use super::super::identity::{Names, Them};
use super::super::wire::Contact;
use crate::json::Object;

/// Up to so many contacts are looked through one by one; WhatsApp's webhooks have one as a rule.
const FEW: usize = 8;

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

/// The writer of a message, and the caller of a call.
pub(super) const SENDER: Keys<'static> =
    Keys { number: "from", user_id: "from_user_id", parent_user_ids: &["from_parent_user_id"] };
pub(super) const RECEIVER: Keys<'static> =
    Keys { number: "to", user_id: "to_user_id", parent_user_ids: &["to_parent_user_id"] };

/// The people in a change's `contacts`.
#[derive(Debug, Default)]
pub(super) struct People<'a> {
    people: Vec<Person<'a>>,
    /// By BSUID and by the number as it is dialled, which cannot be taken for one another. Only where they are many.
    by_key: HashMap<String, usize>,
}

impl<'a> People<'a> {
    pub fn read(value: Object<'a>) -> Self {
        let contacts = value.array("contacts").filter_map(crate::json::Value::object);
        let mut all = Self { people: contacts.map(Person::of_contact).collect(), by_key: HashMap::new() };
        if all.people.len() > FEW {
            for (place, person) in all.people.iter().enumerate() {
                let number = person.wa_id.as_deref().map(dialled);
                for key in [person.user_id.clone(), number].into_iter().flatten() {
                    all.by_key.insert(key.into_owned(), place);
                }
            }
        }
        all
    }

    /// The person whom `object` names under `keys`, with what `contacts` adds.
    pub fn find(&self, object: Object<'a>, keys: &Keys<'_>) -> Person<'a> {
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

    /// The only person there is, for what is about a conversation and names nobody itself.
    pub fn only(&self) -> Option<Person<'a>> {
        let [person] = self.people.as_slice() else { return None };
        Some(person.by_himself())
    }

    /// Whom `contacts` names by this BSUID.
    pub fn known_by(&self, user_id: Option<Cow<'a, str>>) -> Option<Person<'a>> {
        user_id.as_ref()?;
        let person = Person { user_id, ..Person::default() };
        Some(self.entry(&person)?.by_himself())
    }

    fn entry(&self, person: &Person<'a>) -> Option<&Person<'a>> {
        let number = person.number.as_deref().map(dialled);
        if self.people.len() > FEW {
            let by_key = |key: &Option<Cow<'_, str>>| self.by_key.get(key.as_deref()?);
            return self.people.get(*by_key(&person.user_id).or_else(|| by_key(&number))?);
        }
        let mut people = self.people.iter().rev();
        let has_user_id = |other: &&Person<'_>| other.user_id.is_some() && other.user_id == person.user_id;
        let has_number = |other: &&Person<'_>| number.is_some() && other.wa_id.as_deref().map(dialled) == number;
        people.clone().find(has_user_id).or_else(|| people.find(has_number))
    }
}

impl<'a> Person<'a> {
    fn of_contact(contact: Object<'a>) -> Self {
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

    /// A contact where no item names him: he is written to by his `wa_id`.
    fn by_himself(&self) -> Self {
        Self { number: self.wa_id.clone(), ..self.clone() }
    }

    /// Moves a BSUID out of the number's place.
    pub fn tell_apart(&mut self) {
        if let Some(id) = self.number.take_if(|number| address::is_bsuid(number)) {
            let place = if id.contains(".ENT.") { &mut self.parent_user_id } else { &mut self.user_id };
            place.get_or_insert(id);
        }
    }

    pub fn is_named(&self) -> bool {
        self.number.is_some() || self.user_id.is_some() || self.parent_user_id.is_some()
    }

    /// As `from` and `to` have him.
    pub fn address(&self) -> Option<Cow<'a, str>> {
        let named = self.number.as_ref().or(self.user_id.as_ref()).or(self.parent_user_id.as_ref());
        named.cloned().map(address::address)
    }

    /// What his conversation is known by.
    pub fn names(&self) -> Names<'a> {
        let user_id = self.user_id.clone().or_else(|| self.parent_user_id.clone().filter(|_| self.number.is_none()));
        Names { number: self.number.clone(), user_id }
    }

    pub fn them(&self) -> Option<Them<'a>> {
        let now = self.names();
        (!now.is_empty()).then(|| Them::Customer { now, before: Names::default() })
    }

    /// Nothing if Meta named nobody.
    pub fn into_contact(self) -> Option<Contact<'a>> {
        self.is_named().then_some(())?;
        let wa_id = self.wa_id.or_else(|| self.number.clone()).map(bare);
        let phone = self.number.as_deref().and_then(address::e164).or_else(|| address::e164(wa_id.as_deref()?));
        let is_digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        // What is neither a number nor a BSUID is an id of a kind that we do not know.
        let user_id = self.user_id.or_else(|| self.number.filter(|number| !is_digits(number.trim_start_matches('+'))));
        Some(Contact {
            phone,
            wa_id: wa_id.filter(|id| is_digits(id)),
            user_id,
            parent_user_id: self.parent_user_id,
            username: self.username,
            name: self.name,
        })
    }
}

/// Whether both are one number, whichever way Meta spells it.
pub(super) fn is_same_number(one: &str, other: &str) -> bool {
    dialled(one) == dialled(other)
}

/// A number in the one form in which two spellings of it are equal; what is no number is as it is.
fn dialled(number: &str) -> Cow<'_, str> {
    address::digits(number).map_or(Cow::Borrowed(number), address::dialled)
}

/// Some tables of Meta's print numbers with a `+`.
fn bare(key: Cow<'_, str>) -> Cow<'_, str> {
    match key.strip_prefix('+') {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => key,
    }
}
