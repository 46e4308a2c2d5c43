//! The key that seals stored secrets: given, or kept in a file of the data directory that only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::Rng;
use secrecy::{ExposeSecret, SecretBox};
use socialhook_core::signature::hex;
use socialhook_store::Pools;
use socialhook_store::seal::{self, KEY_BYTES, Sealer};

use crate::config::Config;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the secret key must be {} hexadecimal digits", KEY_BYTES * 2)]
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
        return parse(given.expose_secret()).map(|key| Sealer::new(&key)).ok_or(Error::Malformed);
    }
    let path = path(config);
    let file_error = |source| Error::File { path: path.clone(), source };
    fs::create_dir_all(&config.data_dir).map_err(file_error)?;
    if !path.exists() {
        make(&path).map_err(file_error)?;
    }
    let text = fs::read_to_string(&path).map_err(file_error)?;
    parse(text.trim()).map(|key| Sealer::new(&key)).ok_or(Error::MalformedFile { path })
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

fn parse(digits: &str) -> Option<SecretBox<[u8; KEY_BYTES]>> {
    let mut key = Box::new([0; KEY_BYTES]);
    if digits.len() != KEY_BYTES * 2 || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(SecretBox::new(key))
}
