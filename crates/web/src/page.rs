//! What every page has in common: its title, its place in the navigation, who looks, and a notice of what was just done.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use tower_sessions::Session;

use crate::error::Error;
use crate::member::Member;

const NOTICE_KEY: &str = "notice";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Deliveries,
    Inspector,
    Endpoints,
    Channels,
    Apps,
    /// Not among the others: it stands with the tenant's name.
    Settings,
    /// With the person's address.
    Account,
}

impl Section {
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Deliveries, Self::Inspector, Self::Endpoints, Self::Channels, Self::Apps];

    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Deliveries => "Deliveries",
            Self::Inspector => "Inspector",
            Self::Endpoints => "Endpoints",
            Self::Channels => "Channels",
            Self::Apps => "Apps",
            Self::Settings => "Settings",
            Self::Account => "Your account",
        }
    }

    pub fn href(self) -> &'static str {
        match self {
            Self::Overview => "/overview",
            Self::Deliveries => "/deliveries",
            Self::Inspector => "/inspector",
            Self::Endpoints => "/endpoints",
            Self::Channels => "/channels",
            Self::Apps => "/apps",
            Self::Settings => "/settings",
            Self::Account => "/account",
        }
    }

    /// The drawing beside the name: the `d` of a path on a 16 by 16 grid.
    pub fn drawing(self) -> &'static str {
        match self {
            Self::Overview => "M2.5 13.5V9M6.2 13.5V5.5M9.8 13.5V7.5M13.5 13.5V2.5",
            Self::Deliveries => "M2 4h12M2 8h12M2 12h8",
            Self::Inspector => "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0ZM10.5 10.5 14 14",
            Self::Endpoints => "M2 8h8M7 4.5 10.5 8 7 11.5M13.5 3v10",
            Self::Channels => "M2.5 3.5h11v7.5h-6L4.5 13.5V11h-2Z",
            Self::Apps => "M2.5 2.5h4.5v4.5H2.5ZM9 2.5h4.5v4.5H9ZM2.5 9h4.5v4.5H2.5ZM9 9h4.5v4.5H9Z",
            Self::Settings => "M3 4.5h10M3 11.5h10M6 3v3M10 10v3",
            Self::Account => "M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5a5 5 0 0 1 10 0",
        }
    }
}

/// The frame around a member's page.
#[derive(Debug)]
pub struct Page {
    pub title: String,
    pub section: Section,
    pub tenant: String,
    pub email: String,
    pub notice: Option<String>,
}

impl Page {
    /// Takes the notice that the last action left.
    pub async fn new(
        member: &Member,
        session: &Session,
        section: Section,
        title: impl Into<String>,
    ) -> Result<Self, Error> {
        Ok(Self {
            title: title.into(),
            section,
            tenant: member.tenant_name.clone(),
            email: member.email.clone(),
            notice: take_notice(session).await?,
        })
    }

    /// What a navigation link says of itself: the page, its section, or nothing.
    pub fn current(&self, section: Section) -> &'static str {
        match self.section == section {
            true if self.title == section.name() => "page",
            true => "true",
            false => "false",
        }
    }
}

/// Leaves a notice for the next page.
pub async fn leave_notice(session: &Session, text: impl Into<String>) -> Result<(), Error> {
    Ok(session.insert(NOTICE_KEY, text.into()).await?)
}

/// The notice that the last action left.
pub async fn take_notice(session: &Session) -> Result<Option<String>, Error> {
    Ok(session.remove(NOTICE_KEY).await?)
}

pub fn html(template: &impl Template) -> Result<Response, Error> {
    Ok(Html(template.render()?).into_response())
}

/// What a list says when there is nothing in it: why, and the one next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    pub what: &'static str,
    pub why: &'static str,
    /// The link's words and where it leads.
    pub step: Option<(&'static str, &'static str)>,
}
