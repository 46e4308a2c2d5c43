//! Bodies as Meta would post them, for the simulator, demonstrations and tests.
//!
//! The shapes are Meta's, the values are made up. Customers have numbers that Ofcom keeps for fiction
//! (+447700900000 to +447700900999), so that no real person is ever named. A body depends on its [`Stage`] alone.

mod messenger;
mod whatsapp;

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::event::Platform;

/// The first of the thousand fictional mobile numbers, in digits.
const FIRST_CUSTOMER: u64 = 447_700_900_000;
const CUSTOMERS: u64 = 1000;
/// The business's number where none is given: London's fictional range, so never a customer's.
const BUSINESS: &str = "442079460123";
const NAMES: [&str; 7] =
    ["Alice Wong", "Bilal Khan", "Chloé Dubois", "Dmytro Bondar", "Efua Mensah", "Frida Sørensen", "光 Tanaka"];

/// One kind of webhook.
#[derive(Debug)]
pub struct Sample {
    /// The platform and what it is, such as `whatsapp-image`.
    pub name: &'static str,
    pub platform: Platform,
    /// A change or a messaging element, with `$words` to be filled in.
    template: &'static str,
}

/// Whom and when a sample is about.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The channel's `phone_number_id`, page id or Instagram account id.
    pub external_id: &'a str,
    /// The business's own number in E.164, for WhatsApp.
    pub address: Option<&'a str>,
    pub at: DateTime<Utc>,
    /// Makes message ids unique and picks one of a thousand customers. The echo and the statuses of one serial are
    /// about one message of the business's.
    pub serial: u64,
}

/// Every sample, grouped by platform.
#[must_use]
pub fn all() -> &'static [Sample] {
    static ALL: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let of = |platform, templates: &[(&'static str, &'static str)]| -> Vec<Sample> {
            templates.iter().map(|(name, template)| Sample { name, platform, template }).collect()
        };
        let mut all = of(Platform::Whatsapp, whatsapp::TEMPLATES);
        all.extend(of(Platform::Messenger, messenger::MESSENGER));
        all.extend(of(Platform::Instagram, messenger::INSTAGRAM));
        all
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
        let frame = match self.platform {
            Platform::Whatsapp => whatsapp::FRAME,
            Platform::Messenger => messenger::MESSENGER_FRAME,
            Platform::Instagram => messenger::INSTAGRAM_FRAME,
        };
        let template = frame.replace("$content", self.template);
        let compact: String = template.lines().map(str::trim).collect();
        fill(&compact, &Cast::of(self.name, stage))
    }
}

/// The values for the `$words` of a template.
struct Cast<'a> {
    sample: &'static str,
    stage: Stage<'a>,
    business: Cow<'a, str>,
    /// 0 to 999.
    customer: u64,
}

impl<'a> Cast<'a> {
    fn of(sample: &'static str, stage: &Stage<'a>) -> Self {
        let business = stage.address.map_or(Cow::Borrowed(BUSINESS), |address| Cow::Owned(address.replace('+', "")));
        let wanted = stage.serial % CUSTOMERS;
        let is_business = (FIRST_CUSTOMER + wanted).to_string() == business;
        Self { sample, stage: *stage, business, customer: if is_business { (wanted + 1) % CUSTOMERS } else { wanted } }
    }

    fn value(&self, word: &str) -> String {
        let Stage { external_id, at, serial, .. } = self.stage;
        let position = usize::try_from(self.customer).unwrap_or(0) % NAMES.len();
        match word {
            "external_id" => external_id.to_owned(),
            "business" => self.business.clone().into_owned(),
            "seconds" => at.timestamp().to_string(),
            "millis" => at.timestamp_millis().to_string(),
            "serial" => serial.to_string(),
            "phone" => (FIRST_CUSTOMER + self.customer).to_string(),
            "user_id" => format!("GB.70310045128899{:06}", self.customer),
            "new_user_id" => format!("GB.99887766554433{:06}", self.customer),
            "new_phone" => (FIRST_CUSTOMER + (self.customer + 500) % CUSTOMERS).to_string(),
            "scoped_id" => (7_410_000_000_000_000 + self.customer).to_string(),
            "name" => NAMES[position].to_owned(),
            "username" => format!("customer.{}", self.customer),
            // Of this message, of the customer's text before it, and of the business's message that statuses are about.
            "wamid" => format!("wamid.{}", self.message_id(self.sample, serial)),
            "earlier_wamid" => format!("wamid.{}", self.message_id("whatsapp-text", serial.saturating_sub(1))),
            "sent_wamid" => format!("wamid.{}", self.message_id("sent", serial)),
            "mid" => format!("m_{}", self.message_id(self.sample, serial)),
            "sent_mid" => format!("m_{}", self.message_id("sent", serial)),
            _ => String::new(),
        }
    }

    fn message_id(&self, what: &str, serial: u64) -> String {
        STANDARD.encode(format!("{}:{what}:{serial}", self.stage.external_id))
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
