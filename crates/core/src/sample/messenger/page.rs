//! What is public on a page: posts, comments, mentions, ratings; its lead forms and templates. Times are in seconds.

/// Each a whole change.
pub(in crate::sample) const CHANGES: &[(&str, &str)] = &[
    (
        "messenger-comment",
        r#"{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"901_$serial",
        "post_id":"104512300000001_901","parent_id":"104512300000001_901",
        "from":{"id":"$scoped_id","name":"$name"},"created_time":$seconds,"message":"Which sizes are there?"}}"#,
    ),
    (
        "messenger-comment-reply",
        r#"{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"902_$serial",
        "post_id":"104512300000001_901","parent_id":"901_903","from":{"id":"$scoped_id","name":"$name"},
        "created_time":$seconds,"message":"I would like to know, too."}}"#,
    ),
    (
        "messenger-comment-own",
        r#"{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"903_$serial",
        "post_id":"104512300000001_901","parent_id":"901_903","from":{"id":"$external_id","name":"Acme"},
        "created_time":$seconds,"message":"S, M and L."}}"#,
    ),
    (
        "messenger-comment-edited",
        r#"{"field":"feed","value":{"item":"comment","verb":"edited","comment_id":"901_$serial",
        "post_id":"104512300000001_901","parent_id":"104512300000001_901",
        "from":{"id":"$scoped_id","name":"$name"},"created_time":$seconds,"message":"Which colours are there?"}}"#,
    ),
    (
        "messenger-comment-removed",
        r#"{"field":"feed","value":{"item":"comment","verb":"remove","comment_id":"901_$serial",
        "post_id":"104512300000001_901","parent_id":"104512300000001_901",
        "from":{"id":"$scoped_id","name":"$name"},"created_time":$seconds}}"#,
    ),
    (
        "messenger-post-published",
        r#"{"field":"feed","value":{"item":"status","verb":"add","post_id":"104512300000001_$serial","published":1,
        "from":{"id":"$external_id","name":"Acme"},"created_time":$seconds,"message":"New mugs are here."}}"#,
    ),
    (
        "messenger-post-reaction",
        r#"{"field":"feed","value":{"item":"reaction","verb":"add","reaction_type":"love",
        "post_id":"104512300000001_901","parent_id":"104512300000001_901",
        "from":{"id":"$scoped_id","name":"$name"},"created_time":$seconds}}"#,
    ),
    (
        "messenger-mention",
        r#"{"field":"mention","value":{"item":"comment","verb":"add","post_id":"104512300000001_901",
        "comment_id":"904_$serial","created_time":$seconds,"message":"Have a look at @Acme"}}"#,
    ),
    (
        "messenger-rating",
        r#"{"field":"ratings","value":{"item":"rating","verb":"add","open_graph_story_id":904801,
        "reviewer_id":$scoped_id,"reviewer_name":"$name","rating":3,"recommendation_type":"POSITIVE",
        "review_text":"Good mugs","created_time":$seconds}}"#,
    ),
    (
        "messenger-lead-form",
        r#"{"field":"leadgen","value":{"leadgen_id":$serial,"page_id":$external_number,"form_id":12312312,"adgroup_id":0,
        "ad_id":0,"created_time":$seconds}}"#,
    ),
    (
        "messenger-template-approved",
        r#"{"field":"message_template_status_update","value":{"message_template_id":1689556908120001,
        "message_template_name":"order_$serial","message_template_status":"APPROVED",
        "message_template_language":"en_US","reason":"NONE"}}"#,
    ),
];

/// Members of the entry: names of fields without values, where the app asked for no more.
pub(in crate::sample) const ON_ENTRY: &[(&str, &str)] = &[("messenger-changed-fields", r#""changed_fields":["feed"]"#)];
