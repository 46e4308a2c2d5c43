//! Files of messages: fetched from Meta after the event was stored, kept in object storage, served through links of ours.
//!
//! What must hold: Meta is answered and the event delivered without waiting for a file; no file is in memory as a whole; what is stored
//! is what was announced; a link opens one file until its time is over, and nothing else.

mod apart;
mod ending;
mod fetch;
mod link;
mod serve;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use secrecy::{ExposeSecret, SecretString};
use socialhook_core::normalise::Reading;
use socialhook_store::media::{Key, NewMedia};
use tokio::sync::Semaphore;
use url::Url;

pub use self::link::Link;
pub use self::serve::{NotServed, Served};
use crate::Relay;
use crate::directory::Contents;

pub(crate) use self::ending::{delete_all, sweep};
pub(crate) use self::fetch::{fetch_due, run};

/// Files fetched at a time by this process.
const FETCHES: usize = 8;
/// Of these, for one tenant from what is due: the others' turn comes.
const FETCHES_OF_EACH: i64 = 4;
/// Characters of a source: addresses of Meta's CDN have some hundreds.
const SOURCE_MAX: usize = 4096;

/// Where files are kept.
#[derive(Debug, Clone)]
pub enum Storage {
    Folder(PathBuf),
    /// Whatever speaks S3.
    S3 {
        bucket: String,
        /// Before every object's name; may be empty.
        prefix: String,
        /// None: Amazon's own.
        endpoint: Option<Url>,
        region: String,
        access_key: String,
        secret_key: SecretString,
    },
}

/// How this process deals with files.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    pub storage: Storage,
    /// Where browsers and tenants reach this service.
    pub public_url: Url,
    /// Days that a link works.
    pub link_days: u32,
    /// Bytes of one file; larger ones are not fetched.
    pub file_max: u64,
    /// Bytes that a tenant may have, unless it has a quota of its own.
    pub quota: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the folder {} for media cannot be made", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the thread that copies media cannot be started")]
    Thread(#[from] std::io::Error),
    #[error("the storage for media is not understood")]
    Storage(#[from] object_store::Error),
}

/// What the relay works with.
pub(crate) struct Files {
    store: Arc<dyn ObjectStore>,
    settings: MediaSettings,
    links: link::Links,
    turns: Arc<Semaphore>,
    apart: apart::Apart,
    pub(crate) wake: tokio::sync::Notify,
}

impl Files {
    pub(crate) fn new(settings: &MediaSettings, key: &SecretString) -> Result<Self, Error> {
        Ok(Self {
            store: open(&settings.storage)?,
            settings: settings.clone(),
            links: link::Links::new(key, settings.public_url.clone()),
            turns: Arc::new(Semaphore::new(FETCHES)),
            apart: apart::Apart::start()?,
            wake: tokio::sync::Notify::new(),
        })
    }
}

fn open(storage: &Storage) -> Result<Arc<dyn ObjectStore>, Error> {
    match storage {
        Storage::Folder(path) => {
            use std::os::unix::fs::DirBuilderExt;
            let folder = |source| Error::Folder { path: path.clone(), source };
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(folder)?;
            // What is said to be stored survives a crash of the machine, and is flushed bit by bit rather than all at once.
            Ok(Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true).with_automatic_cleanup(true)))
        }
        Storage::S3 { bucket, prefix, endpoint, region, access_key, secret_key } => {
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(bucket)
                .with_region(region)
                .with_access_key_id(access_key)
                .with_secret_access_key(secret_key.expose_secret());
            if let Some(endpoint) = endpoint {
                builder = builder
                    .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                    .with_allow_http(endpoint.scheme() == "http")
                    .with_virtual_hosted_style_request(false);
            }
            let store = builder.build()?;
            Ok(if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix.as_str())) })
        }
    }
}

/// The name of a file's object: the tenant's first, so that all of a tenant's can be found.
fn object(key: Key) -> Path {
    Path::from(format!("{}/{}-{}", key.tenant_id, key.event_id, key.position))
}

impl Relay {
    /// Puts a link of ours to each file of an event that is to be fetched, and tells which these are. What Meta serves publicly keeps its
    /// address unless its tenant has it kept.
    pub(crate) fn link_files(&self, contents: &Contents, reading: &mut Reading<'_>) -> Vec<NewMedia> {
        let context = reading.context();
        let Some(channel) = context.channel.filter(|channel| contents.keeps_files(channel.channel_id)) else {
            return Vec::new();
        };
        let (tenant_id, channel_id, received_at) = (context.tenant_id, channel.channel_id, context.received_at);
        let mut found = Vec::new();
        for (place, file) in reading.files().enumerate() {
            let (source, is_public) = match (file.url, file.id) {
                (Some(url), _) if Url::parse(url).is_ok_and(|url| self.graph().is_metas(&url)) => (url, true),
                (None, Some(id)) => (id, false),
                _ => continue,
            };
            let Ok(position) = i16::try_from(place) else { continue };
            if source.len() > SOURCE_MAX {
                continue;
            }
            found.push(NewMedia {
                key: Key { tenant_id, event_id: reading.event_id(), position },
                channel_id,
                source: source.to_owned(),
                is_public,
                announced_sha256: file.sha256.and_then(fetch::digest),
                mime_type: file.mime_type.map(str::to_owned),
                filename: file.filename.map(str::to_owned),
                received_at,
            });
        }
        let files = &self.0.files;
        let until = (received_at + TimeDelta::days(files.settings.link_days.into())).timestamp();
        for new in &found {
            let link = Link { key: new.key, expires_at: until };
            reading.link(usize::try_from(new.key.position).unwrap_or(0), files.links.url(link).into(), until);
        }
        found
    }

    /// Where a file is to be had from now on, and until when, in seconds since the epoch; none: as long as links in events work.
    #[must_use]
    pub fn media_link(&self, key: Key, lasting: Option<TimeDelta>) -> (Url, i64) {
        let files = &self.0.files;
        let lasting = lasting.unwrap_or_else(|| TimeDelta::days(files.settings.link_days.into()));
        let expires_at = (self.0.means.clock.now() + lasting).timestamp();
        (files.links.url(Link { key, expires_at }), expires_at)
    }

    /// Bytes that a tenant may have that chose nothing else.
    #[must_use]
    pub fn media_quota(&self) -> u64 {
        self.0.files.settings.quota
    }
}
