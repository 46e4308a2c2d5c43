//! What customers write and send: texts, files, places, cards, reactions, and what they do to them afterwards.

/// Each the rest of a message, from its type on.
pub(in crate::sample) const MESSAGES: &[(&str, &str)] = &[
    ("whatsapp-text", r#""type":"text","text":{"body":"Hello, is this working? No. $serial"}"#),
    ("whatsapp-image", r#""type":"image","image":{"caption":"My receipt","mime_type":"image\/jpeg",$file}"#),
    ("whatsapp-video", r#""type":"video","video":{"caption":"Look at this","mime_type":"video\/mp4",$file}"#),
    ("whatsapp-audio", r#""type":"audio","audio":{"mime_type":"audio\/mpeg","voice":false,$file}"#),
    ("whatsapp-voice", r#""type":"audio","audio":{"mime_type":"audio\/ogg; codecs=opus","voice":true,$file}"#),
    (
        "whatsapp-document",
        r#""type":"document","document":{"caption":"Invoice","filename":"invoice-$serial.pdf",
        "mime_type":"application\/pdf",$file}"#,
    ),
    ("whatsapp-sticker", r#""type":"sticker","sticker":{"mime_type":"image\/webp","animated":false,$file}"#),
    (
        "whatsapp-location",
        r#""type":"location","location":{"latitude":51.5007,"longitude":-0.1246,"name":"Big Ben",
        "address":"London SW1A 0AA"}"#,
    ),
    (
        "whatsapp-contacts",
        r#""type":"contacts","contacts":[{"name":{"formatted_name":"Bo Li","first_name":"Bo"},
        "phones":[{"phone":"+44 7700 900456","wa_id":"447700900456","type":"CELL"}],"origin":"other"}]"#,
    ),
    (
        "whatsapp-contacts-in-full",
        r#""type":"contacts","contacts":[{"name":{"formatted_name":"Dr Bo Q Li Jr","first_name":"Bo","last_name":"Li",
        "middle_name":"Q","prefix":"Dr","suffix":"Jr"},
        "phones":[{"phone":"+44 7700 900456","wa_id":"447700900456","type":"CELL"}],
        "emails":[{"email":"bo@example.org","type":"WORK"}],"addresses":[{"street":"1 Road","city":"Leeds",
        "state":"W Yorks","zip":"LS1","country":"UK","country_code":"gb","type":"HOME"}],
        "org":{"company":"Acme","department":"R&D","title":"Engineer"},
        "urls":[{"url":"https:\/\/example.org","type":"WORK"}],"birthday":"1990-04-01","origin":"other",
        "vcard":"BEGIN:VCARD\nVERSION:3.0\nFN:Bo Li\nEND:VCARD"}]"#,
    ),
    ("whatsapp-reaction", r#""type":"reaction","reaction":{"message_id":"$sent_wamid","emoji":"\ud83d\udc4d"}"#),
    ("whatsapp-reaction-removed", r#""type":"reaction","reaction":{"message_id":"$sent_wamid"}"#),
    (
        "whatsapp-edit",
        r#""type":"edit","edit":{"original_message_id":"$earlier_wamid",
        "message":{"context":{"id":"M0"},"type":"text","text":{"body":"Corrected"}}}"#,
    ),
    (
        "whatsapp-edit-caption",
        r#""type":"edit","edit":{"original_message_id":"$earlier_wamid","message":{"context":{"id":"M0"},
        "type":"image","image":{"caption":"My receipt, the right one","mime_type":"image\/jpeg",$file}}}"#,
    ),
    ("whatsapp-revoke", r#""type":"revoke","revoke":{"original_message_id":"$earlier_wamid"}"#),
    ("whatsapp-text-quoting", r#""type":"text","text":{"body":"That one, please"},$quoting"#),
    (
        "whatsapp-text-forwarded",
        r#""context":{"forwarded":true},"type":"text","text":{"body":"Half price until Sunday"}"#,
    ),
    (
        "whatsapp-text-forwarded-often",
        r#""context":{"frequently_forwarded":true},"type":"text","text":{"body":"Half price until Sunday!"}"#,
    ),
    (
        "whatsapp-text-about-product",
        r#""context":{"from":"$business","id":"$sent_wamid",
        "referred_product":{"catalog_id":"330011223344","product_retailer_id":"sku-9"}},
        "type":"text","text":{"body":"Is it in stock?"}"#,
    ),
    (
        "whatsapp-text-from-ad",
        r#""type":"text","text":{"body":"More information, please"},"referral":{"source_url":"https:\/\/fb.me\/abc",
        "source_id":"120200000000000001","source_type":"ad","headline":"Chat with us","body":"Summer sale",
        "media_type":"image","image_url":"https:\/\/example.org\/i.jpg","ctwa_clid":"Aff-x1y2"}"#,
    ),
    (
        "whatsapp-text-from-post",
        r#""type":"text","text":{"body":"Do you ship abroad?"},"referral":{"source_url":"https:\/\/fb.me\/def",
        "source_id":"120200000000000002","source_type":"post","headline":"Chat with us","body":"New in the shop",
        "media_type":"video","video_url":"https:\/\/example.org\/v.mp4","thumbnail_url":"https:\/\/example.org\/t.jpg",
        "ctwa_clid":"Aff-x1y3","welcome_message":{"text":"Hi! How can we help?"},"ref":"sequence-17"}"#,
    ),
    ("whatsapp-request-welcome", r#""type":"request_welcome""#),
    (
        "whatsapp-unsupported",
        r#""type":"unsupported","unsupported":{"type":"poll_creation"},
        "errors":[{"code":131051,"title":"Message type unknown","message":"Message type unknown",
        "error_data":{"details":"Message type is currently not supported."}}]"#,
    ),
    (
        "whatsapp-unsupported-unavailable",
        r#""type":"unsupported",
        "errors":[{"code":131060,"title":"This message is unavailable","message":"This message is unavailable",
        "error_data":{"details":"This message is currently unavailable."}}]"#,
    ),
    (
        "whatsapp-unsupported-media",
        r#""type":"unsupported","unsupported":{"type":"image"},
        "errors":[{"code":131052,"title":"Media download error","message":"Media download error",
        "error_data":{"details":"The media of this message could not be downloaded."}}]"#,
    ),
];

