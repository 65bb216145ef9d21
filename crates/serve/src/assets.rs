//! Scripts, styles and pictures of the page, and how much of them goes over the wire.

use std::io::Write;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use storage::content_hash;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";
const STYLE: &str = "text/css; charset=utf-8";

/// A file that is part of the program.
#[derive(Debug)]
pub struct Asset {
    /// Its address.
    pub path: &'static str,
    kind: &'static str,
    text: &'static str,
    packed: OnceLock<Packed>,
}

/// What is made of an asset once.
#[derive(Debug)]
struct Packed {
    gzip: Option<Bytes>,
    /// SHA-256 of the content, so that a browser asks whether a newer program has another.
    tag: String,
}

/// All of them.
pub static ASSETS: [Asset; 6] = [
    Asset::new("/assets/icon.svg", ICON, include_str!("../assets/icon.svg")),
    // Where browsers look for the icon of what names none, such as reports and JSON.
    Asset::new("/favicon.ico", ICON, include_str!("../assets/icon.svg")),
    Asset::new("/assets/page.js", SCRIPT, include_str!("../assets/page.js")),
    Asset::new(
        "/assets/page.css",
        STYLE,
        include_str!("../assets/page.css"),
    ),
    Asset::new(
        "/assets/uplot.js",
        SCRIPT,
        include_str!("../assets/uplot.js"),
    ),
    Asset::new(
        "/assets/uplot.css",
        STYLE,
        include_str!("../assets/uplot.css"),
    ),
];

impl Asset {
    const fn new(path: &'static str, kind: &'static str, text: &'static str) -> Self {
        let packed = OnceLock::new();
        Self {
            path,
            kind,
            text,
            packed,
        }
    }

    fn packed(&self) -> &Packed {
        let bytes = self.text.as_bytes();
        self.packed.get_or_init(|| Packed {
            gzip: gzip(bytes, Compression::best()),
            tag: format!("\"{}\"", content_hash(bytes)),
        })
    }

    /// The asset, or that the browser has it already.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let Packed { gzip, tag } = self.packed();
        let mut response = match gzip.clone().filter(|_| takes_gzip(headers)) {
            _ if knows(headers, tag) => StatusCode::NOT_MODIFIED.into_response(),
            Some(gzip) => encoded(gzip),
            None => self.text.into_response(),
        };
        let fixed = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, "no-cache"),
            (header::VARY, "accept-encoding"),
        ];
        let own = response.headers_mut();
        for (name, value) in fixed {
            own.insert(name, HeaderValue::from_static(value));
        }
        // Weak, as the compressed content has the same tag. A hash is always a header's value.
        if let Ok(tag) = HeaderValue::from_str(&format!("W/{tag}")) {
            own.insert(header::ETAG, tag);
        }
        response
    }
}

/// HTML, compressed for whoever takes that: the rows of a table are much alike.
pub fn html(text: String, headers: &HeaderMap) -> Response {
    let packed = takes_gzip(headers).then(|| gzip(text.as_bytes(), Compression::fast()));
    let mut response = match packed.flatten() {
        Some(packed) => encoded(packed),
        None => text.into_response(),
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, kind);
    own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn encoded(packed: Bytes) -> Response {
    ([(header::CONTENT_ENCODING, "gzip")], packed).into_response()
}

fn gzip(bytes: &[u8], level: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// The members of the lists that a header holds.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).iter();
    let lists = values.filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

/// Returns true where `If-None-Match` names the tag, weak or not: a proxy may have changed which.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let mut known = listed(headers, header::IF_NONE_MATCH);
    known.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// Returns true where `Accept-Encoding` names gzip, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    listed(headers, header::ACCEPT_ENCODING).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().strip_prefix("q=");
        let weight = weight.and_then(|weight| weight.parse::<f64>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_gzip(&headers)
        };
        assert!(with("gzip, deflate, br, zstd") && with("br;q=0.9, GZIP;q=0.1"));
        assert!(!with("br") && !with("gzip;q=0") && !with("") && !takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_browser_that_has_the_content_is_not_sent_it_again() {
        let asset = &ASSETS[0];
        let status = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            asset.answer(&headers).status().as_u16()
        };
        let tag = asset.answer(&HeaderMap::new()).headers()[header::ETAG].clone();
        let tag = tag.to_str().unwrap();
        let strong = tag.strip_prefix("W/").unwrap();
        for known in [tag, strong, "*", &format!("\"other\", {tag}")] {
            assert_eq!(status(known), 304, "{known}");
        }
        for other in ["\"other\"", "", &strong[1..]] {
            assert_eq!(status(other), 200, "{other}");
        }
    }

    #[test]
    fn what_is_compressed_is_the_same_and_smaller() {
        for asset in &ASSETS {
            let packed = asset.packed().gzip.as_ref().unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(packed.as_ref())
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, asset.text, "{}", asset.path);
            assert!(packed.len() < text.len(), "{}", asset.path);
        }
    }
}
