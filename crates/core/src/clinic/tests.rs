//! Each cause that the clinic knows, and that nothing makes it panic.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

fn key(secret: &str) -> Key {
    Key::new(&SecretString::from(secret))
}

/// What is found about `body` when `signed` was signed with the app's secret.
fn finding(signed: &str, body: &str) -> Finding {
    let own = [key("old"), key("right")];
    let header = key("right").sign(signed.as_bytes());
    diagnose(&Case { body: body.as_bytes(), header: header.as_bytes(), own: &own, others: &[key("other")] }).finding
}

fn steps(signed: &str, body: &str) -> Vec<Step> {
    match finding(signed, body) {
        Finding::Fits { fit: Fit::Own(1), steps } => steps,
        other => panic!("{other:?} for {body}"),
    }
}

const META: &str = r#"{"object":"page","entry":[{"id":"1","time":1.0,"url":"https:\/\/x.test\/a","text":"\u00e4 \ud83d\ude00"}],"empty":{},"none":[]}"#;
const PLAIN: &str =
    r#"{"object":"page","entry":[{"id":"1","time":1.0,"url":"https://x.test/a","text":"ä 😀"}],"empty":{},"none":[]}"#;

#[test]
fn as_it_is() {
    assert_eq!(steps(META, META), []);
    let header = key("other").sign(META.as_bytes());
    let case =
        Case { body: META.as_bytes(), header: header.as_bytes(), own: &[key("a")], others: &[key("b"), key("other")] };
    assert_eq!(diagnose(&case).finding, Finding::Fits { fit: Fit::Other(1), steps: vec![] });
    assert_eq!(diagnose(&Case { others: &[], ..case }).finding, Finding::Nothing);
}

#[test]
fn what_is_at_the_ends() {
    for (signed, body, step) in [
        ("{}", "{}\n", Step::DropNewline),
        ("{}\n", "{}", Step::AddNewline),
        ("{}", "  {}\r\n", Step::Trim),
        ("{}", "\u{feff}{}", Step::DropMark),
        ("\u{feff}{}", "{}", Step::AddMark),
        ("{\r\n}", "{\n}", Step::LinesToCrlf),
        ("{\n}", "{\r\n}", Step::LinesToLf),
        ("not json", "not json\n", Step::DropNewline),
    ] {
        assert_eq!(steps(signed, body), [step], "{body:?}");
    }
}

