//! Conversations that another app or Meta's agent owns, and their passing to and fro.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-standby-text",
        r#"{"field":"standby","value":{$metadata,"standby":{$contacts,
        "messages":[{"from":"$phone","from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds","type":"text",
        "text":{"body":"Where is my order?"}}]}}}"#,
    ),
    (
        "whatsapp-standby-echo",
        r#"{"field":"standby","value":{$metadata,"standby":{
        "message_echoes":[{"id":"$wamid","timestamp":"$seconds","message":{"messaging_product":"whatsapp",
        "to":"$phone","recipient_type":"individual","type":"text","text":{"body":"On its way","preview_url":true},
        "context":{"message_id":"$earlier_wamid"}}}]}}}"#,
    ),
    (
        "whatsapp-standby-delivered",
        r#"{"field":"standby","value":{$metadata,"standby":{$contacts,
        "statuses":[{"id":"$wamid","status":"delivered","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id",$pricing}]}}}"#,
    ),
    (
        "whatsapp-handover-passed",
        r#"{"field":"messaging_handovers","value":{"messaging_product":"whatsapp","timestamp":"$seconds",
        "type":"control_passed","sender":{"phone_number":"$phone"},
        "recipient":{"phone_number_id":"$external_id","display_phone_number":"$business"},
        "control_passed":{"metadata":"customer_request","previous_owner_app_id":"1122334455667788",
        "previous_owner_app_role":"meta_business_agent","previous_owner_role":"ai_agent",
        "new_owner_app_id":"9988776655443322","new_owner_role":"escalation",
        "conversation_context":{"type":"summary","summary":{"text":"Wants a refund for order $serial."}}}}}"#,
    ),
    (
        "whatsapp-handover-taken",
        r#"{"field":"messaging_handovers","value":{"messaging_product":"whatsapp","timestamp":"$seconds",
        "type":"control_taken","sender":{"phone_number":"$phone"},
        "recipient":{"phone_number_id":"$external_id","display_phone_number":"$business"},
        "control_taken":{"metadata":"inbox","previous_owner_app_id":"9988776655443322",
        "previous_owner_role":"escalation","new_owner_app_id":"1122334455667788",
        "new_owner_role":"customer_service"}}}"#,
    ),
];
