//! Instagram Business Login: an account by itself, without a page (Messenger §10.3).

use socialhook_core::event::Platform;
use socialhook_core::id::TenantId;
use socialhook_graph::{Access, TokenInfo};
use socialhook_store::connections::Kind;

use super::keep::{Found, Reached, not_subscribed};
use super::whatsapp::missing;
use super::{Back, Failure, Item, Stop, Through};
use crate::Relay;

/// What the dialog asks for.
pub(crate) const SCOPES: [&str; 3] =
    ["instagram_business_basic", "instagram_business_manage_messages", "instagram_business_manage_comments"];
/// Those without which no message comes.
pub(crate) const NEEDED: [&str; 2] = [SCOPES[0], SCOPES[1]];
/// What the normaliser understands of an account (Messenger §9).
pub const INSTAGRAM_FIELDS: &[&str] = &[
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "messaging_referral",
    "messaging_handover",
    "standby",
    "comments",
    "live_comments",
];

impl Relay {
    pub(super) async fn connect_instagram(
        &self,
        tenant_id: TenantId,
        through: Through,
        back: &Back<'_>,
    ) -> Result<Vec<Item>, Stop> {
        let (_, app) = self.0.examiner.identities(through).await?;
        let app = app.ok_or_else(Failure::not_set_up)?;
        let graph = self.graph();
        let (short, permissions) = graph.exchange_instagram_code(&app, back.code, back.redirect_uri).await?;
        let missing = missing(&NEEDED, &permissions);
        if !permissions.is_empty() && !missing.is_empty() {
            return Err(Failure::missing_scopes(&missing).into());
        }
        let token = graph.extend_instagram_token(&app, &short).await?;
        let access = Access { app: &app, token: &token.access_token };
        let account = graph.instagram_account(access).await?;
        let info = TokenInfo { is_valid: true, user_id: Some(account.id), scopes: permissions, ..TokenInfo::default() };
        let found = Found {
            kind: Kind::Instagram,
            external_id: &account.user_id,
            name: &account.username,
            token: &token.access_token,
            info: &info,
            expires_in: token.expires_in,
            reaches: vec![Reached {
                platform: Platform::Instagram,
                external_id: account.user_id.clone(),
                address: None,
                name: if account.username.is_empty() { account.name } else { account.username.clone() },
            }],
        };
        let (_, mut items) = self.keep(tenant_id, through, &found).await?;
        if let Err(error) = graph.instagram_subscribe(access, INSTAGRAM_FIELDS).await {
            not_subscribed(&mut items, &error);
        }
        Ok(items)
    }
}
