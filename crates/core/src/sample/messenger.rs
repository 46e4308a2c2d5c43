//! Messenger's and Instagram's samples: each a messaging element, put into its platform's frame.

pub(super) const MESSENGER_FRAME: &str =
    r#"{"object":"page","entry":[{"id":"$external_id","time":$millis,"messaging":[$content]}]}"#;
pub(super) const INSTAGRAM_FRAME: &str =
    r#"{"object":"instagram","entry":[{"id":"$external_id","time":$millis,"messaging":[$content]}]}"#;

pub(super) const MESSENGER: &[(&str, &str)] = &[
    (
        "messenger-text",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","text":"Is the blue one back? No. $serial"}}"#,
    ),
    (
        "messenger-image",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","attachments":[{"type":"image","payload":{"url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/$serial.jpg?oh=00_Af&oe=6B8A3F00"}}]}}"#,
    ),
    (
        "messenger-quick-reply",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","text":"Size M","quick_reply":{"payload":"SIZE_M"}}}"#,
    ),
    (
        "messenger-postback",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "postback":{"mid":"$mid","title":"Get started","payload":"START"}}"#,
    ),
    (
        "messenger-echo",
        r#"{"sender":{"id":"$external_id"},"recipient":{"id":"$scoped_id"},"timestamp":$millis,
         "message":{"mid":"$sent_mid","is_echo":true,"app_id":1122334455667788,"text":"Yes, in stock"}}"#,
    ),
    (
        "messenger-unknown",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "a_key_of_tomorrow":{"serial":"$serial"}}"#,
    ),
];

pub(super) const INSTAGRAM: &[(&str, &str)] = &[
    (
        "instagram-text",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","text":"Is the blue one back? No. $serial"}}"#,
    ),
    (
        "instagram-image",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","attachments":[{"type":"image","payload":{"url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abc"}}]}}"#,
    ),
    (
        "instagram-story-reply",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "message":{"mid":"$mid","text":"Nice!","reply_to":{"story":{"id":"18000000000000055","url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=1"}}}}"#,
    ),
    (
        "instagram-postback",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "postback":{"mid":"$mid","title":"Get started","payload":"START"}}"#,
    ),
    (
        "instagram-echo",
        r#"{"sender":{"id":"$external_id"},"recipient":{"id":"$scoped_id"},"timestamp":$millis,
         "message":{"mid":"$sent_mid","text":"Yes, in stock","is_echo":true}}"#,
    ),
    (
        "instagram-unknown",
        r#"{"sender":{"id":"$scoped_id"},"recipient":{"id":"$external_id"},"timestamp":$millis,
         "a_key_of_tomorrow":{"serial":"$serial"}}"#,
    ),
];
