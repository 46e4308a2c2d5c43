//! Words of Meta's that both of its families of webhooks use.

use std::borrow::Cow;

use crate::event::EventType;

/// The event type and the rank of a status.
///
/// Ranks grow along sent, delivered, read, played, so that whoever keeps only the highest may ignore the others.
/// `failed` is the other way that `sent` can go on, hence its rank is that of `delivered`: a `sent` that comes late
/// does not hide the failure, and a failure never hides that a message was read. A word that we do not know ranks
/// lowest.
pub(super) fn kind_and_rank(status: &str) -> (EventType, u8) {
    match status {
        "sent" => (EventType::MessageSent, 1),
        "delivered" => (EventType::MessageDelivered, 2),
        "failed" => (EventType::MessageFailed, 2),
        "read" => (EventType::MessageRead, 3),
        "played" => (EventType::MessagePlayed, 4),
        _ => (EventType::MessageStatus, 0),
    }
}

/// Of calls: `COMPLETED` is also printed `Completed`.
pub(super) fn lower_case(word: Cow<'_, str>) -> Cow<'_, str> {
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(word.to_ascii_lowercase()) } else { word }
}
