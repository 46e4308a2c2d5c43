//! What happened of each step, and why not where something failed.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::event::Platform;
use socialhook_store::channels::Channel;
use socialhook_store::onboarding::{Answer, LastAttempt, Newest};
use socialhook_store::overview::AppNow;

use super::{EventShown, is_real};
use crate::inspector::simulation::APP_NAME;
use crate::json_view;
use crate::words::{self, Now, Pill, When, count};

/// Failures that lie further back hinder nobody now.
const REASONS_WITHIN: TimeDelta = TimeDelta::days(1);

/// What the database knows.
pub struct Known {
    pub apps: Vec<AppNow>,
    pub channels: Vec<Channel>,
    pub answers: Vec<Answer>,
    pub newest: Option<Newest>,
}

/// A step and what of it happened.
pub struct Step {
    /// Of its element, by which a script puts a newer one in its place.
    pub id: &'static str,
    pub done: bool,
    /// Nothing of it is under way, so that its ways need not be shown.
    pub settled: bool,
    pub ticks: Vec<Tick>,
    /// Why it does not go on: what happened, then what to do.
    pub problems: Vec<String>,
}

pub struct Tick {
    pub pill: Pill,
    pub words: String,
    pub when: Option<When>,
}

impl Tick {
    fn of(happened: Option<DateTime<Utc>>, done: String, open: &str, now: Now) -> Self {
        match happened {
            Some(at) => Self { pill: Pill::DONE, words: done, when: Some(When::new(at, now)) },
            None => Self::open(open),
        }
    }

    fn done(words: String) -> Self {
        Self { pill: Pill::DONE, words, when: None }
    }

    fn open(words: &str) -> Self {
        Self { pill: Pill::TO_DO, words: words.to_owned(), when: None }
    }
}

impl Known {
    pub fn steps(&self, now: Now) -> [Step; 3] {
        [self.source(now), self.destination(), self.first_event(now)]
    }

    pub fn sentence(&self) -> String {
        let delivered = self.answers.iter().any(|answer| answer.delivered);
        let own = self.answers.iter().find(|answer| answer.delivered && !answer.is_inspector);
        match (self.channels.is_empty(), self.newest.is_some(), delivered, own) {
            (_, _, _, Some(own)) => {
                let is_all = self.answers.iter().all(|answer| answer.delivered);
                format!("{} first event reached {}.", if is_all { "All done: your" } else { "Your" }, own.name)
            }
            (_, _, true, None) => {
                "Your first event arrived in the inspector. Paste your server’s URL to have it sent there too."
                    .to_owned()
            }
            (_, true, false, None) => "Your first event is in. It is on its way to where you want it.".to_owned(),
            (false, false, ..) => {
                "Connected. Now something has to happen: write to your number, page or account.".to_owned()
            }
            (true, false, ..) => {
                "Three steps to your first event. The quickest way takes one press of a button.".to_owned()
            }
        }
    }

    pub fn event(&self) -> Option<EventShown> {
        let newest = self.newest.as_ref()?;
        let attempted = self
            .answers
            .iter()
            .find(|answer| answer.last.as_ref().is_some_and(|last| last.event_id == newest.event_id));
        Some(EventShown {
            word: newest.event.clone(),
            channel: newest.channel_name.clone(),
            body: json_view::html(&newest.body),
            href: attempted.map(|answer| format!("/deliveries/{}/{}", newest.event_id, answer.endpoint_id)),
        })
    }

    fn source(&self, now: Now) -> Step {
        let simulated = self.channels.iter().find(|channel| channel.app_name == APP_NAME);
        let real: Vec<&Channel> = self.channels.iter().filter(|channel| channel.app_name != APP_NAME).collect();
        let apps: Vec<&AppNow> = self.apps.iter().filter(|one| is_real(one)).collect();
        let mut ticks = Vec::new();
        if let Some(channel) = simulated {
            ticks.push(Tick::done(format!("{} is connected through the simulator", channel.name)));
        }
        if apps.is_empty() {
            ticks.extend(real.first().map(|first| connected(first)));
            if ticks.is_empty() {
                ticks.push(Tick::open("Your Meta app or the simulator is connected"));
            }
        } else {
            let challenged = apps.iter().filter_map(|one| one.challenged_at).max();
            let signed = apps.iter().filter_map(|one| one.signed_at).max();
            ticks.push(Tick::of(
                challenged.or(signed),
                "Meta verified the callback URL".to_owned(),
                "Meta verifies the callback URL",
                now,
            ));
            ticks.push(Tick::of(
                signed,
                "A webhook came in, signed by Meta".to_owned(),
                "The first signed webhook comes in",
                now,
            ));
            ticks.push(match real.first() {
                Some(first) => connected(first),
                None => Tick::open("Its number, page or account shows up"),
            });
        }
        let problems = apps.iter().flat_map(|one| of_app(one, real.is_empty(), now)).collect();
        let done = !self.channels.is_empty();
        let settled = done && apps.iter().all(|one| one.signed_at.is_some());
        Step { id: "step-1-ticks", done, settled, ticks, problems }
    }

