//! Headers of a tenant's own, which go with the requests to an endpoint: what they may be, and as text: `name: value`, one a line, as they
//! are stored.

/// As many for an endpoint, and as many characters of each value.
pub const COUNT_MAX: usize = 10;
pub const VALUE_MAX: usize = 500;
/// Headers that are ours, or the connection's. Also what begins with `webhook-` or `socialhook-`.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-hub-signature-256",
];

/// What is wrong with a header, as a sentence for whoever entered it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("“{0}” is no name of a header: use letters, digits and dashes, 64 at most.")]
    Name(String),
    #[error("{0} is set by us or by the connection. Choose another name.")]
    Reserved(String),
    #[error("{0} stands there twice. Keep one.")]
    Twice(String),
    #[error("Give {0} a value of 1 to {VALUE_MAX} plain characters.")]
    Value(String),
    #[error("Use at most {COUNT_MAX} headers; these are {0}.")]
    TooMany(usize),
}

/// Their names and values; a line that is no header is left out.
pub fn pairs(lines: &str) -> impl Iterator<Item = (&str, &str)> {
    lines.lines().filter_map(|line| line.split_once(": "))
}

/// As they are stored, their names in lower case; nothing if there are none.
///
/// # Errors
/// If one of them cannot be sent, or must not be.
pub fn lines<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Option<String>, Wrong> {
    let mut named: Vec<(String, &str)> = Vec::new();
    for (name, value) in headers {
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        check_name(&name)?;
        if named.iter().any(|(other, _)| *other == name) {
            return Err(Wrong::Twice(name));
        }
        if value.is_empty() || value.len() > VALUE_MAX || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Wrong::Value(name));
        }
        named.push((name, value));
    }
    if named.len() > COUNT_MAX {
        return Err(Wrong::TooMany(named.len()));
    }
    let lines: Vec<String> = named.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

fn check_name(name: &str) -> Result<(), Wrong> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(Wrong::Name(name.to_owned()));
    }
    if RESERVED.contains(&name) || name.starts_with("webhook-") || name.starts_with("socialhook-") {
        return Err(Wrong::Reserved(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_named_once_and_never_ours() {
        let said = |headers: &[(&str, &str)]| lines(headers.iter().copied());
        let fine = said(&[(" X-Key", " a b "), ("Authorization", "Bearer x")]);
        assert_eq!(fine, Ok(Some("x-key: a b\nauthorization: Bearer x".to_owned())));
        assert_eq!(said(&[]), Ok(None));
        for bad in [
            ("x key", "a"),
            ("", "a"),
            ("x-key", " "),
            ("Host", "a"),
            ("webhook-id", "a"),
            ("x", "é"),
            ("x", "a\r\nb: c"),
        ] {
            assert!(said(&[bad]).is_err(), "{bad:?}");
        }
        assert_eq!(said(&[("a", "1"), ("A", "2")]), Err(Wrong::Twice("a".to_owned())));
        let many: Vec<String> = (0..=COUNT_MAX).map(|number| format!("x-{number}")).collect();
        assert_eq!(lines(many.iter().map(|name| (name.as_str(), "1"))), Err(Wrong::TooMany(COUNT_MAX + 1)));
    }
}
