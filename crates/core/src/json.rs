//! A lenient view of JSON: where everything stands is found in one pass, and nothing is decoded until asked for.
//!
//! Meta changes types, adds keys and repeats itself, so a value of an unexpected type is simply absent and costs
//! only itself, never its neighbours. Nothing here recurses and nothing is quadratic in the input, so depth and
//! number of items are bounded by the size of the body alone.

mod fingerprint;
mod text;

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

pub use text::clean;

/// A JSON text, checked, and where everything in it stands.
pub struct Document<'a> {
    text: &'a str,
    /// In the order of the text, so what is in a container follows it directly. An object has a key before each value.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The number of the node that follows this one and all that is in it.
    after: u32,
    /// A string with a backslash in it.
    is_escaped: bool,
}

impl<'a> Document<'a> {
    /// Nothing if the text is not JSON, or not within 4 GiB.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        serde_json::from_str::<&RawValue>(text).ok()?;
        Some(Self { text, nodes: find_nodes(text.as_bytes()) })
    }

    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value { document: self, node: 0 }
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("bytes", &self.text.len()).field("nodes", &self.nodes.len()).finish()
    }
}

/// The nodes of a text that is known to be JSON. Every number made here is at most the text's length, so it fits.
fn find_nodes(text: &[u8]) -> Vec<Node> {
    let fit = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 8 + 1);
    let mut open: Vec<usize> = Vec::with_capacity(16);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let start = fit(at);
        match byte {
            b'{' | b'[' => {
                open.push(nodes.len());
                nodes.push(Node { start, end: start, after: 0, is_escaped: false });
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                let after = fit(nodes.len());
                if let Some(node) = open.pop().and_then(|number| nodes.get_mut(number)) {
                    (node.end, node.after) = (fit(at), after);
                }
            }
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => at += 1,
            _ => {
                let (end, is_escaped) =
                    if byte == b'"' { end_of_string(text, at) } else { (end_of_word(text, at), false) };
                at = end;
                nodes.push(Node { start, end: fit(end), after: fit(nodes.len() + 1), is_escaped });
            }
        }
    }
    nodes
}

/// Where the string that opens at `open` has ended, and whether it holds a backslash.
fn end_of_string(text: &[u8], open: usize) -> (usize, bool) {
    let (mut at, mut is_escaped) = (open + 1, false);
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return (at + 1, is_escaped);
        }
        is_escaped = true;
        at += 2;
    }
    (text.len(), is_escaped)
}

/// Where a number, `true`, `false` or `null` has ended.
fn end_of_word(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
    rest.iter().position(ends).map_or(text.len(), |length| start + length)
}

/// One value of a document, whatever its type.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    document: &'a Document<'a>,
    node: u32,
}

impl<'a> Value<'a> {
    fn span(self) -> Node {
        self.document.nodes.get(self.node as usize).copied().unwrap_or(Node {
            start: 0,
            end: 0,
            after: 0,
            is_escaped: false,
        })
    }

    /// The JSON of it, as it was sent.
    #[must_use]
    pub fn raw(self) -> &'a str {
        let span = self.span();
        self.document.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// How many bytes of the document stand before it.
    #[must_use]
    pub fn start(self) -> usize {
        self.span().start as usize
    }

    /// Whether it is the very same place of the same document.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.node == other.node
    }

    #[must_use]
    pub fn is_null(self) -> bool {
        self.raw() == "null"
    }

    /// True for what is neither an object nor an array.
    #[must_use]
    pub fn is_plain(self) -> bool {
        !self.raw().starts_with(['{', '['])
    }

    /// A string, or a number as its literal. U+0000 and lone surrogates, which no database takes, become U+FFFD.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let raw = self.raw();
        match raw.as_bytes().first()? {
            b'"' => {
                let quoted = raw.get(1..raw.len() - 1)?;
                Some(if self.span().is_escaped { Cow::Owned(text::unescape(quoted)) } else { Cow::Borrowed(quoted) })
            }
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
            _ => None,
        }
    }

    #[must_use]
    pub fn object(self) -> Option<Object<'a>> {
        self.raw().starts_with('{').then_some(Object(Some(self)))
    }

    /// The elements of an array, or nothing if it is of another type.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        self.raw().starts_with('[').then(|| Elements::within(self))
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// What stands directly in a container, one after the other: of an object, its keys too.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    document: &'a Document<'a>,
    next: u32,
    end: u32,
}

impl<'a> Elements<'a> {
    fn within(container: Value<'a>) -> Self {
        Self { document: container.document, next: container.node + 1, end: container.span().after }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.next >= self.end {
            return None;
        }
        let value = Value { document: self.document, node: self.next };
        self.next = self.document.nodes.get(self.next as usize)?.after;
        Some(value)
    }
}

/// The members of one JSON object, in order; none where there is no object. Where a key is repeated, the last one is found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Object<'a>(Option<Value<'a>>);

impl<'a> Object<'a> {
    /// Every member as sent: in order, repeated keys and nulls included.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        let mut inside = self.0.map(Elements::within);
        std::iter::from_fn(move || {
            let inside = inside.as_mut()?;
            let (key, value) = (inside.next()?, inside.next()?);
            Some((key.text().unwrap_or_default(), value))
        })
    }

    /// The value of `key`; null counts as absent.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let Value { document, node } = self.0?;
        let (nodes, after) = (document.nodes.as_slice(), self.0?.span().after);
        let (mut at, mut found) = (node + 1, None);
        while at < after {
            let (name, value) = (nodes.get(at as usize)?, nodes.get(at as usize + 1)?);
            // Most names are told from it by their length alone.
            let is_it = if name.is_escaped {
                Value { document, node: at }.text().is_some_and(|own| own == key)
            } else {
                (name.end - name.start) as usize == key.len() + 2
                    && document.text.as_bytes().get(name.start as usize + 1..name.end as usize - 1)
                        == Some(key.as_bytes())
            };
            if is_it {
                found = Some(Value { document, node: at + 1 });
            }
            at = value.after;
        }
        found.filter(|value| !value.is_null())
    }

    /// A string, or a number as its literal.
    #[must_use]
    pub fn text(self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// As [`Object::text`]; `""`, null and absent alike are nothing. For ids and names, where Meta means them alike.
    #[must_use]
    pub fn non_empty(self, key: &str) -> Option<Cow<'a, str>> {
        self.text(key).filter(|text| !text.is_empty())
    }

    /// An integer, or a string of digits.
    #[must_use]
    pub fn int(self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// `true` or `false`, also as a string.
    #[must_use]
    pub fn boolean(self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        value.raw().trim_matches('"').parse().ok()
    }

    /// A finite number as its literal, so that no digit is lost.
    #[must_use]
    pub fn number(self, key: &str) -> Option<Cow<'a, str>> {
        self.text(key).filter(|literal| is_number(literal))
    }

    #[must_use]
    pub fn object(self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object()
    }

    /// The elements of an array; none if there is no array.
    pub fn array(self, key: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.get(key).and_then(Value::elements).into_iter().flatten()
    }
}

/// Whether it is a number as JSON writes them, and one that others can hold.
fn is_number(literal: &str) -> bool {
    let is_json = serde_json::from_str::<serde_json::Number>(literal).is_ok();
    is_json && literal.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests;
