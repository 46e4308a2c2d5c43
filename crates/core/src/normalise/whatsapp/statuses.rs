//! What became of a message of the business: `value.statuses[]`. Payments and calls share the list.

use super::super::draft::Draft;
use super::super::terms::kind_and_rank;
use super::super::time;
use super::super::wire::{Direction, Status};
use super::people::Keys;
use super::{Change, calls, errors, errors_are_told};
use crate::event::EventType;
use crate::json::{Object, Value};
use crate::signature::hex;

/// Renamed twice in spring 2026.
const PARENT_USER_IDS: &[&str] = &["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"];
pub(super) const RECIPIENT: Keys<'static> =
    Keys { number: "recipient_id", user_id: "recipient_user_id", parent_user_ids: PARENT_USER_IDS };
const PARTICIPANT: Keys<'static> = Keys {
    number: "recipient_participant_id",
    user_id: "recipient_participant_user_id",
    parent_user_ids: &["recipient_participant_parent_user_id"],
};
/// As the page on groups spells it.
const PARTICIPANT_AS_ON_GROUPS: Keys<'static> = Keys { number: "participant_recipient_id", ..PARTICIPANT };

/// The event of one status. In a group there is one for each participant.
pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let shared = object.text("type");
    if shared.as_deref() == Some("call") {
        return calls::status(change, item, object);
    }
    let mut participant = change.people.find(object, &PARTICIPANT);
    if participant.number.is_none() {
        let spelt_otherwise = change.people.find(object, &PARTICIPANT_AS_ON_GROUPS);
        participant = if spelt_otherwise.number.is_some() { spelt_otherwise } else { participant };
    }
    let in_group = participant.is_named() || object.text("recipient_type").as_deref() == Some("group");
    let group_id = object.non_empty("recipient_id").filter(|_| in_group);
    let customer = if in_group { participant } else { change.people.find(object, &RECIPIENT) };
    let named = customer.address().filter(|_| in_group);

    let word = object.text("status").unwrap_or_default();
    let (kind, rank) = kind_and_rank(&word);
    let mut draft = Draft { at: time::millis(object, "timestamp"), ..Draft::new(kind, item) };
    draft.identity.provider_id = object.non_empty("id");
    draft.identity.state = Some(word.clone());
    // Several that name nobody are told apart by all that they say.
    let unnamed = || Some(hex(&item.fingerprint()).into());
    draft.identity.participant = named.clone().or_else(|| if in_group { unnamed() } else { None });
    let draft = change.outbound(draft, customer, group_id);
    if shared.as_deref() == Some("payment") {
        return payment(draft, item, object);
    }
    let status = Status {
        message_id: object.non_empty("id"),
        status: word,
        rank,
        errors: errors(object),
        pricing: object.get("pricing").map(Into::into),
        conversation: object.get("conversation").map(Into::into),
        callback_data: object.text("biz_opaque_callback_data"),
        participant: named,
        watermark_at: None,
    };
    Draft { status: Some(Box::new(status)), data: (!is_told(object)).then(|| item.into()), ..draft }
}

/// Whether the event tells all that Meta does.
fn is_told(object: Object<'_>) -> bool {
    object.members().all(|(key, value)| match key.as_ref() {
        _ if value.is_null() => true,
        "id"
        | "status"
        | "timestamp"
        | "pricing"
        | "conversation"
        | "biz_opaque_callback_data"
        | "recipient_id"
        | "recipient_user_id"
        | "recipient_type"
        | "recipient_participant_id"
        | "recipient_participant_user_id"
        | "recipient_participant_parent_user_id"
        | "participant_recipient_id" => true,
        // Others have meanings of their own.
        "type" => value.raw() == "\"message\"",
        "errors" => errors_are_told(value),
        other => PARENT_USER_IDS.contains(&other),
    })
}

/// India's payments share the array, but tell of the customer's payment for an order.
fn payment<'a>(draft: Draft<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let transaction = object.object("payment").and_then(|payment| payment.object("transaction")).unwrap_or_default();
    let mut draft = Draft {
        kind: EventType::PaymentUpdated,
        direction: Some(Direction::Inbound),
        from: draft.to,
        to: draft.from,
        data: Some(item.into()),
        ..draft
    };
    // One order may see several transactions, and each of them several states.
    draft.identity.participant =
        transaction.text("id").zip(transaction.text("status")).map(|(id, status)| format!("{id} {status}").into());
    draft
}
