//! Messages and postbacks, what is done to messages afterwards, and the account's own.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    ("instagram-text", r#""message":{"mid":"$mid","text":"Is the blue one back? No. $serial"}"#),
    (
        "instagram-image",
        r#""message":{"mid":"$mid","attachments":[{"type":"image","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abc"}}]}"#,
    ),
    (
        "instagram-video",
        r#""message":{"mid":"$mid","attachments":[{"type":"video","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abd"}}]}"#,
    ),
    (
        "instagram-audio",
        r#""message":{"mid":"$mid","attachments":[{"type":"audio","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abe"}}]}"#,
    ),
    (
        "instagram-file",
        r#""message":{"mid":"$mid","attachments":[{"type":"file","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abf"}}]}"#,
    ),
    ("instagram-heart", r#""message":{"mid":"$mid","attachments":[{"type":"like_heart"}]}"#),
    (
        "instagram-post",
        r#""message":{"mid":"$mid","attachments":[{"type":"ig_post","payload":{"ig_post_media_id":"18000000000000091",
        "title":"New mugs are here.",
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abg"}}]}"#,
    ),
    (
        "instagram-share",
        r#""message":{"mid":"$mid","attachments":[{"type":"share","payload":{
        "url":"https:\/\/www.instagram.com\/p\/DExample$serial\/"}}]}"#,
    ),
    (
        "instagram-reel",
        r#""message":{"mid":"$mid","attachments":[{"type":"ig_reel","payload":{"reel_video_id":"18000000000000092",
        "title":"How mugs are made",
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abh"}}]}"#,
    ),
    (
        "instagram-story",
        r#""message":{"mid":"$mid","attachments":[{"type":"ig_story","payload":{"story_media_id":"18000000000000093",
        "story_media_url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abi"}}]}"#,
    ),
    (
        "instagram-story-mention",
        r#""message":{"mid":"$mid","attachments":[{"type":"story_mention","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abj"}}]}"#,
    ),
    (
        "instagram-story-reply",
        r#""message":{"mid":"$mid","text":"Nice!","reply_to":{"story":{"id":"18000000000000055",
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=1"}}}"#,
    ),
    (
        "instagram-template",
        r#""message":{"mid":"$mid","attachments":[{"type":"template","payload":{"generic":{"elements":[
        {"title":"Mug","subtitle":"11.50 EUR","image_url":"https:\/\/example.org\/mug.jpg"}]}}}]}"#,
    ),
    ("instagram-quick-reply", r#""message":{"mid":"$mid","text":"Size M","quick_reply":{"payload":"SIZE_M"}}"#),
    (
        "instagram-reply",
        r#""message":{"mid":"$mid","text":"That one, please","reply_to":{"mid":"$sent_mid","is_self_reply":false}}"#,
    ),
    (
        "instagram-text-from-ad",
        r#""message":{"mid":"$mid","text":"More information, please","referral":{"ref":"spring",
        "ad_id":"6300000000001","source":"ADS","type":"OPEN_THREAD",
        "ads_context_data":{"ad_title":"Spring sale","photo_url":"https:\/\/example.org\/i.jpg"}}}"#,
    ),
    (
        "instagram-text-about-product",
        r#""message":{"mid":"$mid","text":"Is it in stock?","referral":{"product":{"id":"991"}}}"#,
    ),
    ("instagram-unsupported", r#""message":{"mid":"$mid","is_unsupported":true}"#),
    ("instagram-unsupported-view-once", r#""message":{"mid":"$mid","attachments":[{"type":"ephemeral"}]}"#),
    (
        "instagram-unsupported-attachment",
        r#""message":{"mid":"$mid","attachments":[{"type":"unsupported_type","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abk"}}]}"#,
    ),
    ("instagram-postback", r#""postback":{"mid":"$mid","title":"Get started","payload":"START"}"#),
    ("instagram-edit", r#""message_edit":{"mid":"$earlier_mid","text":"Is the red one back?","num_edit":1}"#),
    ("instagram-edit-notice", r#""message_edit":{"mid":"$earlier_mid","num_edit":0}"#),
    ("instagram-unsend", r#""message":{"mid":"$earlier_mid","is_deleted":true}"#),
    (
        "instagram-reaction",
        r#""reaction":{"mid":"$sent_mid","action":"react","reaction":"love","emoji":"\u2764\ufe0f"}"#,
    ),
    ("instagram-reaction-removed", r#""reaction":{"mid":"$sent_mid","action":"unreact"}"#),
    ("instagram-read", r#""read":{"mid":"$sent_mid"}"#),
];

/// Each the rest of an element.
pub(in crate::sample) const FROM_BUSINESS: &[(&str, &str)] = &[
    ("instagram-echo", r#""message":{"mid":"$sent_mid","text":"Yes, in stock","is_echo":true}"#),
    (
        "instagram-echo-image",
        r#""message":{"mid":"$mid","is_echo":true,"attachments":[{"type":"image","payload":{
        "url":"https:\/\/lookaside.fbsbx.com\/ig_messaging_cdn\/?asset_id=$serial&signature=Abl"}}]}"#,
    ),
];

/// A whole element: an account that writes to itself, whose Instagram-scoped id is another.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[(
    "instagram-self",
    r#"{"sender":{"id":"$external_id"},"recipient":{"id":"28978000000000044"},"timestamp":$millis,
    "message":{"mid":"$mid","text":"Does it work?","is_echo":true,"is_self":true}}"#,
)];
