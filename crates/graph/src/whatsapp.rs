//! WhatsApp business accounts and their numbers (Messenger §10.1, WhatsApp §9).

use reqwest::Method;
use serde::Deserialize;

use crate::nodes::Success;
use crate::tokens::Id;
use crate::{Access, Error, Graph};

const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,code_verification_status,quality_rating,platform_type,status,throughput,webhook_configuration";

/// A number as Meta knows it. Words are Meta's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PhoneNumber {
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// As people write it: `+1 631-555-1111`.
    #[serde(default)]
    pub display_phone_number: String,
    #[serde(default)]
    pub verified_name: String,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// `CONNECTED`, `PENDING`, `OFFLINE`, `FLAGGED`, `BANNED`, …
    pub status: Option<String>,
    /// `CLOUD_API`, `ON_PREMISE` or `NOT_APPLICABLE`: not registered.
    pub platform_type: Option<String>,
    webhook_configuration: Option<WebhookConfiguration>,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Id::deserialize(deserializer)?.0)
}

/// Where its webhooks go, the narrowest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct WebhookConfiguration {
    phone_number: Option<String>,
    whatsapp_business_account: Option<String>,
}

impl PhoneNumber {
    /// Where its messages go instead of to the app's callback URL. The number's own override goes before its account's.
    #[must_use]
    pub fn override_callback(&self) -> Option<&str> {
        let set = self.webhook_configuration.as_ref()?;
        let of_number = set.phone_number.as_deref().filter(|url| !url.is_empty());
        of_number.or(set.whatsapp_business_account.as_deref().filter(|url| !url.is_empty()))
    }

    /// Its number with `+` and digits only, where Meta gave one.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let digits: String = self.display_phone_number.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| format!("+{digits}"))
    }
}

impl Graph {
    /// Whether the token may know this account. Who may not has named somebody else's.
    pub async fn check_business_account(&self, access: Access<'_>, id: &str) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Account {
            #[serde(default)]
            name: String,
        }
        let mut url = self.facebook(&[id]);
        url.query_pairs_mut().append_pair("fields", "id,name");
        Ok(self.get::<Account>(url, access).await?.name)
    }

    pub async fn phone_numbers(&self, access: Access<'_>, account_id: &str) -> Result<Vec<PhoneNumber>, Error> {
        let mut url = self.facebook(&[account_id, "phone_numbers"]);
        url.query_pairs_mut().append_pair("fields", NUMBER_FIELDS);
        self.all(url, access).await
    }

    /// Registers a number for the Cloud API, as is due within 14 days of signing it up. `pin`: six digits for its two-step verification.
    pub async fn register(&self, access: Access<'_>, phone_number_id: &str, pin: &str) -> Result<(), Error> {
        let url = self.facebook(&[phone_number_id, "register"]);
        let form = vec![("messaging_product", "whatsapp".to_owned()), ("pin", pin.to_owned())];
        self.ask::<Success>(Method::POST, url, access, form).await?.check()
    }

    /// Takes a number's own override away.
    pub async fn clear_number_override(&self, access: Access<'_>, phone_number_id: &str) -> Result<(), Error> {
        let nowhere = r#"{"override_callback_uri":""}"#.to_owned();
        let form = vec![("webhook_configuration", nowhere)];
        self.ask::<Success>(Method::POST, self.facebook(&[phone_number_id]), access, form).await?.check()
    }

    /// Takes a business account's override away: its messages go to the app's callback URL again.
    pub async fn clear_override(&self, access: Access<'_>, account_id: &str) -> Result<(), Error> {
        self.subscribe(access, account_id, &[]).await
    }
}
