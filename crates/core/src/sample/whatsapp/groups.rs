//! Groups of the Groups API: their making, their members, their settings.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-group-created",
        r#"{"field":"group_lifecycle_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_create","request_id":"request-$serial",
        "subject":"Order $serial","description":"All about the order",
        "invite_link":"https:\/\/chat.whatsapp.com\/invite$serial","join_approval_mode":"auto_approve"}]}}"#,
    ),
    (
        "whatsapp-group-deleted",
        r#"{"field":"group_lifecycle_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_delete","request_id":"request-$serial"}]}}"#,
    ),
    (
        "whatsapp-group-not-deleted",
        r#"{"field":"group_lifecycle_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_delete","request_id":"request-$serial",
        "errors":[$generic_error]}]}}"#,
    ),
    (
        "whatsapp-group-joined",
        r#"{"field":"group_participants_update","value":{$metadata,
        "groups":[{"timestamp":$seconds,$group,"type":"group_participants_add","reason":"invite_link",
        "added_participants":[{"input":"$phone","wa_id":"$phone","user_id":"$user_id","username":"$username"}]}]}}"#,
    ),
    (
        "whatsapp-group-removed",
        r#"{"field":"group_participants_update","value":{$metadata,
        "groups":[{"timestamp":$seconds,$group,"type":"group_participants_remove","request_id":"request-$serial",
        "initiated_by":"business","removed_participants":[{"input":"$phone"}],
        "failed_participants":[{"input":"$new_phone","errors":[$generic_error]}]}]}}"#,
    ),
    (
        "whatsapp-group-join-requested",
        r#"{"field":"group_participants_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_join_request_created",
        "join_request_id":"join-$serial","user_id":"$user_id","username":"$username"}]}}"#,
    ),
    (
        "whatsapp-group-join-revoked",
        r#"{"field":"group_participants_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_join_request_revoked",
        "join_request_id":"join-$serial","user_id":"$user_id","username":"$username"}]}}"#,
    ),
    (
        "whatsapp-group-settings",
        r#"{"field":"group_settings_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_settings_update","request_id":"request-$serial",
        "group_subject":{"text":"Order $serial, sent","update_successful":true},
        "group_description":{"text":"All about the parcel","update_successful":true},
        "profile_picture":{"mime_type":"image\/jpeg","sha256":"q0Vt6mJ8sU0yW2m8pJm0aM9m1Jc0n7m4l2nq1b1o3xQ=",
        "update_successful":false,"errors":[$generic_error]}}]}}"#,
    ),
    (
        "whatsapp-group-suspended",
        r#"{"field":"group_status_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_suspend"}]}}"#,
    ),
    (
        "whatsapp-group-reinstated",
        r#"{"field":"group_status_update","value":{$metadata,
        "groups":[{"timestamp":"$seconds",$group,"type":"group_suspend_cleared"}]}}"#,
    ),
];
