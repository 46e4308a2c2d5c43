//! Mail to people, from when it is written until it was sent. The text is sealed, since links in it open accounts.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use socialhook_core::id::{MailId, TenantId};
use sqlx::PgConnection;

use crate::seal::{Place, Sealer};
use crate::{Error, Result};

/// Sealed under the operator's name: people may belong to several tenants, or to none yet.
fn place(mail_id: MailId) -> Place {
    Place { column: "mail.text", tenant_id: TenantId::OPERATOR, row_id: mail_id.0 }
}

/// What somebody is written.
#[derive(Debug)]
pub struct Letter<'a> {
    pub recipient: &'a str,
    /// One line.
    pub subject: &'a str,
    pub text: SecretString,
    /// When what it says holds no longer.
    pub expires_at: DateTime<Utc>,
}

/// Puts a letter into the box; it is sent once this is committed.
pub async fn post(c: &mut PgConnection, sealer: &Sealer, letter: &Letter<'_>, now: DateTime<Utc>) -> Result<()> {
    let mail_id = MailId::new(now);
    let text = SecretString::from(format!("{}\n{}", letter.subject, letter.text.expose_secret()));
    sqlx::query!(
        "insert into mail (mail_id, recipient, text, due_at, expires_at) values ($1, $2, $3, $4, $5)",
        mail_id.0,
        letter.recipient,
        sealer.seal(place(mail_id), &text)?,
        now,
        letter.expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Debug)]
pub struct Due {
    pub mail_id: MailId,
    pub recipient: String,
    pub subject: String,
    pub text: SecretString,
}

/// Takes some of what is due, and has it due again later: whoever takes it removes it once it was sent.
pub async fn take_due(c: &mut PgConnection, sealer: &Sealer, limit: i64, now: DateTime<Utc>) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"update mail m set attempts = m.attempts + 1, due_at = $1::timestamptz + $3::interval * (1 << least(m.attempts, 6))
           from (select mail_id from mail where due_at <= $1 and expires_at > $1 order by due_at limit $2 for update skip locked) next
           where m.mail_id = next.mail_id returning m.mail_id, m.recipient, m.text"#,
        now,
        limit,
        TimeDelta::minutes(1) as TimeDelta
    )
    .fetch_all(c)
    .await?;
    let due = |(mail_id, recipient, text): (MailId, String, Vec<u8>)| {
        let text = sealer.open(place(mail_id), &text)?;
        let (subject, body) = text.expose_secret().split_once('\n').ok_or(Error::Seal)?;
        Ok(Due { mail_id, recipient, subject: subject.to_owned(), text: body.to_owned().into() })
    };
    rows.into_iter().map(|row| due((MailId(row.mail_id), row.recipient, row.text))).collect()
}

/// It was sent, or never can be.
pub async fn remove(c: &mut PgConnection, mail_id: MailId) -> Result<()> {
    sqlx::query!("delete from mail where mail_id = $1", mail_id.0).execute(c).await?;
    Ok(())
}

/// Forgets what could not be sent in its time; returns how many.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from mail where expires_at <= $1", now).execute(c).await?.rows_affected())
}
