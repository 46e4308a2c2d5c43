//! Forms, carts, verdicts on the page, permissions of the app, and Meta's Test button.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    (
        "messenger-order",
        r#""order":{"products":[{"id":991,"retailer_id":"sku-1","name":"Mug","unit_price":11.5,"currency":"EUR",
        "quantity":2}],"note":"Please gift-wrap, no. $serial"}"#,
    ),
    ("messenger-response-feedback", r#""response_feedback":{"feedback":"Good response","mid":"$sent_mid"}"#),
    (
        "messenger-game-play",
        r#""game_play":{"game_id":"55","player_id":"66","locale":"en_GB","context_type":"SOLO","score":42}"#,
    ),
    ("messenger-unknown", r#""a_key_of_tomorrow":{"serial":"$serial"}"#),
];

/// Each a whole element. What is about the page has no sender, and its standing not even a recipient.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[
    (
        "messenger-policy-blocked",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,
        "policy_enforcement":{"action":"block","reason":"The page sent what people did not ask for."}}"#,
    ),
    (
        "messenger-policy-unblocked",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,"policy_enforcement":{"action":"unblock"}}"#,
    ),
    (
        "messenger-page-restricted",
        r#"{"timestamp":$seconds,"status":"restricted","violations":[{"type":"CYBERSECURITY",
        "description":"The page links to a harmful site.","url":"https:\/\/www.facebook.com\/business\/help"}],
        "restrictions":[{"feature":"page_messaging_api","description":"The page may not send messages."}]}"#,
    ),
];

/// A whole element.
pub(in crate::sample) const WITHOUT_ENTRY_ID: &[(&str, &str)] = &[(
    "messenger-feedback",
    r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},
    "messaging_feedback":{"feedback_screens":[{"screen_id":0,"questions":{"question-$serial":{"type":"csat",
    "payload":"5","follow_up":{"type":"free_form","payload":"Quick and friendly"}}}}]}}"#,
)];

/// Each a whole body of the object `permissions`, whose entry is a person.
pub(in crate::sample) const PERMISSIONS: &[(&str, &str)] = &[
    (
        "messenger-permission-granted",
        r#"{"object":"permissions","entry":[{"id":"218471","uid":"218471","time":$seconds,
        "changes":[{"field":"pages_messaging","value":{"verb":"granted","target_ids":["$external_id"]}}]}]}"#,
    ),
    (
        "messenger-permission-revoked",
        r#"{"object":"permissions","entry":[{"id":"218471","uid":"218471","time":$seconds,
        "changes":[{"field":"pages_messaging","value":{"verb":"revoked","target_ids":["$external_id"]}}]}]}"#,
    ),
];

/// A whole body, every value of which is Meta's constant.
pub(in crate::sample) const META_TEST: &[(&str, &str)] = &[(
    "messenger-meta-test",
    r#"{"object":"page","entry":[{"id":"0","time":1527459824,"changes":[{"field":"messages","value":{
    "sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1527459824",
    "message":{"mid":"test_message_id","text":"test_message","commands":[{"name":"command123"}]}}}]}]}"#,
)];
