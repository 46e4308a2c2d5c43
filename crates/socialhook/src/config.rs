//! Every setting, typed, in one place: a flag, an environment variable, or a key of the optional TOML file, in that order of
//! precedence. The only reader of the environment.

mod media;
mod meta;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::media::MediaConfig;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use socialhook_core::delivery::{Schedule, parse_wait};
use socialhook_relay::Room;
use socialhook_relay::destination::Policy;
use socialhook_relay::mail::{Mail, Way};
use socialhook_store::partitions::Retention;
use url::Url;

use crate::size::Limit;

/// A proxy on this machine.
const DEFAULT_TRUSTED_PROXIES: &str = "127.0.0.0/8,::1/128";
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// The driver tells what every start finds in order.
const DEFAULT_LOG: &str = "info,sqlx=warn";
pub(crate) const RETENTION_DAYS: std::ops::RangeInclusive<u32> = 1..=90;
/// Less is a slip of the pen: the tables take more when they are empty.
const RETENTION_BYTES_MIN: u64 = 100_000_000;
/// A stop has to end within the patience of whoever asked for it.
const DRAIN_MAX: Duration = Duration::from_mins(1);

/// Settings as they are given; what is not given has a default.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Where to listen for HTTP [default: 127.0.0.1:8080]
    #[arg(long, env = "SOCIALHOOK_LISTEN", value_name = "ADDR", global = true)]
    listen: Option<SocketAddr>,
    /// Where browsers and Meta reach this service, such as <https://hooks.example.com> [default: the listening address]
    #[arg(long, env = "SOCIALHOOK_PUBLIC_URL", value_name = "URL", global = true)]
    public_url: Option<Url>,
    /// Addresses and networks of proxies in front, whose X-Forwarded-For is believed, with commas between [default: those on this machine]
    #[arg(long, env = "SOCIALHOOK_TRUSTED_PROXIES", value_name = "NETS", global = true)]
    trusted_proxies: Option<String>,
    /// The server that mail is sent through, as in `smtps://user:password@mail.example.com`, or `smtp://…:587?tls=required` with STARTTLS
    /// [default: none; mail is written into the folder mail of the data directory]
    #[arg(long, env = "SOCIALHOOK_SMTP_URL", value_name = "URL", hide_env_values = true, global = true)]
    smtp_url: Option<SecretString>,
    /// Whom mail is from, as in `SocialHook <hooks@example.com>` [default: socialhook@ and the public URL's host]
    #[arg(long, env = "SOCIALHOOK_MAIL_FROM", value_name = "ADDRESS", global = true)]
    mail_from: Option<String>,
    /// Something that stands for Meta, such as `socialhook meta-sim` on <http://127.0.0.1:9800> [default: none; Meta itself]
    #[arg(long, env = "SOCIALHOOK_META_URL", value_name = "URL", global = true)]
    meta_url: Option<Url>,
    /// The version of Meta's Graph API that is asked [default: v26.0]
    #[arg(long, env = "SOCIALHOOK_GRAPH_VERSION", value_name = "VERSION", global = true)]
    graph_version: Option<String>,
    /// Where media are kept: a folder, or `s3://bucket/prefix?endpoint=https://…&region=…` [default: the folder media of the data directory]
    #[arg(long, env = "SOCIALHOOK_MEDIA_STORAGE", value_name = "PLACE", global = true)]
    media_storage: Option<String>,
    /// The access key of the storage that speaks S3
    #[arg(long, env = "SOCIALHOOK_MEDIA_ACCESS_KEY", value_name = "KEY", global = true)]
    media_access_key: Option<String>,
    /// And its secret
    #[arg(long, env = "SOCIALHOOK_MEDIA_SECRET_KEY", value_name = "SECRET", hide_env_values = true, global = true)]
    media_secret_key: Option<SecretString>,
    /// Days that a link to media works, 1 to 90; media go with their events [default: 30]
    #[arg(long, env = "SOCIALHOOK_MEDIA_LINK_DAYS", value_name = "DAYS", global = true)]
    media_link_days: Option<u32>,
    /// Bytes of one file; larger ones are not fetched [default: 100 MiB]
    #[arg(long, env = "SOCIALHOOK_MEDIA_FILE_MAX", value_name = "SIZE", global = true)]
    media_file_max: Option<Limit>,
    /// Bytes of media that each tenant may have [default: 10GB]
    #[arg(long, env = "SOCIALHOOK_MEDIA_QUOTA", value_name = "SIZE", global = true)]
    media_quota: Option<Limit>,
    /// Where the embedded database, its socket and the secret key live
    #[arg(long, env = "SOCIALHOOK_DATA_DIR", value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// A PostgreSQL to use instead of the embedded one
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    database_url: Option<SecretString>,
    /// The directory of PostgreSQL's server programs, if they are not found by themselves
    #[arg(long, env = "SOCIALHOOK_PG_BIN", value_name = "DIR", global = true)]
    pg_bin: Option<PathBuf>,
    /// 64 hexadecimal digits that seal stored secrets [default: the file secret.key in the data directory, made if missing]
    #[arg(long, env = "SOCIALHOOK_SECRET_KEY", value_name = "HEX", hide_env_values = true, global = true)]
    secret_key: Option<SecretString>,
    /// The waits before attempts 2, 3, … [default: 30s,5m]
    #[arg(long, env = "SOCIALHOOK_RETRY_SCHEDULE", value_name = "WAITS", global = true)]
    retry_schedule: Option<String>,
    /// How long to go on taking requests after SIGTERM, while /readyz says 503: behind a balancer a little longer than it needs to notice, as in 3s [default: 0s]
    #[arg(long, env = "SOCIALHOOK_DRAIN", value_name = "WAIT", global = true)]
    drain: Option<String>,
    /// Deliver to private and loopback addresses too [default: true only with the embedded database, a loopback address and no public URL]
    #[arg(long, env = "SOCIALHOOK_ALLOW_PRIVATE_DESTINATIONS", value_name = "BOOL", global = true)]
    allow_private_destinations: Option<bool>,
    /// Run on a database that may lose what it has committed
    #[arg(long, env = "SOCIALHOOK_ALLOW_VOLATILE_DATABASE", value_name = "BOOL", global = true)]
    allow_volatile_database: Option<bool>,
    /// Days that receipts are kept, 1 to 90 [default: 7]
    #[arg(long, env = "SOCIALHOOK_RECEIPT_DAYS", value_name = "DAYS", global = true)]
    receipt_days: Option<u32>,
    /// Days that events and attempts are kept, 1 to 90 [default: 30]
    #[arg(long, env = "SOCIALHOOK_EVENT_DAYS", value_name = "DAYS", global = true)]
    event_days: Option<u32>,
    /// Bytes that receipts, events and attempts may take, as in 200GB; beyond, the oldest days go early, but never today and
    /// yesterday [default: none; with the embedded database, as much as leaves 5 GB or a tenth of its disk free]
    #[arg(long, env = "SOCIALHOOK_RETENTION_BYTES", value_name = "SIZE", global = true)]
    retention_bytes: Option<Limit>,
    /// What to log, as in `info` or `socialhook_relay=debug`
    #[arg(long, env = "SOCIALHOOK_LOG", value_name = "FILTER", global = true)]
    log: Option<String>,
    /// Log JSON, a line an entry
    #[arg(long, env = "SOCIALHOOK_LOG_JSON", value_name = "BOOL", global = true)]
    log_json: Option<bool>,
    /// A TOML file with these settings, named as the flags with underscores
    #[arg(long, env = "SOCIALHOOK_CONFIG", value_name = "FILE", global = true)]
    #[serde(skip)]
    config: Option<PathBuf>,
}

