//! Conversations as such: where customers came from, what they agreed to, and which app owns them.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    ("instagram-referral", r#""referral":{"ref":"bio","source":"https:\/\/ig.me\/m\/acme","type":"OPEN_THREAD"}"#),
    (
        "instagram-opt-in",
        r#""optin":{"type":"notification_messages","payload":"news-$serial",
        "notification_messages_token":"12345678901234567890","notification_messages_timezone":"Europe\/London",
        "token_expiry_timestamp":$later_millis,"user_token_status":"NOT_REFRESHED","title":"News of mugs"}"#,
    ),
    (
        "instagram-opt-out",
        r#""optin":{"type":"notification_messages","payload":"news-$serial",
        "notification_messages_token":"12345678901234567890","notification_messages_timezone":"Europe\/London",
        "token_expiry_timestamp":$later_millis,"user_token_status":"NOT_REFRESHED",
        "notification_messages_status":"STOP NOTIFICATIONS","title":"News of mugs"}"#,
    ),
    (
        "instagram-handover-passed",
        r#""pass_thread_control":{"previous_owner_app_id":null,"new_owner_app_id":"1217981644879628",
        "metadata":"to a person"}"#,
    ),
    (
        "instagram-handover-taken",
        r#""take_thread_control":{"previous_owner_app_id":"1122334455667788","new_owner_app_id":1217981644879628,
        "metadata":"inbox"}"#,
    ),
    (
        "instagram-handover-requested",
        r#""request_thread_control":{"requested_owner_app_id":1122334455667788,"metadata":"I know the answer"}"#,
    ),
];

/// Each a whole element. What is about the account has no sender.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[
    (
        "instagram-app-roles",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,
        "app_roles":{"1122334455667788":["primary_receiver"]}}"#,
    ),
    (
        "instagram-policy-warning",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,
        "policy_enforcement":{"action":"warning","reason":"The account sent what people did not ask for."}}"#,
    ),
];

/// Each a whole element. A postback comes without its payload.
pub(in crate::sample) const STANDBY: &[(&str, &str)] = &[
    (
        "instagram-standby-text",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "message":{"mid":"$mid","text":"Where is my order?"}}"#,
    ),
    (
        "instagram-standby-postback",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "postback":{"mid":"$mid","title":"Get started"}}"#,
    ),
    (
        "instagram-standby-echo",
        r#"{"sender":{"id":"$external_id"},"recipient":{"id":"$scoped_id"},"timestamp":$millis,
        "message":{"mid":"$mid","text":"On its way","is_echo":true}}"#,
    ),
];
