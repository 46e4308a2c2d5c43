//! Bodies as Meta would post them, for the simulator, demonstrations and tests.
//!
//! The shapes are Meta's, the values are made up. Customers have numbers that Ofcom keeps for fiction
//! (+447700900000 to +447700900999), so that no real person is ever named. A body depends on its [`Stage`] alone.
//!
//! A sample is a template in a frame. The template is the part of a body that differs from kind to kind; the frame is
//! Meta's envelope around it. Both have `$words`, some for pieces of JSON, the rest for values of the stage. Templates
//! that share a frame make a `Group`; there is a file of them per noun.

mod frames;
mod instagram;
mod messenger;
mod whatsapp;

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::event::Platform;

/// The first of the thousand fictional mobile numbers, in digits.
const FIRST_CUSTOMER: u64 = 447_700_900_000;
const CUSTOMERS: u64 = 1000;
/// The business's number where none is given: London's fictional range, so never a customer's.
const BUSINESS: &str = "442079460123";
/// How long calls and appointments take, how long ago what is in the history was, and how far off what is to come is.
const CALL: TimeDelta = TimeDelta::minutes(2);
const APPOINTMENT: TimeDelta = TimeDelta::minutes(30);
const OLD: TimeDelta = TimeDelta::days(7);
const LATER: TimeDelta = TimeDelta::days(7);
const NAMES: [&str; 7] =
    ["Alice Wong", "Bilal Khan", "Chloé Dubois", "Dmytro Bondar", "Efua Mensah", "Frida Sørensen", "光 Tanaka"];

/// One kind of webhook.
#[derive(Debug)]
pub struct Sample {
    /// The platform and what it is, such as `whatsapp-image`.
    pub name: &'static str,
    pub platform: Platform,
    pub scope: Scope,
    /// Meta's envelope, with `$content` where the template goes.
    frame: &'static str,
    /// What is in the envelope, with `$words` to be filled in.
    template: &'static str,
}

/// Whom a sample's body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The stage's channel.
    Channel,
    /// The account as a whole: what Meta tells of templates, numbers, partners and permissions names no channel.
    Account,
    /// Nobody: what the Test button of Meta's dashboard sends, with Meta's own ids and times.
    MetaTest,
}

/// Samples in one frame: names and templates.
struct Group {
    scope: Scope,
    frame: &'static str,
    templates: &'static [(&'static str, &'static str)],
}

/// Whom and when a sample is about.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The channel's `phone_number_id`, page id or Instagram account id.
    pub external_id: &'a str,
    /// The business's own number in E.164, for WhatsApp.
    pub address: Option<&'a str>,
    pub at: DateTime<Utc>,
    /// Makes message ids unique and picks one of a thousand customers. Of one serial, the echo, the plain statuses and
    /// the reactions are about one message of the business's, and what befalls a call is about one call.
    pub serial: u64,
}

/// Every sample, grouped by platform.
#[must_use]
pub fn all() -> &'static [Sample] {
    static ALL: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let of_platform = [
            (Platform::Whatsapp, whatsapp::GROUPS),
            (Platform::Messenger, messenger::GROUPS),
            (Platform::Instagram, instagram::GROUPS),
        ];
        let groups = of_platform.into_iter().flat_map(|(platform, groups)| groups.iter().map(move |it| (platform, it)));
        groups
            .flat_map(|(platform, &Group { scope, frame, templates })| {
                templates.iter().map(move |&(name, template)| Sample { name, platform, scope, frame, template })
            })
            .collect()
    });
    &ALL
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Sample> {
    all().iter().find(|sample| sample.name == name)
}

impl Sample {
    /// The body of one whole POST.
    #[must_use]
    pub fn body(&self, stage: &Stage<'_>) -> String {
        let mut template = self.frame.replace("$content", self.template);
        for (word, piece) in frames::PIECES {
            template = template.replace(word, piece);
        }
        let compact: String = template.lines().map(str::trim).collect();
        fill(&compact, &Cast::of(self, stage))
    }
}

/// The values for the `$words` of a template.
struct Cast<'a> {
    sample: &'static str,
    platform: Platform,
    stage: Stage<'a>,
    business: Cow<'a, str>,
    /// 0 to 999.
    customer: u64,
}

