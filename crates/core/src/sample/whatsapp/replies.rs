//! Taps, forms and orders: what customers answer to what the business offered.

/// Each the rest of a message, from its type on.
pub(in crate::sample) const MESSAGES: &[(&str, &str)] = &[
    (
        "whatsapp-button-reply",
        r#""type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes-1","title":"Yes"}},
        $quoting"#,
    ),
    (
        "whatsapp-list-reply",
        r#""type":"interactive","interactive":{"type":"list_reply",
        "list_reply":{"id":"row-3","title":"Express","description":"1-2 days"}},$quoting"#,
    ),
    (
        "whatsapp-flow-reply",
        r#""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent",
        "response_json":"{\"flow_token\":\"tk-9\",\"slot\":\"10:30\"}"}},$quoting"#,
    ),
    (
        "whatsapp-address-reply",
        r#""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"address_message",
        "body":"$name\n 1 Road, Mumbai","response_json":"{\"saved_address_id\":\"a1\",
        \"values\":{\"in_pin_code\":\"400063\",\"city\":\"Mumbai\"}}"}},$quoting"#,
    ),
    (
        "whatsapp-call-permission-reply",
        r#""type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{
        "response":"accept","is_permanent":false,"expiration_timestamp":$later_seconds,
        "response_source":"user_action"}},$quoting"#,
    ),
    (
        "whatsapp-payment-reply",
        r#""type":"interactive","interactive":{"type":"payment_method","payment_method":{
        "payment_method":"offsite_card_pay","payment_timestamp":$seconds,"reference_id":"order-$serial",
        "last_four_digits":"4242","credential_id":"9001"}},$quoting"#,
    ),
    (
        "whatsapp-product-reply",
        r#""type":"interactive","interactive":{"type":"product",
        "product":{"catalog_id":"330011223344","product_retailer_id":"sku-9"}}"#,
    ),
    ("whatsapp-button", r#""type":"button","button":{"payload":"UNSUBSCRIBE","text":"Unsubscribe"},$quoting"#),
    (
        "whatsapp-order",
        r#""type":"order","order":{"catalog_id":"330011223344","text":"Please gift-wrap",
        "product_items":[{"product_retailer_id":"sku-9","quantity":2,"item_price":7.90,"currency":"EUR"}]}"#,
    ),
];

/// An answer that came without its content, which an error beside it explains.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[(
    "whatsapp-reply-missing",
    r#"{"field":"messages","value":{$metadata,$contacts,
    "messages":[{"from":"$phone","from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds","type":"interactive"}],
    "errors":[{"code":131000,"title":"Unsupported webhook payload","message":"Unsupported webhook payload",
    "error_data":{"details":"The webhook payload is not supported."}}]}}"#,
)];