    fn destination(&self) -> Step {
        let ticks: Vec<Tick> = self
            .answers
            .iter()
            .take(3)
            .map(|answer| match &answer.url {
                Some(url) => Tick::done(format!("{}: {url}", answer.name)),
                None => Tick::done("The inspector, a page here that shows what arrives".to_owned()),
            })
            .collect();
        let done = !ticks.is_empty();
        let ticks = if done { ticks } else { vec![Tick::open("A URL of yours, or the inspector")] };
        let settled = self.answers.iter().any(|answer| !answer.is_inspector);
        Step { id: "step-2-ticks", done, settled, ticks, problems: Vec::new() }
    }

    fn first_event(&self, now: Now) -> Step {
        let stored = self.newest.as_ref();
        let mut ticks = vec![Tick::of(
            stored.map(|newest| newest.received_at),
            "Events come in and are stored".to_owned(),
            "The first event is stored",
            now,
        )];
        for answer in self.answers.iter().take(3) {
            ticks.push(if answer.delivered {
                let when =
                    answer.last.as_ref().filter(|last| last.failure.is_none()).map(|last| When::new(last.at, now));
                Tick { pill: Pill::DONE, words: format!("{} answered 2xx", answer.name), when }
            } else {
                Tick::open(&format!("{} answers 2xx", answer.name))
            });
        }
        let problems = self.answers.iter().filter_map(|answer| of_answer(answer, now)).collect();
        let done = self.answers.iter().any(|answer| answer.delivered);
        Step { id: "step-3-ticks", done, settled: done, ticks, problems }
    }
}

fn connected(channel: &Channel) -> Tick {
    Tick::done(format!("{} {} is connected", words::platform(channel.platform), shown(channel)))
}

fn shown(channel: &Channel) -> String {
    let kind = match channel.platform {
        Platform::Whatsapp => "number",
        Platform::Messenger => "page",
        Platform::Instagram => "account",
    };
    if channel.name == channel.external_id { format!("{kind} {}", channel.name) } else { channel.name.clone() }
}

fn of_app(one: &AppNow, no_channel: bool, now: Now) -> Vec<String> {
    let at = now.to_utc();
    let recent = |moment: &DateTime<Utc>| at - *moment < REASONS_WITHIN;
    let ago = |moment| When::new(moment, now).words;
    let name = &one.name;
    let mut problems = Vec::new();
    if let Some(failed_at) =
        one.challenge_failed_at.filter(recent).filter(|failed_at| one.challenged_at < Some(*failed_at))
    {
        problems.push(format!(
            "Meta asked {} with a verify token that is not {name}’s, so we said no. Copy the verify token from here, paste it into Meta’s dashboard, and press “Verify and save” again.",
            ago(failed_at)
        ));
    }
    if let Some((number, last)) =
        one.unsigned.filter(|(_, last)| recent(last)).filter(|(_, last)| one.signed_at < Some(*last))
    {
        let webhooks = count(usize::try_from(number).unwrap_or(0), "webhook was", "webhooks were");
        problems.push(format!(
            "{webhooks} refused, the last {}: the signature does not fit the app secret entered for {name}. Most likely it is another app’s secret, or it was reset. Copy it anew from App settings → Basic and add it under Apps.",
            ago(last)
        ));
    }
    if let Some(signed_at) = one.signed_at.filter(|_| no_channel) {
        problems.push(format!(
            "A signed webhook came in {}, but it named no number, page or account: it was about the account as a whole, or Meta’s own test. Write a real message to your number.",
            ago(signed_at)
        ));
    }
    problems
}

fn of_answer(answer: &Answer, now: Now) -> Option<String> {
    let last: &LastAttempt = answer.last.as_ref().filter(|last| last.failure.is_some())?;
    let outcome = words::outcome(last.status, last.failure.as_deref());
    let advice = words::advice(last.status, last.failure.as_deref()).unwrap_or_default();
    Some(format!("{} {outcome} {}. {advice}", answer.name, When::new(last.at, now).words))
}
