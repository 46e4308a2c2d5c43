//! The envelope that Meta posts, taken apart: which things are in it and whom each belongs to.
//!
//! One POST may carry several accounts, hence several tenants, so the route is decided for each [`Part`] and never
//! for the request. Whatever an entry holds is a part, known or not; nothing is left behind. The parts borrow the
//! document and are otherwise undecoded; what they mean is `normalise`'s business.

use std::borrow::Cow;
use std::ops::Range;

use crate::event::Platform;
use crate::json::{Document, Object, Value};

/// Meta's fixed phone number id in samples sent with the dashboard's Test button (seen in public dumps of them).
const TEST_PHONE_NUMBER_ID: &str = "123456123";
/// Bytes of an id of Meta's; a longer one is none, so that an entry's is not copied at length into each of its parts.
pub const ID_MAX: usize = 64;
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
    /// It belongs to whoever owns the account (the entry's id, as a rule the WABA's). Some of it is about one number of
    /// the account, which Meta then names by its digits alone (WhatsApp §8.2).
    Account { platform: Option<Platform>, account_id: Option<String>, number: Option<String> },
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
    /// The object `permissions`, which is none of the products'.
    pub(crate) is_about_permissions: bool,
    pub(crate) shape: Shape,
    /// The change's field, or the name of the entry's member for [`Shape::Other`].
    pub(crate) field: Option<Cow<'a, str>>,
    /// The part as sent.
    pub(crate) raw: Value<'a>,
    /// The members of the change's value, otherwise of the part itself; none if that is no object.
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

    /// The JSON of it, as it was sent.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.raw.raw()
    }

    /// Where its JSON stands in a body that holds it, the whole webhook or an excerpt of it; in an excerpt it is looked for from `from`
    /// on.
    #[must_use]
    pub fn place_in(&self, body: &[u8], from: usize) -> Option<Range<usize>> {
        let (raw, start) = (self.raw().as_bytes(), self.raw.start());
        let at = |start: usize| start..start + raw.len();
        if body.get(at(start)) == Some(raw) {
            return Some(at(start));
        }
        memchr::memmem::find(body.get(from..)?, raw).map(|found| at(from + found))
    }
}

/// One POST of Meta's.
#[derive(Debug)]
pub struct Webhook<'a> {
    root: Value<'a>,
    entries: Vec<Value<'a>>,
    parts: Vec<Part<'a>>,
}

/// The body as JSON, which [`Webhook::of`] reads.
///
/// # Errors
/// If it is not JSON in UTF-8.
pub fn document(body: &[u8]) -> Result<Document<'_>, ParseError> {
    std::str::from_utf8(body).ok().and_then(Document::parse).ok_or(ParseError::NotJson)
}

impl<'a> Webhook<'a> {
    /// # Errors
    /// If it is not an object with an array `entry`.
    pub fn of(document: &'a Document<'a>) -> Result<Self, ParseError> {
        let root = document.root();
        let envelope = root.object().ok_or(ParseError::UnknownShape)?;
        let entries = envelope.get("entry").and_then(Value::elements).ok_or(ParseError::UnknownShape)?;
        let object = envelope.text("object").unwrap_or_default();
        let entries: Vec<_> = entries.collect();
        let mut parts = Vec::new();
        for (number, raw) in entries.iter().enumerate() {
            Entry::new(&object, number, *raw).parts(&mut parts);
        }
        Ok(Self { root, entries, parts })
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
            return self.root.raw().as_bytes().to_vec();
        }
        let entries: Vec<String> =
            kept.chunk_by(|a, b| a.entry == b.entry).map(|parts| self.excerpt_of_entry(parts)).collect();
        let envelope = self.root.object().unwrap_or_default();
        let winner = envelope.get("entry");
        let members = envelope.members().filter_map(|(key, value)| match key.as_ref() {
            "entry" if winner.is_some_and(|winner| winner.is(value)) => Some((key, format!("[{}]", entries.join(",")))),
            "entry" => None,
            _ => Some((key, value.raw().to_owned())),
        });
        write_object(members).into_bytes()
    }

    /// The entry that `kept`, at least one part, stands in, with only those parts.
    fn excerpt_of_entry(&self, kept: &[&Part<'a>]) -> String {
        let Some(entry) = kept.first().and_then(|part| self.entries.get(part.entry)) else {
            return String::new();
        };
        let mut kept = kept.iter().copied().peekable();
        if kept.peek().is_some_and(|part| part.place == Place::Entry) {
            return entry.raw().to_owned();
        }
        let members = entry.object().unwrap_or_default().members().enumerate();
        let members = members.filter_map(|(number, (key, value))| {
            if kept.next_if(|part| part.place == Place::Member(number)).is_some() || is_about_entry(&key, value) {
                return Some((key, value.raw().to_owned()));
            }
            let mut elements = Vec::new();
            while let Some(part) = kept.next_if(|part| part.place == Place::Element(number)) {
                elements.push(part.raw.raw());
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
        // Messenger's calling puts its events into the one, and names of fields without values come in the other.
        "calls" | "changed_fields" => Some(Shape::Other),
        _ => None,
    }
}

/// An entry's own data, such as its id and time, as opposed to things that happened.
fn is_about_entry(member: &str, value: Value<'_>) -> bool {
    matches!(member, "id" | "time" | "uid") || value.is_plain()
}

fn write_object<'k>(members: impl Iterator<Item = (Cow<'k, str>, String)>) -> String {
    let members: Vec<String> =
        members.map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key))).collect();
    format!("{{{}}}", members.join(","))
}

