//! What is known of files.

use chrono::{DateTime, Utc};
use socialhook_core::id::{ChannelId, EventId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Key, Media, State};
use crate::Result;

struct Row {
    event_id: EventId,
    position: i16,
    channel_id: ChannelId,
    source: String,
    is_public: bool,
    announced_sha256: Option<Vec<u8>>,
    mime_type: Option<String>,
    filename: Option<String>,
    received_at: DateTime<Utc>,
    state: String,
    reason: Option<String>,
    tries: i16,
    size: Option<i64>,
    sha256: Option<Vec<u8>>,
    content_type: Option<String>,
}

impl Row {
    fn media(self, tenant_id: TenantId) -> Result<Media> {
        let digest = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| bytes.try_into().ok());
        Ok(Media {
            key: Key { tenant_id, event_id: self.event_id, position: self.position },
            channel_id: self.channel_id,
            source: self.source,
            is_public: self.is_public,
            announced_sha256: digest(self.announced_sha256),
            mime_type: self.mime_type,
            filename: self.filename,
            received_at: self.received_at,
            state: State::from_word(&self.state)?,
            reason: self.reason,
            tries: self.tries,
            size: self.size,
            sha256: digest(self.sha256),
            content_type: self.content_type,
        })
    }
}

/// One file; none: there is no such, or it is being erased.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, key: Key) -> Result<Option<Media>> {
    let all = of_event(c, tenant_id, key.event_id).await?;
    Ok(all.into_iter().find(|media| media.key.position == key.position))
}

/// The files of an event, in their order, without those that are being erased.
pub async fn of_event(c: &mut PgConnection, tenant_id: TenantId, event_id: EventId) -> Result<Vec<Media>> {
    of_events(c, tenant_id, &[event_id]).await
}

/// The files of some events, by event.
pub async fn of_events(c: &mut PgConnection, tenant_id: TenantId, event_ids: &[EventId]) -> Result<Vec<Media>> {
    let event_ids: Vec<Uuid> = event_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "select event_id, position, channel_id, source, is_public, announced_sha256, mime_type, filename, received_at, state, reason, tries, size, sha256, content_type
         from media where tenant_id = $1 and event_id = any($2) and state <> 'erasing' order by event_id, position",
        tenant_id.0,
        &event_ids
    )
    .fetch_all(c)
    .await?;
    rows.into_iter().map(|row| row.media(tenant_id)).collect()
}

/// How the media of a channel are doing since some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub stored: i64,
    pub bytes: i64,
    pub waiting: i64,
    pub gone: i64,
    pub refused: i64,
}

pub async fn summary(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
    since: DateTime<Utc>,
) -> Result<Summary> {
    let summary = sqlx::query_as!(
        Summary,
        r#"select count(*) filter (where state = 'stored') as "stored!", coalesce(sum(size) filter (where state = 'stored'), 0)::bigint as "bytes!",
             count(*) filter (where state = 'waiting') as "waiting!", count(*) filter (where state = 'gone') as "gone!",
             count(*) filter (where state = 'refused') as "refused!"
           from media where tenant_id = $1 and channel_id = $2 and event_id >= $3"#,
        tenant_id.0,
        channel_id.0,
        EventId::floor(since).0
    )
    .fetch_one(c)
    .await?;
    Ok(summary)
}
