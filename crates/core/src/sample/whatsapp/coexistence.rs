//! Numbers that are in the business's phone app as well: its own messages, its address book, and what was before.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-echo",
        r#"{"field":"smb_message_echoes","value":{$metadata,$contacts,
        "message_echoes":[{"from":"$business","to":"$phone","to_user_id":"$user_id",
        "id":"$sent_wamid","timestamp":"$seconds","type":"text","text":{"body":"We are open until six"}}]}}"#,
    ),
    (
        "whatsapp-echo-image",
        r#"{"field":"smb_message_echoes","value":{$metadata,$contacts,
        "message_echoes":[{"from":"$business","to":"$phone","to_user_id":"$user_id","id":"$wamid",
        "timestamp":"$seconds","type":"image","image":{"caption":"Our menu","mime_type":"image\/jpeg",$file}}]}}"#,
    ),
    (
        "whatsapp-echo-edit",
        r#"{"field":"smb_message_echoes","value":{$metadata,$contacts,
        "message_echoes":[{"from":"$business","to":"$phone","to_user_id":"$user_id","id":"$wamid",
        "timestamp":"$seconds","type":"edit","edit":{"original_message_id":"$sent_wamid",
        "message":{"type":"text","text":{"body":"We are open until eight"}}}}]}}"#,
    ),
    (
        "whatsapp-echo-revoke",
        r#"{"field":"smb_message_echoes","value":{$metadata,$contacts,
        "message_echoes":[{"from":"$business","to":"$phone","to_user_id":"$user_id","id":"$wamid",
        "timestamp":"$seconds","type":"revoke","revoke":{"original_message_id":"$sent_wamid"}}]}}"#,
    ),
    (
        "whatsapp-echo-reaction",
        r#"{"field":"smb_message_echoes","value":{$metadata,$contacts,
        "message_echoes":[{"from":"$business","to":"$phone","to_user_id":"$user_id","id":"$wamid",
        "timestamp":"$seconds","type":"reaction","reaction":{"message_id":"$earlier_wamid","emoji":"\u2764"}}]}}"#,
    ),
    (
        "whatsapp-echo-by-bot",
        r#"{"field":"message_echoes","value":{$metadata,
        "message_echoes":[{"from":"$business","to":"$phone","id":"$wamid","timestamp":"$seconds","type":"text",
        "text":{"body":"Hello, I am the assistant"},"message_creation_type":"created_by_1p_bot"}]}}"#,
    ),
    (
        "whatsapp-contact-added",
        r#"{"field":"smb_app_state_sync","value":{$metadata,
        "state_sync":[{"type":"contact","action":"add","metadata":{"timestamp":"$seconds"},
        "contact":{"full_name":"$name","phone_number":"$phone","user_id":"$user_id",
        "username":"$username"}}]}}"#,
    ),
    (
        "whatsapp-contact-removed",
        r#"{"field":"smb_app_state_sync","value":{$metadata,
        "state_sync":[{"type":"contact","action":"remove","metadata":{"timestamp":"$seconds"},
        "contact":{"phone_number":"$phone","user_id":"$user_id"}}]}}"#,
    ),
    (
        "whatsapp-history",
        r#"{"field":"history","value":{$metadata,
        "history":[{"metadata":{"phase":1,"chunk_order":1,"progress":55},
        "threads":[{"id":"$phone","context":{"wa_id":"$phone","user_id":"$user_id","username":"$username"},
        "messages":[{"from":"$business","to":"$phone","id":"$wamid","timestamp":"$old_seconds","type":"text",
        "text":{"body":"Your parcel is ready"},"history_context":{"status":"READ"}},
        {"from":"$phone","from_user_id":"$user_id","id":"$old_wamid","timestamp":"$old_seconds",
        "type":"media_placeholder","history_context":{"status":"DELIVERED"}}]}]}]}}"#,
    ),
    (
        "whatsapp-history-image",
        r#"{"field":"history","value":{$metadata,
        "messages":[{"from":"$phone","from_user_id":"$user_id","id":"$old_wamid","timestamp":"$old_seconds",
        "type":"image","image":{"caption":"My parcel","mime_type":"image\/jpeg","id":"242300000001$serial",
        "sha256":"3f9d94d399fa61c191bc1d4ca71375a035cd9b9f5b1128e1f0963a415c16b0cc"}}]}}"#,
    ),
    (
        "whatsapp-history-echo",
        r#"{"field":"history","value":{$metadata,
        "message_echoes":[{"from":"$business","to":"$phone","id":"$wamid","timestamp":"$old_seconds","type":"document",
        "document":{"filename":"label-$serial.pdf","mime_type":"application\/pdf","id":"242300000002$serial",
        "sha256":"3f9d94d399fa61c191bc1d4ca71375a035cd9b9f5b1128e1f0963a415c16b0cc"}}]}}"#,
    ),
    (
        "whatsapp-history-declined",
        r#"{"field":"history","value":{$metadata,
        "history":[{"errors":[{"code":2593109,"title":"History sharing is turned off by the business",
        "message":"History sharing is turned off by the business",
        "error_data":{"details":"The business did not agree to share its history."}}]}]}}"#,
    ),
];
