//! Facebook Login for Business: pages, and the Instagram accounts linked to them (Messenger §10.2).

use socialhook_core::event::Platform;
use socialhook_core::id::TenantId;
use socialhook_graph::{Access, AppIdentity, Page, TokenInfo};
use socialhook_store::connections::Kind;

use super::keep::{Found, Reached, not_subscribed};
use super::whatsapp::missing;
use super::{Back, Failure, Item, ItemState, Stop, Through};
use crate::Relay;

/// To see the pages, to have their webhooks sent, and to be sent messages.
pub(crate) const SCOPES: [&str; 3] = ["pages_show_list", "pages_manage_metadata", "pages_messaging"];
/// What the normaliser understands of a page (Messenger §9). One unknown name and Meta takes none.
pub const PAGE_FIELDS: &[&str] = &[
    "messages",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_deliveries",
    "message_reads",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "standby",
];
/// Without one of these roles Meta neither subscribes nor sends.
const ROLES: [&str; 2] = ["MODERATE", "MESSAGING"];

impl Relay {
    pub(super) async fn connect_pages(
        &self,
        tenant_id: TenantId,
        through: Through,
        back: &Back<'_>,
    ) -> Result<Vec<Item>, Stop> {
        let app = self.app_identity(through).await?;
        let mut token = self.graph().exchange_code(&app, back.code, back.redirect_uri).await?.access_token;
        let mut info = self.graph().debug_token(&app, &token).await?;
        let missing = missing(&SCOPES, &info.scopes);
        if !missing.is_empty() {
            return Err(Failure::missing_scopes(&missing).into());
        }
        if info.kind == "USER" {
            // A page's token lives as long as the one it was asked for with.
            token = self.graph().extend_token(&app, &token).await?.access_token;
            info = self.graph().debug_token(&app, &token).await?;
        }
        let pages = self.graph().pages(Access { app: &app, token: &token }).await?;
        if pages.is_empty() {
            return Err(Failure::nothing_shared("page").into());
        }
        let mut items = Vec::new();
        for page in &pages {
            match self.connect_page(tenant_id, (through, &app), page, &info).await {
                Ok(connected) => items.extend(connected),
                Err(Stop::Failure(_)) if pages.len() > 1 => items.push(item(page, ItemState::Claimed)),
                Err(stop) => return Err(stop),
            }
        }
        Ok(items)
    }

    async fn connect_page(
        &self,
        tenant_id: TenantId,
        (through, app): (Through, &AppIdentity),
        page: &Page,
        info: &TokenInfo,
    ) -> Result<Vec<Item>, Stop> {
        let lacks_role = !page.tasks.is_empty() && !page.tasks.iter().any(|task| ROLES.contains(&task.as_str()));
        let Some(token) = page.token.as_ref().filter(|_| !lacks_role) else {
            return Ok(vec![item(page, ItemState::NoRole)]);
        };
        let access = Access { app, token };
        let linked = self.graph().linked_account(access, &page.id).await?;
        let messenger = Reached {
            platform: Platform::Messenger,
            external_id: page.id.clone(),
            address: None,
            name: page.name.clone(),
        };
        let instagram = linked.map(|account| Reached {
            platform: Platform::Instagram,
            name: account.username.unwrap_or_else(|| page.name.clone()),
            external_id: account.id,
            address: None,
        });
        // A page's own token has no end of its own.
        let info = TokenInfo { expires_at: None, ..info.clone() };
        let found = Found {
            kind: Kind::Page,
            external_id: &page.id,
            name: &page.name,
            token,
            info: &info,
            expires_in: None,
            reaches: std::iter::once(messenger).chain(instagram).collect(),
        };
        let (_, mut items) = self.keep(tenant_id, through, &found).await?;
        if let Err(error) = self.graph().subscribe(access, &page.id, PAGE_FIELDS).await {
            not_subscribed(&mut items, &error);
        }
        Ok(items)
    }
}

fn item(page: &Page, state: ItemState) -> Item {
    let (name, address) = (page.name.clone(), page.id.clone());
    Item { platform: Platform::Messenger, name, address, channel_id: None, state }
}
