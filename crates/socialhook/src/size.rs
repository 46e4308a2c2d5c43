//! Sizes as people write them: `200GB`, `1.5 TiB`, `none`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Longer names first, since the shorter ones are their ends.
const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// A limit in bytes, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Limit {
    None,
    Bytes(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no size; write one as 200GB or 500MiB, or none")]
pub struct InvalidSize(String);

impl Limit {
    /// At most; as many as can be counted where there is no limit.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::None => i64::MAX.unsigned_abs(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl FromStr for Limit {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let lower = text.trim().to_ascii_lowercase();
        if lower == "none" {
            return Ok(Self::None);
        }
        let bytes = || {
            let (number, unit) = UNITS.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit)))?;
            let (whole, fraction) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
            let digits = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
            if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
                return None;
            }
            let part = u64::from_str(&format!("{fraction:0<6}")).ok()?;
            u64::from_str(whole)
                .ok()?
                .checked_mul(unit)?
                .checked_add(u64::try_from(u128::from(part) * u128::from(unit) / 1_000_000).ok()?)
        };
        bytes().map(Self::Bytes).ok_or_else(|| InvalidSize(text.to_owned()))
    }
}

impl TryFrom<String> for Limit {
    type Error = InvalidSize;

    fn try_from(text: String) -> Result<Self, InvalidSize> {
        text.parse()
    }
}

impl fmt::Display for Limit {
    /// In the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Bytes(bytes) = *self else { return f.write_str("none") };
        let name = |(unit, name): &(u64, &'static str)| (bytes % unit == 0).then(|| (bytes / unit, *name));
        let units = [(1_000_000_000, "GB"), (1 << 30, "GiB"), (1_000_000, "MB"), (1 << 20, "MiB")];
        let (number, unit) = units.iter().find_map(name).unwrap_or((bytes, "B"));
        write!(f, "{number}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes, shown) in [
            ("200GB", 200_000_000_000, "200GB"),
            (" 1.5 TB ", 1_500_000_000_000, "1500GB"),
            ("500mib", 500 << 20, "500MiB"),
            ("0.5GiB", 1 << 29, "512MiB"),
            ("1234b", 1234, "1234B"),
        ] {
            assert_eq!(text.parse(), Ok(Limit::Bytes(bytes)), "{text}");
            assert_eq!(Limit::Bytes(bytes).to_string(), shown);
        }
        assert_eq!("None".parse(), Ok(Limit::None));
        for nonsense in ["", "200", "GB", "-1GB", "1.GB5", "1e3GB", "99999999999TB", "1.1234567GB", "2PB"] {
            assert!(nonsense.parse::<Limit>().is_err(), "{nonsense}");
        }
    }
}
