//! Typed ids in `TypeID` form: a prefix, `_`, and 26 characters of Crockford base32 of a 128-bit UUID.
//!
//! An id of one noun cannot be passed for another's. The text form sorts as the UUID does, so newest-first by id
//! is newest-first by time wherever the UUID begins with a time (`UUIDv7` for our own rows, v8 for events).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a 128-bit number in base32, five bits each, the first holding only three.
const SUFFIX_LEN: usize = 26;
const HALF_DIGITS: usize = 12;
const HALF: u128 = (1 << 60) - 1;
/// The longest prefix is `ensec_`.
const PREFIX_MAX: usize = 6;

/// The text is not an id of the wanted noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {prefix}_ id")]
pub struct InvalidId {
    pub prefix: &'static str,
}

fn encode(uuid: Uuid) -> [u8; SUFFIX_LEN] {
    let number = uuid.as_u128();
    let mut out = [b'0'; SUFFIX_LEN];
    // Twelve digits hold 60 bits, so each half is computed in a register.
    let (first, rest) = out.split_at_mut(SUFFIX_LEN - 2 * HALF_DIGITS);
    let (upper, lower) = rest.split_at_mut(HALF_DIGITS);
    for (digits, shift) in [(first, 120), (upper, 60), (lower, 0)] {
        let mut bits = u64::try_from((number >> shift) & HALF).unwrap_or(0);
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
    }
    out
}

fn decode(suffix: &[u8]) -> Option<Uuid> {
    if suffix.len() != SUFFIX_LEN || suffix[0] > b'7' {
        return None;
    }
    let mut value: u128 = 0;
    for byte in suffix {
        let digit = ALPHABET.iter().position(|c| c == byte)?;
        value = (value << 5) | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

/// An id's text form, without a place of its own in memory: every event holds several.
struct Text {
    bytes: [u8; PREFIX_MAX + SUFFIX_LEN],
    length: usize,
}

impl Text {
    /// `prefix` is at most [`PREFIX_MAX`] long, its `_` included.
    fn new(prefix: &str, uuid: Uuid) -> Self {
        let mut bytes = [0; PREFIX_MAX + SUFFIX_LEN];
        let length = prefix.len() + SUFFIX_LEN;
        let (start, end) = bytes.split_at_mut(prefix.len());
        start.copy_from_slice(prefix.as_bytes());
        end[..SUFFIX_LEN].copy_from_slice(&encode(uuid));
        Self { bytes, length }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            fn text(self) -> Text {
                Text::new(concat!($prefix, "_"), self.0)
            }

            /// A new id whose first 48 bits are `at` in milliseconds (`UUIDv7`).
            #[must_use]
            pub fn new(at: chrono::DateTime<chrono::Utc>) -> Self {
                let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
                let stamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, at.timestamp_subsec_nanos());
                Self(Uuid::new_v7(stamp))
            }

            /// The time that the id begins with.
            #[must_use]
            pub fn time(self) -> chrono::DateTime<chrono::Utc> {
                let millis = i64::try_from(self.0.as_u128() >> 80).unwrap_or(0);
                chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|suffix| decode(suffix.as_bytes()))
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text().as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

id! {
    /// A customer of ours.
    TenantId = "ten",
    /// A person who signs in.
    AccountId = "acc",
    /// A Meta app.
    AppId = "app",
    /// One secret of an app.
    AppSecretId = "sec",
    /// A connected number, page or Instagram account.
    ChannelId = "chn",
    /// The bytes of one accepted POST, per tenant.
    ReceiptId = "rcp",
    /// One normalised thing that happened.
    EventId = "evt",
    /// A tenant's destination.
    EndpointId = "end",
    /// One signing secret of an endpoint.
    EndpointSecretId = "ensec",
    /// A channel's exchange with one customer or group.
    ConversationId = "conv",
    /// A running relay process.
    NodeId = "node",
    /// Deliveries that a process took in together and sends for the first time.
    ManifestId = "man",
    /// One request that the inspector received.
    InspectionId = "insp",
    /// A stretch of time that is sent to an endpoint again.
    ReplayId = "rep",
    /// One refused POST that was kept.
    RefusedId = "rfd",
    /// A record of the audit log.
    AuditId = "aud",
    /// A letter to a person.
    MailId = "mail",
    /// A key to the API.
    ApiKeyId = "key",
    /// Somebody who was asked to join a tenant.
    InvitationId = "inv",
    /// What somebody let us into at Meta: a business account, a page, an Instagram account.
    ConnectionId = "conn",
    /// Something that was put right at Meta.
    RepairId = "rpr",
    /// Somebody on their way through a login of Meta's.
    LoginId = "login",
}

impl EventId {
    /// Lies before the ids of all events of this millisecond and later, and after all earlier ones. No event has it.
    #[must_use]
    pub fn floor(at: chrono::DateTime<chrono::Utc>) -> Self {
        Self(Uuid::from_u128(u128::try_from(at.timestamp_millis()).unwrap_or(0) << 80))
    }
}

impl TenantId {
    /// The operator's own tenant: it owns the operator's apps, and what no tenant's channel claims.
    pub const OPERATOR: Self = Self(Uuid::nil());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the `TypeID` specification's valid vectors.
    #[test]
    fn suffixes_agree_with_the_specification() {
        let vectors = [
            ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
            ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
            ("00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"),
            ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
            ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
            ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
        ];
        for (uuid, suffix) in vectors {
            let id = EventId(uuid.parse().expect("vector"));
            assert_eq!(id.to_string(), format!("evt_{suffix}"));
            assert_eq!(format!("evt_{suffix}").parse(), Ok(id));
        }
    }

    #[test]
    fn a_floor_lies_between_the_ids_of_before_and_after() {
        let at = chrono::DateTime::from_timestamp_millis(1_795_435_200_123).expect("a time");
        let floor = EventId::floor(at);
        assert_eq!(floor.time(), at);
        assert!(EventId::new(at - chrono::TimeDelta::milliseconds(1)) < floor);
        assert!(floor < EventId::new(at));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "evt_",
            "evt_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "chn_00000000000000000000000000",
            "evt_0000000000000000000000000u",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(InvalidId { prefix: "evt" }), "{text}");
        }
    }
}