/// Which database is used.
#[derive(Debug, Clone)]
pub enum Database {
    Embedded { pg_bin: Option<PathBuf> },
    External { url: SecretString },
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// None: the listening address.
    pub public_url: Option<Url>,
    /// Proxies in front, whose word is taken for whom they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// None: mail is written into a folder.
    pub smtp_url: Option<SecretString>,
    pub mail_from: String,
    /// None: Meta itself.
    pub meta_url: Option<Url>,
    pub graph_version: String,
    pub media: MediaConfig,
    pub data_dir: PathBuf,
    pub database: Database,
    pub secret_key: Option<SecretString>,
    pub schedule: Schedule,
    /// How long requests are still taken after the signal to stop.
    pub drain: Duration,
    pub policy: Policy,
    pub allow_volatile_database: bool,
    pub retention: Retention,
    pub room: Room,
    pub log: String,
    pub log_json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the configuration file {} cannot be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {} is not understood", path.display())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error(transparent)]
    Schedule(#[from] socialhook_core::delivery::InvalidSchedule),
    #[error("the drain time {given:?} is not understood: give a wait such as 3s, at most a minute")]
    Drain { given: String },
    #[error("{name} is {given}; it must be 1 to 90 days")]
    Retention { name: &'static str, given: u32 },
    #[error("retention_bytes is {0}; it must be at least 100MB, or none")]
    RetentionBytes(Limit),
    #[error("the public URL must be http:// or https:// and a host, without a path")]
    PublicUrl,
    #[error("Meta's URL must be http:// or https:// and a host, without a path")]
    MetaUrl,
    #[error(
        "the storage for media is not understood: give a folder, or s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-1"
    )]
    MediaStorage,
    #[error("a storage for media that speaks S3 needs an access key and a secret key")]
    MediaKeys,
    #[error("the Graph API's version {0:?} is not understood: give one such as v26.0")]
    GraphVersion(String),
    #[error(
        "the trusted proxies {0:?} are not understood: give addresses or networks such as 10.0.0.0/8, with commas between"
    )]
    TrustedProxies(String),
    #[error("no home directory is known: choose a data directory with --data-dir")]
    NoDataDir,
}

