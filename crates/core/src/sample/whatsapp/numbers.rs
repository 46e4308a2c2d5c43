//! News of the business's numbers. One field names the number by its id, the others by its digits alone.

/// Each a whole change.
pub(in crate::sample) const BY_ID: &[(&str, &str)] = &[(
    "whatsapp-number-settings",
    r#"{"field":"account_settings_update","value":{"messaging_product":"whatsapp","timestamp":"$seconds",
    "type":"phone_number_settings","phone_number_settings":{"phone_number_id":"$external_id",
    "calling":{"status":"ENABLED","call_icon_visibility":"DEFAULT","callback_permission_status":"ENABLED",
    "call_hours":{"status":"DISABLED"},"sip":{"status":"DISABLED"}}}}}"#,
)];

/// Each a whole change.
pub(in crate::sample) const BY_DIGITS: &[(&str, &str)] = &[
    (
        "whatsapp-number-quality",
        r#"{"field":"phone_number_quality_update","value":{"display_phone_number":"$business",
        "event":"THROUGHPUT_UPGRADE","max_daily_conversations_per_business":"TIER_UNLIMITED"}}"#,
    ),
    (
        "whatsapp-number-name",
        r#"{"field":"phone_number_name_update","value":{"display_phone_number":"$business","decision":"APPROVED",
        "requested_verified_name":"Acme $serial","rejection_reason":null}}"#,
    ),
    (
        "whatsapp-number-name-rejected",
        r#"{"field":"phone_number_name_update","value":{"display_phone_number":"$business","decision":"REJECTED",
        "requested_verified_name":"Acme $serial","rejection_reason":"NAME_FORMAT_UNACCEPTABLE"}}"#,
    ),
    (
        "whatsapp-number-security",
        r#"{"field":"security","value":{"display_phone_number":"$business","event":"PIN_RESET_REQUEST",
        "requester":"61550000000001"}}"#,
    ),
    (
        "whatsapp-username",
        r#"{"field":"business_username_updates","value":{"display_phone_number":"$business",
        "username":"acme.$serial","status":"approved"}}"#,
    ),
    (
        "whatsapp-username-deleted",
        r#"{"field":"business_username_updates","value":{"display_phone_number":"$business","status":"deleted"}}"#,
    ),
];
