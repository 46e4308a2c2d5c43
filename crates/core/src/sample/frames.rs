//! Meta's envelopes, each with `$content` where a template goes, and the pieces of JSON that many templates share.

/// A template that is a whole body.
pub(super) const WHOLE: &str = "$content";

/// `WhatsApp`: the rest of a customer's message, from its type on.
pub(super) const WHATSAPP_MESSAGE: &str = r#"{"object":"$object","entry":[{"id":"104857600123456","changes":[
    {"field":"messages","value":{$metadata,$contacts,
    "messages":[{"from":"$phone","from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds",$content}]}}]}]}"#;
/// `WhatsApp`: one object of `value.statuses` of the field `messages`.
pub(super) const WHATSAPP_STATUS: &str = r#"{"object":"$object","entry":[{"id":"104857600123456","changes":[
    {"field":"messages","value":{$metadata,$contacts,"statuses":[$content]}}]}]}"#;
/// `WhatsApp`: a change about a number.
pub(super) const WHATSAPP_CHANGE: &str =
    r#"{"object":"$object","entry":[{"id":"104857600123456","changes":[$content]}]}"#;
/// `WhatsApp`: a change of a management field. Their entries alone have a time.
pub(super) const WHATSAPP_ACCOUNT: &str =
    r#"{"object":"$object","entry":[{"id":"104857600123456","time":$seconds,"changes":[$content]}]}"#;
/// `WhatsApp`: a change that Meta posts to a partner, whose business is the entry.
pub(super) const WHATSAPP_PARTNER: &str =
    r#"{"object":"$object","entry":[{"id":"506914307650001","time":$seconds,"changes":[$content]}]}"#;

/// What a customer did on Messenger or Instagram: the rest of an element of `messaging`.
pub(super) const FROM_CUSTOMER: &str = r#"{"object":"$object","entry":[{"id":"$external_id","time":$millis,"messaging":[
    {"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,$content}]}]}"#;
/// What the page or account sent: the rest of an element of `messaging`.
pub(super) const FROM_BUSINESS: &str = r#"{"object":"$object","entry":[{"id":"$external_id","time":$millis,"messaging":[
    {"sender":{"id":"$external_id"},"recipient":{"id":"$scoped_id"},"timestamp":$millis,$content}]}]}"#;
/// A whole element of `messaging`.
pub(super) const MESSAGING: &str =
    r#"{"object":"$object","entry":[{"id":"$external_id","time":$millis,"messaging":[$content]}]}"#;
/// A whole element of `messaging` whose entry has no id, as in Meta's sample of feedback.
pub(super) const MESSAGING_WITHOUT_ENTRY_ID: &str =
    r#"{"object":"$object","entry":[{"time":$millis,"messaging":[$content]}]}"#;
/// A whole element of `standby`: another app owns the conversation.
pub(super) const STANDBY: &str =
    r#"{"object":"$object","entry":[{"id":"$external_id","time":$millis,"standby":[$content]}]}"#;
/// A change of a page or an Instagram account. Its entry's time is in seconds.
pub(super) const CHANGE: &str =
    r#"{"object":"$object","entry":[{"id":"$external_id","time":$seconds,"changes":[$content]}]}"#;
/// An element of a page's `calls`.
pub(super) const CALLS: &str =
    r#"{"object":"$object","entry":[{"id":"$external_id","time":$seconds,"calls":[$content]}]}"#;
/// Members that stand on the entry itself.
pub(super) const ENTRY: &str = r#"{"object":"$object","entry":[{"id":"$external_id","time":$seconds,$content}]}"#;

/// What some `$words` stand for, before the values are filled in.
pub(super) const PIECES: [(&str, &str); 7] = [
    (
        "$metadata",
        r#""messaging_product":"whatsapp",
        "metadata":{"display_phone_number":"$business","phone_number_id":"$external_id"}"#,
    ),
    ("$contacts", r#""contacts":[{"profile":{"name":"$name"},"wa_id":"$phone","user_id":"$user_id"}]"#),
    // What every file of WhatsApp's has.
    (
        "$file",
        r#""sha256":"q0Vt6mJ8sU0yW2m8pJm0aM9m1Jc0n7m4l2nq1b1o3xQ=","id":"148001122334$serial",
        "url":"https:\/\/lookaside.fbsbx.com\/whatsapp_business\/attachments\/?mid=148001122334$serial&source=webhook""#,
    ),
    ("$quoting", r#""context":{"from":"$business","id":"$sent_wamid"}"#),
    ("$group", r#""group_id":"Y2FwaV9ncm91cDoxNDE1NTU1MDEwMDoxMjAzNjM0MA""#),
    ("$pricing", r#""pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}"#),
    (
        "$generic_error",
        r#"{"code":131000,"title":"Something went wrong","message":"Something went wrong",
        "error_data":{"details":"Message failed to send due to an unknown error."}}"#,
    ),
];
