//! Who there is at the simulated Meta: one person with two businesses, and one app.

/// The person who logs in, as Facebook apps know them.
pub const PERSON: &str = "218471";

/// A Meta app, with the Instagram app inside it.
#[derive(Debug, Clone, clap::Args)]
pub struct MetaApp {
    /// The app's id
    #[arg(long = "app-id", default_value = "670843887433847")]
    pub id: String,
    /// The app's secret
    #[arg(long = "app-secret", default_value = "simulated-app-secret")]
    pub secret: String,
    /// The Instagram app's id
    #[arg(long = "instagram-app-id", default_value = "990602627938098")]
    pub instagram_id: String,
    /// The Instagram app's secret
    #[arg(long = "instagram-app-secret", default_value = "simulated-instagram-secret")]
    pub instagram_secret: String,
}

impl Default for MetaApp {
    fn default() -> Self {
        Self {
            id: "670843887433847".to_owned(),
            secret: "simulated-app-secret".to_owned(),
            instagram_id: "990602627938098".to_owned(),
            instagram_secret: "simulated-instagram-secret".to_owned(),
        }
    }
}

/// A number of a WhatsApp business account.
#[derive(Debug, Clone)]
pub struct Number {
    pub id: &'static str,
    pub display: &'static str,
    pub name: &'static str,
    pub status: &'static str,
    pub quality: &'static str,
    pub platform_type: &'static str,
    pub override_callback: String,
}

/// A WhatsApp business account.
#[derive(Debug, Clone)]
pub struct BusinessAccount {
    pub id: &'static str,
    pub name: &'static str,
    pub numbers: Vec<Number>,
    pub override_callback: String,
}

/// A Facebook page, and the Instagram account linked to it.
#[derive(Debug, Clone, Copy)]
pub struct FacebookPage {
    pub id: &'static str,
    pub name: &'static str,
    pub linked: Option<(&'static str, &'static str)>,
}

/// An Instagram professional account that logs in by itself.
#[derive(Debug, Clone, Copy)]
pub struct Professional {
    /// As the app knows it.
    pub scoped_id: &'static str,
    pub user_id: &'static str,
    pub username: &'static str,
}

fn number(id: &'static str, display: &'static str, name: &'static str) -> Number {
    Number {
        id,
        display,
        name,
        status: "CONNECTED",
        quality: "GREEN",
        platform_type: "CLOUD_API",
        override_callback: String::new(),
    }
}

pub fn business_accounts() -> Vec<BusinessAccount> {
    let account = |id, name, numbers| BusinessAccount { id, name, numbers, override_callback: String::new() };
    vec![
        account(
            "524126980791429",
            "Lighthouse Shop",
            vec![
                number("106540352242922", "+1 631-555-8151", "Lighthouse Shop"),
                number("106540352242923", "+44 7700 900789", "Lighthouse Returns"),
            ],
        ),
        account("524126980791430", "Harbour Café", vec![number("106540352242931", "+49 30 5550190", "Harbour Café")]),
    ]
}

pub const PAGES: [FacebookPage; 2] = [
    FacebookPage {
        id: "104512399000001",
        name: "Lighthouse Shop",
        linked: Some(("17841499000000001", "lighthouse.shop")),
    },
    FacebookPage { id: "104512399000002", name: "Harbour Café", linked: None },
];

pub const PROFESSIONALS: [Professional; 1] =
    [Professional { scoped_id: "25012345678900001", user_id: "17841499000000002", username: "harbour.cafe" }];
