//! WhatsApp Embedded Signup, and a system user's token for an own app (Messenger §10.1).

use secrecy::SecretString;
use socialhook_core::event::Platform;
use socialhook_core::id::TenantId;
use socialhook_graph::{Access, AppIdentity, PhoneNumber, TokenInfo};
use socialhook_store::connections::Kind;

use super::keep::{Found, Reached, not_subscribed};
use super::{Back, Failure, Item, ItemState, Stop, Through};
use crate::Relay;

/// To know the accounts, and to be sent their messages.
pub(crate) const SCOPES: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];

/// Which of the permissions are not there.
pub(super) fn missing<'a>(wanted: &[&'a str], given: &[String]) -> Vec<&'a str> {
    wanted.iter().copied().filter(|scope| !given.iter().any(|one| one == scope)).collect()
}

/// Whether it receives once it is subscribed.
pub(crate) fn is_registered(number: &PhoneNumber) -> bool {
    number.platform_type.as_deref().is_none_or(|kind| kind == "CLOUD_API")
}

impl Relay {
    pub(super) async fn connect_whatsapp(
        &self,
        tenant_id: TenantId,
        through: Through,
        back: &Back<'_>,
    ) -> Result<Vec<Item>, Stop> {
        let app = self.app_identity(through).await?;
        let token = self.graph().exchange_code(&app, back.code, back.redirect_uri).await?;
        let info = self.graph().debug_token(&app, &token.access_token).await?;
        let shared = shared(&app, &info)?;
        let accounts = match back.account_id {
            // The window's word is anybody's: what counts is what Meta says of the token.
            Some(account_id) if shared.is_empty() || shared.iter().any(|id| id == account_id) => {
                vec![account_id.to_owned()]
            }
            Some(account_id) => return Err(Failure::not_shared(account_id).into()),
            None => shared,
        };
        let token = (&token.access_token, token.expires_in, &info);
        self.connect_accounts(tenant_id, (through, &app), token, &accounts).await
    }

    pub(super) async fn connect_whatsapp_token(
        &self,
        tenant_id: TenantId,
        through: Through,
        token: SecretString,
    ) -> Result<Vec<Item>, Stop> {
        let app = self.app_identity(through).await?;
        let info = self.graph().debug_token(&app, &token).await?;
        let accounts = shared(&app, &info)?;
        self.connect_accounts(tenant_id, (through, &app), (&token, None, &info), &accounts).await
    }

    async fn connect_accounts(
        &self,
        tenant_id: TenantId,
        (through, app): (Through, &AppIdentity),
        (token, expires_in, info): (&SecretString, Option<i64>, &TokenInfo),
        accounts: &[String],
    ) -> Result<Vec<Item>, Stop> {
        if accounts.is_empty() {
            return Err(Failure::nothing_shared("business account").into());
        }
        let access = Access { app, token };
        let (mut items, mut claimed) = (Vec::new(), None);
        for account_id in accounts {
            let name = self.graph().check_business_account(access, account_id).await?;
            let numbers = self.graph().phone_numbers(access, account_id).await?;
            let reaches = numbers.iter().map(reached).collect();
            let kind = Kind::Whatsapp;
            let found = Found { kind, external_id: account_id, name: &name, token, info, expires_in, reaches };
            let kept = match self.keep(tenant_id, through, &found).await {
                Ok((_, kept)) => kept,
                // Others that were shared may still be connected.
                Err(Stop::Failure(failure)) if accounts.len() > 1 => {
                    claimed = Some(failure);
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let mut kept = kept;
            for (item, number) in kept.iter_mut().zip(&numbers) {
                if item.channel_id.is_some() && !is_registered(number) {
                    item.state = ItemState::Unregistered;
                }
            }
            if let Err(error) = self.graph().subscribe(access, account_id, &[]).await {
                not_subscribed(&mut kept, &error);
            }
            items.extend(kept);
        }
        match claimed {
            Some(failure) if items.is_empty() => Err(Stop::Failure(failure)),
            _ => Ok(items),
        }
    }
}

/// The accounts that the token was given for, if it is good for us.
fn shared(app: &AppIdentity, info: &TokenInfo) -> Result<Vec<String>, Stop> {
    if !info.is_valid {
        return Err(Failure::of(&socialhook_graph::Error::Token).into());
    }
    if info.app_id != app.id {
        return Err(Failure::of_another_app().into());
    }
    let missing = missing(&SCOPES, &info.scopes);
    if !missing.is_empty() {
        return Err(Failure::missing_scopes(&missing).into());
    }
    Ok(info.targets(SCOPES[0]))
}

fn reached(number: &PhoneNumber) -> Reached {
    Reached {
        platform: Platform::Whatsapp,
        external_id: number.id.clone(),
        address: number.address(),
        name: number.verified_name.clone(),
    }
}
