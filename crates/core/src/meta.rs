//! The envelope that Meta posts, taken apart: which things are in it and whom each belongs to.
//!
//! One POST may carry several accounts, hence several tenants, so the route is decided for each [`Part`] and never
//! for the request. Whatever an entry holds is a part, known or not; nothing is left behind. The parts borrow the
//! body and are otherwise undecoded; what they mean is `normalise`'s business.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::event::Platform;
use crate::json::{self, Object};

/// Meta's fixed phone number id in samples sent with the dashboard's Test button (seen in public dumps of them).
const TEST_PHONE_NUMBER_ID: &str = "123456123";
/// Meta's fixed entry id in such samples, for all three products.
const TEST_ENTRY_ID: &str = "0";

/// Why a body has no parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body is JSON, but has no entries as Meta's webhooks do")]
    UnknownShape,
}

/// Whom a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A `phone_number_id`, page id or Instagram professional account id.
    Channel { platform: Platform, external_id: String },
    /// No channel of its own: it belongs to whoever owns the account (the entry's id, as a rule the WABA's).
    Account { platform: Option<Platform>, account_id: Option<String> },
    /// A sample from the Test button of Meta's dashboard: validly signed, but no tenant's.
    MetaTest,
}

/// Where in an entry a part stood, which decides how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `{field, value}`.
    Change,
    /// An element of `messaging`.
    Messaging,
    /// An element of `standby`: as `messaging`, but another app owns the conversation.
    Standby,
    /// Anything else.
    Other,
}

/// What has to be left out of an entry to leave out the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Entry,
    /// The whole member of this number.
    Member(usize),
    /// One element of the array in the member of this number.
    Element(usize),
}

/// One change, messaging element or other content of an entry.
#[derive(Debug)]
pub struct Part<'a> {
    route: Route,
    place: Place,
    entry: usize,
    pub(crate) platform: Option<Platform>,
    pub(crate) shape: Shape,
    /// The change's field, or the name of the entry's member for [`Shape::Other`].
    pub(crate) field: Option<Cow<'a, str>>,
    /// The part as sent.
    pub(crate) raw: &'a RawValue,
    /// The change's value; otherwise the part itself.
    pub(crate) value: &'a RawValue,
    /// The members of `value`; none if it is not an object.
    pub(crate) content: Object<'a>,
    pub(crate) entry_id: Option<Cow<'a, str>>,
    /// Seconds or milliseconds, as sent.
    pub(crate) entry_time: Option<Cow<'a, str>>,
}

impl Part<'_> {
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }
}

/// One POST of Meta's.
#[derive(Debug)]
pub struct Webhook<'a> {
    body: &'a [u8],
    envelope: Object<'a>,
    entries: Vec<(&'a RawValue, Object<'a>)>,
    parts: Vec<Part<'a>>,
}

impl<'a> Webhook<'a> {
    /// # Errors
    /// If the body is not JSON in UTF-8, or not an object with an array `entry`.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(|_| ParseError::NotJson)?;
        let Some(envelope) = Object::from_text(text) else {
            let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
            return Err(if is_json { ParseError::UnknownShape } else { ParseError::NotJson });
        };
        let elements = envelope.get("entry").and_then(json::array).ok_or(ParseError::UnknownShape)?;
        let platform = envelope.text("object").and_then(|object| platform_of(&object));
        let entries: Vec<_> = elements.into_iter().map(|raw| (raw, Object::parse(raw).unwrap_or_default())).collect();
        let mut parts = Vec::new();
        for (number, (raw, members)) in entries.iter().enumerate() {
            Entry { platform, number, raw, members }.parts(&mut parts);
        }
        Ok(Self { body, envelope, entries, parts })
    }

    /// Everything in it, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The body again with only the parts whose number `keep` affirms: a tenant's own receipt where one POST carries
    /// several tenants. An entry keeps its id, time and whatever else it holds; one without a kept part is left out.
    #[must_use]
    pub fn excerpt(&self, keep: impl Fn(usize) -> bool) -> Vec<u8> {
        let kept: Vec<&Part<'a>> =
            (0..).zip(&self.parts).filter(|(number, _)| keep(*number)).map(|(_, part)| part).collect();
        if kept.len() == self.parts.len() {
            return self.body.to_vec();
        }
        let entries: Vec<String> =
            kept.chunk_by(|a, b| a.entry == b.entry).map(|parts| self.excerpt_of_entry(parts)).collect();
        let winner = self.envelope.get("entry");
        let members = self.envelope.members().filter_map(|(key, value)| match key {
            "entry" if winner.is_some_and(|winner| std::ptr::eq(winner, value)) => {
                Some((key, format!("[{}]", entries.join(","))))
            }
            "entry" => None,
            _ => Some((key, value.get().to_owned())),
        });
        write_object(members).into_bytes()
    }

    /// The entry that `kept`, at least one part, stands in, with only those parts.
    fn excerpt_of_entry(&self, kept: &[&Part<'a>]) -> String {
        let Some((raw, entry)) = kept.first().and_then(|part| self.entries.get(part.entry)) else {
            return String::new();
        };
        let mut kept = kept.iter().copied().peekable();
        if kept.peek().is_some_and(|part| part.place == Place::Entry) {
            return raw.get().to_owned();
        }
        let members = entry.members().enumerate().filter_map(|(number, (key, value))| {
            if kept.next_if(|part| part.place == Place::Member(number)).is_some() || is_about_entry(key, value) {
                return Some((key, value.get().to_owned()));
            }
            let mut elements = Vec::new();
            while let Some(part) = kept.next_if(|part| part.place == Place::Element(number)) {
                elements.push(part.raw.get());
            }
            (!elements.is_empty()).then(|| (key, format!("[{}]", elements.join(","))))
        });
        write_object(members)
    }
}

