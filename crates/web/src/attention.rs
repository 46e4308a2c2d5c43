//! What needs attention now, in words, the worst first, each with where to go.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_store::connections::{self, Connection};
use socialhook_store::endpoints::PauseReason;
use socialhook_store::overview::{self as stored, AppNow, ChannelNow, EndpointNow, OPEN_COUNTED, Open, Stretch};
use socialhook_store::{self as store, PgConnection};

use crate::channels::access::token;
use crate::channels::doctor;
use crate::error::Error;
use crate::state::App;
use crate::words::{Now, Pill, When, count, count_up_to, grouped};

/// So many are told of; of the rest how many there are.
pub const SHOWN: usize = 8;

/// Endpoints of which it is counted what they are owed, those with the most traffic first.
const COUNTED: usize = 20;

/// Endpoints, or channels, with the same trouble that are told of one by one.
const APART: usize = 3;
/// Meta sends the first webhook when something happens: a verified app is not thought mute at once.
const MUTE_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Older refusals need nobody's attention now.
const UNSIGNED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// What waits for its next attempt is done with within minutes; what waits longer is told of.
const WAITING_LONG: TimeDelta = TimeDelta::minutes(15);
/// A channel with fewer events in a month or two has no pace to be measured by.
const BUSY: i64 = 50;
/// It is silent when this many times its usual interval has passed, but never before a night is over, and no news after two weeks.
const INTERVALS: i64 = 30;
const SILENT_AFTER: TimeDelta = TimeDelta::hours(12);
const SILENT_UNTIL: TimeDelta = TimeDelta::days(14);

/// One thing that someone should look at.
pub struct Concern {
    pub pill: Pill,
    /// The id of what it is about; empty where many have it in common.
    pub about: String,
    pub sentence: String,
    /// Where to see or mend it.
    pub href: String,
    pub link: &'static str,
}

/// How a tenant's things are at this moment.
pub struct Present {
    pub endpoints: Vec<EndpointNow>,
    pub channels: Vec<ChannelNow>,
    pub apps: Vec<AppNow>,
    pub open: HashMap<EndpointId, Open>,
    pub connections: Vec<Connection>,
    /// Of channels that have fallen silent: on whose side that is.
    sides: HashMap<ChannelId, String>,
}

impl Present {
    /// Those with the most traffic in the stretch come first.
    pub async fn read(
        c: &mut PgConnection,
        tenant_id: TenantId,
        traffic: Stretch,
        now: DateTime<Utc>,
    ) -> store::Result<Self> {
        let endpoints = stored::endpoints(c, tenant_id, traffic).await?;
        let channels = stored::channels(c, tenant_id, traffic, now).await?;
        let apps = stored::apps(c, tenant_id, now).await?;
        let mut counted: Vec<EndpointId> = endpoints.iter().take(COUNTED).map(|one| one.endpoint_id).collect();
        let ailing = endpoints.iter().skip(COUNTED).filter(|one| is_of_interest(one));
        counted.extend(ailing.take(SHOWN).map(|one| one.endpoint_id));
        let open = stored::open(c, tenant_id, &counted).await?.into_iter().collect();
        let connections = connections::list(c, tenant_id).await?;
        Ok(Self { endpoints, channels, apps, open, connections, sides: HashMap::new() })
    }

    /// Finds out on whose side it is that channels have fallen silent; of many at once nobody asks one by one.
    pub async fn ask_whose_side(&mut self, app: &App, tenant_id: TenantId, now: Now) -> Result<(), Error> {
        for channel_id in silent(self, now) {
            if let Some(found) = app.relay.examiner().diagnose_from_memory(tenant_id, channel_id).await? {
                self.sides.insert(channel_id, doctor::whose_side(&found));
            }
        }
        Ok(())
    }
}

/// It matters how much it is owed.
fn is_of_interest(one: &EndpointNow) -> bool {
    one.down_since.is_some() || one.has_parked || one.has_waiting
}

/// Everything that needs attention, endpoints first, since there events wait already. What many have in common is told once.
pub fn of(present: &Present, now: Now) -> Vec<Concern> {
    let endpoints: Vec<Concern> = present.endpoints.iter().filter_map(|one| endpoint(present, one, now)).collect();
    let mut concerns = Vec::new();
    let mut rest = endpoints;
    for pill in [Pill::DOWN, Pill::PAUSED, Pill::PARKED, Pill::WAITING] {
        let (same, others) = rest.into_iter().partition(|concern| concern.pill == pill);
        concerns.extend(told_once(same, |number| many_endpoints(pill, number)));
        rest = others;
    }
    concerns.extend(present.apps.iter().filter_map(|one| app(one, now)));
    concerns.extend(present.connections.iter().filter_map(|one| access(one, now)));
    let silences = present.channels.iter().filter_map(|one| silence(present, one, now)).collect();
    concerns.extend(told_once(silences, many_silent));
    concerns
}

