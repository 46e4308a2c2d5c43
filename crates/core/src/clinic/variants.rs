//! The forms that a body may have had when it was signed, the likeliest first.

use super::BODY_MAX;
use super::layout::{self, Style};
use crate::signature::escaped;

/// Bytes that a form may have: escapes make six of two.
const FORM_MAX: usize = 4 * BODY_MAX;

/// What is to be done to the body to get what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A line feed at the end goes, or comes.
    DropNewline,
    AddNewline,
    /// All blanks at both ends go.
    Trim,
    /// The byte order mark at the beginning.
    DropMark,
    AddMark,
    /// Line ends of Windows, and of the others.
    LinesToCrlf,
    LinesToLf,
    /// A string that holds JSON is taken out of its quotes.
    Unquote,
    /// Text that was taken for Latin-1 and encoded again.
    UndoLatin1,
    /// Letters beyond ASCII as `\u00e4`, as `\u00E4`, and as themselves.
    Escape,
    EscapeUpper,
    Unescape,
    /// Slashes as `\/`, and as themselves.
    EscapeSlashes,
    PlainSlashes,
    /// No blanks between; `, ` and `: ` between; indented.
    Compact,
    Spaced,
    Indent2,
    Indent4,
    IndentTab,
    SortKeys,
}

const STYLES: [(Step, Style); 5] = [
    (Step::Compact, Style { between: ",", after_key: ":", indent: None }),
    (Step::Spaced, Style { between: ", ", after_key: ": ", indent: None }),
    (Step::Indent2, Style { between: ",", after_key: ": ", indent: Some("  ") }),
    (Step::Indent4, Style { between: ",", after_key: ": ", indent: Some("    ") }),
    (Step::IndentTab, Style { between: ",", after_key: ": ", indent: Some("\t") }),
];

const MARK: &str = "\u{feff}";

/// Hands each form and how it came about to `fit`, until that makes something of one.
pub(super) fn search<T>(body: &[u8], fit: &mut impl FnMut(&[Step], &[u8]) -> Option<T>) -> Option<T> {
    if let Some(found) = fit(&[], body) {
        return Some(found);
    }
    let Ok(text) = std::str::from_utf8(body) else { return None };
    let mut steps = Vec::new();
    endings(text, &mut steps, fit)
        .or_else(|| letters(text, &mut steps, fit))
        .or_else(|| whole(text, &mut steps, fit))
        .or_else(|| layouts(text, &mut steps, fit))
}

type Steps = Vec<Step>;

/// One step further, on what it makes of the text, unless it changes nothing.
fn then<T>(
    (step, changed): (Step, Option<String>),
    steps: &mut Steps,
    go_on: impl FnOnce(&str, &mut Steps) -> Option<T>,
) -> Option<T> {
    let changed = changed.filter(|text| text.len() <= FORM_MAX)?;
    steps.push(step);
    let found = go_on(&changed, steps);
    steps.pop();
    found
}

/// What is at the beginning and the end, and at the ends of lines.
fn endings<T>(text: &str, steps: &mut Steps, fit: &mut impl FnMut(&[Step], &[u8]) -> Option<T>) -> Option<T> {
    let trimmed = text.trim();
    let forms = [
        (Step::DropNewline, text.strip_suffix('\n').map(str::to_owned)),
        (Step::Trim, (trimmed != text).then(|| trimmed.to_owned())),
        (Step::AddNewline, Some(format!("{text}\n"))),
        (Step::LinesToCrlf, (text.contains('\n') && !text.contains('\r')).then(|| text.replace('\n', "\r\n"))),
        (Step::LinesToLf, text.contains("\r\n").then(|| text.replace("\r\n", "\n"))),
        (Step::DropMark, text.strip_prefix(MARK).map(str::to_owned)),
        (Step::AddMark, (!text.starts_with(MARK)).then(|| format!("{MARK}{text}"))),
    ];
    forms.into_iter().find_map(|form| then(form, steps, |text, steps| fit(steps, text.as_bytes())))
}

/// How letters beyond ASCII and slashes are written, each with the blanks at the end.
fn letters<T>(text: &str, steps: &mut Steps, fit: &mut impl FnMut(&[Step], &[u8]) -> Option<T>) -> Option<T> {
    let mut with_ends = |text: &str, steps: &mut Steps| {
        fit(steps, text.as_bytes()).or_else(|| {
            let trimmed = text.trim();
            let ends = [
                (Step::Trim, (trimmed != text).then(|| trimmed.to_owned())),
                (Step::AddNewline, Some(format!("{text}\n"))),
            ];
            ends.into_iter().find_map(|form| then(form, steps, |text, steps| fit(steps, text.as_bytes())))
        })
    };
    let mut with_slashes = |text: &str, steps: &mut Steps, as_is: bool| {
        let found = if as_is { with_ends(text, steps) } else { None };
        found.or_else(|| slashes(text).into_iter().find_map(|form| then(form, steps, &mut with_ends)))
    };
    with_slashes(text, steps, false).or_else(|| {
        spellings(text).into_iter().find_map(|form| then(form, steps, |text, steps| with_slashes(text, steps, true)))
    })
}

