//! Calls, from ringing to the transcript.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-call-connect",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"$wacid","event":"connect","direction":"USER_INITIATED","timestamp":"$seconds","from":"$phone",
        "from_user_id":"$user_id","to":"$business",
        "session":{"sdp_type":"offer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"},
        "cta_payload":"call-button"}]}}"#,
    ),
    (
        "whatsapp-call-connect-outgoing",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"wacid.$serial","event":"connect","direction":"BUSINESS_INITIATED","timestamp":"$seconds",
        "from":"$business","to":"$phone","to_user_id":"$user_id",
        "session":{"sdp_type":"answer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}}]}}"#,
    ),
    (
        "whatsapp-call-terminate",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"$wacid","event":"terminate","direction":"USER_INITIATED","timestamp":"$seconds",
        "status":"COMPLETED","start_time":"$start_seconds","end_time":"$seconds","duration":120,"from":"$phone",
        "from_user_id":"$user_id","to":"$business"}]}}"#,
    ),
    (
        "whatsapp-call-failed",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"wacid.$serial","event":"terminate","direction":"BUSINESS_INITIATED","timestamp":"$seconds",
        "status":"FAILED","from":"$business","to":"$phone","to_user_id":"$user_id",
        "biz_opaque_callback_data":"order=$serial"}],
        "errors":[{"code":138000,"message":"The call could not be set up.",
        "href":"https:\/\/developers.facebook.com\/documentation\/business-messaging\/whatsapp\/support\/error-codes",
        "error_data":{"details":"The media connection could not be made."}}]}}"#,
    ),
    (
        "whatsapp-call-ringing",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "statuses":[{"id":"$wacid","type":"call","status":"RINGING","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id","biz_opaque_callback_data":"order=$serial"}]}}"#,
    ),
    (
        "whatsapp-call-accepted",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "statuses":[{"id":"$wacid","type":"call","status":"ACCEPTED","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id","biz_opaque_callback_data":"order=$serial"}]}}"#,
    ),
    (
        "whatsapp-call-rejected",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "statuses":[{"id":"$wacid","type":"call","status":"REJECTED","timestamp":"$seconds","recipient_id":"$phone",
        "recipient_user_id":"$user_id","biz_opaque_callback_data":"order=$serial"}]}}"#,
    ),
    (
        "whatsapp-call-created",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"$wacid","event":"call_created","direction":"USER_INITIATED","timestamp":"$seconds",
        "from":"$phone","from_user_id":"$user_id","to":"$business"}]}}"#,
    ),
    (
        "whatsapp-call-recording",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"$wacid","event":"call_recording_available","from":"$phone","from_user_id":"$user_id",
        "timestamp":"$seconds","call_recording":{"type":"audio",
        "audio":{"mime_type":"audio\/ogg; codecs=opus",$file}}}]}}"#,
    ),
    (
        "whatsapp-call-transcript",
        r#"{"field":"calls","value":{$metadata,$contacts,
        "calls":[{"id":"$wacid","event":"call_transcription_available","from":"$phone","from_user_id":"$user_id",
        "timestamp":"$seconds","call_transcript":{"document":{"mime_type":"application\/json",$file}}}]}}"#,
    ),
];
