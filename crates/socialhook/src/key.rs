//! The key that seals stored secrets: given, or kept in a file of the data directory that only its owner can read. While it is rotated there are
//! several, the current one first.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use secrecy::{ExposeSecret, SecretBox};
use socialhook_core::signature::hex;
use socialhook_relay::Means;
use socialhook_store::seal::{self, KEY_BYTES, Sealer};
use socialhook_store::{PgConnection, Pools, nodes, resealing};

use crate::config::Config;

/// How soon a running service notices that keys are rotated.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// For all of them to do so; one that has just died is waited for, too.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(30);
/// Longer than a page's statement may take.
const STORED_WITHIN: Duration = Duration::from_secs(6);

type Key = SecretBox<[u8; KEY_BYTES]>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the secret key must be {} hexadecimal digits, or several such with commas between, the current one first", KEY_BYTES * 2)]
    Malformed,
    #[error("the secret key's file {} cannot be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the secret key's file {} must hold {} hexadecimal digits", path.display(), KEY_BYTES * 2)]
    MalformedFile { path: PathBuf },
    #[error(
        "there is no secret key, but this database was sealed with one: put the old one back at {}, or give it as \
         SOCIALHOOK_SECRET_KEY",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error(
        "{place} holds another secret key than the one that this database was sealed with: nothing in it could be opened. \
         Put the old key back, or use the database that belongs to this one"
    )]
    Other { place: String },
    #[error(
        "a running service does not seal with the new key: it has another data directory, or was not started anew with the new SOCIALHOOK_SECRET_KEY. \
         Nothing was sealed anew; give it the new key and run this again"
    )]
    NotFollowed,
    #[error("the database cannot be used")]
    Store(#[from] socialhook_store::Error),
}

/// The sealer of this installation, after a look at whether the database was sealed with the same key.
///
/// # Errors
/// If the key cannot be had, or is not the database's.
pub async fn settled(config: &Config, pools: &Pools) -> Result<Sealer, Error> {
    let mut c = pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    let path = path(config);
    let given = config.secret_key.is_some();
    // A new key would be of no use here, and stand in the old one's place.
    if !given && !path.exists() && seal::is_settled(&mut c).await? {
        return Err(Error::Missing { path });
    }
    let sealer = sealer(config)?;
    if seal::settle(&mut c, &sealer).await? {
        return Ok(sealer);
    }
    let place = if given { "SOCIALHOOK_SECRET_KEY".to_owned() } else { path.display().to_string() };
    Err(Error::Other { place })
}

fn path(config: &Config) -> PathBuf {
    config.data_dir.join("secret.key")
}

/// The sealer of this installation. Makes the key's file if there is neither file nor setting.
///
/// # Errors
/// If the key is malformed or its file cannot be read or made.
fn sealer(config: &Config) -> Result<Sealer, Error> {
    if let Some(given) = &config.secret_key {
        return parse(given.expose_secret()).map(|keys| Sealer::with(&keys)).ok_or(Error::Malformed);
    }
    let path = path(config);
    let file_error = |source| Error::File { path: path.clone(), source };
    fs::create_dir_all(&config.data_dir).map_err(file_error)?;
    if !path.exists() {
        make(&path).map_err(file_error)?;
    }
    Ok(Sealer::with(&read(&path)?))
}

fn read(path: &Path) -> Result<Vec<Key>, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    parse(&text).ok_or_else(|| Error::MalformedFile { path: path.to_owned() })
}

/// Follows the key's file: rotating keys changes it while the service runs. Without a file the keys stay as they were given.
pub async fn follow(config: Config, sealer: Arc<Sealer>) {
    if config.secret_key.is_some() {
        return std::future::pending().await;
    }
    let path = path(&config);
    let mut every = tokio::time::interval(FOLLOW_EVERY);
    let mut known = None;
    loop {
        every.tick().await;
        let changed = fs::metadata(&path).and_then(|file| file.modified()).ok();
        if changed == known {
            continue;
        }
        known = changed;
        match read(&path) {
            Ok(keys) => sealer.replace(&keys),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the key's file cannot be followed");
            }
        }
    }
}

