//! What became of the page's messages.

/// Each a whole element.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[
    (
        "messenger-delivered",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},
        "delivery":{"mids":["$sent_mid"],"watermark":$millis}}"#,
    ),
    (
        "messenger-delivered-without-ids",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"delivery":{"watermark":$millis}}"#,
    ),
    (
        "messenger-read",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "read":{"watermark":$millis}}"#,
    ),
];
