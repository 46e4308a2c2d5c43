//! Fetching: looks a file up at Meta, streams it into the storage, and keeps it if it is what was announced.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use object_store::buffered::BufWriter;
use reqwest::header;
use sha2::{Digest, Sha256};
use socialhook_graph::{Access, Cause, Media as Found};
use socialhook_store::media::{self as stored, Content, Key, Media, State};
use tokio::io::AsyncWriteExt;
use url::Url;

use super::{FETCHES, FETCHES_OF_EACH, object};
use crate::Relay;
use crate::connect::Known;
use crate::within::within;

/// Bytes that are held of one file: what an S3 part is at least.
const PIECE: usize = 5 << 20;
/// Between two pieces of a download.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
/// One file in all: the largest at the pace of a slow line.
const FILE_WITHIN: Duration = Duration::from_mins(10);
/// Longer than any fetch takes: who took a file and has not said what came of it is dead.
const LEASE: TimeDelta = TimeDelta::minutes(11);
const STORE_WITHIN: Duration = Duration::from_secs(5);
/// Looking a file up gives an address for five minutes; a stale one is looked up again so often.
const LOOK_UPS: usize = 3;
/// Meta keeps what came in a webhook for seven days (WhatsApp §10).
const META_KEEPS: TimeDelta = TimeDelta::days(7);
/// Seconds before each further try; then the last one again and again.
const WAITS: [i64; 6] = [5, 30, 120, 600, 3600, 10_800];
/// Tries after which what Meta does not know is taken to be gone.
const NOT_THERE_TRIES: i16 = 3;
const STOPPED: &str = "The service was stopped.";

/// Why a file is not there.
#[derive(Debug)]
pub(super) enum Miss {
    /// It may be later. In words for the tenant.
    Later(String),
    /// Meta does not have it.
    Gone(&'static str),
    /// We do not take it.
    Refused(&'static str),
    Store(socialhook_store::Error),
}

impl From<socialhook_store::Error> for Miss {
    fn from(error: socialhook_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<object_store::Error> for Miss {
    fn from(error: object_store::Error) -> Self {
        tracing::error!(%error, "the storage for media failed");
        Self::Later("Our storage did not take it.".to_owned())
    }
}

/// 32 bytes in hex or base64: Meta's two ways to write a digest.
pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
    let hex = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if text.len() == 64
        && let Some(bytes) = (0..32).map(|place| hex(place * 2)).collect::<Option<Vec<u8>>>()
    {
        return bytes.try_into().ok();
    }
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?.try_into().ok()
}

/// Fetches until the relay stops.
pub(crate) async fn run(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = relay.0.stop.cancelled() => return,
            () = relay.0.files.wake.notified() => {}
            _ = interval.tick() => {}
        }
        if let Err(error) = fetch_due(&relay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "media could not be looked for");
        }
    }
}

/// Fetches what is due, a few at a time, until nothing is or the relay stops; returns how many were tried.
pub(crate) async fn fetch_due(relay: &Relay) -> Result<usize, socialhook_store::Error> {
    let (mut tried, mut under_way) = (0, tokio::task::JoinSet::new());
    while !relay.0.stop.is_cancelled() {
        // A file that ends makes room for the next, so that a large one holds nobody up.
        let room = FETCHES.saturating_sub(under_way.len());
        let now = relay.0.means.clock.now();
        let limits = (i64::try_from(room).unwrap_or(0), FETCHES_OF_EACH);
        let due = within(&relay.0.means.pools.background, STORE_WITHIN, async |c| {
            stored::take_due(c, limits, (LEASE, now)).await
        });
        let due = if room == 0 { Vec::new() } else { due.await? };
        if due.is_empty() && under_way.is_empty() {
            break;
        }
        tried += due.len();
        for key in due {
            let relay = relay.clone();
            under_way.spawn(async move { fetch(&relay, key).await });
        }
        under_way.join_next().await;
    }
    while under_way.join_next().await.is_some() {}
    Ok(tried)
}

/// Fetches a file that was taken, and stores what came of it.
pub(super) async fn fetch(relay: &Relay, key: Key) {
    let Ok(_turn) = relay.0.files.turns.acquire().await else { return };
    let tried = tokio::select! {
        tried = tokio::time::timeout(FILE_WITHIN, try_one(relay, key)) => {
            tried.unwrap_or_else(|_| Err(Miss::Later("The download took too long.".to_owned())))
        }
        // Given up; it is due again when its lease is over.
        () = relay.0.stop.cancelled() => Err(Miss::Later(STOPPED.to_owned())),
    };
    let Err(miss) = tried else { return };
    if let Err(error) = note(relay, key, miss).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "what came of a medium could not be stored");
    }
}

