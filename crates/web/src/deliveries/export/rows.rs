//! One row of an export, as a line of JSON or of CSV.
//!
//! What must hold: a line is one row, whatever a customer wrote; no cell of the CSV is a formula to a spreadsheet.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use socialhook_core::id::EndpointId;
use socialhook_core::json::Document;
use socialhook_store::ledger::{Entry, State as Standing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Csv,
}

/// The CSV's first line.
const COLUMNS: &str = "event_id,event,occurred_at,received_at,platform,channel,from,to,message_type,endpoint_id,endpoint,\
state,attempts,last_attempt_at,last_status,last_failure,last_latency_ms\r\n";

impl Format {
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ndjson, Self::Csv].into_iter().find(|format| format.as_str() == word)
    }

    /// In addresses, and at the end of the file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub fn beginning(self) -> &'static str {
        match self {
            Self::Ndjson => "",
            Self::Csv => COLUMNS,
        }
    }

    pub fn write(self, entry: &Entry, to: &mut Vec<u8>) {
        match self {
            Self::Ndjson => json(entry, to),
            Self::Csv => csv(entry, to),
        }
    }
}

pub fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Delivered => "delivered",
        Standing::Sending => "sending",
        Standing::Waiting { .. } => "waiting",
        Standing::Parked { .. } => "parked",
        Standing::Discarded => "discarded",
        Standing::Unmatched => "unmatched",
    }
}

pub fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn millis(micros: i32) -> f64 {
    f64::from(micros) / 1000.0
}

/// What became of the event, beside the event itself.
#[derive(Serialize)]
struct Delivery<'a> {
    endpoint_id: Option<EndpointId>,
    endpoint: Option<&'a str>,
    state: &'static str,
    attempts: u16,
    last_attempt_at: Option<String>,
    last_status: Option<u16>,
    last_failure: Option<&'a str>,
    last_latency_ms: Option<f64>,
}

/// JSON without its line breaks, which stand between values only: Meta's own objects keep their layout.
pub fn in_one_line(json: &[u8]) -> impl Iterator<Item = u8> {
    json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte })
}

fn json(entry: &Entry, to: &mut Vec<u8>) {
    let delivery = Delivery {
        endpoint_id: entry.endpoint_id,
        endpoint: entry.endpoint_name.as_deref(),
        state: state(entry.state),
        attempts: entry.attempts,
        last_attempt_at: entry.last_attempt_at.map(exact),
        last_status: entry.last_status,
        last_failure: entry.last_failure.as_deref(),
        last_latency_ms: entry.last_latency_us.map(millis),
    };
    to.extend_from_slice(b"{\"delivery\":");
    // Plain values only: there is nothing in it that could fail.
    to.extend_from_slice(serde_json::to_string(&delivery).unwrap_or_default().as_bytes());
    to.extend_from_slice(b",\"event\":");
    to.extend(in_one_line(&entry.body));
    to.extend_from_slice(b"}\n");
}

fn csv(entry: &Entry, to: &mut Vec<u8>) {
    let document = std::str::from_utf8(&entry.body).ok().and_then(Document::parse);
    let body = document.as_ref().and_then(|document| document.root().object()).unwrap_or_default();
    let text = |key: &str| body.non_empty(key).map(Cow::into_owned).unwrap_or_default();
    let kind = body.object("message").and_then(|message| message.non_empty("type").map(Cow::into_owned));
    let cells = [
        entry.event_id.to_string(),
        entry.event.clone(),
        exact(entry.event_id.time()),
        exact(entry.received_at),
        text("platform"),
        entry.channel_name.clone().unwrap_or_default(),
        text("from"),
        text("to"),
        kind.unwrap_or_default(),
        entry.endpoint_id.map(|id| id.to_string()).unwrap_or_default(),
        entry.endpoint_name.clone().unwrap_or_default(),
        state(entry.state).to_owned(),
        entry.attempts.to_string(),
        entry.last_attempt_at.map(exact).unwrap_or_default(),
        entry.last_status.map(|status| status.to_string()).unwrap_or_default(),
        entry.last_failure.clone().unwrap_or_default(),
        entry.last_latency_us.map(|micros| millis(micros).to_string()).unwrap_or_default(),
    ];
    let line: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    to.extend_from_slice(line.join(",").as_bytes());
    to.extend_from_slice(b"\r\n");
}

/// A value with quotes where it needs them. An apostrophe goes before what a spreadsheet would run; a phone number is only read.
fn cell(text: &str) -> String {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let may_run = first.is_some_and(|first| "=+-@\t\r\n|＝＋－＠".contains(first));
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let guard = if may_run && !is_number { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r', '\t']) || !guard.is_empty() {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_never_formulas_and_never_break_their_line() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("+447700900456", "+447700900456"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+1+cmd", "\"'+1+cmd\""),
            ("-2", "\"'-2\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
