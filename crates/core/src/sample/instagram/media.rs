//! What is public on an account: comments, mentions, and the figures of stories.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "instagram-comment",
        r#"{"field":"comments","value":{"id":"1800000000007$serial","text":"Which sizes are there?",
        "from":{"id":"$scoped_id","username":"$username"},
        "media":{"id":"18000000000000012","media_product_type":"FEED"}}}"#,
    ),
    (
        "instagram-comment-reply",
        r#"{"field":"comments","value":{"id":"1800000000008$serial","parent_id":"18000000000000070",
        "text":"I would like to know, too.","from":{"id":"$scoped_id","username":"$username"},
        "media":{"id":"18000000000000012","media_product_type":"FEED"}}}"#,
    ),
    (
        "instagram-comment-on-ad",
        r#"{"field":"comments","value":{"comment_id":"1800000000009$serial","text":"Is it still on?",
        "from":{"id":"$scoped_id","username":"$username"},"media":{"id":"18000000000000013",
        "media_product_type":"AD","ad_id":"6300000000001","ad_title":"Spring sale",
        "original_media_id":"18000000000000012"}}}"#,
    ),
    (
        "instagram-comment-gif",
        r#"{"field":"comments","value":{"id":"1800000000010$serial",
        "from":{"id":"$scoped_id","username":"$username"},
        "media":{"id":"18000000000000012","media_product_type":"REELS"}}}"#,
    ),
    (
        "instagram-comment-own",
        r#"{"field":"comments","value":{"id":"1800000000011$serial","parent_id":"18000000000000070",
        "text":"S, M and L.","from":{"id":"$external_id","username":"acme","self_ig_scoped_id":"28978000000000044"},
        "media":{"id":"18000000000000012","media_product_type":"FEED"}}}"#,
    ),
    (
        "instagram-live-comment",
        r#"{"field":"live_comments","value":{"id":"1800000000012$serial","text":"Good evening from Leeds",
        "from":{"id":"$scoped_id","username":"$username"},
        "media":{"id":"18000000000000014","media_product_type":"LIVE"}}}"#,
    ),
    (
        "instagram-mention",
        r#"{"field":"mentions","value":{"media_id":"18000000000000012","comment_id":"1800000000013$serial"}}"#,
    ),
    ("instagram-mention-in-caption", r#"{"field":"mentions","value":{"media_id":"1800000000014$serial"}}"#),
    (
        "instagram-story-insights",
        r#"{"field":"story_insights","value":{"media_id":"1800000000015$serial","impressions":444,"reach":44,
        "taps_forward":4,"taps_back":3,"exits":3,"replies":0}}"#,
    ),
];

/// Members of the entry.
pub(in crate::sample) const ON_ENTRY: &[(&str, &str)] = &[
    // As Meta's pages on logging in with Instagram print it.
    (
        "instagram-comment-on-entry",
        r#""field":"comments","value":{"id":"1800000000016$serial","text":"Which colours are there?",
        "from":{"id":"$scoped_id","username":"$username"},
        "media":{"id":"18000000000000012","media_product_type":"FEED"}}"#,
    ),
    // Names of fields without values, where the app asked for no more.
    ("instagram-changed-fields", r#""changed_fields":["comments"]"#),
];
