//! How far back the page tells: each stretch has a length of bucket of its own, so that none reads many.

use chrono::{DateTime, Utc};
use socialhook_store::overview::Stretch;
use socialhook_store::rollups::Grain;

use super::RangeLink;
use crate::charts::{Ticks, Times};
use crate::words::Now;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    Hour,
    Day,
    Week,
    Month,
}

impl Range {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// A day, unless told otherwise: an hour is empty at night.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|range| range.word() == word).unwrap_or(Self::Day)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    fn shown(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
            Self::Month => "30 d",
        }
    }

    pub fn spoken(self) -> &'static str {
        match self {
            Self::Hour => "in the last hour",
            Self::Day => "in the last 24 hours",
            Self::Week => "in the last 7 days",
            Self::Month => "in the last 30 days",
        }
    }

    pub fn link(self, chosen: Self) -> RangeLink {
        RangeLink {
            href: format!("/overview?range={}", self.word()),
            word: self.shown(),
            spoken: self.spoken(),
            chosen: self == chosen,
        }
    }

    pub fn grain(self) -> Grain {
        match self {
            Self::Hour => Grain::Minutes5,
            Self::Day => Grain::Hour,
            Self::Week => Grain::Hours6,
            Self::Month => Grain::Day,
        }
    }

    /// Whole buckets that make up the stretch; the one that has only begun comes on top, so that nothing of it is left out.
    fn buckets(self) -> usize {
        match self {
            Self::Hour => 12,
            Self::Day => 24,
            Self::Week => 28,
            Self::Month => 30,
        }
    }

    pub fn start(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let length = self.grain().length();
        self.grain().floor(now) - length * i32::try_from(self.buckets()).unwrap_or(0)
    }

    /// What had traffic is told by longer buckets, of which few cover the stretch: finer ones are read only of what is shown.
    pub fn ranking(self, now: DateTime<Utc>) -> Stretch {
        let grain = match self {
            Self::Hour => Grain::Hour,
            Self::Day => Grain::Day,
            Self::Week | Self::Month => Grain::Days30,
        };
        Stretch { grain, from: grain.floor(self.start(now)) }
    }

    pub fn times(self, now: Now) -> Times {
        let ticks = match self {
            Self::Hour => Ticks::TenMinutes,
            Self::Day => Ticks::FourHours,
            Self::Week => Ticks::Days,
            Self::Month => Ticks::FiveDays,
        };
        Times {
            start: self.start(now.to_utc()),
            step: self.grain().length(),
            count: self.buckets() + 1,
            ticks,
            zone: now.timezone(),
            now: now.to_utc(),
        }
    }
}
