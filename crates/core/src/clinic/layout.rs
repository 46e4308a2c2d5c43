//! The same JSON with other blanks and another order of keys, as serialisers write it. Numbers and strings stay as they are.

use serde::de::IgnoredAny;

/// How a serialiser spreads JSON out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) between: &'static str,
    pub(super) after_key: &'static str,
    /// None: all on one line.
    pub(super) indent: Option<&'static str>,
}

#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A string, number or word.
    Bare(&'a str),
    Array(Vec<Node<'a>>),
    Object(Vec<(&'a str, Node<'a>)>),
}

/// The JSON of `text`; none if it is not JSON, or nests deeper than parsers take, so that nothing here can run out of stack.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    node(&mut Rest(text))
}

/// What is still to be read of text that is known to be JSON.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn next_is(&mut self, wanted: char) -> bool {
        self.0 = self.0.trim_start();
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// A string with its quotes, a number or a word.
    fn bare(&mut self) -> &'a str {
        self.0 = self.0.trim_start();
        let bytes = self.0.as_bytes();
        let length = if bytes.first() == Some(&b'"') {
            let mut at = 1;
            while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                at += if *byte == b'\\' { 2 } else { 1 };
            }
            at + 1
        } else {
            bytes.iter().position(|byte| b",]}: \n\r\t".contains(byte)).unwrap_or(bytes.len())
        };
        let (bare, rest) = self.0.split_at_checked(length).unwrap_or((self.0, ""));
        self.0 = rest;
        bare
    }
}

fn node<'a>(rest: &mut Rest<'a>) -> Option<Node<'a>> {
    if rest.next_is('{') {
        let mut members = Vec::new();
        while !rest.next_is('}') {
            let key = rest.bare();
            if key.is_empty() || !rest.next_is(':') {
                return None;
            }
            members.push((key, node(rest)?));
            rest.next_is(',');
        }
        return Some(Node::Object(members));
    }
    if rest.next_is('[') {
        let mut elements = Vec::new();
        while !rest.next_is(']') {
            elements.push(node(rest)?);
            rest.next_is(',');
        }
        return Some(Node::Array(elements));
    }
    let bare = rest.bare();
    (!bare.is_empty()).then_some(Node::Bare(bare))
}

impl Node<'_> {
    pub(super) fn sort(&mut self) {
        match self {
            Self::Bare(_) => {}
            Self::Array(elements) => elements.iter_mut().for_each(Node::sort),
            Self::Object(members) => {
                members.sort_by_key(|(key, _)| *key);
                for (_, value) in members {
                    value.sort();
                }
            }
        }
    }

    /// Written anew; none once it is longer than `max`, since deep JSON may grow by much.
    pub(super) fn write(&self, style: Style, max: usize) -> Option<String> {
        let mut out = String::new();
        self.append(style, (0, max), &mut out)?;
        Some(out)
    }

    fn append(&self, style: Style, (depth, max): (usize, usize), out: &mut String) -> Option<()> {
        match self {
            Self::Bare(text) => out.push_str(text),
            Self::Array(elements) => {
                out.push('[');
                for (place, element) in elements.iter().enumerate() {
                    separate(style, place, depth + 1, out);
                    element.append(style, (depth + 1, max), out)?;
                }
                end(style, elements.is_empty(), depth, out);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (place, (key, value)) in members.iter().enumerate() {
                    separate(style, place, depth + 1, out);
                    out.push_str(key);
                    out.push_str(style.after_key);
                    value.append(style, (depth + 1, max), out)?;
                }
                end(style, members.is_empty(), depth, out);
                out.push('}');
            }
        }
        (out.len() <= max).then_some(())
    }
}

fn separate(style: Style, place: usize, depth: usize, out: &mut String) {
    if place > 0 {
        out.push_str(style.between);
    }
    new_line(style, depth, out);
}

fn end(style: Style, is_empty: bool, depth: usize, out: &mut String) {
    if !is_empty {
        new_line(style, depth, out);
    }
}

fn new_line(style: Style, depth: usize, out: &mut String) {
    if let Some(indent) = style.indent {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    }
}
