//! What can go wrong at Meta, on demand.

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The person gives every permission but the one for messages.
    ScopeWithheld,
    /// Codes are over before they can be exchanged.
    CodeExpires,
    /// The dialog sends no window message, as for returning customers.
    NoWindowMessage,
    /// Every access token has expired.
    TokensExpired,
    /// Every access token was withdrawn, as after a changed password.
    TokensRevoked,
    /// The app is told that it asks too much.
    Limited,
    /// Every answer is an error of Meta's own.
    Down,
    /// Webhooks are signed with another secret.
    SignsWrong,
    /// No webhook is sent.
    Silent,
    /// Every webhook comes twice.
    Duplicates,
    /// Several messages come in one post.
    Batches,
    /// What was written later comes first.
    Disorder,
    /// A media's address is over before it is used.
    MediaExpires,
    /// A download ends in its middle.
    MediaBreaksOff,
    /// A download is not what was announced.
    MediaDiffers,
}

impl Fault {
    pub const ALL: [Self; 15] = [
        Self::ScopeWithheld,
        Self::CodeExpires,
        Self::NoWindowMessage,
        Self::TokensExpired,
        Self::TokensRevoked,
        Self::Limited,
        Self::Down,
        Self::SignsWrong,
        Self::Silent,
        Self::Duplicates,
        Self::Batches,
        Self::Disorder,
        Self::MediaExpires,
        Self::MediaBreaksOff,
        Self::MediaDiffers,
    ];

    /// Its name in forms, and what it does.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ScopeWithheld => ("scope-withheld", "Permission for messages is not given"),
            Self::CodeExpires => ("code-expires", "Codes expire at once"),
            Self::NoWindowMessage => ("no-window-message", "Sign-up sends no window message"),
            Self::TokensExpired => ("tokens-expired", "Access tokens have expired"),
            Self::TokensRevoked => ("tokens-revoked", "Access tokens are withdrawn"),
            Self::Limited => ("limited", "Rate limit reached"),
            Self::Down => ("down", "Graph answers 500"),
            Self::SignsWrong => ("signs-wrong", "Webhooks are signed with another secret"),
            Self::Silent => ("silent", "No webhooks are sent"),
            Self::Duplicates => ("duplicates", "Every webhook comes twice"),
            Self::Batches => ("batches", "Several messages come in one post"),
            Self::Disorder => ("disorder", "Later messages come first"),
            Self::MediaExpires => ("media-expires", "Media addresses expire at once"),
            Self::MediaBreaksOff => ("media-breaks-off", "Downloads end in the middle"),
            Self::MediaDiffers => ("media-differs", "Downloads are not what was announced"),
        }
    }
}
