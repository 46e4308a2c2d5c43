//! The files of an event: what each is, whether it is there, and a look at it.

use chrono::TimeDelta;
use socialhook_store::media::{Media, State};
use url::Position;

use crate::media::Preview;
use crate::state::App;
use crate::words::{self, Pill};

/// How long the links of a page work: for as long as somebody looks at it.
const LINKS_FOR: TimeDelta = TimeDelta::hours(1);

/// One file, as it is told of.
pub struct File {
    pub name: String,
    pub pill: Pill,
    pub sentence: String,
    /// Where it is to be had; none: it is not.
    pub href: Option<String>,
    /// How a browser shows it in place; none: it is not there yet, or nothing that is shown.
    pub preview: Option<Preview>,
}

impl File {
    pub fn of(app: &App, media: Media) -> Self {
        let kind =
            media.content_type.or(media.mime_type).unwrap_or_else(|| "of a kind that Meta does not name".to_owned());
        let size = media.size.and_then(|size| usize::try_from(size).ok()).map(words::bytes);
        let reason = media.reason.as_deref();
        let (pill, sentence) = match media.state {
            State::Stored => (Pill::KEPT, format!("{kind}, {}", size.unwrap_or_default())),
            State::Waiting => match reason {
                None => (Pill::WAITING, format!("{kind}, still to be fetched from Meta")),
                Some(why) => (Pill::WAITING, format!("{kind}. {why} It is tried again by itself.")),
            },
            State::Gone => (Pill::GONE, format!("{kind}. {}", reason.unwrap_or("Meta does not have it any more."))),
            State::Refused => (Pill::REFUSED, format!("{kind}. {}", reason.unwrap_or("It was not taken."))),
        };
        let (link, _) = app.relay.media_link(media.key, Some(LINKS_FOR));
        Self {
            name: media.filename.unwrap_or_else(|| format!("File {}", media.key.position + 1)),
            pill,
            preview: (media.state == State::Stored).then(|| Preview::of(&kind)).flatten(),
            sentence,
            href: media.state.is_to_be_had().then(|| link[Position::BeforePath..].to_owned()),
        }
    }
}
