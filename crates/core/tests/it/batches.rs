//! One POST, many things: every entry, change and item gives its events, each routed by itself.

use serde_json::Value;
use socialhook_core::event::Platform;
use socialhook_core::meta::{self, ParseError, Route};

use crate::{change, events, json, with_webhook};

fn text(id: &str) -> String {
    format!(r#"{{"from":"447700900456","id":"{id}","timestamp":"1795435000","type":"text","text":{{"body":"{id}"}}}}"#)
}

fn status(id: &str) -> String {
    format!(r#"{{"id":"{id}","status":"read","timestamp":"1795435000","recipient_id":"447700900456"}}"#)
}

/// Two accounts, three numbers, and something of an account's own between them.
fn batch() -> String {
    let two_texts = format!("{},{}", text("wamid.1"), text("wamid.2"));
    format!(
        r#"{{"entry":[{{"id":"WABA1","changes":[{},{{"field":"account_update","value":{{"event":"X"}}}},{}]}},{{"time":1795435001,"changes":[{}],"id":"WABA2","odd":{{"k":[1]}}}}],"object":"whatsapp_business_account","trace":7}}"#,
        change("111", "messages", &two_texts),
        change("222", "messages", &text("wamid.3")),
        change("333", "statuses", &status("wamid.4")),
    )
}

fn routes(body: &str) -> Vec<Route> {
    with_webhook(body.as_bytes(), |webhook| webhook.parts().iter().map(|part| part.route().clone()).collect())
}

fn number(id: &str) -> Route {
    Route::Channel { platform: Platform::Whatsapp, external_id: id.to_owned() }
}

fn account(platform: Option<Platform>, id: Option<&str>) -> Route {
    Route::Account { platform, account_id: id.map(ToOwned::to_owned), number: None }
}

#[test]
fn every_part_is_routed_by_itself() {
    let whatsapp = Some(Platform::Whatsapp);
    let expected = [
        number("111"),
        account(whatsapp, Some("WABA1")),
        number("222"),
        number("333"),
        account(whatsapp, Some("WABA2")),
    ];
    assert_eq!(routes(&batch()), expected);
}

#[test]
fn every_item_is_an_event_of_its_number() {
    let events = events(batch().as_bytes());
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let json = json(event);
            (event.event.as_str(), json["channel"]["external_id"].as_str().map(ToOwned::to_owned))
        })
        .collect();
    let of = |word, number: &str| (word, Some(number.to_owned()));
    let expected = [
        of("message.received", "111"),
        of("message.received", "111"),
        ("account.updated", None),
        of("message.received", "222"),
        of("message.read", "333"),
        ("unknown", None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_excerpt_holds_what_is_kept_and_gives_the_same_events() {
    let body = batch();
    with_webhook(body.as_bytes(), |webhook| {
        let all: Vec<_> = webhook.parts().iter().map(crate::events_of_part).collect();
        for mask in 0..1_usize << webhook.parts().len() {
            let keeps = |number: usize| mask >> number & 1 == 1;
            let excerpt = webhook.excerpt(keeps);
            let found: Vec<_> = events(&excerpt).into_iter().map(|event| event.body).collect();
            let kept = all.iter().enumerate().filter(|(number, _)| keeps(*number)).flat_map(|(_, events)| events);
            let expected: Vec<_> = kept.map(|event| event.body.clone()).collect();
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(&excerpt));
        }
    });
}

#[test]
fn an_excerpt_keeps_the_rest_of_the_envelope() {
    let body = batch();
    let excerpt = with_webhook(body.as_bytes(), |webhook| webhook.excerpt(|part| part == 3));
    let excerpt: Value = serde_json::from_slice(&excerpt).expect("JSON");
    assert_eq!((&excerpt["object"], &excerpt["trace"]), (&"whatsapp_business_account".into(), &7.into()));
    assert_eq!(excerpt["entry"].as_array().map(Vec::len), Some(1));
    assert_eq!((&excerpt["entry"][0]["id"], &excerpt["entry"][0]["time"]), (&"WABA2".into(), &1_795_435_001.into()));
    let text = excerpt.to_string();
    assert!(!text.contains("WABA1") && !text.contains("wamid.1"), "nothing of another tenant's: {text}");
    assert_eq!(with_webhook(body.as_bytes(), |webhook| webhook.excerpt(|_| true)), body.as_bytes());
}

#[test]
fn what_belongs_to_no_channel_goes_to_its_account() {
    let whatsapp = Some(Platform::Whatsapp);
    let page = |id: &str| Route::Channel { platform: Platform::Messenger, external_id: id.to_owned() };
    let cases = [
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"W","changes":[{"field":"account_update","value":{"event":"PARTNER_REMOVED","waba_info":{"waba_id":"104"}}}]}]}"#,
            account(whatsapp, Some("104")),
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"W","changes":[{"field":"messaging_handovers","value":{"recipient":{"phone_number_id":"111"}}}]}]}"#,
            number("111"),
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"W","changes":[{"field":"account_settings_update","value":{"phone_number_settings":{"phone_number_id":"111"}}}]}]}"#,
            number("111"),
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"111"}}}]}]}"#,
            Route::MetaTest,
        ),
        (
            r#"{"object":"whatsapp_business_account","entry":[{"id":"W","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"123456123"}}}]}]}"#,
            Route::MetaTest,
        ),
        (
            r#"{"object":"instagram","entry":[{"id":"0","changes":[{"field":"messages","value":{"sender":{"id":"12334"}}}]}]}"#,
            Route::MetaTest,
        ),
        (r#"{"object":"page","entry":[{"id":104512300000001,"messaging":[{}]}]}"#, page("104512300000001")),
        (
            r#"{"object":"page","entry":[{"messaging":[{"sender":{"id":"7"},"recipient":{"id":"104"},"messaging_feedback":{}}]}]}"#,
            page("104"),
        ),
        (
            r#"{"object":"page","entry":[{"messaging":[{"sender":{"id":"104"},"recipient":{"id":"7"},"message":{"is_echo":true}}]}]}"#,
            page("104"),
        ),
        (r#"{"object":"page","entry":[{"id":"104","calls":[{"id":"c_1","event":"connect"}]}]}"#, page("104")),
        (
            r#"{"object":"page","entry":[{"id":"104","sender":{"id":"7"},"recipient":{"id":"104"},"call_permission_reply":{}}]}"#,
            page("104"),
        ),
        (
            r#"{"object":"permissions","entry":[{"uid":"1","id":"55","changes":[{"field":"pages_messaging"}]}]}"#,
            account(None, Some("55")),
        ),
        (r#"{"entry":["surprise"]}"#, account(None, None)),
    ];
    for (body, expected) in cases {
        assert_eq!(routes(body), [expected], "{body}");
        assert_eq!(events(body.as_bytes()).len(), 1, "{body}");
    }
}

#[test]
fn what_is_not_metas_shape_has_no_parts() {
    for body in [&b""[..], b"{", b"hello", b"\xff", b"{}x", b"{\"entry\":[}"] {
        assert_eq!(meta::document(body).map(|_| ()), Err(ParseError::NotJson));
    }
    for body in ["null", "[]", "{}", r#"{"object":"page"}"#, r#"{"object":"page","entry":{}}"#] {
        let document = meta::document(body.as_bytes()).expect("JSON");
        assert_eq!(meta::Webhook::of(&document).map(|_| ()), Err(ParseError::UnknownShape), "{body}");
    }
    assert!(routes(r#"{"object":"page","entry":[]}"#).is_empty());
}