impl<'a> Cast<'a> {
    fn of(sample: &Sample, stage: &Stage<'a>) -> Self {
        let business = stage.address.map_or(Cow::Borrowed(BUSINESS), |address| Cow::Owned(address.replace('+', "")));
        let wanted = stage.serial % CUSTOMERS;
        let is_business = (FIRST_CUSTOMER + wanted).to_string() == business;
        let customer = if is_business { (wanted + 1) % CUSTOMERS } else { wanted };
        Self { sample: sample.name, platform: sample.platform, stage: *stage, business, customer }
    }

    fn value(&self, word: &str) -> String {
        let Stage { external_id, at, serial, .. } = self.stage;
        let position = usize::try_from(self.customer).unwrap_or(0) % NAMES.len();
        match word {
            "object" => self.object().to_owned(),
            "external_id" => external_id.to_owned(),
            // Where Meta prints a number, there is one whatever the id is.
            "external_number" => external_id.parse::<u64>().unwrap_or_default().to_string(),
            "business" => self.business.clone().into_owned(),
            "serial" => serial.to_string(),
            "phone" => (FIRST_CUSTOMER + self.customer).to_string(),
            "user_id" => format!("GB.70310045128899{:06}", self.customer),
            "parent_user_id" => format!("GB.ENT.55120099887766{:06}", self.customer),
            "new_user_id" => format!("GB.99887766554433{:06}", self.customer),
            "new_phone" => (FIRST_CUSTOMER + (self.customer + 500) % CUSTOMERS).to_string(),
            "scoped_id" => (7_410_000_000_000_000 + self.customer).to_string(),
            "name" => NAMES[position].to_owned(),
            "username" => format!("customer.{}", self.customer),
            // Ids of this message, of the customer's text before it, of the business's message that statuses are about,
            // of the call, and of the old message whose media follow the history.
            "wamid" => format!("wamid.{}", self.message_id(self.sample, serial)),
            "earlier_wamid" => format!("wamid.{}", self.message_id("whatsapp-text", serial.saturating_sub(1))),
            "sent_wamid" => format!("wamid.{}", self.message_id("sent", serial)),
            "old_wamid" => format!("wamid.{}", self.message_id("old", serial)),
            "wacid" => format!("wacid.{}", self.message_id("call", serial)),
            "mid" => self.mid(self.sample, serial),
            "earlier_mid" => self.mid(&format!("{}-text", self.platform.as_str()), serial.saturating_sub(1)),
            "sent_mid" => self.mid("sent", serial),
            "millis" => at.timestamp_millis().to_string(),
            "later_millis" => (at + LATER).timestamp_millis().to_string(),
            "seconds" => at.timestamp().to_string(),
            "later_seconds" => (at + LATER).timestamp().to_string(),
            "later_end_seconds" => (at + LATER + APPOINTMENT).timestamp().to_string(),
            "start_seconds" => (at - CALL).timestamp().to_string(),
            "old_seconds" => (at - OLD).timestamp().to_string(),
            _ => String::new(),
        }
    }

    fn object(&self) -> &'static str {
        match self.platform {
            Platform::Whatsapp => "whatsapp_business_account",
            Platform::Messenger => "page",
            Platform::Instagram => "instagram",
        }
    }

    fn message_id(&self, what: &str, serial: u64) -> String {
        STANDARD.encode(format!("{}:{what}:{serial}", self.stage.external_id))
    }

    /// Instagram's are base64 as a whole, of something that begins with `ig`.
    fn mid(&self, what: &str, serial: u64) -> String {
        match self.platform {
            Platform::Instagram => STANDARD.encode(format!("ig_dm:{}:{what}:{serial}", self.stage.external_id)),
            _ => format!("m_{}", self.message_id(what, serial)),
        }
    }
}

/// The template with each `$word` replaced by its value, as the inside of a JSON string.
fn fill(template: &str, cast: &Cast<'_>) -> String {
    let mut pieces = template.split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(piece.len());
        let (word, rest) = piece.split_at(end);
        let quoted = serde_json::Value::from(cast.value(word)).to_string();
        filled.push_str(&quoted[1..quoted.len() - 1]);
        filled.push_str(rest);
    }
    filled
}