#[test]
fn letters_and_slashes() {
    let upper = META.replace("\\u00e4", "\\u00E4").replace("\\ud83d\\ude00", "\\uD83D\\uDE00");
    let letters_only = META.replace("\\/", "/");
    assert_eq!(steps(META, PLAIN), [Step::Escape, Step::EscapeSlashes]);
    assert_eq!(steps(PLAIN, META), [Step::Unescape, Step::PlainSlashes]);
    assert_eq!(steps(&letters_only, PLAIN), [Step::Escape]);
    assert_eq!(steps(META, &upper), [Step::Escape]);
    assert_eq!(steps(&upper, META), [Step::EscapeUpper]);
    assert_eq!(steps(META, &letters_only), [Step::EscapeSlashes]);
    assert_eq!(steps(&letters_only, META), [Step::PlainSlashes]);
    assert_eq!(steps(META, &format!("{PLAIN}\n")), [Step::Escape, Step::EscapeSlashes, Step::Trim]);
    // A backslash of the text's own is no escape.
    assert_eq!(finding(r#"{"a":"ä"}"#, r#"{"a":"\\u00e4"}"#), Finding::Nothing);
    assert_eq!(steps(r#"{"a":"\ud83d ä"}"#, r#"{"a":"\ud83d \u00e4"}"#), [Step::Unescape], "half a pair stays");
}

#[test]
fn written_anew() {
    let python = PLAIN.replace("\":", "\": ").replace(",\"", ", \"").replace("https: ", "https:");
    assert_eq!(steps(PLAIN, &python), [Step::Compact], "{python}");
    assert_eq!(steps(META, &python), [Step::Compact, Step::Escape, Step::EscapeSlashes]);
    assert_eq!(steps(&python, PLAIN), [Step::Spaced]);
    let sorted = r#"{"a":[1,{"b":2,"c":[]}],"d":{}}"#;
    let indented = "{\n  \"d\": {},\n  \"a\": [\n    1,\n    {\n      \"c\": [],\n      \"b\": 2\n    }\n  ]\n}";
    assert_eq!(steps(sorted, indented), [Step::SortKeys, Step::Compact]);
    let unsorted = r#"{"d":{},"a":[1,{"c":[],"b":2}]}"#;
    assert_eq!(steps(indented, unsorted), [Step::Indent2]);
    assert_eq!(steps(&indented.replace("  ", "    "), unsorted), [Step::Indent4]);
    assert_eq!(steps(&indented.replace("  ", "\t"), unsorted), [Step::IndentTab]);
    assert_eq!(steps(&format!("{indented}\n"), unsorted), [Step::Indent2, Step::AddNewline]);
}

#[test]
fn wrapped_or_encoded_twice() {
    let quoted = serde_json::to_string(META).expect("a string");
    assert_eq!(steps(META, &quoted), [Step::Unquote]);
    let mangled: String = PLAIN.bytes().map(char::from).collect();
    assert_eq!(steps(PLAIN, &mangled), [Step::UndoLatin1]);
}

#[test]
fn what_cannot_be_proven() {
    let look = |body: &[u8]| {
        let header = key("right").sign(META.as_bytes());
        diagnose(&Case { body, header: header.as_bytes(), own: &[key("right")], others: &[] })
    };
    for (body, shape) in [
        (&META.as_bytes()[..50], Shape::CutOff),
        (b"\"\xc3", Shape::CutOff),
        (b"", Shape::Empty),
        (b" \n", Shape::Empty),
        (b"a=1&b=2", Shape::NotJson { line: 1, column: 1 }),
        (b"{\"a\":\"\xe4\"}", Shape::NotUtf8 { at: 6 }),
        (b"{}", Shape::Whole),
    ] {
        let found = look(body);
        assert_eq!((found.shape, found.finding), (shape, Finding::Nothing), "{body:?}");
    }
}

#[test]
fn headers() {
    let digits = key("right").sign(b"{}").replace("sha256=", "");
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hex")).collect();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let look = |header: &str| {
        let found = diagnose(&Case { body: b"{}", header: header.as_bytes(), own: &[key("right")], others: &[] });
        (found.fault, matches!(found.finding, Finding::Fits { .. }))
    };
    for (header, fault, fits) in [
        (format!("sha256={digits}"), None, true),
        (format!("sha256={}", digits.to_uppercase()), None, true),
        (digits.clone(), Some(Fault::NoScheme), true),
        (format!("SHA256={digits}"), Some(Fault::SchemeCase), true),
        (format!("\"sha256={digits}\"\n"), Some(Fault::Wrapped), true),
        (format!("X-Hub-Signature-256: sha256={digits}"), Some(Fault::Wrapped), true),
        (format!("sha256={base64}"), Some(Fault::Base64), true),
        (base64, Some(Fault::Base64), true),
        (String::new(), Some(Fault::Missing), false),
        ("sha256=".to_owned(), Some(Fault::Length(0)), false),
        (format!("sha1={}", &digits[..40]), Some(Fault::Sha1), false),
        (digits[..40].to_owned(), Some(Fault::Sha1), false),
        (format!("sha256={}", &digits[..63]), Some(Fault::Length(63)), false),
        (format!("sha256={}g", &digits[..63]), Some(Fault::NotHex), false),
        ("bearer x".to_owned(), Some(Fault::NotHex), false),
    ] {
        assert_eq!(look(&header), (fault, fits), "{header:?}");
    }
}

#[test]
fn the_work_is_bounded() {
    let body = format!("{{\"a\":[{}\"ä\"]}}", "[[\"ä/\"]],".repeat(BODY_MAX / 10));
    let keys: Vec<Key> = (0..64).map(|n| key(&n.to_string())).collect();
    let header = key("right").sign(b"");
    let found = diagnose(&Case { body: body.as_bytes(), header: header.as_bytes(), own: &keys, others: &[] });
    assert_eq!(found.finding, Finding::Nothing);
    assert!(found.forms * BODY_MAX / 2 * 64 <= WORK_MAX * 2, "{}", found.forms);
}

proptest! {
    #[test]
    fn never_panics(body: Vec<u8>, header: Vec<u8>) {
        let given = key("k").sign(b"x");
        for header in [header.as_slice(), given.as_bytes()] {
            let _ = diagnose(&Case { body: &body, header, own: &[key("a")], others: &[key("b")] });
        }
    }

    #[test]
    fn never_panics_on_what_looks_like_json(body in r#"[\[\]{}",:\\/ u0-9a-fäß😀\n\r\t]{0,80}"#) {
        let given = key("k").sign(b"x");
        let _ = diagnose(&Case { body: body.as_bytes(), header: given.as_bytes(), own: &[key("a")], others: &[] });
    }

    /// Whatever the JSON, a serialiser's blanks and escapes are seen through.
    #[test]
    fn sees_through_escapes(text in "[a-zäöüß😀/ ]{1,20}") {
        let plain = serde_json::json!({ "b": [text, 1, null], "a": {} });
        let body = serde_json::to_string_pretty(&plain).expect("JSON");
        let signed = escape_all(&plain.to_string());
        let found = !matches!(finding(&signed, &body), Finding::Nothing);
        prop_assert!(found, "{} for {}", signed, body);
    }
}

fn escape_all(text: &str) -> String {
    let mut out = Vec::new();
    crate::signature::escaped(&text.replace('/', "\\/"), |bytes| out.extend_from_slice(bytes));
    String::from_utf8(out).expect("ASCII")
}