async fn note(relay: &Relay, key: Key, miss: Miss) -> Result<(), socialhook_store::Error> {
    let now = relay.0.means.clock.now();
    within(&relay.0.means.pools.background, STORE_WITHIN, async |c| {
        let Some(media) = stored::find(c, key.tenant_id, key).await? else { return Ok(()) };
        let is_over = now - media.received_at > META_KEEPS;
        match miss {
            Miss::Gone(why) => stored::give_up(c, key.tenant_id, key, true, why).await,
            Miss::Refused(why) => stored::give_up(c, key.tenant_id, key, false, why).await,
            Miss::Later(_) if is_over => {
                stored::give_up(
                    c,
                    key.tenant_id,
                    key,
                    true,
                    "It could not be fetched in the seven days that Meta keeps it.",
                )
                .await
            }
            Miss::Later(why) => stored::failed(c, key.tenant_id, key, &why, again_at(media.tries, now)).await,
            Miss::Store(error) => {
                stored::failed(c, key.tenant_id, key, "Our database failed.", again_at(media.tries, now)).await?;
                Err(error)
            }
        }
    })
    .await
}

fn again_at(tries: i16, now: DateTime<Utc>) -> DateTime<Utc> {
    let place = usize::try_from(tries.max(1) - 1).unwrap_or(0).min(WAITS.len() - 1);
    now + TimeDelta::seconds(WAITS[place])
}

async fn try_one(relay: &Relay, key: Key) -> Result<(), Miss> {
    let pool = &relay.0.means.pools.background;
    let found = within(pool, STORE_WITHIN, async |c| {
        let media = stored::find(c, key.tenant_id, key).await?;
        Ok(media.zip(stored::choice(c, key.tenant_id).await?))
    });
    let Some((media, choice)) = found.await? else { return Ok(()) };
    if media.state != State::Waiting {
        return Ok(());
    }
    let quota = choice.quota.and_then(|quota| u64::try_from(quota).ok()).unwrap_or(relay.0.files.settings.quota);
    let room = quota.saturating_sub(u64::try_from(choice.used).unwrap_or(0));
    if room == 0 {
        return Err(Miss::Refused("Your media take all the room that you have."));
    }
    let limit = relay.0.files.settings.file_max.min(room);
    // What is public is had without the channel's access.
    let known = if media.is_public {
        None
    } else {
        Some(relay.0.examiner.known(key.tenant_id, media.channel_id).await?.ok_or_else(not_connected)?)
    };
    let copied = relay.0.files.apart.run(download(relay.clone(), media.clone(), known, limit));
    let copied = copied.await.unwrap_or_else(|| Err(Miss::Later(STOPPED.to_owned())))?;
    let Copied { size, sha256, content_type } = copied;
    let content_type = media.mime_type.or(content_type);
    let content = Content { size, sha256, content_type: content_type.as_deref().unwrap_or("application/octet-stream") };
    let now = relay.0.means.clock.now();
    let is_kept =
        within(pool, STORE_WITHIN, async |c| stored::stored(c, key.tenant_id, key, &content, now).await).await?;
    if !is_kept {
        // Erased meanwhile: whoever sweeps finds nothing, so it goes here.
        super::ending::delete_object(relay, key).await;
    }
    Ok(())
}

fn not_connected() -> Miss {
    Miss::Later("The channel is not connected any more. Connect it again within seven days.".to_owned())
}

/// A download that is whole and in the storage.
struct Copied {
    size: i64,
    sha256: [u8; 32],
    content_type: Option<String>,
}

async fn download(relay: Relay, media: Media, known: Option<Known>, limit: u64) -> Result<Copied, Miss> {
    let begun = begin(&relay, &media, known.as_ref(), limit).await?;
    let announced = begun.sha256.or(media.announced_sha256);
    let (size, sha256) = keep(&relay, media.key, begun.answer, (limit, announced)).await?;
    Ok(Copied { size, sha256, content_type: begun.content_type })
}

/// A download that has begun.
struct Begun {
    answer: reqwest::Response,
    /// As Meta said when it was looked up.
    sha256: Option<[u8; 32]>,
    content_type: Option<String>,
}

