//! Conversations as such: where customers came from, what they agreed to, and which app owns them.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    (
        "messenger-opt-in",
        r#""optin":{"type":"notification_messages","payload":"news-$serial",
        "notification_messages_token":"12345678901234567890","notification_messages_timezone":"Europe\/London",
        "token_expiry_timestamp":$later_millis,"user_token_status":"NOT_REFRESHED","title":"News of mugs"}"#,
    ),
    (
        "messenger-opt-in-again",
        r#""optin":{"type":"notification_messages","payload":"news-$serial",
        "notification_messages_token":"12345678901234567890","notification_messages_timezone":"Europe\/London",
        "token_expiry_timestamp":$later_millis,"user_token_status":"REFRESHED",
        "notification_messages_status":"RESUME NOTIFICATIONS","title":"News of mugs"}"#,
    ),
    (
        "messenger-opt-out",
        r#""optin":{"type":"notification_messages","payload":"news-$serial",
        "notification_messages_token":"12345678901234567890","notification_messages_timezone":"Europe\/London",
        "token_expiry_timestamp":$later_millis,"user_token_status":"NOT_REFRESHED",
        "notification_messages_status":"STOP NOTIFICATIONS","title":"News of mugs"}"#,
    ),
    ("messenger-linked", r#""account_linking":{"status":"linked","authorization_code":"code-$serial"}"#),
    ("messenger-unlinked", r#""account_linking":{"status":"unlinked"}"#),
    (
        "messenger-handover-passed",
        r#""pass_thread_control":{"previous_owner_app_id":null,"new_owner_app_id":"1122334455667788",
        "metadata":"to a person"}"#,
    ),
    (
        "messenger-handover-taken",
        r#""take_thread_control":{"previous_owner_app_id":"1122334455667788","new_owner_app_id":9988776655443322,
        "metadata":"inbox"}"#,
    ),
    (
        "messenger-handover-requested",
        r#""request_thread_control":{"requested_owner_app_id":1122334455667788,"metadata":"I know the answer"}"#,
    ),
];

/// Each a whole element. Referrals have their time in seconds.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[
    (
        "messenger-referral",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$seconds,
        "referral":{"ref":"spring","source":"SHORTLINK","type":"OPEN_THREAD"}}"#,
    ),
    (
        "messenger-referral-from-ad",
        r#"{"sender":{"id":"$scoped_id","user_ref":"guest-$serial"},"recipient":{"id":"$external_id"},
        "timestamp":$seconds,"referral":{"ref":"spring","ad_id":"6300000000001","source":"ADS","type":"OPEN_THREAD",
        "ads_context_data":{"ad_title":"Spring sale","post_id":"104512300000001_55"}}}"#,
    ),
    (
        "messenger-lead",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$seconds,
        "referral":{"source":"ADS","type":"LEAD_COMPLETE","ad_id":"6300000000001",
        "ads_context_data":{"ad_title":"Resellers","post_id":"104512300000001_56",
        "photo_url":"https:\/\/example.org\/i.jpg"}},
        "lead":{"data":[{"question":"Which city?","answer":"Leeds"}]}}"#,
    ),
    (
        "messenger-opt-in-by-checkbox",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,
        "optin":{"ref":"order-$serial","user_ref":"guest-$serial"}}"#,
    ),
    (
        "messenger-app-roles",
        r#"{"recipient":{"id":"$external_id"},"timestamp":$millis,
        "app_roles":{"1122334455667788":["primary_receiver"]}}"#,
    ),
];

/// Each a whole element. A postback comes without its payload.
pub(in crate::sample) const STANDBY: &[(&str, &str)] = &[
    (
        "messenger-standby-text",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "message":{"mid":"$mid","text":"Where is my order?"}}"#,
    ),
    (
        "messenger-standby-postback",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "postback":{"mid":"$mid","title":"Get started"}}"#,
    ),
    (
        "messenger-standby-echo",
        r#"{"sender":{"id":"$external_id"},"recipient":{"id":"$scoped_id"},"timestamp":$millis,
        "message":{"mid":"$mid","is_echo":true,"app_id":9988776655443322,"text":"On its way"}}"#,
    ),
    (
        "messenger-standby-delivered",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},
        "delivery":{"mids":["$sent_mid"],"watermark":$millis}}"#,
    ),
    (
        "messenger-standby-read",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "read":{"watermark":$millis}}"#,
    ),
];
