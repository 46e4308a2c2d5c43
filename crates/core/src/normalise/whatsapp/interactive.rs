//! Taps and forms: the replies to what the business offered.

use std::borrow::Cow;

use super::super::wire::{Message, MessageType, Raw, Reply, ReplyKind};
use super::content::has_only;
use crate::json::{Document, Object, clean};

/// A tap on a template's quick reply button.
pub(super) fn button(button: Object<'_>) -> Message<'_> {
    let title = button.text("text");
    message(title.clone(), Reply { id: button.text("payload"), title, ..Reply::new(ReplyKind::Button) })
}

pub(super) fn read(interactive: Object<'_>) -> Option<Message<'_>> {
    let kind = interactive.text("type")?;
    let content = interactive.object(&kind)?;
    let whole = || interactive.get(&kind).map(Raw::from);
    let title = content.text("title");
    let tap = |kind| Reply { id: content.text("id"), title: title.clone(), ..Reply::new(kind) };
    match kind.as_ref() {
        "button_reply" => Some(message(title.clone(), tap(ReplyKind::Button))),
        "list_reply" => {
            let description = content.text("description");
            Some(message(title.clone(), Reply { description, ..tap(ReplyKind::List) }))
        }
        "nfm_reply" => Some(form(content)),
        "call_permission_reply" => {
            Some(message(None, Reply { data: whole(), ..Reply::new(ReplyKind::CallPermission) }))
        }
        "payment_method" => {
            let id = content.text("reference_id");
            Some(message(None, Reply { id, data: whole(), ..Reply::new(ReplyKind::Payment) }))
        }
        "product" => {
            let id = content.text("product_retailer_id");
            Some(message(None, Reply { id, data: whole(), ..Reply::new(ReplyKind::Product) }))
        }
        _ => None,
    }
}

/// Whether the message tells all of it. What has no place for more is passed on whole.
pub(super) fn is_told(interactive: Object<'_>) -> bool {
    let kind = interactive.text("type").unwrap_or_default();
    interactive.members().all(|(key, value)| match key.as_ref() {
        "type" => true,
        other if other != kind => false,
        "button_reply" => value.object().is_some_and(|reply| has_only(reply, &["id", "title"])),
        "list_reply" => value.object().is_some_and(|reply| has_only(reply, &["id", "title", "description"])),
        "nfm_reply" => value.object().is_some_and(|reply| {
            let is_named = matches!(reply.text("name").as_deref(), None | Some("flow" | "address_message"));
            is_named && reply.members().all(|(key, _)| matches!(key.as_ref(), "name" | "body" | "response_json"))
        }),
        _ => true,
    })
}

fn message<'a>(body: Option<Cow<'a, str>>, reply: Reply<'a>) -> Message<'a> {
    Message { kind: MessageType::Interactive, body, reply: Some(reply), ..Message::default() }
}

/// A flow or an address: the answer is JSON in a string, of any content.
fn form(reply: Object<'_>) -> Message<'_> {
    let kind =
        if reply.text("name").as_deref() == Some("address_message") { ReplyKind::Address } else { ReplyKind::Flow };
    let answer = reply.text("response_json");
    let parsed = answer.as_deref().and_then(|answer| {
        let document = Document::parse(answer)?;
        document.root().object()?;
        Some(Raw::new(clean(document.root().raw()).into_owned()))
    });
    // It is documented as text, but an object says the same.
    let parsed = parsed.or_else(|| reply.get("response_json").filter(|it| it.object().is_some()).map(Raw::from));
    let data_text = answer.filter(|_| parsed.is_none());
    message(reply.text("body"), Reply { data: parsed, data_text, ..Reply::new(kind) })
}
