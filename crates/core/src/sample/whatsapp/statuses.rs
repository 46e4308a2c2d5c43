//! What became of the business's messages, and of the payments that share their list.

/// Each one status.
pub(in crate::sample) const STATUSES: &[(&str, &str)] = &[
    (
        "whatsapp-sent",
        r#"{"id":"$sent_wamid","status":"sent","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id",$pricing}"#,
    ),
    (
        "whatsapp-delivered",
        r#"{"id":"$sent_wamid","status":"delivered","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id",$pricing}"#,
    ),
    (
        "whatsapp-read",
        r#"{"id":"$sent_wamid","status":"read","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id"}"#,
    ),
    (
        "whatsapp-played",
        r#"{"id":"$sent_wamid","status":"played","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id"}"#,
    ),
    (
        "whatsapp-status-warning",
        r#"{"id":"$sent_wamid","status":"warning","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id"}"#,
    ),
    (
        "whatsapp-sent-with-callback-data",
        r#"{"id":"$wamid","status":"sent","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id","recipient_parent_user_id":"$parent_user_id",
        "biz_opaque_callback_data":"order=$serial","recipient_identity_key_hash":"Zk3l9aPq2Wc=",
        "conversation":{"id":"c0ffee00c0ffee00c0ffee00c0ffee00","expiration_timestamp":"$later_seconds",
        "origin":{"type":"referral_conversion"}},
        "pricing":{"billable":false,"pricing_model":"PMP","type":"free_entry_point",
        "category":"referral_conversion"}}"#,
    ),
];

/// Each a whole change, as the contacts or the rest of it differ.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-failed",
        r#"{"field":"messages","value":{$metadata,
        "statuses":[{"id":"$sent_wamid","status":"failed","timestamp":"$seconds","recipient_id":"$phone",
        "errors":[{"code":131026,"title":"Message undeliverable","message":"Message undeliverable",
        "error_data":{"details":"Message undeliverable."},
        "href":"\/documentation\/business-messaging\/whatsapp\/support\/error-codes"}]}]}}"#,
    ),
    (
        "whatsapp-delivered-without-phone",
        r#"{"field":"messages","value":{$metadata,
        "contacts":[{"profile":{"name":"$name","username":"$username"},"user_id":"$user_id"}],
        "statuses":[{"id":"$wamid","status":"delivered","timestamp":"$seconds","recipient_user_id":"$user_id",
        $pricing}]}}"#,
    ),
    (
        "whatsapp-group-read",
        r#"{"field":"messages","value":{$metadata,
        "statuses":[{"id":"$wamid","status":"read","timestamp":"$seconds",
        "recipient_id":"Y2FwaV9ncm91cDoxNDE1NTU1MDEwMDoxMjAzNjM0MA","recipient_type":"group",
        "recipient_participant_id":"$phone","recipient_participant_user_id":"$user_id"},
        {"id":"$wamid","status":"read","timestamp":"$seconds",
        "recipient_id":"Y2FwaV9ncm91cDoxNDE1NTU1MDEwMDoxMjAzNjM0MA","recipient_type":"group",
        "recipient_participant_user_id":"$new_user_id"}]}}"#,
    ),
    (
        "whatsapp-payment",
        r#"{"field":"messages","value":{$metadata,
        "statuses":[{"id":"$sent_wamid","recipient_id":"$phone","type":"payment","status":"captured",
        "timestamp":"$seconds","payment":{"reference_id":"order-$serial","amount":{"value":21000,"offset":100},
        "currency":"INR","transaction":{"id":"order_$serial","pg_transaction_id":"pay_$serial","type":"razorpay",
        "status":"success","created_timestamp":$start_seconds,"updated_timestamp":$seconds,"method":{"type":"upi"}},
        "receipt":"receipt-$serial","notes":{"shop":"Leeds"},"refunds":[]}}]}}"#,
    ),
    (
        "whatsapp-payment-failed",
        r#"{"field":"messages","value":{$metadata,
        "statuses":[{"id":"$sent_wamid","recipient_id":"$phone","type":"payment","status":"pending",
        "timestamp":"$seconds","payment":{"reference_id":"order-$serial","amount":{"value":21000,"offset":100},
        "currency":"INR","transaction":{"id":"order_$serial","type":"razorpay","status":"failed",
        "created_timestamp":$start_seconds,"updated_timestamp":$seconds,
        "error":{"code":"BAD_REQUEST_ERROR","reason":"payment_failed"}}}}]}}"#,
    ),
];
