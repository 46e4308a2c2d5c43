//! What became of marketing messages. Their ids are numbers, and their `message_id` is the campaign's.

/// Each members of the entry: Meta draws flat objects, and not where in the envelope they stand.
pub(in crate::sample) const ON_ENTRY: &[(&str, &str)] = &[
    (
        "messenger-marketing-echo",
        r#""field":"marketing_message_echoes","recipient_id":$scoped_id,"page_id":$external_number,
        "app_id":1122334455667788,"timestamp":$seconds,"marketing_message_tracking_id":"tracking-$serial",
        "messenger_subscription_token":"12345678901234567890","message_id":"2384000000000001","mid":"$mid""#,
    ),
    (
        "messenger-marketing-delivered",
        r#""field":"marketing_message_deliveries","recipient_id":$scoped_id,"page_id":$external_number,
        "app_id":1122334455667788,"timestamp":$seconds,"marketing_message_tracking_id":"tracking-$serial",
        "messenger_subscription_token":"12345678901234567890","message_id":"2384000000000001""#,
    ),
    (
        "messenger-marketing-read",
        r#""field":"marketing_message_reads","recipient_id":$scoped_id,"page_id":$external_number,
        "app_id":1122334455667788,"timestamp":$seconds,"marketing_message_tracking_id":"tracking-$serial",
        "messenger_subscription_token":"12345678901234567890","message_id":"2384000000000001""#,
    ),
    (
        "messenger-marketing-click",
        r#""field":"marketing_message_clicks","recipient_id":$scoped_id,"page_id":$external_number,
        "app_id":1122334455667788,"timestamp":$seconds,"marketing_message_tracking_id":"tracking-$serial",
        "messenger_subscription_token":"12345678901234567890","message_id":"2384000000000001""#,
    ),
    (
        "messenger-marketing-failed",
        r#""field":"marketing_message_delivery_failed","recipient_id":$scoped_id,"page_id":$external_number,
        "business_id":2329417880000001,"app_id":1122334455667788,"timestamp":$seconds,
        "marketing_message_tracking_id":"tracking-$serial","messenger_subscription_token":"12345678901234567890",
        "message_id":"2384000000000001","error_message":"The subscription has ended.""#,
    ),
];