impl Options {
    /// Whether a data directory was chosen, by flag or environment.
    #[must_use]
    pub fn data_dir_given(&self) -> bool {
        self.data_dir.is_some()
    }

    /// Settles what is in force.
    ///
    /// # Errors
    /// If the file cannot be read, or a value makes no sense.
    pub fn resolve(mut self) -> Result<Config, Error> {
        let mut file = self.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let media = MediaConfig::of(&mut self, &mut file)?;
        let public_url = self.public_url.or(file.public_url).map(check_public_url).transpose()?;
        let database = match self.database_url.or(file.database_url) {
            Some(url) => Database::External { url },
            None => Database::Embedded { pg_bin: self.pg_bin.or(file.pg_bin) },
        };
        let listen = self.listen.or(file.listen).unwrap_or_else(|| DEFAULT_LISTEN.parse().expect("a socket address"));
        // Someone's own machine, not a service for others.
        let by_default_private =
            matches!(database, Database::Embedded { .. }) && public_url.is_none() && listen.ip().is_loopback();
        let allow_private =
            self.allow_private_destinations.or(file.allow_private_destinations).unwrap_or(by_default_private);
        let default = Retention::default();
        let data_dir = self.data_dir.or(file.data_dir).or_else(default_data_dir).ok_or(Error::NoDataDir)?;
        let mail_from = self.mail_from.or(file.mail_from).unwrap_or_else(|| sender(public_url.as_ref()));
        Ok(Config {
            listen,
            media,
            mail_from,
            smtp_url: self.smtp_url.or(file.smtp_url),
            meta_url: self.meta_url.or(file.meta_url).map(check_public_url).transpose().map_err(|_| Error::MetaUrl)?,
            graph_version: match self.graph_version.or(file.graph_version) {
                Some(given) => meta::check_version(given)?,
                None => socialhook_graph::VERSION.to_owned(),
            },
            public_url,
            trusted_proxies: match self.trusted_proxies.or(file.trusted_proxies) {
                Some(given) => check_proxies(&given)?,
                None => check_proxies(DEFAULT_TRUSTED_PROXIES)?,
            },
            room: room(self.retention_bytes.or(file.retention_bytes), &database, &data_dir)?,
            data_dir,
            database,
            secret_key: self.secret_key.or(file.secret_key),
            schedule: match self.retry_schedule.or(file.retry_schedule) {
                Some(waits) => waits.parse()?,
                None => Schedule::default(),
            },
            drain: self.drain.or(file.drain).map_or(Ok(Duration::ZERO), check_drain)?,
            policy: if allow_private { Policy::AllowPrivate } else { Policy::PublicOnly },
            allow_volatile_database: self.allow_volatile_database.or(file.allow_volatile_database).unwrap_or(false),
            retention: Retention {
                receipt_days: days("receipt_days", self.receipt_days.or(file.receipt_days), default.receipt_days)?,
                event_days: days("event_days", self.event_days.or(file.event_days), default.event_days)?,
            },
            log: self.log.or(file.log).unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            log_json: self.log_json.or(file.log_json).unwrap_or(false),
        })
    }
}

fn sender(public_url: Option<&Url>) -> String {
    let host = public_url.and_then(Url::domain).unwrap_or("localhost");
    format!("SocialHook <socialhook@{host}>")
}

/// An address alone is a network of its own; nothing at all is nobody.
fn check_proxies(given: &str) -> Result<Vec<IpNet>, Error> {
    let nets = given.split(',').map(str::trim).filter(|net| !net.is_empty());
    let net = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    nets.map(|text| net(text).ok_or_else(|| Error::TrustedProxies(given.to_owned()))).collect()
}

fn read(path: &Path) -> Result<Options, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| Error::Parse { path: path.to_owned(), source: Box::new(source) })
}

fn check_public_url(url: Url) -> Result<Url, Error> {
    let usable =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/" && url.query().is_none();
    if usable { Ok(url) } else { Err(Error::PublicUrl) }
}

fn check_drain(given: String) -> Result<Duration, Error> {
    parse_wait(given.trim()).filter(|wait| *wait <= DRAIN_MAX).ok_or(Error::Drain { given })
}

