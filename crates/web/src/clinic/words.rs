//! A diagnosis in words: what is wrong, what to do, and what proves it.

use socialhook_core::clinic::{Diagnosis, Fault, Finding, Fit, Shape, Step};

use super::{Candidate, Kind, Specimen};
use crate::words::{Pill, bytes, count};

/// What the page says.
pub struct Told {
    pub pill: Pill,
    pub headline: String,
    /// What happened.
    pub because: Vec<String>,
    /// What to do.
    pub todo: Vec<&'static str>,
    /// What was looked at: a name, and what it came to.
    pub proof: Vec<(&'static str, String)>,
}

const RAW_BYTES: &str = "Check the signature over the request’s raw bytes, before anything parses them: express.raw() in Express, request.get_data() in Flask, request.body in Django, php://input in PHP, await request.text() in Next.js.";
const NO_CHANGE: &str =
    "Whatever stands between Meta and the check, a proxy, a queue or a gateway, must hand the body on byte by byte.";
const SIGN_WHAT_IS_SENT: &str =
    "If you send test requests yourself, make the body once, sign exactly those bytes, and send the same bytes.";
const RIGHT_SECRET: &str = "Compare the app secret with Meta’s dashboard, under App settings → Basic. Its fingerprint is the end of its SHA-256, as printf %s SECRET | sha256sum prints it.";
const INSTAGRAM_SECRET: &str =
    "With Instagram Login, Meta signs with the Instagram app secret, which is another one: add it as well.";
const OTHER_APP: &str = "Does another Meta app post to this callback URL? Each app signs with a secret of its own.";
const RAW_HEADER: &str = "Take the header X-Hub-Signature-256 as it came: sha256= and 64 hexadecimal digits.";
const WHOLE_BODY: &str =
    "Send or paste the body from its first byte to its last, and look for a limit on its size on the way.";

pub(super) fn told(diagnosis: &Diagnosis, own: &[Candidate], others: &[Candidate], specimen: &Specimen) -> Told {
    let mut told = match &diagnosis.finding {
        _ if specimen.is_part => part(specimen),
        Finding::NoSignature => no_signature(diagnosis.fault, specimen),
        Finding::Fits { fit, steps } => {
            let (candidate, is_own) = match fit {
                Fit::Own(place) => (own.get(*place), true),
                Fit::Other(place) => (others.get(*place), false),
            };
            fits(candidate, is_own, (steps, diagnosis.fault), specimen)
        }
        Finding::Nothing => nothing(diagnosis.shape, specimen),
    };
    if let Some(fault) = diagnosis.fault.filter(|_| diagnosis.finding != Finding::NoSignature) {
        told.because.push(about_header(fault));
        told.todo.push(RAW_HEADER);
    }
    told.proof.extend(proof(diagnosis, own.len() + others.len(), specimen));
    told
}

fn proof(diagnosis: &Diagnosis, secrets: usize, specimen: &Specimen) -> Vec<(&'static str, String)> {
    let shape = match diagnosis.shape {
        Shape::Empty => "Empty".to_owned(),
        Shape::Whole => "Complete JSON".to_owned(),
        Shape::CutOff => "JSON that ends in the middle".to_owned(),
        Shape::NotJson { line, column } => format!("No JSON from line {line}, character {column} on"),
        Shape::NotUtf8 { at } => format!("No text from byte {} on", at + 1),
    };
    let mut proof = vec![("Body", format!("{shape}, {}", bytes(specimen.body.len())))];
    if diagnosis.forms > 0 && !specimen.is_part {
        let forms = count(diagnosis.forms, "form", "forms");
        proof.push((
            "Compared",
            format!("{forms} of the body with {}", count(secrets, "secret or token", "secrets and tokens")),
        ));
    }
    proof
}

fn part(specimen: &Specimen) -> Told {
    Told {
        pill: Pill::UNKNOWN,
        headline: "Only a part of the body is kept".to_owned(),
        because: vec![format!(
            "The first {} of a refused request are kept. Its signature can only be compared with the whole of it.",
            bytes(specimen.body.len())
        )],
        todo: vec!["Paste the whole body and the header into the clinic, if you have them."],
        proof: Vec::new(),
    }
}

fn no_signature(fault: Option<Fault>, specimen: &Specimen) -> Told {
    let mut told = Told {
        pill: Pill::UNSIGNED,
        headline: "There is no signature to compare with".to_owned(),
        because: vec![about_header(fault.unwrap_or(Fault::NotHex))],
        todo: vec![RAW_HEADER],
        proof: Vec::new(),
    };
    if specimen.is_record {
        told.because.push("Meta always signs, and always the same way. So this request came from somebody else, or something on the way took the header or changed it.".to_owned());
        told.todo
            .push("If a proxy stands between Meta and this service, let it hand on the header X-Hub-Signature-256.");
    }
    told
}

fn about_header(fault: Fault) -> String {
    match fault {
        Fault::Missing => "The header X-Hub-Signature-256 is missing or empty.".to_owned(),
        Fault::Sha1 => "This is the older header, X-Hub-Signature, made with SHA-1. It is not checked by anybody any more; the one to check is X-Hub-Signature-256, which Meta sends beside it.".to_owned(),
        Fault::NoScheme => "The header’s value begins with sha256= when Meta sends it. Here that is missing, so the request is refused as malformed.".to_owned(),
        Fault::SchemeCase => "The header’s value begins with sha256= in lower case when Meta sends it. Here it is written otherwise, so the request is refused as malformed.".to_owned(),
        Fault::Wrapped => "The header’s value stands in quotes here, has blanks in it, or has the header’s name before it. Sent like that, the request is refused as malformed.".to_owned(),
        Fault::Base64 => "The signature is written in base64. Meta writes it in hexadecimal digits, so the request is refused as malformed.".to_owned(),
        Fault::Length(digits) => format!("After sha256= there are {} where there must be 64: something was cut off or added.", count(digits, "digit", "digits")),
        Fault::NotHex => "The header’s value is not sha256= and 64 hexadecimal digits.".to_owned(),
    }
}

fn fits(
    candidate: Option<&Candidate>,
    is_own: bool,
    (steps, fault): (&[Step], Option<Fault>),
    specimen: &Specimen,
) -> Told {
    let name = candidate.map_or("one of your secrets", |candidate| &candidate.name);
    let mut told = match (is_own, steps) {
        (true, []) => right(name, fault, specimen),
        (_, steps) => changed(name, steps, specimen),
    };
    if is_own {
        return told;
    }
    let is_token = candidate.is_some_and(|candidate| candidate.kind == Kind::VerifyToken);
    if steps.is_empty() {
        "It is signed with another secret".clone_into(&mut told.headline);
        told.because = vec![format!("The signature fits the body exactly, but with {name}.")];
        told.todo.clear();
    } else {
        told.because.push(format!("Besides, it is signed with {name}, not with the secret that it is checked with."));
    }
    let first = if is_token {
        "Sign with the app secret. The verify token only answers Meta’s challenge, and signs nothing."
    } else {
        "Post it to the callback URL of the app whose secret it is, or add that secret to this app if both are one app at Meta."
    };
    told.todo.insert(0, first);
    told
}

fn right(name: &str, fault: Option<Fault>, specimen: &Specimen) -> Told {
    if fault.is_some() {
        return Told {
            pill: Pill::UNSIGNED,
            headline: "The signature is right, but its header is not in Meta’s form".to_owned(),
            because: vec![format!("The number fits the body exactly, with {name}.")],
            todo: Vec::new(),
            proof: Vec::new(),
        };
    }
    let mut because = vec![format!("It fits the body exactly as it is, with {name}.")];
    let mut todo = Vec::new();
    if specimen.is_record {
        because.push("It was refused all the same, so that secret was added after it came.".to_owned());
        todo.push("Nothing: Meta repeats what was refused for a while, and the repeat is taken.");
    }
    Told { pill: Pill::SIGNED, headline: "The signature is right".to_owned(), because, todo, proof: Vec::new() }
}

/// The signature fits once something is done to the body.
fn changed(name: &str, steps: &[Step], specimen: &Specimen) -> Told {
    let has = |wanted: &[Step]| steps.iter().any(|step| wanted.contains(step));
    let (headline, cause) = if has(&[Step::Unquote]) {
        ("The body was encoded twice", "Somebody took the JSON for a text and made JSON of it once more.")
    } else if has(&[Step::UndoLatin1]) {
        ("Its letters were encoded twice", "Something read the body as Latin-1 and wrote it as UTF-8.")
    } else if has(&[Step::SortKeys, Step::Compact, Step::Spaced, Step::Indent2, Step::Indent4, Step::IndentTab]) {
        (
            "The JSON was written anew",
            "Something parsed the body and wrote it again. It means the same, but these are not the bytes that were signed.",
        )
    } else if has(&[Step::Escape, Step::EscapeUpper, Step::Unescape]) {
        (
            "Its letters are written in another way than they were signed",
            "Something decoded the JSON’s escapes, or added some. It means the same, but these are not the bytes that were signed.",
        )
    } else if has(&[Step::EscapeSlashes, Step::PlainSlashes]) {
        (
            "Its slashes are written in another way than they were signed",
            "Something decoded the JSON’s escapes, or added some. It means the same, but these are not the bytes that were signed.",
        )
    } else if has(&[Step::LinesToCrlf, Step::LinesToLf]) {
        ("Its line ends were converted", "An editor, a terminal or a version control system changed how lines end.")
    } else {
        (
            "Its beginning or its end is not what was signed",
            "A blank, a line end or a mark that is easily overlooked makes other bytes of it.",
        )
    };
    let list: Vec<&str> = steps.iter().map(|step| undone(*step)).collect();
    let mut because =
        vec![cause.to_owned(), format!("The proof: the signature fits with {name} once {}.", joined(&list))];
    if !specimen.is_record && has(&[Step::DropNewline, Step::Trim]) {
        because.push("If that came with the pasting, all is well.".to_owned());
    }
    let mut todo = vec![RAW_BYTES, NO_CHANGE];
    if specimen.is_record {
        todo = vec![NO_CHANGE, SIGN_WHAT_IS_SENT];
    }
    Told { pill: Pill::UNSIGNED, headline: headline.to_owned(), because, todo, proof: Vec::new() }
}

fn joined(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A step, as what is the case after it.
fn undone(step: Step) -> &'static str {
    match step {
        Step::DropNewline => "the line end after the last character is gone",
        Step::AddNewline => "a line end follows the last character",
        Step::Trim => "the blanks around it are gone",
        Step::DropMark => "the byte order mark at its beginning is gone",
        Step::AddMark => "a byte order mark stands at its beginning",
        Step::LinesToCrlf => "its lines end as on Windows (CR LF)",
        Step::LinesToLf => "its lines end with a line feed alone (LF)",
        Step::Unquote => "the JSON is taken out of the text that holds it",
        Step::UndoLatin1 => "its letters are encoded only once",
        Step::Escape => "letters such as ä are written as \\u00e4, in lower case, as Meta does",
        Step::EscapeUpper => "letters such as ä are written as \\u00E4, in upper case",
        Step::Unescape => "letters such as ä are written as themselves",
        Step::EscapeSlashes => "slashes are written as \\/, as Meta does",
        Step::PlainSlashes => "slashes are written as themselves",
        Step::Compact => "there are no blanks between its parts, as JSON.stringify and PHP write it",
        Step::Spaced => "a blank follows each comma and colon, as Python’s json.dumps writes it",
        Step::Indent2 => "it is indented by two blanks",
        Step::Indent4 => "it is indented by four blanks",
        Step::IndentTab => "it is indented by tabs",
        Step::SortKeys => "its keys are sorted",
    }
}

fn nothing(shape: Shape, specimen: &Specimen) -> Told {
    let secret = vec![RIGHT_SECRET, INSTAGRAM_SECRET, OTHER_APP];
    let (headline, because, todo) = match shape {
        Shape::Empty => (
            "The body is empty",
            "There is nothing that could have been signed. Often something read the body before, and left nothing for the check.",
            vec![RAW_BYTES, WHOLE_BODY],
        ),
        Shape::CutOff => (
            "The body is cut off",
            "It is JSON that ends in the middle, so its end got lost. What is missing cannot be guessed, so that no signature can be compared.",
            vec![WHOLE_BODY],
        ),
        Shape::NotJson { .. } | Shape::NotUtf8 { .. } => (
            "The body is not what Meta sends",
            "Meta sends JSON, and this is something else: perhaps a form, or a body that was compressed or encoded on the way. The signature fits it with none of your secrets.",
            vec![WHOLE_BODY, NO_CHANGE],
        ),
        Shape::Whole => (
            "The signature fits none of your secrets",
            "The body is complete, and in no form that it may have had does the signature fit. So it was signed with a secret that is not known here, or the body’s content was changed.",
            secret,
        ),
    };
    let mut because = vec![because.to_owned()];
    if specimen.is_record && shape == Shape::Whole {
        because.push("If it came from Meta, the secret is wrong. Else somebody else posted to your callback URL, and was rightly refused.".to_owned());
    }
    Told { pill: Pill::UNSIGNED, headline: headline.to_owned(), because, todo, proof: Vec::new() }
}
