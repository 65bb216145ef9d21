//! Scripts, styles and pictures of the page, and how much of them goes over the wire.

use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
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
}

/// All of them.
pub static ASSETS: [Asset; 6] = [
    Asset {
        path: "/assets/icon.svg",
        kind: ICON,
        text: include_str!("../assets/icon.svg"),
    },
    // Where browsers look for the icon of what names none, such as reports and JSON.
    Asset {
        path: "/favicon.ico",
        kind: ICON,
        text: include_str!("../assets/icon.svg"),
    },
    Asset {
        path: "/assets/page.js",
        kind: SCRIPT,
        text: include_str!("../assets/page.js"),
    },
    Asset {
        path: "/assets/page.css",
        kind: STYLE,
        text: include_str!("../assets/page.css"),
    },
    Asset {
        path: "/assets/uplot.js",
        kind: SCRIPT,
        text: include_str!("../assets/uplot.js"),
    },
    Asset {
        path: "/assets/uplot.css",
        kind: STYLE,
        text: include_str!("../assets/uplot.css"),
    },
];

/// What is made of an asset once.
#[derive(Debug)]
struct Packed {
    gzip: Option<Bytes>,
    /// Names the content, so that a browser asks whether a newer program has another.
    tag: Option<HeaderValue>,
}

/// The assets, compressed, in their order.
static PACKED: LazyLock<Vec<Packed>> = LazyLock::new(|| {
    let all = ASSETS.iter().map(|asset| asset.text.as_bytes());
    let packed = all.map(|text| Packed {
        gzip: gzip(text, Compression::best()),
        tag: HeaderValue::from_str(&format!("W/\"{}\"", content_hash(text))).ok(),
    });
    packed.collect()
});

impl Asset {
    /// Answers requests for the asset at this place of the list.
    pub fn route<S: Clone + Send + Sync + 'static>(&'static self, place: usize) -> MethodRouter<S> {
        get(move |headers: HeaderMap| async move {
            let packed = PACKED.get(place);
            let tag = packed.and_then(|packed| packed.tag.clone());
            let is_known = tag.is_some() && headers.get(header::IF_NONE_MATCH) == tag.as_ref();
            let gzip = packed.and_then(|packed| packed.gzip.clone());
            let mut response = match gzip.filter(|_| takes_gzip(&headers)) {
                _ if is_known => StatusCode::NOT_MODIFIED.into_response(),
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
            if let Some(tag) = tag {
                own.insert(header::ETAG, tag);
            }
            response
        })
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

/// Returns true where `Accept-Encoding` names gzip, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING);
    let mut named = accepted
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    named.any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f64>().ok());
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
    fn what_is_compressed_is_the_same_and_smaller() {
        for (asset, packed) in ASSETS.iter().zip(PACKED.iter()) {
            let packed = packed.gzip.as_ref().unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(packed.as_ref())
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, asset.text, "{}", asset.path);
            assert!(packed.len() < text.len(), "{}", asset.path);
        }
    }
}
