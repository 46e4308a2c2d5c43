//! Sends mail: through an SMTP server, or into a folder where there is none.
//!
//! What must hold: a letter is sent at least once before its time is over, whatever dies; no address and no text is in the log.

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use lettre::address::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncFileTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use socialhook_store::mail::{self, Due};

use crate::Relay;
use crate::within::within;

/// Letters taken at a time, so that others get theirs sent by another process.
const TAKEN: i64 = 10;
/// For all steps of one letter.
const SEND_WITHIN: Duration = Duration::from_secs(30);
const STORE_WITHIN: Duration = Duration::from_secs(5);

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Way {
    /// Files, one a letter: for whoever runs this on their own machine.
    Folder(PathBuf),
    /// A URL such as `smtps://user:password@mail.example.com` or, with STARTTLS, `smtp://…:587?tls=required`.
    Smtp(SecretString),
}

/// How this process sends mail.
#[derive(Debug, Clone)]
pub struct Mail {
    pub way: Way,
    /// Such as `SocialHook <hooks@example.com>`.
    pub from: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("mail cannot be sent from {0:?}: give an address such as SocialHook <hooks@example.com>")]
    From(String),
    #[error("the mail server's URL is not understood: give one such as smtps://user:password@mail.example.com")]
    Url,
    #[error("the folder {} for mail cannot be made", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

enum Transport {
    Folder(AsyncFileTransport<Tokio1Executor>),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

pub(crate) struct Mailer {
    transport: Transport,
    from: Mailbox,
}

/// Why a letter was not sent.
enum Failure {
    /// It may be later.
    Now(String),
    /// It never will be.
    Ever(String),
}

/// Whether mail could be sent there, as far as that can be told from looking.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

impl Mailer {
    pub(crate) fn new(mail: &Mail) -> Result<Self, Error> {
        let from = mail.from.parse().map_err(|_| Error::From(mail.from.clone()))?;
        let transport = match &mail.way {
            Way::Folder(path) => {
                let folder = |source| Error::Folder { path: path.clone(), source };
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(folder)?;
                Transport::Folder(AsyncFileTransport::new(path))
            }
            Way::Smtp(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
                Transport::Smtp(transport.map_err(|_| Error::Url)?.build())
            }
        };
        Ok(Self { transport, from })
    }

    async fn send(&self, due: &Due) -> Result<(), Failure> {
        let recipient: Address = due.recipient.parse().map_err(|_| Failure::Ever("no address".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(&due.subject)
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .body(body(due.text.expose_secret()))
            .map_err(|error| Failure::Ever(error.to_string()))?;
        match &self.transport {
            Transport::Folder(transport) => {
                let file = transport.send(message).await.map_err(|error| Failure::Now(error.to_string()))?;
                tracing::info!(
                    file = format!("{file}.eml"),
                    "mail was written to the folder mail in the data directory"
                );
            }
            Transport::Smtp(transport) => {
                transport.send(message).await.map_err(|error| told(&error))?;
            }
        }
        Ok(())
    }
}

/// Bytes of a line of mail, RFC 5322.
const LINE_MAX: usize = 998;

/// As it stands, if it may go as it stands: whoever reads the file can follow its links.
fn body(text: &str) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= LINE_MAX) {
        let lines = text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>();
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text.to_owned())
    }
}

/// Without the server's own words, which may repeat the address.
fn told(error: &lettre::transport::smtp::Error) -> Failure {
    let status = error.status().map(|code| format!("the server says {code}"));
    match status {
        Some(status) if error.is_permanent() => Failure::Ever(status),
        Some(status) => Failure::Now(status),
        None if error.is_timeout() => Failure::Now("the server did not answer in time".to_owned()),
        None => Failure::Now("the server could not be reached".to_owned()),
    }
}

/// Sends until the relay stops.
pub(crate) async fn run(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = relay.0.stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = send_due(&relay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "mail could not be looked for");
        }
    }
}

/// Sends what is due; returns how many letters were tried.
pub(crate) async fn send_due(relay: &Relay) -> Result<usize, socialhook_store::Error> {
    let means = &relay.0.means;
    let pool = &means.pools.background;
    let due =
        within(pool, STORE_WITHIN, async |c| mail::take_due(c, &means.sealer, TAKEN, means.clock.now()).await).await?;
    for letter in &due {
        let sent = tokio::time::timeout(SEND_WITHIN, relay.0.mailer.send(letter));
        let sent = sent.await.unwrap_or_else(|_| Err(Failure::Now("it took too long".to_owned())));
        match sent {
            Ok(()) => {}
            Err(Failure::Now(why)) => {
                tracing::warn!(mail.id = %letter.mail_id, why, "a letter could not be sent; it is tried again");
                continue;
            }
            Err(Failure::Ever(why)) => {
                tracing::error!(mail.id = %letter.mail_id, why, "a letter can never be sent, and is given up");
            }
        }
        within(pool, STORE_WITHIN, async |c| mail::remove(c, letter.mail_id).await).await?;
    }
    Ok(due.len())
}
