//! What has no noun of its own: verdicts on replies, keys of tomorrow, and Meta's Test button.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    ("instagram-response-feedback", r#""response_feedback":{"feedback":"Good response","mid":"$sent_mid"}"#),
    ("instagram-unknown", r#""a_key_of_tomorrow":{"serial":"$serial"}"#),
];

/// A whole body, every value of which is Meta's constant.
pub(in crate::sample) const META_TEST: &[(&str, &str)] = &[(
    "instagram-meta-test",
    r#"{"object":"instagram","entry":[{"id":"0","time":1527459824,"changes":[{"field":"messages","value":{
    "sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1527459824",
    "message":{"mid":"random_mid","text":"random_text"}}}]}]}"#,
)];
