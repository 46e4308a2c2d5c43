//! Messages and postbacks, what is done to messages afterwards, and the page's own.

/// Each the rest of an element.
pub(in crate::sample) const FROM_CUSTOMER: &[(&str, &str)] = &[
    ("messenger-text", r#""message":{"mid":"$mid","text":"Is the blue one back? No. $serial"}"#),
    (
        "messenger-image",
        r#""message":{"mid":"$mid","attachments":[{"type":"image","payload":{
        "url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/$serial.jpg?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
    (
        "messenger-images",
        r#""message":{"mid":"$mid","text":"Both of them","attachments":[{"type":"image","payload":{
        "url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/$serial.jpg?oh=00_Af&oe=6B8A3F00"}},
        {"type":"image","payload":{
        "url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/$serial-b.jpg?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
    (
        "messenger-video",
        r#""message":{"mid":"$mid","attachments":[{"type":"video","payload":{
        "url":"https:\/\/video.xx.fbcdn.net\/v\/t42.3356-2\/$serial.mp4?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
    (
        "messenger-audio",
        r#""message":{"mid":"$mid","attachments":[{"type":"audio","payload":{
        "url":"https:\/\/cdn.fbsbx.com\/v\/t59.3654-21\/$serial.aac?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
    (
        "messenger-file",
        r#""message":{"mid":"$mid","attachments":[{"type":"file","payload":{
        "url":"https:\/\/cdn.fbsbx.com\/v\/t59.2708-21\/invoice-$serial.pdf?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
    (
        "messenger-sticker",
        r#""message":{"mid":"$mid","attachments":[{"type":"sticker","payload":{
        "url":"https:\/\/scontent.xx.fbcdn.net\/v\/t39.1997-6\/like.png","sticker_id":369239263222822}}]}"#,
    ),
    (
        "messenger-location",
        r#""message":{"mid":"$mid","attachments":[{"type":"location","payload":{
        "coordinates":{"lat":51.5007,"long":-0.1246}}}]}"#,
    ),
    (
        "messenger-link",
        r#""message":{"mid":"$mid","text":"https:\/\/example.org\/mugs","attachments":[{"type":"fallback","payload":{
        "url":"https:\/\/example.org\/mugs","title":"Mugs"}}]}"#,
    ),
    (
        "messenger-product",
        r#""message":{"mid":"$mid","text":"This one?","attachments":[{"type":"template","payload":{"product":{
        "elements":[{"id":"991","retailer_id":"sku-1","image_url":"https:\/\/example.org\/mug.jpg","title":"Mug",
        "subtitle":"11.50 EUR"}]}}}]}"#,
    ),
    (
        "messenger-reel",
        r#""message":{"mid":"$mid","attachments":[{"type":"reel","payload":{
        "url":"https:\/\/www.facebook.com\/reel\/123400000000055\/","title":"New mugs",
        "reel_video_id":123400000000055}}]}"#,
    ),
    (
        "messenger-post",
        r#""message":{"mid":"$mid","attachments":[{"type":"post","payload":{
        "url":"https:\/\/www.facebook.com\/acme\/posts\/901","title":"New mugs","id":123400000000901}}]}"#,
    ),
    (
        "messenger-appointment",
        r#""message":{"mid":"$mid","attachments":[{"type":"appointment_booking","payload":{
        "booking_id":"booking-$serial","status":"requested","start_time":$later_seconds,"end_time":$later_end_seconds,
        "timezone":"Europe\/London"}}]}"#,
    ),
    ("messenger-quick-reply", r#""message":{"mid":"$mid","text":"Size M","quick_reply":{"payload":"SIZE_M"}}"#),
    (
        "messenger-reply",
        r#""message":{"mid":"$mid","text":"That one, please","reply_to":{"mid":"$sent_mid","is_self_reply":false}}"#,
    ),
    (
        "messenger-text-with-command",
        r#""message":{"mid":"$mid","text":"\/opening-hours","commands":[{"name":"opening-hours"}]}"#,
    ),
    (
        "messenger-text-from-ad",
        r#""message":{"mid":"$mid","text":"More information, please","referral":{"ref":"spring",
        "ad_id":"6300000000001","source":"ADS","type":"OPEN_THREAD","ads_context_data":{"ad_title":"Spring sale",
        "photo_url":"https:\/\/example.org\/i.jpg","video_url":"https:\/\/example.org\/v.mp4",
        "post_id":"104512300000001_55","product_id":"991","flow_id":"77"}}}"#,
    ),
    (
        "messenger-text-about-product",
        r#""message":{"mid":"$mid","text":"Is it in stock?","referral":{"product":{"id":"991"}}}"#,
    ),
    ("messenger-unsupported", r#""message":{"mid":"$mid","is_unsupported":true}"#),
    ("messenger-postback", r#""postback":{"mid":"$mid","title":"Get started","payload":"START"}"#),
    (
        "messenger-postback-from-link",
        r#""postback":{"mid":"$mid","title":"Get started","payload":"START",
        "referral":{"ref":"promotion-7","source":"SHORTLINK","type":"OPEN_THREAD"}}"#,
    ),
    ("messenger-edit", r#""message_edit":{"mid":"$earlier_mid","text":"Is the red one back?","num_edit":1}"#),
    (
        "messenger-reaction",
        r#""reaction":{"mid":"$sent_mid","action":"react","reaction":"love","emoji":"\u2764\ufe0f"}"#,
    ),
    ("messenger-reaction-removed", r#""reaction":{"mid":"$sent_mid","action":"unreact"}"#),
];

/// Each the rest of an element.
pub(in crate::sample) const FROM_BUSINESS: &[(&str, &str)] = &[
    (
        "messenger-echo",
        r#""message":{"mid":"$sent_mid","is_echo":true,"app_id":1122334455667788,"text":"Yes, in stock"}"#,
    ),
    (
        "messenger-echo-template",
        r#""message":{"mid":"$mid","is_echo":true,"app_id":1122334455667788,"metadata":"order=$serial",
        "attachments":[{"type":"template","title":"Mugs","url":null,"payload":{"template_type":"button",
        "text":"What would you like?","buttons":[{"type":"postback","title":"Get started","payload":"START"}]}}]}"#,
    ),
    (
        "messenger-echo-image",
        r#""message":{"mid":"$mid","is_echo":true,"app_id":263902037430900,"attachments":[{"type":"image","payload":{
        "url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/$serial.jpg?oh=00_Af&oe=6B8A3F00"}}]}"#,
    ),
];

/// Each a whole element.
pub(in crate::sample) const ELEMENTS: &[(&str, &str)] = &[(
    "messenger-postback-from-guest",
    r#"{"sender":{"user_ref":"guest-$serial"},"recipient":{"id":"$external_id"},"timestamp":$millis,
    "postback":{"mid":"$mid","title":"Get started","payload":"START","referral":{"ref":null,
    "source":"CUSTOMER_CHAT_PLUGIN","type":"OPEN_THREAD","referer_uri":"https:\/\/example.org\/mugs",
    "is_guest_user":true}}}"#,
)];
