//! The address of a server, which may hold a password that nobody may see.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;

use crate::Error;

/// A checked base URL. `Debug` and `Display` show it without user and password; only a request gets
/// them.
#[derive(Clone)]
pub(crate) struct Address {
    url: Url,
    shown: Arc<str>,
}

impl Address {
    /// Checks that `text` is a URL of one of these schemes that ends with its path.
    pub(crate) fn new(text: &str, schemes: &[&str]) -> Result<Self, Error> {
        let refuse = |reason: String| Error::BaseUrl {
            found: without_credentials(text),
            reason,
        };
        let url = Url::parse(text).map_err(|error| refuse(error.to_string()))?;
        if !schemes.contains(&url.scheme()) {
            return Err(refuse(format!(
                "scheme {:?} is not {}",
                url.scheme(),
                schemes.join(" or ")
            )));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it has no host".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must end with the path".to_owned()));
        }
        let shown = without_credentials(url.as_str())
            .trim_end_matches('/')
            .into();
        Ok(Self { url, shown })
    }

    /// The URL of `path` below this address, as requests need it: with what must not be shown.
    pub(crate) fn secret_url(&self, path: &str) -> String {
        format!("{}{path}", self.url.as_str().trim_end_matches('/'))
    }

    /// User and password, as the URL writes them (percent-encoded); None where it has none.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        let has_any = !self.url.username().is_empty() || self.url.password().is_some();
        has_any.then(|| (self.url.username(), self.url.password().unwrap_or_default()))
    }

    /// Host and port; requests to one of them share the silence that it asks for.
    pub(crate) fn authority(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// Whether the server runs on this machine: no proxy is asked.
    pub(crate) fn is_local(&self) -> bool {
        matches!(
            self.url.host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        )
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// `text` without what may be secret: user and password before the last `@`, and what follows the
/// path. It need not be a valid URL.
fn without_credentials(text: &str) -> String {
    let (text, tail) = match text.find(['?', '#']) {
        Some(at) => (text.get(..at).unwrap_or_default(), "?***"),
        None => (text, ""),
    };
    let begin = text.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = text.split_at(begin);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}{rest}{tail}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_nowhere_but_in_requests() {
        let address = Address::new("https://user:s3cret@host.example/api/", &["https"]).unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "https://host.example/api https://host.example/api"
        );
        assert_eq!(
            address.secret_url("/x"),
            "https://user:s3cret@host.example/api/x"
        );
        assert_eq!(address.credentials(), Some(("user", "s3cret")));
        assert_eq!(address.authority(), "host.example:443");
        for bad in [
            "ftp://user:s3cret@host",
            "user:s3cret@host",
            "https://user:s3cret@",
            "https://user:s3c@ret@x:y/?a=@b",
        ] {
            let error = Address::new(bad, &["https"]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3c"), "{error:?}");
        }
    }
}
