//! Who belongs to the tenant and as what, and who was asked to join.
//!
//! What must hold: only owners change it, but everybody may leave; one owner is always left.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use socialhook_core::id::{AccountId, InvitationId};
use socialhook_store as store;
use socialhook_store::invitations::{self, Invitation};
use socialhook_store::tenants::{self, Belonging, Changed, Role};
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::mail;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::throttle;
use crate::words::When;

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    page: Page,
    is_owner: bool,
    email: Field,
    role: Field,
    /// Word and name of each, and what it may do.
    roles: [(&'static str, &'static str, &'static str); 3],
    members: Vec<Row>,
    invited: Vec<Row>,
}

struct Row {
    id: String,
    email: String,
    role: Role,
    /// Since when they belong to it, or until when they may join.
    when: When,
    is_you: bool,
}

impl Row {
    fn name(&self) -> &'static str {
        name(self.role)
    }
}

#[derive(Template)]
#[template(path = "member-remove.html")]
struct RemovePage {
    page: Page,
    id: String,
    email: String,
    is_you: bool,
}

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

pub fn name(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Developer => "Developer",
        Role::Viewer => "Viewer",
    }
}

fn may(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner: everything, also members and deleting",
        Role::Developer => "Developer: everything but members and deleting",
        Role::Viewer => "Viewer: looks, and changes nothing",
    }
}

fn role_of(word: &str) -> Result<Role, Error> {
    Role::ALL.into_iter().find(|role| role.word() == word).ok_or(Error::Unreadable)
}

async fn page(app: &App, member: &Member, session: &Session, (email, role): (Field, Field)) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let members = tenants::members(&mut c, member.tenant_id).await?;
    let invited = invitations::list(&mut c, member.tenant_id, app.clock.now()).await?;
    drop(c);
    let now = member.now(app);
    let belonging = |one: Belonging| Row {
        id: one.account_id.to_string(),
        email: one.email,
        role: one.role,
        when: When::new(one.created_at, now),
        is_you: one.account_id == member.account_id,
    };
    let asked = |one: Invitation| Row {
        id: one.invitation_id.to_string(),
        email: one.email,
        role: one.role,
        when: When::new(one.expires_at, now),
        is_you: false,
    };
    html(&MembersPage {
        page: Page::new(member, session, Section::Settings, "Members").await?,
        is_owner: member.role == Role::Owner,
        email,
        role,
        roles: Role::ALL.map(|role| (role.word(), name(role), may(role))),
        members: members.into_iter().map(belonging).collect(),
        invited: invited.into_iter().map(asked).collect(),
    })
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, (Field::default(), Field::new(Role::Developer.word()))).await
}

pub async fn invite(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<Wish>,
) -> Result<Response, Error> {
    member.must_own()?;
    let role = role_of(&form.role)?;
    let mut field = Field::new(form.email);
    let mut c = app.tenant(member.tenant_id).await?;
    let members = tenants::members(&mut c, member.tenant_id).await?;
    drop(c);
    let email = field.check(fields::email).filter(|email| {
        let belongs = members.iter().any(|one| one.email.eq_ignore_ascii_case(email));
        if belongs {
            field.wrong("They belong to it already.");
        }
        !belongs
    });
    let Some(email) = email else {
        let page = page(&app, &member, &session, (field, Field::new(form.role))).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    throttle::invitation(&app, member.tenant_id, &email).await?;
    let now = app.clock.now();
    let token = Token::new("");
    let letter = mail::Invitation {
        link: mail::link(&app, "/join", token.expose()),
        tenant: member.tenant_name.clone(),
        by: member.email.clone(),
        role: role.word(),
    };
    let invitation = Invitation {
        invitation_id: InvitationId::new(now),
        email: email.clone(),
        role,
        expires_at: now + mail::INVITATION_FOR,
    };
    let mut tx = app.begin(member.tenant_id).await?;
    invitations::add(&mut tx, member.tenant_id, &invitation, &token.hash, now).await?;
    mail::post(&app, &mut tx, (&email, mail::INVITATION_FOR), &letter).await?;
    tx.commit().await.map_err(store::Error::from)?;
    leave_notice(&session, format!("An invitation is on its way to {email}.")).await?;
    Ok(Redirect::to("/members").into_response())
}

pub async fn revoke(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(invitation_id): Path<InvitationId>,
) -> Result<Redirect, Error> {
    member.must_own()?;
    let mut c = app.tenant(member.tenant_id).await?;
    if !invitations::remove(&mut c, member.tenant_id, invitation_id).await? {
        return Err(Error::NotFound);
    }
    drop(c);
    leave_notice(&session, "Revoked: the link in the letter is worth nothing any more.").await?;
    Ok(Redirect::to("/members"))
}

async fn change(app: &App, member: &Member, account_id: AccountId, role: Option<Role>) -> Result<Changed, Error> {
    let mut tx = app.begin(member.tenant_id).await?;
    let changed = tenants::change_member(&mut tx, member.tenant_id, account_id, role).await?;
    tx.commit().await.map_err(store::Error::from)?;
    if changed == Changed::NotFound { Err(Error::NotFound) } else { Ok(changed) }
}

const LAST_OWNER: &str = "Nothing was changed: one owner has to be left. Make somebody else owner first.";

pub async fn change_role(
    State(app): State<App>,
    member: Member,
    session: Session,
    (Path(account_id), Form(form)): (Path<AccountId>, Form<Wish>),
) -> Result<Redirect, Error> {
    find(&app, &member, account_id).await?;
    member.must_own()?;
    let role = role_of(&form.role)?;
    let notice = match change(&app, &member, account_id, Some(role)).await? {
        Changed::LastOwner => LAST_OWNER,
        _ => "Changed: it holds from their next press on.",
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to("/members"))
}

async fn find(app: &App, member: &Member, account_id: AccountId) -> Result<Belonging, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let members = tenants::members(&mut c, member.tenant_id).await?;
    members.into_iter().find(|one| one.account_id == account_id).ok_or(Error::NotFound)
}

pub async fn confirm_removing(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(account_id): Path<AccountId>,
) -> Result<Response, Error> {
    let email = find(&app, &member, account_id).await?.email;
    let is_you = account_id == member.account_id;
    let title = if is_you { format!("Leave {}", member.tenant_name) } else { format!("Remove {email}") };
    let page = Page::new(&member, &session, Section::Settings, title).await?;
    html(&RemovePage { page, id: account_id.to_string(), email, is_you })
}

pub async fn remove(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(account_id): Path<AccountId>,
) -> Result<Redirect, Error> {
    find(&app, &member, account_id).await?;
    if account_id != member.account_id {
        member.must_own()?;
    }
    match change(&app, &member, account_id, None).await? {
        Changed::LastOwner => {
            leave_notice(&session, LAST_OWNER).await?;
            Ok(Redirect::to("/members"))
        }
        _ if account_id == member.account_id => Ok(Redirect::to("/tenants")),
        _ => {
            leave_notice(&session, "Removed: they see nothing here any more.").await?;
            Ok(Redirect::to("/members"))
        }
    }
}
