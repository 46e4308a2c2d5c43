//! How an app is doing: a word, and the sentence that says why.

use socialhook_store::apps::App;
use socialhook_store::refusals::Total;

use crate::apps::refusals::{happened, is_about_signatures};
use crate::inspector::simulation;
use crate::words::{Now, Pill, When};

/// Told by what Meta did last.
pub fn of(app: &App, refusals: &[Total], now: Now) -> (Pill, String) {
    let ago = |at| When::new(at, now).words;
    let activity = app.activity;
    let refused = refusals
        .iter()
        .filter(|total| total.app_id == app.app_id && is_about_signatures(&total.reason))
        .max_by_key(|total| total.last_at);
    if app.live_secrets == 0 {
        return (Pill::REFUSING, "It has no secret, so that every webhook is refused. Add one.".to_owned());
    }
    if let Some(total) = refused.filter(|total| activity.signed_at.is_none_or(|at| at < total.last_at)) {
        return (
            Pill::REFUSING,
            format!("The last request, {}, was refused: it {}.", ago(total.last_at), happened(&total.reason)),
        );
    }
    if let Some(at) = activity.signed_at {
        return (Pill::RECEIVING, format!("The last webhook with a right signature came in {}.", ago(at)));
    }
    if app.name == simulation::APP_NAME {
        return (Pill::SIMULATED, "Made by the simulator; Meta knows nothing of it.".to_owned());
    }
    match (activity.challenged_at, activity.challenge_failed_at) {
        (at, Some(failed)) if at.is_none_or(|at| at < failed) => (
            Pill::REFUSING,
            format!(
                "Meta asked with a wrong verify token {}. Paste the one of the app’s page and verify again.",
                ago(failed)
            ),
        ),
        (Some(at), _) => (
            Pill::VERIFIED,
            format!(
                "Meta verified the callback URL {}, and has sent no webhook yet. Are the fields subscribed to?",
                ago(at)
            ),
        ),
        (None, _) => (
            Pill::NOT_SET_UP,
            "Meta has not asked for its callback URL yet. Paste it into Meta’s dashboard.".to_owned(),
        ),
    }
}