/// Channels that have fallen silent and are told of one by one.
fn silent(present: &Present, now: Now) -> Vec<ChannelId> {
    let silent = present.channels.iter().filter(|one| silence(present, one, now).is_some());
    let silent: Vec<ChannelId> = silent.map(|one| one.channel_id).collect();
    if silent.len() > APART { Vec::new() } else { silent }
}

/// An access that has ended, or will soon.
fn access(one: &Connection, now: Now) -> Option<Concern> {
    let (pill, sentence) = token(one, now);
    (pill != Pill::TOKEN_GOOD).then(|| Concern {
        pill,
        about: one.connection_id.to_string(),
        sentence: format!("{}: {sentence}", one.name),
        href: "/connect".to_owned(),
        link: "Connect again",
    })
}

fn told_once(same: Vec<Concern>, all: impl FnOnce(usize) -> Concern) -> Vec<Concern> {
    if same.len() > APART { vec![all(same.len())] } else { same }
}

fn many_endpoints(pill: Pill, number: usize) -> Concern {
    let number = grouped(number);
    let (sentence, href, link) = match pill {
        Pill::DOWN => (
            format!(
                "{number} endpoints do not answer. Their events are parked and will be sent by themselves once they do."
            ),
            "/endpoints",
            "Open endpoints",
        ),
        Pill::PAUSED => (
            format!("{number} endpoints are paused. Their events are kept until you resume them."),
            "/endpoints",
            "Open endpoints",
        ),
        Pill::PARKED => (
            format!(
                "Events are parked at {number} endpoints after the last attempt failed. Resend once the cause is mended."
            ),
            "/deliveries?outcome=parked",
            "Show parked",
        ),
        _ => (
            format!("Events have waited for {number} endpoints longer than {} min.", WAITING_LONG.num_minutes()),
            "/deliveries?outcome=waiting",
            "Show waiting",
        ),
    };
    Concern { pill, about: String::new(), sentence, href: href.to_owned(), link }
}

fn many_silent(number: usize) -> Concern {
    let hours = SILENT_AFTER.num_hours();
    Concern {
        pill: Pill::WAITING,
        about: String::new(),
        sentence: format!(
            "{} channels that used to be busy have been silent for more than {hours} h.",
            grouped(number)
        ),
        href: "/channels".to_owned(),
        link: "Open channels",
    }
}

fn ago(at: DateTime<Utc>, now: Now) -> String {
    When::new(at, now).words
}

/// How long it has been.
pub fn length(at: DateTime<Utc>, now: Now) -> String {
    let words = ago(at, now);
    words.strip_suffix(" ago").map_or(words.clone(), str::to_owned)
}

/// How long it has been, as the end of a sentence.
fn since(at: DateTime<Utc>, now: Now) -> String {
    let words = ago(at, now);
    words.strip_suffix(" ago").map_or(words.clone(), |length| format!("for {length}"))
}

/// What is told of an endpoint, and mended on its page.
fn of_endpoint(one: &EndpointNow, pill: Pill, sentence: String) -> Concern {
    let about = one.endpoint_id.to_string();
    Concern { pill, href: format!("/endpoints/{about}"), about, sentence, link: "Open endpoint" }
}

/// Of one that a person paused nothing is told while nothing waits for it.
fn paused(one: &EndpointNow, open: Open, ago: &str, reason: PauseReason) -> Option<Concern> {
    let name = &one.name;
    let has_kept = one.has_parked || open.waiting > 0;
    let kept = count_up_to(open.parked + open.waiting, OPEN_COUNTED, "event is", "events are");
    let kept = if has_kept { format!(" {kept} kept until you resume it.") } else { String::new() };
    let sentence = match reason {
        PauseReason::Person if !has_kept => return None,
        PauseReason::Person => format!("{name} was paused {ago}.{kept}"),
        PauseReason::Gone => {
            format!("{name} was paused by itself {ago}: it answered 410, which asks for no more.{kept}")
        }
        PauseReason::Unhealthy => {
            format!("{name} was paused by itself {ago}: it had not answered for days.{kept}")
        }
    };
    Some(of_endpoint(one, Pill::PAUSED, sentence))
}