/// Seals everything with a new key, and forgets the old ones; gives how many values it sealed. Services on this data directory follow by themselves. Where
/// the key is a setting, the new one stands first in it already, and all services were started anew with it.
///
/// # Errors
/// If the keys or the database cannot be used, or a running service does not follow. Nothing is lost then, and it can be run again.
pub async fn rotate(config: &Config, means: &Means) -> Result<usize, Error> {
    let path = path(config);
    if config.secret_key.is_none() {
        let mut keys = read(&path)?;
        // One that was begun goes on.
        if keys.len() == 1 {
            keys.insert(0, new_key());
            write(&path, &keys)?;
        }
        means.sealer.replace(&keys);
    }
    let mut c = means.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    wait_until_followed(&mut c, means).await?;
    let mut sealed = reseal(&mut c, means).await?;
    // What was sealed with the old key before all followed may be stored only now.
    tokio::time::sleep(STORED_WITHIN).await;
    sealed += reseal(&mut c, means).await?;
    seal::settle_on(&mut c, &means.sealer).await?;
    if config.secret_key.is_none() {
        let keys = read(&path)?;
        write(&path, &keys[..1])?;
    }
    Ok(sealed)
}

/// Until every process on this database seals with the new key, wherever it runs: one that does not know it could not open what is sealed with it.
async fn wait_until_followed(c: &mut PgConnection, means: &Means) -> Result<(), Error> {
    let (key_id, until) = (means.sealer.key_id(), Instant::now() + FOLLOWED_WITHIN);
    let mut every = tokio::time::interval(FOLLOW_EVERY);
    while !nodes::all_seal_with(c, &key_id, means.clock.by_hand()).await? {
        if Instant::now() > until {
            return Err(Error::NotFollowed);
        }
        every.tick().await;
    }
    Ok(())
}

async fn reseal(c: &mut PgConnection, means: &Means) -> Result<usize, Error> {
    let mut sealed = 0;
    loop {
        match resealing::some(c, &means.sealer).await? {
            0 => return Ok(sealed),
            more => sealed += more,
        }
    }
}

fn new_key() -> Key {
    let mut key = Box::new([0; KEY_BYTES]);
    rand::rng().fill_bytes(&mut *key);
    SecretBox::new(key)
}

/// Written beside and moved into place, so that whoever reads it finds the old one or the new one, whole.
fn write(path: &Path, keys: &[Key]) -> Result<(), Error> {
    let written = || {
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        for key in keys {
            writeln!(file, "{}", hex(key.expose_secret()))?;
        }
        file.sync_all()?;
        // It stays whoever's it was: the service may run as another user.
        let owner = fs::metadata(path)?;
        std::os::unix::fs::chown(&draft, Some(owner.uid()), Some(owner.gid()))?;
        fs::rename(&draft, path)
    };
    written().map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Written under another name and linked into place, so that whoever starts at the same time finds one whole key.
fn make(path: &Path) -> std::io::Result<()> {
    let mut key = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", hex(&key))?;
    file.sync_all()?;
    match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => fs::remove_file(&draft)?,
    }
    tracing::info!(
        "a new secret key was made; keep a copy of {}, since the database is of no use without it",
        path.display()
    );
    Ok(())
}

/// One key or several, the current one first, with commas or ends of lines between.
fn parse(text: &str) -> Option<Vec<Key>> {
    let keys = text.split([',', '\n']).map(str::trim).filter(|digits| !digits.is_empty());
    let keys: Vec<Key> = keys.map(parse_one).collect::<Option<_>>()?;
    (!keys.is_empty()).then_some(keys)
}

fn parse_one(digits: &str) -> Option<Key> {
    let mut key = Box::new([0; KEY_BYTES]);
    if digits.len() != KEY_BYTES * 2 || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(SecretBox::new(key))
}
