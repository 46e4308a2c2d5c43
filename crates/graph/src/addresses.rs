//! Where Meta's services are: its own hosts, or one address that stands for all of them.

use url::Url;

/// Meta's hosts that we ask or send people to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// `graph.facebook.com`
    pub facebook: Url,
    /// `graph.instagram.com`
    pub instagram: Url,
    /// `api.instagram.com`, which exchanges codes only.
    pub instagram_api: Url,
    /// `www.facebook.com`, where people log in.
    pub facebook_login: Url,
    /// `www.instagram.com`, where people log in.
    pub instagram_login: Url,
    /// The host of something that stands for Meta; its media may be fetched too.
    pub stand_in: Option<Url>,
}

impl Addresses {
    /// Meta itself.
    #[must_use]
    pub fn meta() -> Self {
        let host = |name: &str| Url::parse(&format!("https://{name}/")).expect("a host makes a URL");
        Self::named(host, None)
    }

    /// Something that stands for Meta, with each of Meta's hosts as the first part of the path.
    #[must_use]
    pub fn stand_in(base: &Url) -> Self {
        let below = |name: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}/{name}/", base.path().trim_end_matches('/')));
            url
        };
        Self::named(below, Some(base.clone()))
    }

    fn named(host: impl Fn(&str) -> Url, stand_in: Option<Url>) -> Self {
        Self {
            facebook: host("graph.facebook.com"),
            instagram: host("graph.instagram.com"),
            instagram_api: host("api.instagram.com"),
            facebook_login: host("www.facebook.com"),
            instagram_login: host("www.instagram.com"),
            stand_in,
        }
    }

    /// A path below one of them. Each part is escaped: an id can lead nowhere else.
    #[must_use]
    pub fn at(&self, base: &Url, path: &[&str]) -> Url {
        let mut url = base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            // `.` and `..` would be taken for steps.
            parts.pop_if_empty().extend(path.iter().map(|part| if part.starts_with('.') { "_" } else { part }));
        }
        url
    }

    /// Whose window messages are Meta's.
    #[must_use]
    pub fn login_origins(&self) -> Vec<String> {
        match &self.stand_in {
            Some(base) => vec![base.origin().ascii_serialization()],
            None => vec!["https://www.facebook.com".to_owned(), "https://web.facebook.com".to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_nowhere_else() {
        let addresses = Addresses::meta();
        let at = |path: &[&str]| addresses.at(&addresses.facebook, path).to_string();
        assert_eq!(at(&["v26.0", "106", "media"]), "https://graph.facebook.com/v26.0/106/media");
        assert_eq!(at(&["v26.0", "../me?x=#y"]), "https://graph.facebook.com/v26.0/_");
        assert_eq!(at(&["v26.0", "a/b?c"]), "https://graph.facebook.com/v26.0/a%2Fb%3Fc");
        let own = Addresses::stand_in(&Url::parse("http://127.0.0.1:9800/").expect("a URL"));
        assert_eq!(own.at(&own.instagram, &["me"]).as_str(), "http://127.0.0.1:9800/graph.instagram.com/me");
    }
}
