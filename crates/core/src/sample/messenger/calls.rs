//! Calls with customers, and whether the page may call them. All times are in seconds.

/// Each an element of the entry's `calls`.
pub(in crate::sample) const CALLS: &[(&str, &str)] = &[
    (
        "messenger-call-connect",
        r#"{"id":"c_$serial","from":"$scoped_id","to":"$external_id","event":"connect","timestamp":$seconds,
        "call_direction":"user_initiated"}"#,
    ),
    (
        "messenger-call-terminate",
        r#"{"id":"c_$serial","from":"$scoped_id","to":"$external_id","event":"terminate","timestamp":$seconds,
        "call_direction":"user_initiated"}"#,
    ),
    (
        "messenger-call-ringing",
        r#"{"id":"c_$serial","recipient_id":"$scoped_id","event":"call_status","timestamp":$seconds,
        "call_status":"ringing"}"#,
    ),
    (
        "messenger-call-accepted",
        r#"{"id":"c_$serial","recipient_id":"$scoped_id","event":"call_status","timestamp":$seconds,
        "call_status":"accepted"}"#,
    ),
    (
        "messenger-call-media",
        r#"{"id":"c_$serial","from":"$scoped_id","to":"$external_id","event":"media_update","timestamp":$seconds,
        "session":{"version":2,"sdp_renegotiation":{"sdp_type":"offer",
        "sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}}}"#,
    ),
];

/// Members of the entry, as Meta's sample draws them.
pub(in crate::sample) const ON_ENTRY: &[(&str, &str)] = &[
    (
        "messenger-call-permission",
        r#""sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "call_permission_reply":{"response":"approve","expiration_timestamp":$later_seconds}"#,
    ),
    (
        "messenger-call-permission-refused",
        r#""sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
        "call_permission_reply":{"response":"reject"}"#,
    ),
];
