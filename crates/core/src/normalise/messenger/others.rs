//! What else a messaging element may be: agreements, links to accounts, handovers, forms, carts, and news of the account.

use super::super::draft::Draft;
use super::super::wire::{Message, MessageType, Order, OrderItem, Reply, ReplyKind};
use super::{Element, calls, marketing, threads};
use crate::event::EventType;
use crate::json::{Object, Value};

/// The event, or nothing if the element is of a kind that is not known or a receipt.
pub(super) fn draft<'a>(element: &Element<'a>) -> Option<Draft<'a>> {
    let it = element.object;
    let has = |key: &str| it.get(key).is_some();
    if let Some(optin) = it.object("optin") {
        return Some(element.inbound(opt(optin)));
    }
    if let Some(linking) = it.object("account_linking") {
        let is_unlinked = linking.text("status").as_deref() == Some("unlinked");
        let kind = if is_unlinked { EventType::ConversationUnlinked } else { EventType::ConversationLinked };
        return Some(element.inbound(kind));
    }
    if let Some(feedback) = it.get("messaging_feedback") {
        return Some(filled_in(element, feedback));
    }
    if let Some(cart) = it.object("order") {
        return Some(ordered(element, cart));
    }
    if has("call_permission_reply") {
        return Some(calls::permission(element));
    }
    if has("policy_enforcement")
        || has("policy-enforcement")
        || (has("status") && (has("violations") || has("restrictions")))
    {
        return Some(element.about(EventType::AccountUpdated));
    }
    if has("response_feedback") || has("game_play") {
        return Some(element.about(EventType::Unknown));
    }
    threads::draft(element).or_else(|| marketing::draft(element.part, it.text("field")?.as_ref()))
}

/// The same key says that a customer wants messages, and that he wants no more.
fn opt(optin: Object<'_>) -> EventType {
    match optin.text("notification_messages_status").as_deref() {
        Some("STOP NOTIFICATIONS" | "STOP_NOTIFICATIONS") => EventType::ConversationOptOut,
        _ => EventType::ConversationOptIn,
    }
}

/// A feedback template's answers.
fn filled_in<'a>(element: &Element<'a>, feedback: Value<'a>) -> Draft<'a> {
    let reply = Reply { data: Some(feedback.into()), ..Reply::new(ReplyKind::Flow) };
    let message = Message { kind: MessageType::Interactive, reply: Some(reply), ..Message::default() };
    Draft { message: Some(Box::new(message)), ..element.inbound(EventType::MessageReceived) }
}

/// A cart that was sent as an order.
fn ordered<'a>(element: &Element<'a>, cart: Object<'a>) -> Draft<'a> {
    let item = |raw: Value<'a>| {
        let product = raw.object()?;
        Some(OrderItem {
            product_id: product.non_empty("retailer_id").or_else(|| product.non_empty("id")),
            quantity: product.int("quantity"),
            price: product.text("unit_price"),
            currency: product.text("currency"),
        })
    };
    let text = cart.non_empty("note");
    let items = cart.array("products").filter_map(item).collect();
    let order = Order { catalog_id: cart.non_empty("catalog_id"), text: text.clone(), items };
    let message = Message { kind: MessageType::Order, body: text, order: Some(order), ..Message::default() };
    Draft { message: Some(Box::new(message)), ..element.inbound(EventType::MessageReceived) }
}
