//! Where files of messages are kept, and how many.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use socialhook_relay::media::{MediaSettings, Storage};
use url::Url;

use super::{Error, Options, days};
use crate::size::Limit;

/// Days that a link works unless another number is given.
const LINK_DAYS: u32 = 30;
/// The most that WhatsApp sends (WhatsApp §10).
const FILE_MAX: u64 = 100 << 20;
const QUOTA: u64 = 10_000_000_000;
/// Whatever an own server is called, signatures need a name.
const REGION: &str = "us-east-1";

/// Files of messages, as configured.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// None: the folder media of the data directory.
    pub storage: Option<Storage>,
    pub link_days: u32,
    pub file_max: u64,
    pub quota: u64,
}

impl MediaConfig {
    pub(super) fn of(given: &mut Options, file: &mut Options) -> Result<Self, Error> {
        let storage = given.media_storage.take().or(file.media_storage.take());
        let access_key = given.media_access_key.take().or(file.media_access_key.take());
        let secret_key = given.media_secret_key.take().or(file.media_secret_key.take());
        let bytes = |limit: Option<Limit>, default| limit.map_or(default, Limit::bytes);
        Ok(Self {
            storage: storage.map(|storage| place(&storage, access_key.zip(secret_key))).transpose()?,
            link_days: days("media_link_days", given.media_link_days.or(file.media_link_days), LINK_DAYS)?,
            file_max: bytes(given.media_file_max.take().or(file.media_file_max.take()), FILE_MAX),
            quota: bytes(given.media_quota.take().or(file.media_quota.take()), QUOTA),
        })
    }

    /// For a service that is reached at this address.
    #[must_use]
    pub fn settings(&self, public_url: Url, data_dir: &Path) -> MediaSettings {
        MediaSettings {
            storage: self.storage.clone().unwrap_or_else(|| Storage::Folder(data_dir.join("media"))),
            public_url,
            link_days: self.link_days,
            file_max: self.file_max,
            quota: self.quota,
        }
    }

    pub(super) fn describe(&self) -> String {
        match &self.storage {
            None => "the folder media in the data directory".to_owned(),
            Some(Storage::Folder(path)) => path.display().to_string(),
            Some(Storage::S3 { bucket, prefix, endpoint, region, .. }) => {
                let at = endpoint.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
                format!("s3://{bucket}/{prefix}{at}, region {region}")
            }
        }
    }
}

/// A folder, or `s3://bucket/prefix?endpoint=https://…&region=…`.
fn place(text: &str, keys: Option<(String, SecretString)>) -> Result<Storage, Error> {
    if !text.starts_with("s3://") {
        return Ok(Storage::Folder(PathBuf::from(text)));
    }
    let url = Url::parse(text).map_err(|_| Error::MediaStorage)?;
    let bucket = url.host_str().filter(|bucket| !bucket.is_empty()).ok_or(Error::MediaStorage)?.to_owned();
    let asked = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let endpoint = asked("endpoint").map(|text| Url::parse(&text)).transpose().map_err(|_| Error::MediaStorage)?;
    let (access_key, secret_key) = keys.ok_or(Error::MediaKeys)?;
    Ok(Storage::S3 {
        bucket,
        prefix: url.path().trim_matches('/').to_owned(),
        endpoint,
        region: asked("region").unwrap_or_else(|| REGION.to_owned()),
        access_key,
        secret_key,
    })
}
