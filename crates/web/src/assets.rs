//! Style, scripts and drawings, embedded. Their URLs hold a hash of their content, so browsers keep them for a year.

use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::extract::Path;

const FOREVER: &str = "public, max-age=31536000, immutable";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    hash: String,
}

/// One file for browsers, several to work in. Later ones may change what earlier ones said.
const CSS: &str = concat!(
    include_str!("../../../static/css/tokens.css"),
    include_str!("../../../static/css/elements.css"),
    include_str!("../../../static/css/frame.css"),
    include_str!("../../../static/css/components.css"),
    include_str!("../../../static/css/tables.css"),
    include_str!("../../../static/css/forms.css"),
    include_str!("../../../static/css/payloads.css"),
    include_str!("../../../static/css/public.css"),
    include_str!("../../../static/css/narrow.css"),
    include_str!("../../../static/css/ledger.css"),
    include_str!("../../../static/css/endpoint.css"),
    include_str!("../../../static/css/overview.css"),
    include_str!("../../../static/css/channel.css"),
    include_str!("../../../static/css/chain.css"),
);

/// Fragments of one function: what `times` and `copy` declare is there for the others.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../../../static/js/times.js"),
    include_str!("../../../static/js/copy.js"),
    include_str!("../../../static/js/theme-toggle.js"),
    include_str!("../../../static/js/selection.js"),
    include_str!("../../../static/js/inspector.js"),
    include_str!("../../../static/js/progress.js"),
    include_str!("../../../static/js/ledger.js"),
    include_str!("../../../static/js/connect.js"),
    include_str!("../../../static/js/start.js"),
    "})();\n",
);

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let css = "text/css; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    [
        asset("app.css", css, CSS.as_bytes()),
        asset("app.js", script, SCRIPT.as_bytes()),
        asset("theme.js", script, include_bytes!("../../../static/theme.js")),
        asset("favicon.svg", "image/svg+xml", include_bytes!("../../../static/favicon.svg")),
    ]
});

fn asset(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Asset {
    let digest = Sha256::digest(content);
    Asset { name, content_type, content, hash: socialhook_core::signature::hex(&digest[..8]) }
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Where a page finds an asset.
pub fn href(name: &str) -> String {
    find(name).map_or_else(|| format!("/static/{name}"), |asset| format!("/static/{name}?v={}", asset.hash))
}

pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let asset = find(&name).ok_or(Error::NotFound)?;
    let tag = format!("\"{}\"", asset.hash);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    let common = [(header::ETAG, tag), (header::CACHE_CONTROL, FOREVER.to_owned())];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    Ok((common, [(header::CONTENT_TYPE, asset.content_type)], asset.content).into_response())
}