/// An entry on its way to parts.
struct Entry<'a> {
    platform: Option<Platform>,
    is_about_permissions: bool,
    number: usize,
    raw: Value<'a>,
    members: Object<'a>,
    id: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
}

impl<'a> Entry<'a> {
    fn new(object: &str, number: usize, raw: Value<'a>) -> Self {
        let members = raw.object().unwrap_or_default();
        Self {
            platform: platform_of(object),
            is_about_permissions: object == "permissions",
            number,
            raw,
            members,
            id: id(members, "id"),
            time: members.text("time").filter(|time| time.len() <= ID_MAX),
        }
    }

    fn parts(&self, parts: &mut Vec<Part<'a>>) {
        let before = parts.len();
        // Some pages of Meta's print a change or a messaging element directly on the entry.
        let is_flat = ["field", "sender", "recipient"].iter().any(|key| self.members.get(key).is_some())
            && !self.members.members().any(|(key, _)| shape_of_list(&key).is_some());
        if !is_flat {
            for (number, (key, value)) in self.members.members().enumerate() {
                self.parts_of_member(number, key, value, parts);
            }
        }
        if parts.len() == before {
            let shape = match self.members {
                it if it.get("field").is_some() => Shape::Change,
                _ if is_flat => Shape::Messaging,
                _ => Shape::Other,
            };
            parts.push(self.part(Place::Entry, shape, None, self.raw));
        }
    }

    fn parts_of_member(&self, number: usize, key: Cow<'a, str>, value: Value<'a>, parts: &mut Vec<Part<'a>>) {
        if is_about_entry(&key, value) {
            return;
        }
        match (shape_of_list(&key), value.elements()) {
            (Some(shape), Some(elements)) => {
                parts.extend(elements.map(|raw| self.part(Place::Element(number), shape, Some(key.clone()), raw)));
            }
            _ => parts.push(self.part(Place::Member(number), Shape::Other, Some(key), value)),
        }
    }

    fn part(&self, place: Place, shape: Shape, member: Option<Cow<'a, str>>, raw: Value<'a>) -> Part<'a> {
        let mut content = raw.object().unwrap_or_default();
        let mut field = member.filter(|_| shape == Shape::Other);
        if shape == Shape::Change {
            field = content.text("field");
            // Marketing messages are drawn as flat objects, their values beside the field's name.
            content = content.get("value").unwrap_or(raw).object().unwrap_or_default();
        }
        Part {
            route: route(self.platform, self.id.as_deref(), content),
            place,
            entry: self.number,
            platform: self.platform,
            is_about_permissions: self.is_about_permissions,
            shape,
            field,
            raw,
            content,
            entry_id: self.id.clone(),
            entry_time: self.time.clone(),
        }
    }
}

fn route(platform: Option<Platform>, entry_id: Option<&str>, content: Object<'_>) -> Route {
    if entry_id == Some(TEST_ENTRY_ID) {
        return Route::MetaTest;
    }
    match platform {
        Some(Platform::Whatsapp) => match phone_number_id(content) {
            Some(id) if id == TEST_PHONE_NUMBER_ID => Route::MetaTest,
            Some(id) => Route::Channel { platform: Platform::Whatsapp, external_id: id.into_owned() },
            None => of_account(entry_id, content),
        },
        Some(platform) => match entry_id.map(Cow::Borrowed).or_else(|| our_side(content)) {
            Some(id) => Route::Channel { platform, external_id: id.into_owned() },
            None => Route::Account { platform: Some(platform), account_id: None, number: None },
        },
        None => Route::Account { platform, account_id: entry_id.map(ToOwned::to_owned), number: None },
    }
}

/// A WhatsApp account's. Meta's partner events have the partner's own business as entry id and name the account inside.
fn of_account(entry_id: Option<&str>, value: Object<'_>) -> Route {
    let inside = id(value.object("waba_info").unwrap_or(value), "waba_id");
    let written = value.non_empty("display_phone_number").or_else(|| value.non_empty("phone_number"));
    let written = written.filter(|written| written.len() <= ID_MAX);
    let digits = written.map(|written| written.chars().filter(char::is_ascii_digit).collect::<String>());
    Route::Account {
        platform: Some(Platform::Whatsapp),
        account_id: inside.map(Cow::into_owned).or_else(|| entry_id.map(ToOwned::to_owned)),
        number: digits.filter(|digits| !digits.is_empty()),
    }
}

fn id<'a>(object: Object<'a>, key: &str) -> Option<Cow<'a, str>> {
    object.non_empty(key).filter(|id| id.len() <= ID_MAX)
}

/// `metadata` is on every field about a phone number except handovers and settings, which have it elsewhere.
fn phone_number_id(value: Object<'_>) -> Option<Cow<'_, str>> {
    let places = ["metadata", "recipient", "phone_number_settings"];
    places.iter().find_map(|place| id(value.object(place)?, "phone_number_id"))
}

/// The page or account of a messaging element whose entry has no id, as in Meta's feedback sample.
fn our_side(element: Object<'_>) -> Option<Cow<'_, str>> {
    let is_echo = element.object("message").and_then(|message| message.boolean("is_echo")).unwrap_or(false);
    let side = element.object(if is_echo { "sender" } else { "recipient" }).and_then(|side| id(side, "id"));
    side.or_else(|| id(element, "page_id"))
}
