//! Answers that come compressed.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// `Accept-Encoding`: what [`decoded`] understands.
pub(super) const ENCODINGS: &str = "gzip, deflate";

/// Why an answer has no body that can be read.
pub(super) enum BodyError {
    TooLarge,
    Broken(reqwest::Error),
    /// It is compressed in a way that is not known, or cut.
    Encoding(String),
}

/// The body behind its `Content-Encoding`, whether that was asked for or not; at most `limit_bytes`
/// of it.
pub(super) fn decoded(
    headers: &HeaderMap,
    body: Vec<u8>,
    limit_bytes: usize,
) -> Result<Vec<u8>, BodyError> {
    let named = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let encodings: Vec<String> = named
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    // Listed in the order in which they were applied.
    encodings
        .iter()
        .rev()
        .try_fold(body, |body, encoding| match encoding.as_str() {
            "" | "identity" => Ok(body),
            "gzip" | "x-gzip" => unpacked(MultiGzDecoder::new(body.as_slice()), limit_bytes),
            // By the standard with zlib's header; some servers leave it out.
            "deflate" => match body.first() {
                Some(first) if first & 0x0f == 8 => {
                    unpacked(ZlibDecoder::new(body.as_slice()), limit_bytes)
                }
                _ => unpacked(DeflateDecoder::new(body.as_slice()), limit_bytes),
            },
            other => Err(BodyError::Encoding(format!(
                "its Content-Encoding is {other:?}, expected one of {ENCODINGS}"
            ))),
        })
}

fn unpacked(packed: impl Read, limit_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    let read = packed.take(limit_bytes as u64 + 1).read_to_end(&mut body);
    read.map_err(|error| BodyError::Encoding(format!("cannot unpack it: {error}")))?;
    if body.len() > limit_bytes {
        Err(BodyError::TooLarge)
    } else {
        Ok(body)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use reqwest::header::HeaderValue;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: &'static str, body: Vec<u8>) -> Result<Vec<u8>, BodyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        decoded(&headers, body, 1000)
    }

    #[test]
    fn what_is_compressed_is_unpacked() {
        let (mut zlib, mut raw) = (
            ZlibEncoder::new(Vec::new(), Compression::default()),
            DeflateEncoder::new(Vec::new(), Compression::default()),
        );
        zlib.write_all(b"[1]").unwrap();
        raw.write_all(b"[1]").unwrap();
        let (zlib, raw) = (zlib.finish().unwrap(), raw.finish().unwrap());
        for (encoding, body) in [
            ("identity", b"[1]".to_vec()),
            ("gzip", gzip(b"[1]")),
            ("X-GZip", gzip(b"[1]")),
            ("deflate", zlib.clone()),
            ("deflate", raw),
            ("deflate, gzip", gzip(&zlib)),
        ] {
            assert_eq!(
                read(encoding, body).ok().as_deref(),
                Some(&b"[1]"[..]),
                "{encoding}"
            );
        }
    }

    #[test]
    fn what_cannot_be_unpacked_or_grows_too_large_is_an_error() {
        assert!(matches!(
            read("zstd", Vec::new()),
            Err(BodyError::Encoding(_))
        ));
        assert!(matches!(
            read("gzip", b"[1]".to_vec()),
            Err(BodyError::Encoding(_))
        ));
        assert!(matches!(
            read("gzip", gzip(&[b'x'; 1001])),
            Err(BodyError::TooLarge)
        ));
        assert_eq!(
            read("gzip", gzip(&[b'x'; 1000]))
                .ok()
                .map(|body| body.len()),
            Some(1000)
        );
    }
}
