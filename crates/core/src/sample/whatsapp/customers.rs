//! News of the customers themselves: new numbers and ids, what they want to receive, what they clicked on.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-number-changed",
        r#"{"field":"messages","value":{$metadata,
        "messages":[{"from":"$phone","id":"$wamid","timestamp":"$seconds","type":"system",
        "system":{"type":"user_changed_number","body":"User $name changed from $phone to $new_phone",
        "wa_id":"$new_phone","user_id":"$new_user_id","previous_user_id":"$user_id"}}]}}"#,
    ),
    (
        "whatsapp-user-id-changed",
        r#"{"field":"messages","value":{$metadata,
        "messages":[{"id":"$wamid","timestamp":"$seconds","type":"system",
        "system":{"type":"user_changed_user_id","body":"User $name changed from $user_id to $new_user_id",
        "user_id":"$new_user_id","previous_user_id":"$user_id"}}]}}"#,
    ),
    (
        "whatsapp-identity-changed",
        r#"{"field":"messages","value":{$metadata,
        "messages":[{"from":"$phone","id":"$wamid","timestamp":"$seconds","type":"system",
        "system":{"type":"customer_identity_changed","body":"The identity of $name has changed","customer":"$phone",
        "identity":"Zk3l9aPq2Wc="},
        "identity":{"acknowledged":false,"created_timestamp":"$seconds","hash":"Zk3l9aPq2Wc="}}]}}"#,
    ),
    (
        "whatsapp-user-id-update",
        r#"{"field":"user_id_update","value":{$metadata,
        "contacts":[{"profile":{"name":"$name"},"wa_id":"$phone"}],
        "user_id_update":[{"wa_id":"$phone","detail":"User id for $name has been updated.",
        "user_id":{"previous":"$user_id","current":"$new_user_id"},"timestamp":"$seconds"}]}}"#,
    ),
    (
        "whatsapp-opt-out",
        r#"{"field":"user_preferences","value":{$metadata,$contacts,
        "user_preferences":[{"wa_id":"$phone","user_id":"$user_id",
        "detail":"User requested to stop marketing messages","category":"marketing_messages","value":"stop",
        "timestamp":$seconds}]}}"#,
    ),
    (
        "whatsapp-opt-in",
        r#"{"field":"user_preferences","value":{$metadata,$contacts,
        "user_preferences":[{"wa_id":"$phone","user_id":"$user_id",
        "detail":"User requested to resume marketing messages","category":"marketing_messages","value":"resume",
        "timestamp":$seconds}]}}"#,
    ),
    (
        "whatsapp-sign-up",
        r#"{"field":"user_preferences","value":{$metadata,$contacts,
        "user_preferences":[{"wa_id":"$phone","user_id":"$user_id",
        "detail":"User signed up for marketing messages","category":"marketing_messages","value":"signup",
        "signup_id":"signup-$serial","timestamp":$seconds}]}}"#,
    ),
    (
        "whatsapp-click",
        r#"{"field":"messages","value":{$metadata,
        "user_actions":[{"timestamp":"$seconds","action_type":"marketing_messages_link_click",
        "marketing_messages_link_click_data":{"tracking_token":"token-$serial","click_id":"click-$serial",
        "click_component":"cta","product_id":"sku-9","client_user_agent":"(Android 14)"}}]}}"#,
    ),
];
