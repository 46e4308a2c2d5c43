//! Media of messages: WhatsApp's by id, in two steps with the token; Messenger's and Instagram's at the address in the webhook, without one
//! (WhatsApp §10, Messenger §6).

use std::time::Duration;

use reqwest::{StatusCode, header};
use serde::Deserialize;
use url::Url;

use crate::tokens::Id;
use crate::{Access, Cause, Error, Graph, Refusal, bearer};

/// Hosts, and all below them, that Meta serves media from.
pub const MEDIA_HOSTS: [&str; 3] = ["fbsbx.com", "fbcdn.net", "cdninstagram.com"];
/// Until the first byte; the rest may take as long as it goes on.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// Redirects of a public address that are followed.
const REDIRECTS_MAX: usize = 3;

/// Where a medium can be fetched for the next five minutes.
#[derive(Debug, Clone, Deserialize)]
pub struct Media {
    pub url: Url,
    pub mime_type: Option<String>,
    /// Of the content: hex here, base64 in webhooks.
    pub sha256: Option<String>,
    /// Bytes: a number, quoted in some of Meta's answers.
    #[serde(default, deserialize_with = "size")]
    pub file_size: Option<u64>,
}

fn size<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<Id>::deserialize(deserializer)?.and_then(|size| size.0.parse().ok()))
}

impl Graph {
    /// Looks a medium up; `phone_number_id` is the number that got it.
    pub async fn media(&self, access: Access<'_>, id: &str, phone_number_id: &str) -> Result<Media, Error> {
        let mut url = self.facebook(&[id]);
        url.query_pairs_mut().append_pair("phone_number_id", phone_number_id);
        self.get(url, access).await
    }

    /// Begins to download a medium that was looked up. No redirect is followed: the token must not be carried on.
    pub async fn download(&self, access: Access<'_>, url: &Url) -> Result<reqwest::Response, Error> {
        self.check_host(url)?;
        let request = self.http.get(url.clone()).header(header::AUTHORIZATION, bearer(access.token)?);
        begun(send(request).await?)
    }

    /// Begins to download a medium from Meta's public hosts.
    pub async fn download_public(&self, url: &Url) -> Result<reqwest::Response, Error> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            self.check_host(&url)?;
            let answer = send(self.http.get(url.clone())).await?;
            let location = answer.headers().get(header::LOCATION).filter(|_| answer.status().is_redirection());
            let Some(location) = location else { return begun(answer) };
            url = location.to_str().ok().and_then(|to| url.join(to).ok()).ok_or(Error::NotMetas)?;
        }
        Err(Error::NotMetas)
    }

    /// Whether something may be fetched from there: an address in a webhook is whatever somebody put into a message.
    #[must_use]
    pub fn is_metas(&self, url: &Url) -> bool {
        if let Some(stand_in) = &self.addresses.stand_in
            && url.origin() == stand_in.origin()
        {
            return true;
        }
        let host = url.domain().unwrap_or_default();
        let below = |of: &&str| host == *of || host.strip_suffix(of).is_some_and(|start| start.ends_with('.'));
        url.scheme() == "https" && url.port().is_none() && MEDIA_HOSTS.iter().any(below)
    }

    fn check_host(&self, url: &Url) -> Result<(), Error> {
        if self.is_metas(url) { Ok(()) } else { Err(Error::NotMetas) }
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, Error> {
    let answer = tokio::time::timeout(HEAD_WITHIN, request.send()).await;
    answer.map_err(|_| Error::TimedOut)?.map_err(Error::of_request)
}

fn begun(answer: reqwest::Response) -> Result<reqwest::Response, Error> {
    let status = answer.status();
    if status == StatusCode::OK {
        return Ok(answer);
    }
    let code = match status {
        // The address is over five minutes old: a new one is needed.
        StatusCode::NOT_FOUND | StatusCode::GONE => 131_052,
        StatusCode::UNAUTHORIZED => 190,
        StatusCode::FORBIDDEN => 10,
        StatusCode::TOO_MANY_REQUESTS => 4,
        status if status.is_server_error() => 2,
        _ => 0,
    };
    let message = format!("the download answered {}", status.as_u16());
    Err(Refusal { status: status.as_u16(), code, subcode: None, message, trace: None }.into())
}

impl Media {
    /// Whether an error of the download is cured by looking the medium up again.
    #[must_use]
    pub fn is_stale(error: &Error) -> bool {
        error.cause() == Cause::NotThere
    }
}
