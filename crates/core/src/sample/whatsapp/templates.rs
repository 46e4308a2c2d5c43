//! Message templates and flows: what Meta decides about them and how they fare.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-template-approved",
        r#"{"field":"message_template_status_update","value":{"event":"APPROVED",
        "message_template_id":1689556908120001,"message_template_name":"order_$serial",
        "message_template_language":"en_US","reason":"NONE","message_template_category":"UTILITY"}}"#,
    ),
    (
        "whatsapp-template-rejected",
        r#"{"field":"message_template_status_update","value":{"event":"REJECTED",
        "message_template_id":1689556908120001,"message_template_name":"promotion_$serial",
        "message_template_language":"en","reason":"INVALID_FORMAT","message_template_category":"MARKETING",
        "rejection_info":{"reason":"A variable stands at the end.","recommendation":"Add text after it."}}}"#,
    ),
    (
        "whatsapp-template-paused",
        r#"{"field":"message_template_status_update","value":{"event":"PAUSED",
        "message_template_id":1689556908120001,"message_template_name":"promotion_$serial",
        "message_template_language":"pt_BR","reason":null,
        "other_info":{"title":"FIRST_PAUSE","description":"It is paused for three hours."}}}"#,
    ),
    (
        "whatsapp-template-disabled",
        r#"{"field":"message_template_status_update","value":{"event":"DISABLED",
        "message_template_id":1689556908120001,"message_template_name":"promotion_$serial",
        "message_template_language":"pt_BR","reason":"SCAM","disable_info":{"disable_date":"$seconds"}}}"#,
    ),
    (
        "whatsapp-template-quality",
        r#"{"field":"message_template_quality_update","value":{"previous_quality_score":"GREEN",
        "new_quality_score":"YELLOW","message_template_id":806312974730001,
        "message_template_name":"welcome_$serial","message_template_language":"en-US"}}"#,
    ),
    (
        "whatsapp-template-content",
        r#"{"field":"message_template_components_update","value":{"message_template_id":1315502779340001,
        "message_template_name":"order_$serial","message_template_language":"en_US",
        "message_template_title":"Your order","message_template_element":"It comes on {{1}}.",
        "message_template_footer":"Acme","message_template_buttons":[
        {"message_template_button_type":"URL","message_template_button_text":"Track",
        "message_template_button_url":"https:\/\/example.org"},
        {"message_template_button_type":"PHONE_NUMBER","message_template_button_text":"Call",
        "message_template_button_phone_number":"+$business"}]}}"#,
    ),
    (
        "whatsapp-template-category",
        r#"{"field":"template_category_update","value":{"message_template_id":278077987950001,
        "message_template_name":"welcome_$serial","message_template_language":"en-US",
        "previous_category":"UTILITY","new_category":"MARKETING"}}"#,
    ),
    (
        "whatsapp-template-category-notice",
        r#"{"field":"template_category_update","value":{"message_template_id":278077987950001,
        "message_template_name":"welcome_$serial","message_template_language":"en-US","new_category":"UTILITY",
        "correct_category":"MARKETING","category_update_timestamp":$later_seconds}}"#,
    ),
    (
        "whatsapp-template-category-detected",
        r#"{"field":"template_correct_category_detection","value":{"message_template_id":278077987950001,
        "message_template_name":"welcome_$serial","message_template_language":"en-US","category":"UTILITY",
        "correct_category":"MARKETING"}}"#,
    ),
    (
        "whatsapp-flow-status",
        r#"{"field":"flows","value":{"event":"FLOW_STATUS_CHANGE",
        "message":"Flow booking-$serial changed its status from DRAFT to PUBLISHED.","flow_id":"691244242660001",
        "old_status":"DRAFT","new_status":"PUBLISHED"}}"#,
    ),
    (
        "whatsapp-flow-errors",
        r#"{"field":"flows","value":{"event":"ENDPOINT_ERROR_RATE",
        "message":"Flow booking-$serial: the error rate reached 14.28%.","flow_id":"691244242660001",
        "error_rate":14.28,"threshold":10,"alert_state":"ACTIVATED",
        "errors":[{"error_type":"TIMEOUT","error_rate":33.33,"error_count":1}]}}"#,
    ),
    (
        "whatsapp-flow-latency",
        r#"{"field":"flows","value":{"event":"ENDPOINT_LATENCY",
        "message":"Flow booking-$serial: the latency reached 8000 ms.","flow_id":"691244242660001",
        "p90_latency":8000,"p50_latency":500,"requests_count":34,"threshold":7000,"alert_state":"ACTIVATED"}}"#,
    ),
    (
        "whatsapp-flow-availability",
        r#"{"field":"flows","value":{"event":"ENDPOINT_AVAILABILITY",
        "message":"Flow booking-$serial: the availability fell to 75%.","flow_id":"691244242660001",
        "availability":75,"threshold":90,"alert_state":"DEACTIVATED"}}"#,
    ),
];
