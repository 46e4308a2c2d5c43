//! Serving a file to whoever has its link: from the storage, or from Meta through the storage if it is not there yet.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::stream::BoxStream;
use object_store::{GetOptions, GetRange, ObjectStore};
use socialhook_store::media::{self as stored, Key, Media, State};
use tokio::time::Instant;

use super::{Link, fetch, object};
use crate::Relay;
use crate::within::within;

/// Whoever follows a link waits so long for a file that is still at Meta.
const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(200);
const STORE_WITHIN: Duration = Duration::from_secs(5);
/// As in fetching: longer than any fetch.
const LEASE: TimeDelta = TimeDelta::minutes(11);

/// A file that is there.
#[derive(Debug, Clone)]
pub struct Served {
    key: Key,
    /// Bytes.
    pub size: u64,
    pub sha256: [u8; 32],
    /// As Meta said: not to be believed by a browser.
    pub content_type: String,
    /// As the customer named it.
    pub filename: Option<String>,
}

/// Why a link opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    #[error("the link is not one of ours")]
    Forged,
    #[error("the link is over")]
    Over,
    #[error("there is no such file any more")]
    NotThere,
    /// In words for the tenant.
    #[error("{0}")]
    Gone(String),
    /// It is still being fetched, or cannot be right now.
    #[error("{0}")]
    NotYet(String),
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
}

impl Relay {
    /// What a link opens. Fetches it if it is not there yet.
    pub async fn media(&self, link: Link, signature: &str) -> Result<Served, NotServed> {
        if !self.0.files.links.fits(link, signature) {
            return Err(NotServed::Forged);
        }
        if self.0.means.clock.now().timestamp() >= link.expires_at {
            return Err(NotServed::Over);
        }
        let until = Instant::now() + WAIT;
        let mut was_tried = false;
        loop {
            let media = self.find_media(link.key).await?.ok_or(NotServed::NotThere)?;
            match media.state {
                State::Stored => return served(media).ok_or(NotServed::NotThere),
                State::Gone | State::Refused => return Err(NotServed::Gone(media.reason.unwrap_or_default())),
                State::Waiting if was_tried && media.reason.is_some() => {
                    return Err(NotServed::NotYet(media.reason.unwrap_or_default()));
                }
                State::Waiting => {}
            }
            if Instant::now() >= until {
                return Err(NotServed::NotYet("It is still being fetched from Meta.".to_owned()));
            }
            if !was_tried && self.take_media(link.key).await? {
                let relay = self.clone();
                // It goes on when whoever asked for it leaves.
                let fetched = tokio::spawn(async move { fetch::fetch(&relay, link.key).await });
                let _ = tokio::time::timeout_at(until, fetched).await;
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            was_tried = true;
        }
    }

    async fn find_media(&self, key: Key) -> Result<Option<Media>, socialhook_store::Error> {
        let pool = &self.0.means.pools.background;
        within(pool, STORE_WITHIN, async |c| stored::find(c, key.tenant_id, key).await).await
    }

    async fn take_media(&self, key: Key) -> Result<bool, socialhook_store::Error> {
        let (pool, now) = (&self.0.means.pools.background, self.0.means.clock.now());
        within(pool, STORE_WITHIN, async |c| stored::take(c, key.tenant_id, key, (LEASE, now)).await).await
    }

    /// The bytes of a file, or a stretch of them that lies within it. An object that is not where it was is fetched again.
    pub async fn read_media(
        &self,
        served: &Served,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, object_store::Result<Bytes>>, NotServed> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.0.files.store.get_opts(&object(served.key), options).await {
            Ok(found) if found.meta.size == served.size => Ok(found.into_stream()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                tracing::error!(event.id = %served.key.event_id, "a stored medium is not whole in the storage; it is fetched again");
                let (key, now) = (served.key, self.0.means.clock.now());
                let pool = &self.0.means.pools.background;
                within(pool, STORE_WITHIN, async |c| stored::lost(c, key.tenant_id, key, now).await).await?;
                self.0.files.wake.notify_one();
                Err(NotServed::NotYet("It is being fetched from Meta again.".to_owned()))
            }
            Err(error) => {
                tracing::error!(%error, "the storage for media failed");
                Err(NotServed::NotYet("Our storage does not answer.".to_owned()))
            }
        }
    }
}

fn served(media: Media) -> Option<Served> {
    Some(Served {
        key: media.key,
        size: u64::try_from(media.size?).ok()?,
        sha256: media.sha256?,
        content_type: media.content_type?,
        filename: media.filename,
    })
}
