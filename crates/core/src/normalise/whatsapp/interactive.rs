//! Taps and forms: the replies to what the business offered.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::wire::{Message, Reply};
use crate::json::Object;

/// A tap on a template's quick reply button.
pub(super) fn button<'a>(button: &Object<'a>) -> Message<'a> {
    let title = button.text("text");
    message(title.clone(), Reply { kind: "button", id: button.text("payload"), title, ..Reply::default() })
}

pub(super) fn read<'a>(interactive: &Object<'a>) -> Option<Message<'a>> {
    let kind = interactive.text("type")?;
    let content = interactive.object(&kind)?;
    let whole = || interactive.get(&kind).map(ToOwned::to_owned);
    let title = content.text("title");
    match kind.as_ref() {
        "button_reply" => {
            Some(message(title.clone(), Reply { kind: "button", id: content.text("id"), title, ..Reply::default() }))
        }
        "list_reply" => {
            let description = content.text("description");
            Some(message(
                title.clone(),
                Reply { kind: "list", id: content.text("id"), title, description, ..Reply::default() },
            ))
        }
        "nfm_reply" => Some(form(&content)),
        "call_permission_reply" => {
            Some(message(None, Reply { kind: "call_permission", data: whole(), ..Reply::default() }))
        }
        "payment_method" => Some(message(
            None,
            Reply { kind: "payment", id: content.text("reference_id"), data: whole(), ..Reply::default() },
        )),
        "product" => {
            let id = content.text("product_retailer_id");
            Some(message(None, Reply { kind: "product", id, data: whole(), ..Reply::default() }))
        }
        _ => None,
    }
}

fn message<'a>(body: Option<Cow<'a, str>>, reply: Reply<'a>) -> Message<'a> {
    Message { kind: "interactive", body, reply: Some(reply), ..Message::default() }
}

/// A flow or an address: the answer is JSON in a string, of any content.
fn form<'a>(reply: &Object<'a>) -> Message<'a> {
    let kind = if reply.text("name").as_deref() == Some("address_message") { "address" } else { "flow" };
    let answer = reply.text("response_json");
    let data = answer.as_ref().and_then(|answer| {
        Object::from_text(answer)?;
        RawValue::from_string(answer.trim().to_owned()).ok()
    });
    let data_text = answer.filter(|_| data.is_none());
    message(reply.text("body"), Reply { kind, data, data_text, ..Reply::default() })
}