fn platform_of(object: &str) -> Option<Platform> {
    match object {
        "whatsapp_business_account" => Some(Platform::Whatsapp),
        "page" => Some(Platform::Messenger),
        "instagram" => Some(Platform::Instagram),
        _ => None,
    }
}

/// The lists whose elements are things that happened one by one.
fn shape_of_list(member: &str) -> Option<Shape> {
    match member {
        "changes" => Some(Shape::Change),
        "messaging" => Some(Shape::Messaging),
        "standby" => Some(Shape::Standby),
        // Messenger's calling puts its events here.
        "calls" => Some(Shape::Other),
        _ => None,
    }
}

/// An entry's own data, such as its id and time, as opposed to things that happened.
fn is_about_entry(member: &str, value: &RawValue) -> bool {
    matches!(member, "id" | "time" | "uid") || !value.get().starts_with(['{', '['])
}

fn write_object<'k>(members: impl Iterator<Item = (&'k str, String)>) -> String {
    let members: Vec<String> =
        members.map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key))).collect();
    format!("{{{}}}", members.join(","))
}

/// An entry on its way to parts.
struct Entry<'a, 'e> {
    platform: Option<Platform>,
    number: usize,
    raw: &'a RawValue,
    members: &'e Object<'a>,
}

impl<'a> Entry<'a, '_> {
    fn parts(&self, parts: &mut Vec<Part<'a>>) {
        let before = parts.len();
        // Some pages of Meta's print a change or a messaging element directly on the entry.
        let is_flat = ["field", "sender", "recipient"].iter().any(|key| self.members.get(key).is_some())
            && !self.members.members().any(|(key, _)| shape_of_list(key).is_some());
        if !is_flat {
            for (number, (key, value)) in self.members.members().enumerate() {
                self.parts_of_member(number, key, value, parts);
            }
        }
        if parts.len() == before {
            let shape = if self.members.get("field").is_some() { Shape::Change } else { Shape::Other };
            parts.push(self.part(Place::Entry, shape, None, self.raw));
        }
    }

    fn parts_of_member(&self, number: usize, key: &str, value: &'a RawValue, parts: &mut Vec<Part<'a>>) {
        if is_about_entry(key, value) {
            return;
        }
        match (shape_of_list(key), json::array(value)) {
            (Some(shape), Some(elements)) => {
                parts.extend(elements.into_iter().map(|raw| self.part(Place::Element(number), shape, Some(key), raw)));
            }
            _ => parts.push(self.part(Place::Member(number), Shape::Other, Some(key), value)),
        }
    }

    fn part(&self, place: Place, shape: Shape, member: Option<&str>, raw: &'a RawValue) -> Part<'a> {
        let mut content = Object::parse(raw).unwrap_or_default();
        let mut field = member.filter(|_| shape == Shape::Other).map(|name| Cow::Owned(name.to_owned()));
        let mut value = raw;
        if shape == Shape::Change {
            field = content.text("field");
            value = content.get("value").unwrap_or(raw);
            content = content.object("value").unwrap_or_default();
        }
        let entry_id = self.members.non_empty("id");
        Part {
            route: route(self.platform, entry_id.as_deref(), &content),
            place,
            entry: self.number,
            platform: self.platform,
            shape,
            field,
            raw,
            value,
            content,
            entry_id,
            entry_time: self.members.text("time"),
        }
    }
}

fn route(platform: Option<Platform>, entry_id: Option<&str>, content: &Object<'_>) -> Route {
    if entry_id == Some(TEST_ENTRY_ID) {
        return Route::MetaTest;
    }
    let account =
        |account_id: Option<Cow<'_, str>>| Route::Account { platform, account_id: account_id.map(Cow::into_owned) };
    match platform {
        Some(Platform::Whatsapp) => match phone_number_id(content) {
            Some(id) if id == TEST_PHONE_NUMBER_ID => Route::MetaTest,
            Some(id) => Route::Channel { platform: Platform::Whatsapp, external_id: id.into_owned() },
            None => {
                // Meta's partner events have the partner's own business as entry id and name the account inside.
                let named = content.object("waba_info").and_then(|info| info.non_empty("waba_id"));
                account(named.or(entry_id.map(Cow::Borrowed)))
            }
        },
        Some(platform) => match entry_id.map(Cow::Borrowed).or_else(|| our_side(content)) {
            Some(id) => Route::Channel { platform, external_id: id.into_owned() },
            None => account(None),
        },
        None => account(entry_id.map(Cow::Borrowed)),
    }
}

/// `metadata` is on every field about a phone number except handovers and settings, which have it elsewhere.
fn phone_number_id<'a>(value: &Object<'a>) -> Option<Cow<'a, str>> {
    let places = ["metadata", "recipient", "phone_number_settings"];
    places.iter().find_map(|place| value.object(place)?.non_empty("phone_number_id"))
}

/// The page or account of a messaging element whose entry has no id, as in Meta's feedback sample.
fn our_side<'a>(element: &Object<'a>) -> Option<Cow<'a, str>> {
    let is_echo = element.object("message").and_then(|message| message.boolean("is_echo")).unwrap_or(false);
    element.object(if is_echo { "sender" } else { "recipient" })?.non_empty("id")
}