async fn begin(relay: &Relay, media: &Media, known: Option<&Known>, limit: u64) -> Result<Begun, Miss> {
    let graph = relay.graph();
    let Some(known) = known else {
        let url = Url::parse(&media.source).map_err(|_| Miss::Gone("Its address is none."))?;
        let answer = graph.download_public(&url).await.map_err(|error| missed(media, &error))?;
        return Ok(begun(answer, None));
    };
    let access = Access { app: &known.app, token: &known.token };
    let mut tries = 0;
    loop {
        let found = graph.media(access, &media.source, &known.external_id).await;
        let found: Found = found.map_err(|error| missed(media, &error))?;
        if found.file_size.is_some_and(|size| size > limit) {
            return Err(Miss::Refused("It is larger than what is kept."));
        }
        match graph.download(access, &found.url).await {
            Ok(answer) => return Ok(begun(answer, found.sha256.as_deref().and_then(digest))),
            Err(error) if Found::is_stale(&error) && tries < LOOK_UPS => tries += 1,
            Err(error) if Found::is_stale(&error) => {
                return Err(Miss::Later("Meta’s address for it ended before it could be used.".to_owned()));
            }
            Err(error) => return Err(missed(media, &error)),
        }
    }
}

fn begun(answer: reqwest::Response, sha256: Option<[u8; 32]>) -> Begun {
    let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Begun { content_type: content_type.map(str::to_owned), answer, sha256 }
}

fn missed(media: &Media, error: &socialhook_graph::Error) -> Miss {
    match error.cause() {
        Cause::NotThere if media.tries >= NOT_THERE_TRIES || media.is_public => {
            Miss::Gone("Meta does not have it any more.")
        }
        Cause::Other if matches!(error, socialhook_graph::Error::NotMetas) => {
            Miss::Gone("Its address is none of Meta’s.")
        }
        cause => Miss::Later(cause.advice().to_owned()),
    }
}

/// Streams a download into the storage; gives its size and digest. Nothing can be read of it before it is whole and right.
async fn keep(
    relay: &Relay,
    key: Key,
    mut answer: reqwest::Response,
    (limit, announced): (u64, Option<[u8; 32]>),
) -> Result<(i64, [u8; 32]), Miss> {
    let expected = answer.content_length();
    if expected.is_some_and(|size| size > limit) {
        return Err(Miss::Refused("It is larger than what is kept."));
    }
    let store = relay.0.files.store.clone();
    let mut writer = BufWriter::with_capacity(store, object(key), PIECE).with_max_concurrency(1);
    let copied = copy(&mut writer, &mut answer, limit).await;
    let wrong = match &copied {
        Ok((size, _)) if expected.is_some_and(|expected| expected != *size) => Some("The download broke off."),
        Ok((_, sha256)) if announced.is_some_and(|announced| announced != *sha256) => {
            Some("The download was not what the message announced.")
        }
        _ => None,
    };
    let copied = match wrong {
        Some(why) => Err(Miss::Later(why.to_owned())),
        None => copied,
    };
    match copied {
        Ok((size, sha256)) => {
            writer.shutdown().await.map_err(|error| not_taken(&error))?;
            Ok((i64::try_from(size).unwrap_or(i64::MAX), sha256))
        }
        Err(miss) => {
            // What was begun is not seen by anyone; what cannot be taken back is the storage's to clean up.
            let _ = writer.abort().await;
            Err(miss)
        }
    }
}

fn not_taken(error: &std::io::Error) -> Miss {
    tracing::error!(%error, "the storage for media failed");
    Miss::Later("Our storage did not take it.".to_owned())
}

async fn copy(writer: &mut BufWriter, answer: &mut reqwest::Response, limit: u64) -> Result<(u64, [u8; 32]), Miss> {
    let (mut size, mut hash) = (0_u64, Sha256::new());
    loop {
        let piece = tokio::time::timeout(PIECE_WITHIN, answer.chunk()).await;
        let piece = piece.map_err(|_| Miss::Later("Meta stopped sending.".to_owned()))?;
        let piece: Option<Bytes> = piece.map_err(|_| Miss::Later("The download broke off.".to_owned()))?;
        let Some(piece) = piece else { return Ok((size, hash.finalize().into())) };
        size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if size > limit {
            return Err(Miss::Refused("It is larger than what is kept."));
        }
        hash.update(&piece);
        writer.put(piece).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_in_both_of_metas_ways() {
        let bytes: [u8; 32] = Sha256::digest(b"content").into();
        let hex = socialhook_core::signature::hex(&bytes);
        assert_eq!(digest(&hex), Some(bytes));
        assert_eq!(digest(&hex.to_uppercase()), Some(bytes));
        assert_eq!(digest(&STANDARD.encode(bytes)), Some(bytes));
        assert_eq!(digest(STANDARD.encode(bytes).trim_end_matches('=')), Some(bytes));
        assert_eq!((digest(""), digest("zz"), digest(&hex[1..])), (None, None, None));
    }
}