fn endpoint(present: &Present, one: &EndpointNow, now: Now) -> Option<Concern> {
    let open = present.open.get(&one.endpoint_id).copied().unwrap_or_default();
    let name = &one.name;
    let parked = match open.parked {
        // Those that are not counted are known to have some.
        0 if one.has_parked => "Events are".to_owned(),
        parked => count_up_to(parked, OPEN_COUNTED, "event is", "events are"),
    };
    let ledger = |pill, sentence, outcome, link| {
        let href = format!("/deliveries?outcome={outcome}&endpoint={}", one.endpoint_id);
        Some(Concern { pill, about: one.endpoint_id.to_string(), sentence, href, link })
    };
    if let Some((at, reason)) = one.paused {
        return paused(one, open, &ago(at, now), reason);
    }
    if let Some(at) = one.down_since {
        let parked = if one.has_parked {
            let selves = if open.parked == 1 { "itself" } else { "themselves" };
            format!(" {parked} parked and will be sent by {selves} once it answers.")
        } else {
            String::new()
        };
        return Some(of_endpoint(one, Pill::DOWN, format!("{name} has not answered {}.{parked}", since(at, now))));
    }
    if one.has_parked && !one.is_recovering {
        return ledger(
            Pill::PARKED,
            format!("{parked} parked at {name} after the last attempt failed. Resend once the cause is mended."),
            "parked",
            "Show parked",
        );
    }
    let oldest = open.oldest?;
    let waits = now.to_utc() - oldest > WAITING_LONG;
    let waiting = count_up_to(open.waiting.max(1), OPEN_COUNTED, "event waits", "events wait");
    waits.then(|| {
        let sentence = format!("{waiting} for {name}, the oldest {}.", since(oldest, now));
        ledger(Pill::WAITING, sentence, "waiting", "Show waiting")
    })?
}

fn app(one: &AppNow, now: Now) -> Option<Concern> {
    let at = now.to_utc();
    let concern = |pill, sentence, href: &str, link| {
        Some(Concern { pill, about: one.app_id.to_string(), sentence, href: href.to_owned(), link })
    };
    let name = &one.name;
    if let Some((number, last)) = one.unsigned.filter(|(_, last)| at - *last < UNSIGNED_WITHIN) {
        let webhooks = count(usize::try_from(number).unwrap_or(0), "webhook", "webhooks");
        // Where Meta's own come through, the secret is right.
        let cause = match one.signed_at {
            Some(signed_at) if signed_at > last => {
                "Others are signed well, so somebody else may be posting to its URL."
            }
            Some(_) => "Was the app secret reset in Meta’s dashboard? Add the new one.",
            None => "The app secret entered here is probably not the one in Meta’s dashboard.",
        };
        let sentence =
            format!("{webhooks} for {name} had a signature that fits no secret, the last {}. {cause}", ago(last, now));
        return concern(Pill::UNSIGNED, sentence, "/apps", "Open apps");
    }
    if let Some(failed_at) =
        one.challenge_failed_at.filter(|failed_at| one.challenged_at.is_none_or(|at| at < *failed_at))
    {
        let sentence = format!(
            "Meta asked {} with a verify token that is not {name}’s. Copy it from here and verify again.",
            ago(failed_at, now)
        );
        return (at - failed_at < UNSIGNED_WITHIN)
            .then(|| concern(Pill::FAILED, sentence, "/start", "Show the steps"))?;
    }
    let challenged_at = one.challenged_at.filter(|challenged_at| at - *challenged_at > MUTE_AFTER)?;
    let heard = one.signed_at.is_some_and(|signed_at| signed_at > challenged_at);
    let sentence = format!(
        "Meta verified {name} {}, but has sent nothing since. Subscribe to fields in its dashboard, and write to your number.",
        ago(challenged_at, now)
    );
    (!heard).then(|| concern(Pill::WAITING, sentence, "/start", "Show the steps"))?
}

/// A channel that used to be busy and is not any more.
fn silence(present: &Present, one: &ChannelNow, now: Now) -> Option<Concern> {
    let last = one.last_receipt_at?;
    let (events, since_when) = one.pace.filter(|(events, _)| *events >= BUSY)?;
    let seconds = (last - since_when).num_seconds().max(1);
    let usual = TimeDelta::seconds(seconds / events * INTERVALS).max(SILENT_AFTER);
    let silent = now.to_utc() - last;
    let a_day = usize::try_from(events * 86_400 / seconds).unwrap_or(0);
    let before = match a_day {
        0 => "before that something came every few days".to_owned(),
        _ => format!("before that it had about {} a day", count(a_day, "event", "events")),
    };
    (silent > usual && silent < SILENT_UNTIL).then(|| Concern {
        pill: Pill::WAITING,
        about: one.channel_id.to_string(),
        sentence: match present.sides.get(&one.channel_id) {
            Some(side) => format!("{} has been silent {}; {before}. {side}", one.name, since(last, now)),
            None => format!("{} has been silent {}; {before}.", one.name, since(last, now)),
        },
        href: format!("/channels/{}/doctor", one.channel_id),
        link: "Find out why",
    })
}
