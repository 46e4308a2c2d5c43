//! The view of JSON, by example.

use super::*;

fn with<T>(text: &str, look: impl FnOnce(Object<'_>) -> T) -> T {
    let document = Document::parse(text).expect("JSON");
    look(document.root().object().expect("an object"))
}

#[test]
fn each_getter_takes_its_types_and_nothing_else() {
    let text = r#"{"s":"x","n":12.50,"i":"7","e":"","z":null,"b":true,"o":{"k":1},"a":[1,"2"],"neg":-3,"big":1e999}"#;
    with(text, |it| {
        assert_eq!(it.text("s").as_deref(), Some("x"));
        assert_eq!(it.text("n").as_deref(), Some("12.50"));
        assert_eq!(it.text("e").as_deref(), Some(""));
        assert_eq!(it.non_empty("e"), None);
        assert_eq!((it.get("z").is_none(), it.text("b"), it.text("o")), (true, None, None));
        assert_eq!((it.int("i"), it.int("n"), it.int("s"), it.int("neg")), (Some(7), None, None, Some(-3)));
        assert_eq!((it.boolean("b"), it.boolean("s")), (Some(true), None));
        assert_eq!(it.object("o").and_then(|o| o.int("k")), Some(1));
        assert!(it.object("a").is_none() && it.object("missing").is_none());
        assert_eq!((it.array("a").count(), it.array("o").count(), it.array("z").count()), (2, 0, 0));
        let numbers = ["n", "i", "neg", "s", "big", "o"].map(|key| it.number(key));
        let expected = [Some("12.50"), Some("7"), Some("-3"), None, None, None];
        assert_eq!(numbers.each_ref().map(Option::as_deref), expected);
        assert_eq!(it.get("o").map(Value::raw), Some(r#"{"k":1}"#));
        assert_eq!(Object::default().members().count(), 0);
    });
}

#[test]
fn the_last_of_a_repeated_key_is_found() {
    assert_eq!(with(r#"{"a":1,"a":[3],"b":{"a":4},"a":2}"#, |it| it.int("a")), Some(2));
}

#[test]
fn escapes_are_undone_and_what_no_text_may_hold_is_replaced() {
    let text = r#"{"a":"\u00e4\/\"\\\n\ud83d\ude00","nul":"x\u0000y","high":"\ud83d!","low":"\ude00","pair":"\ud83d\ud83d\ude00","\ud800":1,"\u0061b":2}"#;
    with(text, |it| {
        assert_eq!(it.text("a").as_deref(), Some("ä/\"\\\n😀"));
        assert_eq!(it.text("nul").as_deref(), Some("x\u{fffd}y"));
        assert_eq!(it.text("high").as_deref(), Some("\u{fffd}!"));
        assert_eq!(it.text("low").as_deref(), Some("\u{fffd}"));
        assert_eq!(it.text("pair").as_deref(), Some("\u{fffd}😀"));
        assert_eq!((it.int("\u{fffd}"), it.int("ab")), (Some(1), Some(2)));
    });
}

#[test]
fn json_is_cleaned_of_what_no_reader_takes() {
    let same = r#"{"a":"\ud83d\ude00 \\u0000 \/ \u00e4","b":"\\\\"}"#;
    assert!(matches!(clean(same), Cow::Borrowed(_)));
    let dirty = r#"{"a\u0000":"\ud83d \ude00\ud83d\ude00","b":"\\\u0000"}"#;
    assert_eq!(clean(dirty), r#"{"a\ufffd":"\ufffd \ufffd\ud83d\ude00","b":"\\\ufffd"}"#);
    assert!(serde_json::from_str::<serde_json::Value>(&clean(dirty)).is_ok());
}

#[test]
fn depth_and_number_are_survived() {
    let deep = format!(r#"{{"deep":{}1{},"after":1}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        with(&deep, |it| (it.int("after"), it.get("deep").map(|deep| deep.fingerprint() != [0; 16]))),
        (Some(1), Some(true))
    );
    let wide = format!("{{{}\"last\":1}}", "\"k\":0,".repeat(100_000));
    assert_eq!(with(&wide, |it| it.int("last")), Some(1));
}

#[test]
fn what_is_no_json_is_nothing() {
    for text in ["", "{", "{\"a\":}", "{} {}", "\"x", "tru"] {
        assert!(Document::parse(text).is_none(), "{text}");
    }
    for text in ["[]", "1", " null ", "\"x\""] {
        assert!(Document::parse(text).expect("JSON").root().object().is_none(), "{text}");
    }
}

#[test]
fn a_fingerprint_is_of_the_value_and_not_of_its_writing() {
    let of = |text: &str| Document::parse(text).expect("JSON").root().fingerprint();
    let one = of(r#"{"a":[1,{"x":"ä","y":null}],"b":2}"#);
    assert_eq!(one, of(r#" { "b" : 2, "a":[1, {"y":null,"x":"\u00e4"}] } "#));
    let others = [
        r#"{"a":[{"x":"ä","y":null},1],"b":2}"#,
        r#"{"a":[1,{"x":"ä","y":null}],"b":"2"}"#,
        r#"{"b":[1,{"x":"ä","y":null}],"a":2}"#,
        r#"{"a":[1,{"x":"ä"}],"b":2,"y":null}"#,
        r#"{"a":[1,["x","ä","y",null]],"b":2}"#,
        r#"{"a":[1,{"x":"ä","y":null}],"b":2,"b":2}"#,
    ];
    for other in others {
        assert_ne!(one, of(other), "{other}");
    }
}
