//! Phone numbers and user ids, told apart and put into their valid form.
//!
//! Meta prints phone numbers as digits without a `+`, and may print a business-scoped user id (BSUID) where a number
//! is expected. A value that is not digits is never given a `+`.

use std::borrow::Cow;

/// E.164 allows 15 digits; no subscriber's number has fewer than 7 with its country code.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const BSUID_MAX: usize = 128;

/// The digits of a phone number without its `+`, or nothing if it is something else.
pub(super) fn digits(value: &str) -> Option<&str> {
    let digits = value.strip_prefix('+').unwrap_or(value);
    // The length first: a customer may have put something long where a number belongs.
    let is_number = PHONE_DIGITS.contains(&digits.len()) && !digits.starts_with('0');
    (is_number && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// `+` and digits, corrected where Meta keeps a form that cannot be dialled; nothing if it is no phone number.
pub(super) fn e164(value: &str) -> Option<String> {
    let dialled = dialled(digits(value)?);
    let mut number = String::with_capacity(dialled.len() + 1);
    number.push('+');
    number.push_str(&dialled);
    Some(number)
}

/// The digits that one dials.
///
/// Meta keeps the form in which a number was first registered or sent to: Brazilian mobiles from before the ninth digit,
/// Mexican ones with the `1` abolished in 2019, and Argentine ones without the `9` that a mobile has abroad. An Argentine
/// landline would get the `9` as well, since its digits do not tell it apart; on WhatsApp nearly all are mobiles, and
/// `wa_id` stays as it is.
pub(super) fn dialled(digits: &str) -> Cow<'_, str> {
    let rest = |country| digits.strip_prefix(country);
    match (digits.len(), digits.as_bytes().get(4)) {
        (12, Some(b'6'..=b'9')) if digits.starts_with("55") => Cow::Owned(format!("{}9{}", &digits[..4], &digits[4..])),
        (13, _) => rest("521").map_or(Cow::Borrowed(digits), |rest| Cow::Owned(format!("52{rest}"))),
        (12, _) => rest("54").map_or(Cow::Borrowed(digits), |rest| Cow::Owned(format!("549{rest}"))),
        _ => Cow::Borrowed(digits),
    }
}

/// A number as people write it, `+1 631-555-5555`, in E.164. Meta's `display_phone_number` of test numbers and the
/// numbers of contact cards look so.
pub(super) fn e164_of_written(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let is_written = value.chars().all(|c| c.is_ascii_digit() || "+-./() \u{a0}".contains(c));
    if is_written { e164(&digits) } else { None }
}

/// `GB.70310045128899312044` or, for a parent, `GB.ENT.55120099887766554433`.
pub(super) fn is_bsuid(value: &str) -> bool {
    let Some((country, id)) = value.split_once('.') else { return false };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=BSUID_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The form for `from` and `to`: E.164 where it is a phone number, otherwise as it is.
pub(super) fn address(value: Cow<'_, str>) -> Cow<'_, str> {
    e164(&value).map_or(value, Cow::Owned)
}

/// A username without the `@` that some of Meta's samples still have.
pub(super) fn username(value: Cow<'_, str>) -> Cow<'_, str> {
    match value.strip_prefix('@') {
        Some(bare) => Cow::Owned(bare.to_owned()),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_put_right_where_it_is_certain() {
        let cases = [
            ("447700900456", Some("+447700900456")),
            ("+447700900456", Some("+447700900456")),
            ("551187654321", Some("+5511987654321")),
            ("5511987654321", Some("+5511987654321")),
            ("551132654321", Some("+551132654321")),
            ("5215512345678", Some("+525512345678")),
            ("525512345678", Some("+525512345678")),
            ("5491123456789", Some("+5491123456789")),
            ("541123456789", Some("+5491123456789")),
            ("541112345678901", Some("+541112345678901")),
            ("GB.70310045128899312044", None),
            ("070012345", None),
            ("1234567890123456", None),
            ("", None),
            ("44 7700 900456", None),
            ("٤٤٧٧٠٠٩٠٠٤٥٦", None),
        ];
        for (value, expected) in cases {
            assert_eq!(e164(value).as_deref(), expected, "{value}");
        }
        assert_eq!(e164_of_written("+1 (631) 555-5555").as_deref(), Some("+16315555555"));
        assert_eq!(e164_of_written("ext. 6315555555"), None);
    }

    #[test]
    fn user_ids_are_recognised() {
        for value in ["GB.7031", "GB.ENT.5512", "US.aB3"] {
            assert!(is_bsuid(value), "{value}");
        }
        let long = format!("GB.{}", "1".repeat(129));
        for value in ["447700900456", "gb.7031", "GB.", "GB.ENT.", "GBR.1", "GB.1-2", "GB.1.2", &long] {
            assert!(!is_bsuid(value), "{value}");
        }
        assert_eq!(username(Cow::Borrowed("@alice.w")), "alice.w");
        assert_eq!(address(Cow::Borrowed("GB.7031")), "GB.7031");
    }
}