/// What was done to the body as a whole: a string made of it, or its letters encoded twice.
fn whole<T>(text: &str, steps: &mut Steps, fit: &mut impl FnMut(&[Step], &[u8]) -> Option<T>) -> Option<T> {
    let forms = [(Step::Unquote, unquoted(text)), (Step::UndoLatin1, once_encoded(text))];
    forms.into_iter().find_map(|form| {
        then(form, steps, |text, steps| fit(steps, text.as_bytes()).or_else(|| letters(text, steps, fit)))
    })
}

/// How a serialiser would have written the JSON.
fn layouts<T>(text: &str, steps: &mut Steps, fit: &mut impl FnMut(&[Step], &[u8]) -> Option<T>) -> Option<T> {
    let mut node = layout::parse(text.trim_start_matches(MARK))?;
    for sorted in [false, true] {
        if sorted {
            node.sort();
            steps.push(Step::SortKeys);
        }
        for (step, style) in STYLES {
            let written = node.write(style, FORM_MAX).filter(|written| written != text);
            let found = then((step, written), steps, |text, steps| {
                fit(steps, text.as_bytes())
                    .or_else(|| {
                        then((Step::AddNewline, Some(format!("{text}\n"))), steps, |text, steps| {
                            fit(steps, text.as_bytes())
                        })
                    })
                    .or_else(|| letters(text, steps, fit))
            });
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn slashes(text: &str) -> [(Step, Option<String>); 2] {
    let plain = text.contains("\\/").then(|| text.replace("\\/", "/"));
    let bare = plain.as_deref().unwrap_or(text);
    let escaped = bare.contains('/').then(|| bare.replace('/', "\\/")).filter(|escaped| escaped != text);
    [(Step::EscapeSlashes, escaped), (Step::PlainSlashes, plain)]
}

fn spellings(text: &str) -> [(Step, Option<String>); 3] {
    let plain = unescaped(text);
    let bare = plain.as_deref().unwrap_or(text);
    let changed = |form: String| Some(form).filter(|form| form != text);
    let lower = (!bare.is_ascii()).then(|| escape(bare));
    let upper = lower.as_deref().map(upper_case_escapes);
    [(Step::Escape, lower.and_then(changed)), (Step::EscapeUpper, upper.and_then(changed)), (Step::Unescape, plain)]
}

fn escape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() * 2);
    escaped(text, |bytes| out.extend_from_slice(bytes));
    String::from_utf8(out).unwrap_or_default()
}

/// Where a text has escapes, and of which UTF-16 units; what follows a backslash of the text's own is none.
fn escapes(text: &str) -> impl Iterator<Item = (usize, u16)> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let here = at;
            if bytes[here] != b'\\' {
                at += 1;
                continue;
            }
            if bytes.get(here + 1) == Some(&b'u')
                && let Some(unit) =
                    text.get(here + 2..here + 6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
                && let Ok(unit) = u16::from_str_radix(unit, 16)
            {
                at += 6;
                return Some((here, unit));
            }
            at += 2;
        }
        None
    })
}

fn upper_case_escapes(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    for (at, _) in escapes(text) {
        out[at + 2..at + 6].make_ascii_uppercase();
    }
    String::from_utf8(out).unwrap_or_default()
}

/// With letters beyond ASCII as themselves; none if there is no such escape. Halves of a pair stay as they are.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut from, mut high): (usize, Option<(usize, u16)>) = (0, None);
    let mut found = false;
    for (at, unit) in escapes(text) {
        let pair = high.take().filter(|(before, _)| before + 6 == at).map(|(before, first)| (before, [first, unit]));
        let (start, character) = match pair {
            Some((before, units)) => (before, char::decode_utf16(units).next().and_then(Result::ok)),
            None => (at, char::from_u32(u32::from(unit))),
        };
        if let Some(character) = character.filter(|character| *character >= '\u{7f}') {
            out.push_str(&text[from..start]);
            out.push(character);
            from = at + 6;
            found = true;
        } else if (0xd800..0xdc00).contains(&unit) {
            high = Some((at, unit));
        }
    }
    out.push_str(&text[from..]);
    found.then_some(out)
}

/// The text of a JSON string that holds an object or a list.
fn unquoted(text: &str) -> Option<String> {
    let inner: String = serde_json::from_str(text.trim()).ok()?;
    inner.trim_start().starts_with(['{', '[']).then_some(inner)
}

/// UTF-8 that was taken for Latin-1 and encoded as UTF-8 once more.
fn once_encoded(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    String::from_utf8(bytes?).ok().filter(|once| once != text)
}
