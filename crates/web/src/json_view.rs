//! JSON as a page shows it: indented, coloured by class names, and folding, without a script.
//!
//! The text itself is only re-indented: numbers, escapes and the order of keys stay as they were sent. The text content of
//! the HTML is the indented JSON, so that what is copied is what is seen. What is not JSON is shown as it is.

use std::fmt::Write;

/// Bytes up to which a body is coloured; a longer one is shown plainly, for the browser's sake.
const COLOURED_MAX: usize = 64 << 10;
/// Objects and arrays fold down to this depth; deeper ones are only indented.
const FOLDING_DEPTH_MAX: usize = 12;
/// Deeper ones are not indented further.
const INDENT_MAX: usize = 40;
/// The stylesheet has classes for wrapped lines down to this depth.
const INDENT_CLASS_MAX: usize = 12;

/// The body as HTML, safe to put in a page as it is.
pub fn html(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let is_json = text.len() <= COLOURED_MAX && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    if is_json {
        Writer::default().write(&text)
    } else {
        let mut html = String::with_capacity(text.len());
        escape(&mut html, &text);
        html
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open(char),
    Close(char),
    Comma,
    Colon,
    Text(&'a str),
    /// A number, `true`, `false` or `null`.
    Bare(&'a str),
}

/// The tokens of text that is known to be JSON.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let (token, length) = match first {
            '{' | '[' => (Token::Open(first), 1),
            '}' | ']' => (Token::Close(first), 1),
            ',' => (Token::Comma, 1),
            ':' => (Token::Colon, 1),
            '"' => {
                let length = string_length(rest);
                (Token::Text(&rest[..length]), length)
            }
            _ => {
                let length = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                (Token::Bare(&rest[..length]), length)
            }
        };
        rest = &rest[length..];
        Some(token)
    })
}

/// Bytes of the string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[derive(Default)]
struct Writer {
    html: String,
    /// Of the open containers: whether each is an object.
    open: Vec<bool>,
    /// The line that is being written, without its indentation.
    line: String,
}

impl Writer {
    fn write(mut self, text: &str) -> String {
        let mut tokens = tokens(text).peekable();
        let mut is_key = false;
        while let Some(token) = tokens.next() {
            match token {
                Token::Open(bracket) => {
                    if let Some(Token::Close(closing)) = tokens.peek() {
                        let _ = write!(self.line, "{bracket}{closing}");
                        tokens.next();
                    } else {
                        self.open(bracket);
                    }
                }
                Token::Close(bracket) => self.close(bracket, tokens.next_if_eq(&Token::Comma).is_some()),
                Token::Comma => {
                    self.line.push(',');
                    self.end_line();
                }
                Token::Colon => {
                    self.line.push_str(": ");
                }
                Token::Text(text) => self.span(if is_key { "k" } else { "s" }, text),
                Token::Bare(text) => {
                    self.span(if text.starts_with(|c: char| c.is_ascii_alphabetic()) { "b" } else { "n" }, text);
                }
            }
            // A line in an object begins with its key.
            is_key = self.line.is_empty() && self.open.last().copied().unwrap_or(false);
        }
        self.end_line();
        self.html
    }

    fn span(&mut self, class: &str, text: &str) {
        let _ = write!(self.line, r#"<span class="{class}">"#);
        escape(&mut self.line, text);
        self.line.push_str("</span>");
    }

    fn folds(&self) -> bool {
        self.open.len() <= FOLDING_DEPTH_MAX
    }

    fn open(&mut self, bracket: char) {
        self.line.push(bracket);
        if self.folds() {
            self.html.push_str("<details open>");
            self.end_line_as("summary");
        } else {
            self.end_line_as("span");
        }
        self.open.push(bracket == '{');
    }

    fn close(&mut self, bracket: char, comma: bool) {
        self.end_line();
        self.open.pop();
        self.line.push(bracket);
        if comma {
            self.line.push(',');
        }
        self.end_line();
        if self.folds() {
            self.html.push_str("</details>");
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.end_line_as("span");
        }
    }

    /// The line break stands inside the element: outside it would be a line of its own.
    fn end_line_as(&mut self, element: &str) {
        let indent = self.open.len().min(INDENT_MAX);
        let (class, width) = (indent.min(INDENT_CLASS_MAX), indent * 2);
        let line = std::mem::take(&mut self.line);
        let _ = write!(self.html, "<{element} class=\"l i{class}\">{:width$}{line}\n</{element}>", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser would give as text content.
    fn text_of(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for character in html.chars() {
            match character {
                '<' => inside = true,
                '>' => inside = false,
                other if !inside => text.push(other),
                _ => {}
            }
        }
        text.replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn the_text_is_the_indented_json_with_every_literal_kept() {
        let body =
            br#"{"id":12345678901234567890,"x":1.50e+3,"a":[1,{"b":null}],"e":{},"f":[ ],"s":"<\"\\>","t":true}"#;
        let expected = "{\n  \"id\": 12345678901234567890,\n  \"x\": 1.50e+3,\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"e\": {},\n  \"f\": [],\n  \"s\": \"<\\\"\\\\>\",\n  \"t\": true\n}\n";
        assert_eq!(text_of(&html(body)), expected);
    }

    #[test]
    fn keys_and_values_are_told_apart() {
        let html = html(br#"{"k":"v","n":-1,"l":["a",false],"o":{"k2":"v2"}}"#);
        for part in [
            r#"<span class="k">&quot;k&quot;</span>: <span class="s">&quot;v&quot;</span>"#,
            r#"<span class="n">-1</span>"#,
            r#"<span class="s">&quot;a&quot;</span>"#,
            r#"<span class="b">false</span>"#,
            r#"<span class="k">&quot;k2&quot;</span>: <span class="s">&quot;v2&quot;</span>"#,
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn nothing_of_a_body_becomes_markup() {
        for body in ["<script>alert(1)</script>", r#"{"<b>":"</span><script>"}"#, r#"["&amp;'"]"#] {
            let html = html(body.as_bytes());
            assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        }
    }

    #[test]
    fn folds_are_balanced_at_any_depth() {
        for depth in [1, FOLDING_DEPTH_MAX, FOLDING_DEPTH_MAX + 1, 100] {
            let body = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let html = html(body.as_bytes());
            assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
            assert_eq!(html.matches("<span").count(), html.matches("</span>").count());
        }
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert_eq!(html(b"not < json"), "not &lt; json");
        assert_eq!(html(b""), "");
        assert_eq!(html(&[0xff]), "\u{fffd}");
    }
}