/// Each a whole change, as something about its message differs.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "whatsapp-text-without-phone",
        r#"{"field":"messages","value":{$metadata,
        "contacts":[{"profile":{"name":"$name","username":"$username"},"user_id":"$user_id"}],
        "messages":[{"from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds","type":"text",
        "text":{"body":"Hello, without a phone number"}}]}}"#,
    ),
    (
        "whatsapp-text-with-parent-id",
        r#"{"field":"messages","value":{$metadata,
        "contacts":[{"profile":{"name":"$name","username":"$username"},"wa_id":"$phone","user_id":"$user_id",
        "parent_user_id":"$parent_user_id","identity_key_hash":"Zk3l9aPq2Wc="}],
        "messages":[{"from":"$phone","from_user_id":"$user_id","from_parent_user_id":"$parent_user_id","id":"$wamid",
        "timestamp":"$seconds","type":"text","text":{"body":"Hello, to all of your businesses"}}]}}"#,
    ),
    (
        "whatsapp-text-with-summary",
        r#"{"field":"messages","value":{$metadata,$contacts,
        "messages":[{"from":"$phone","from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds","type":"text",
        "text":{"body":"Can a person help me?"}}],
        "conversation_context":{"type":"summary","summary":{"text":"Wants a refund for order 77."}}}}"#,
    ),
    (
        "whatsapp-contacts-own-number",
        r#"{"field":"messages","value":{$metadata,
        "contacts":[{"profile":{"name":"$name","username":"$username"},"user_id":"$user_id"}],
        "messages":[{"from_user_id":"$user_id","id":"$wamid","timestamp":"$seconds","type":"contacts",
        "contacts":[{"origin":"contact_request","phones":[{"phone":"+$phone","wa_id":"$phone","type":"CELL"}]}]}]}}"#,
    ),
    (
        "whatsapp-voicemail",
        r#"{"field":"messages","value":{$metadata,$contacts,
        "messages":[{"id":"$wacid","from":"$phone","from_user_id":"$user_id","timestamp":"$seconds","type":"audio",
        "audio":{"id":"148001122335$serial","sha256":"q0Vt6mJ8sU0yW2m8pJm0aM9m1Jc0n7m4l2nq1b1o3xQ=",
        "mime_type":"audio\/ogg; codecs=opus"}}]}}"#,
    ),
    (
        "whatsapp-group-text",
        r#"{"field":"messages","value":{$metadata,$contacts,
        "messages":[{"from":"$phone","from_user_id":"$user_id",$group,"id":"$wamid","timestamp":"$seconds",
        "type":"text","text":{"body":"Hello, everyone"}}]}}"#,
    ),
];