fn days(name: &'static str, given: Option<u32>, default: u32) -> Result<u32, Error> {
    let given = given.unwrap_or(default);
    if RETENTION_DAYS.contains(&given) { Ok(given) } else { Err(Error::Retention { name, given }) }
}

/// What the tables may grow to. Only of the embedded database do we know the disk.
fn room(given: Option<Limit>, database: &Database, data_dir: &Path) -> Result<Room, Error> {
    match (given, database) {
        (Some(Limit::Bytes(bytes)), _) if bytes >= RETENTION_BYTES_MIN => Ok(Room::Bytes(bytes)),
        (Some(limit @ Limit::Bytes(_)), _) => Err(Error::RetentionBytes(limit)),
        (Some(Limit::None), _) | (None, Database::External { .. }) => Ok(Room::Unlimited),
        (None, Database::Embedded { .. }) => Ok(Room::Disk(data_dir.to_owned())),
    }
}

/// `/var/lib/socialhook` for root, since its home is closed to the user that PostgreSQL runs as; else below the home directory.
fn default_data_dir() -> Option<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/socialhook"));
    }
    #[expect(clippy::disallowed_methods, reason = "this module reads the environment")]
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_DATA_HOME")
        .or_else(|| Some(variable("HOME")?.join(".local/share")))
        .map(|base| base.join("socialhook"))
}

impl Config {
    /// How mail leaves.
    #[must_use]
    pub fn mail(&self) -> Mail {
        let way = self.smtp_url.clone().map_or_else(|| Way::Folder(self.data_dir.join("mail")), Way::Smtp);
        Mail { way, from: self.mail_from.clone() }
    }

    /// Every setting in force, a line each, secrets masked.
    #[must_use]
    pub fn describe(&self) -> String {
        let database = match &self.database {
            Database::Embedded { pg_bin: None } => "embedded".to_owned(),
            Database::Embedded { pg_bin: Some(directory) } => format!("embedded, programs in {}", directory.display()),
            Database::External { url } => mask(url),
        };
        let public_url = self.public_url.as_ref().map_or_else(|| format!("http://{}/", self.listen), Url::to_string);
        let lines = [
            ("listen", self.listen.to_string()),
            ("public_url", public_url),
            ("trusted_proxies", self.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            ("smtp_url", self.smtp_url.as_ref().map_or_else(|| "none: mail goes to files".to_owned(), mask)),
            ("mail_from", self.mail_from.clone()),
            ("meta_url", self.meta_url.as_ref().map_or_else(|| "none: Meta itself".to_owned(), Url::to_string)),
            ("graph_version", self.graph_version.clone()),
            ("media_storage", self.media.describe()),
            ("media_link_days", self.media.link_days.to_string()),
            ("media_file_max", Limit::Bytes(self.media.file_max).to_string()),
            ("media_quota", Limit::Bytes(self.media.quota).to_string()),
            ("data_dir", self.data_dir.display().to_string()),
            ("database", database),
            (
                "secret_key",
                if self.secret_key.is_some() { "given" } else { "secret.key in the data directory" }.to_owned(),
            ),
            ("retry_schedule", self.schedule.to_string()),
            ("drain", format!("{}s", self.drain.as_secs())),
            ("allow_private_destinations", (self.policy == Policy::AllowPrivate).to_string()),
            ("allow_volatile_database", self.allow_volatile_database.to_string()),
            ("receipt_days", self.retention.receipt_days.to_string()),
            ("event_days", self.retention.event_days.to_string()),
            (
                "retention_bytes",
                match &self.room {
                    Room::Unlimited => Limit::None.to_string(),
                    Room::Bytes(bytes) => Limit::Bytes(*bytes).to_string(),
                    Room::Disk(_) => "what leaves 5 GB or a tenth of the disk free".to_owned(),
                },
            ),
            ("log", self.log.clone()),
            ("log_json", self.log_json.to_string()),
        ];
        lines.map(|(name, value)| format!("{name} = {value}\n")).concat()
    }
}

/// The database's URL without its password, which may also stand in its query; a word where the URL is not understood.
fn mask(url: &SecretString) -> String {
    let masked = || {
        let mut url = Url::parse(url.expose_secret()).ok().filter(|url| !url.cannot_be_a_base())?;
        if url.password().is_some() {
            url.set_password(Some("…")).ok()?;
        }
        url.set_query(None);
        url.set_fragment(None);
        Some(url.to_string())
    };
    masked().unwrap_or_else(|| "given".to_owned())
}

/// Who lent themselves another user's rights to run this.
#[expect(clippy::disallowed_methods, reason = "it is no setting, and only told")]
pub(crate) fn sudo_user() -> Option<String> {
    std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
