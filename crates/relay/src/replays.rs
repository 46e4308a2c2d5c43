//! Advances replays: a batch of each endpoint's oldest at a tick, so that what is sent again trickles in beside what is new.

use socialhook_store::{PgConnection, Result, replays};

use crate::Relay;

/// Replays advanced in one tick; the others have their turn in the next.
const ADVANCED_MAX: i64 = 16;
/// A batch that opened fewer than this is followed by the next at once: it was looking only.
const OPENED_FEW: i64 = replays::BATCH / 4;

/// Advances what is due; returns how many replays.
pub(crate) async fn advance(relay: &Relay, c: &mut PgConnection) -> Result<usize> {
    let inner = &relay.0;
    let (mut advanced, mut at_once) = (0, false);
    for (tenant_id, replay_id) in replays::due(c, ADVANCED_MAX).await? {
        if inner.stop.is_cancelled() {
            break;
        }
        let Some(batch) = replays::advance(c, tenant_id, replay_id, inner.means.clock.now()).await? else { continue };
        advanced += 1;
        at_once |= !batch.is_last && batch.opened < OPENED_FEW;
        if batch.is_last {
            tracing::info!(replay.id = %replay_id, "a replay has come to its end");
        }
    }
    if at_once {
        inner.wake.notify_one();
    }
    Ok(advanced)
}
