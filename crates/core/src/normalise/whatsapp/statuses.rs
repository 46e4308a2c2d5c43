//! What became of a message of the business: `value.statuses[]`.

use serde_json::value::RawValue;

use super::super::draft::Draft;
use super::super::identity::{Identity, Peer};
use super::super::time;
use super::super::wire::{Direction, Status};
use super::people::Keys;
use super::{Change, errors};
use crate::json::Object;

/// Renamed twice in spring 2026.
const PARENT_USER_IDS: &[&str] = &["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"];
const RECIPIENT: Keys<'static> =
    Keys { number: "recipient_id", user_id: "recipient_user_id", parent_user_ids: PARENT_USER_IDS };
const PARTICIPANT: Keys<'static> = Keys {
    number: "recipient_participant_id",
    user_id: "recipient_participant_user_id",
    parent_user_ids: &["recipient_participant_parent_user_id"],
};
/// As the page on groups spells it.
const PARTICIPANT_AS_ON_GROUPS: Keys<'static> = Keys { number: "participant_recipient_id", ..PARTICIPANT };

/// The event word and the rank of a status.
///
/// Ranks grow along sent, delivered, read, played, so that whoever keeps only the highest may ignore the others.
/// `failed` is the other way that `sent` can go on, hence its rank is that of `delivered`: a `sent` that comes late
/// does not hide the failure, and a failure never hides that a message was read. A word that we do not know ranks
/// lowest.
fn word_and_rank(status: &str) -> (&'static str, u8) {
    match status {
        "sent" => ("message.sent", 1),
        "delivered" => ("message.delivered", 2),
        "failed" => ("message.failed", 2),
        "read" => ("message.read", 3),
        "played" => ("message.played", 4),
        _ => ("message.status", 0),
    }
}

/// The event of one status. In a group there is one for each participant.
pub(super) fn draft<'a>(change: &Change<'a>, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let mut participant = change.people.find(object, &PARTICIPANT);
    if participant.number.is_none() {
        let spelt_otherwise = change.people.find(object, &PARTICIPANT_AS_ON_GROUPS);
        participant = if spelt_otherwise.number.is_some() { spelt_otherwise } else { participant };
    }
    let in_group = participant.address().is_some() || object.text("recipient_type").as_deref() == Some("group");
    let group_id = object.non_empty("recipient_id").filter(|_| in_group);
    let customer = if in_group { participant } else { change.people.find(object, &RECIPIENT) };
    let named = customer.address().filter(|_| in_group);

    let word = object.text("status").unwrap_or_default();
    let identity = Identity {
        provider_id: object.non_empty("id"),
        state: Some(word.clone()),
        participant: named.clone(),
        item: item.get(),
        ..Identity::default()
    };
    let draft = Draft {
        identity,
        at: time::millis(object, "timestamp"),
        direction: Some(Direction::Outbound),
        from: change.business.clone(),
        to: group_id.clone().or_else(|| customer.address()),
        peer: group_id.clone().map(Peer::Group).or_else(|| customer.peer()),
        group_id,
        contact: customer.into_contact(),
        ..Draft::new(word_and_rank(&word).0, item)
    };
    if object.text("type").as_deref() == Some("payment") {
        return payment(draft, item, object);
    }
    let status = Status {
        message_id: object.non_empty("id"),
        rank: word_and_rank(&word).1,
        status: word,
        errors: errors(object),
        pricing: object.get("pricing"),
        conversation: object.get("conversation"),
        callback_data: object.text("biz_opaque_callback_data"),
        participant: named,
    };
    Draft { status: Some(status), ..draft }
}

/// India's payments share the array, but tell of the customer's payment for an order.
fn payment<'a>(draft: Draft<'a>, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let transaction = object.object("payment").and_then(|payment| payment.object("transaction")).unwrap_or_default();
    let identity = Identity {
        // One order may see several transactions, and each of them several states.
        participant: transaction
            .text("id")
            .zip(transaction.text("status"))
            .map(|(id, status)| format!("{id} {status}").into()),
        ..draft.identity
    };
    Draft {
        word: "payment.updated",
        identity,
        direction: Some(Direction::Inbound),
        from: draft.to,
        to: draft.from,
        data: Some(item),
        ..draft
    }
}
