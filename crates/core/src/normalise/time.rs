//! Meta's times: strings and integers, seconds and milliseconds, under one rule.

use crate::json::Object;

/// From here on a number is milliseconds; as seconds it would be the year 5138.
const FIRST_MILLIS: i64 = 100_000_000_000;
/// 2100-01-01 in milliseconds: no usable time is later.
const LAST: i64 = 4_102_444_800_000;

/// The time under `key` in milliseconds since the epoch, if it is usable.
pub(super) fn millis(object: Object<'_>, key: &str) -> Option<i64> {
    let text = object.text(key)?;
    from_number(text.strip_suffix(".0").unwrap_or(&text).parse().ok()?)
}

/// When an item of whatever kind happened: Meta has several names for it.
pub(super) fn of_item(item: Object<'_>) -> Option<i64> {
    ["timestamp", "created_time", "time"].iter().find_map(|key| millis(item, key))
}

/// The time under `key` in seconds since the epoch.
pub(super) fn seconds(object: Object<'_>, key: &str) -> Option<i64> {
    Some(millis(object, key)?.div_euclid(1000))
}

/// The same for a number that was already read.
pub(super) fn from_number(number: i64) -> Option<i64> {
    let millis = if number < FIRST_MILLIS { number.checked_mul(1000)? } else { number };
    (1..=LAST).contains(&millis).then_some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn the_magnitude_decides_the_unit() {
        let cases = [
            (r#"{"t":"1747231892"}"#, Some(1_747_231_892_000)),
            (r#"{"t":1747231892}"#, Some(1_747_231_892_000)),
            (r#"{"t":1795435199804}"#, Some(1_795_435_199_804)),
            (r#"{"t":"1795435199804"}"#, Some(1_795_435_199_804)),
            (r#"{"t":99999999999}"#, None),
            (r#"{"t":0}"#, None),
            (r#"{"t":-5}"#, None),
            (r#"{"t":-9223372036854775808}"#, None),
            (r#"{"t":9223372036854775807}"#, None),
            (r#"{"t":"soon"}"#, None),
            (r#"{"t":null}"#, None),
        ];
        for (text, expected) in cases {
            let document = Document::parse(text).expect("JSON");
            assert_eq!(millis(document.root().object().expect("an object"), "t"), expected, "{text}");
        }
    }
}
