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

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let css = "text/css; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    [
        asset("app.css", css, include_bytes!("../../../static/app.css")),
        asset("app.js", script, include_bytes!("../../../static/app.js")),
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
