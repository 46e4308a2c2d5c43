//! Tenants and who belongs to them.

use chrono::{DateTime, Utc};
use socialhook_core::id::{AccountId, TenantId};
use sqlx::PgConnection;

use crate::{Error, Result};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Owner,
    Developer,
    /// Looks, and changes nothing.
    Viewer,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Owner, Self::Developer, Self::Viewer];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }

    pub(crate) fn from_word(word: &str) -> Result<Self> {
        match word {
            "owner" => Ok(Self::Owner),
            "developer" => Ok(Self::Developer),
            "viewer" => Ok(Self::Viewer),
            _ => Err(Error::Unreadable { table: "member", column: "role" }),
        }
    }
}

/// A tenant as one of its members sees it.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub tenant_id: TenantId,
    pub name: String,
    pub role: Role,
    /// The IANA name of the zone that its pages tell times in.
    pub time_zone: String,
}

pub async fn create(c: &mut PgConnection, tenant_id: TenantId, name: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("insert into tenant (tenant_id, name, created_at) values ($1, $2, $3)", tenant_id.0, name, now)
        .execute(c)
        .await?;
    Ok(())
}

/// A tenant that provisioning knows by this name from now on. Violates `tenant_provisioned_name` if it knows one already.
pub async fn create_provisioned(
    c: &mut PgConnection,
    tenant_id: TenantId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into tenant (tenant_id, name, provisioned_name, created_at) values ($1, $2, $2, $3)",
        tenant_id.0,
        name,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Has an account belong to a tenant; one that does already keeps its role.
pub async fn add_member(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (account_id, role): (AccountId, Role),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into member (tenant_id, account_id, role, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        tenant_id.0,
        account_id.0,
        role.word(),
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

pub async fn has_member(c: &mut PgConnection, tenant_id: TenantId, account_id: AccountId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from member where tenant_id = $1 and account_id = $2) as "found!""#,
        tenant_id.0,
        account_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(found)
}

/// A person and what they may do here.
#[derive(Debug, Clone)]
pub struct Belonging {
    pub account_id: AccountId,
    pub email: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

/// Who belongs to a tenant, in the order of their coming.
pub async fn members(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Belonging>> {
    let rows = sqlx::query!(
        "select a.account_id, a.email, m.role, m.created_at from member m join account a using (account_id)
         where m.tenant_id = $1 order by m.created_at, a.email",
        tenant_id.0
    )
    .fetch_all(c)
    .await?;
    let told = rows.into_iter().map(|row| {
        Ok(Belonging {
            account_id: row.account_id.into(),
            email: row.email,
            role: Role::from_word(&row.role)?,
            created_at: row.created_at,
        })
    });
    told.collect()
}

/// What came of a change of who belongs to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Yes,
    /// There is no such member.
    NotFound,
    /// Nobody else is owner.
    LastOwner,
}

/// Gives a member another role, or none, so that they do not belong to the tenant any more. To be called in a transaction: who do it at the
/// same time wait for one another, so that an owner is always left.
pub async fn change_member(
    c: &mut PgConnection,
    tenant_id: TenantId,
    account_id: AccountId,
    role: Option<Role>,
) -> Result<Changed> {
    sqlx::query!("select from tenant where tenant_id = $1 for update", tenant_id.0).execute(&mut *c).await?;
    let members = members(c, tenant_id).await?;
    let Some(member) = members.iter().find(|one| one.account_id == account_id) else { return Ok(Changed::NotFound) };
    let owners = members.iter().filter(|one| one.role == Role::Owner).count();
    if member.role == Role::Owner && role != Some(Role::Owner) && owners == 1 {
        return Ok(Changed::LastOwner);
    }
    match role {
        Some(role) => {
            sqlx::query!(
                "update member set role = $3 where tenant_id = $1 and account_id = $2",
                tenant_id.0,
                account_id.0,
                role.word()
            )
            .execute(c)
            .await?
        }
        None => {
            sqlx::query!("delete from member where tenant_id = $1 and account_id = $2", tenant_id.0, account_id.0)
                .execute(c)
                .await?
        }
    };
    Ok(Changed::Yes)
}

/// Gives a tenant another name, and the IANA name of its zone.
pub async fn change(c: &mut PgConnection, tenant_id: TenantId, name: &str, time_zone: &str) -> Result<()> {
    sqlx::query!("update tenant set name = $2, time_zone = $3 where tenant_id = $1", tenant_id.0, name, time_zone)
        .execute(c)
        .await?;
    Ok(())
}

/// Whether the tenant is there and was not deleted.
pub async fn is_there(c: &mut PgConnection, tenant_id: TenantId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from tenant where tenant_id = $1 and deleted_at is null) as "found!""#,
        tenant_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(found)
}

pub async fn exists(c: &mut PgConnection, tenant_id: TenantId) -> Result<bool> {
    let found =
        sqlx::query_scalar!(r#"select exists (select from tenant where tenant_id = $1) as "found!""#, tenant_id.0)
            .fetch_one(c)
            .await?;
    Ok(found)
}

/// The tenants that an account belongs to, the longest first.
pub async fn of_account(c: &mut PgConnection, account_id: AccountId) -> Result<Vec<Tenant>> {
    let rows = sqlx::query!(
        "select t.tenant_id, t.name, t.time_zone, m.role from member m join tenant t using (tenant_id)
         where m.account_id = $1 and t.deleted_at is null order by m.created_at, t.tenant_id",
        account_id.0
    )
    .fetch_all(c)
    .await?;
    let told = rows.into_iter().map(|row| {
        Ok(Tenant {
            tenant_id: row.tenant_id.into(),
            name: row.name,
            role: Role::from_word(&row.role)?,
            time_zone: row.time_zone,
        })
    });
    told.collect()
}

/// For provisioning: the tenant that it made under this name. One that signed up by that name is somebody else's.
pub async fn find_provisioned(c: &mut PgConnection, name: &str) -> Result<Option<TenantId>> {
    let id =
        sqlx::query_scalar!("select tenant_id from tenant where provisioned_name = $1", name).fetch_optional(c).await?;
    Ok(id.map(TenantId))
}

/// All tenants that show this name, oldest first; never the operator's. Anyone can choose a name: it proves nothing.
pub async fn find_by_name(c: &mut PgConnection, name: &str) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "select tenant_id from tenant where name = $1 and tenant_id <> $2 order by created_at, tenant_id",
        name,
        TenantId::OPERATOR.0
    )
    .fetch_all(c)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}
