//! What has no noun of its own: errors of a number, conversions, fields of tomorrow, and Meta's Test button.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-error",
        r#"{"field":"messages","value":{$metadata,
        "errors":[{"code":130429,"title":"Rate limit hit","message":"Rate limit hit",
        "error_data":{"details":"Too many messages were sent from this number in a short period."},
        "href":"\/documentation\/business-messaging\/whatsapp\/support\/error-codes"}]}}"#,
    ),
    (
        "whatsapp-conversion",
        r#"{"field":"automatic_events","value":{$metadata,
        "automatic_events":[{"id":"$earlier_wamid","event_name":"Purchase","timestamp":$seconds,
        "ctwa_clid":"Aff-x1y2","custom_data":{"currency":"USD","value":25000}}]}}"#,
    ),
    (
        "whatsapp-conversion-tracked",
        r#"{"field":"tracking_events","value":{$metadata,
        "events":[{"event_name":"sent","timestamp":$seconds,
        "tracking_data":{"click_id":"click-$serial","tracking_token":"token-$serial"}}]}}"#,
    ),
    (
        "whatsapp-unknown-field",
        r#"{"field":"a_field_of_tomorrow","value":{$metadata,
        "things":[{"id":"thing-$serial","timestamp":"$seconds"}]}}"#,
    ),
];

/// A whole body, every value of which is Meta's constant.
pub(in crate::sample) const META_TEST: &[(&str, &str)] = &[(
    "whatsapp-meta-test",
    r#"{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages","value":{
    "messaging_product":"whatsapp","metadata":{"display_phone_number":"16505551111","phone_number_id":"123456123"},
    "contacts":[{"profile":{"name":"test user name"},"wa_id":"16315551181"}],
    "messages":[{"from":"16315551181","id":"ABGGFlA5Fpa","timestamp":"1504902988","type":"text",
    "text":{"body":"this is a text message"}}]}}]}]}"#,
)];
