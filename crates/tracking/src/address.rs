//! The server's address.

use reqwest::Url;

use crate::Cause;

/// A server's address, checked.
#[derive(Debug)]
pub(crate) struct ServerAddress {
    url: Url,
    /// The address for messages: without credentials, without a slash at its end.
    shown: String,
}

impl ServerAddress {
    pub(crate) fn parse(uri: &str) -> Result<Self, Cause> {
        let refuse = |reason: String| Cause::Uri {
            found: without_credentials(uri),
            reason,
        };
        let url = Url::parse(uri).map_err(|error| refuse(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("only a server can be logged to".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must end with the path".to_owned()));
        }
        let mut public = url.clone();
        let (no_user, no_password) = (public.set_username(""), public.set_password(None));
        if no_user.is_err() || no_password.is_err() {
            return Err(refuse("it has no host".to_owned()));
        }
        let shown = public.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, shown })
    }

    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether the server runs on this machine, so that no proxy is asked.
    pub(crate) fn is_local(&self) -> bool {
        matches!(
            self.url.host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        )
    }

    /// The password in the address itself.
    pub(crate) fn password(&self) -> Option<&str> {
        self.url.password()
    }

    /// Whether the address itself holds credentials, which then go before all others, as in
    /// MLflow's own client.
    pub(crate) fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// `path` below the interface's root; it must be percent-encoded.
    pub(crate) fn api(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}/api/2.0/{path}"));
        url
    }
}

/// `uri` with stars for what may be secret. It need not be a valid one.
pub(crate) fn without_credentials(uri: &str) -> String {
    let (uri, tail) = match uri.find(['?', '#']) {
        Some(at) => (uri.get(..at).unwrap_or_default(), "?***"),
        None => (uri, ""),
    };
    let (scheme, rest) = match uri.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), uri),
    };
    match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}***@{rest}{tail}"),
        None => format!("{scheme}{rest}{tail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ServerAddress, without_credentials};

    #[test]
    fn slashes_at_the_end_and_a_path_before_the_interface_are_fine() {
        for (uri, expected) in [
            (
                "http://127.0.0.1:5000",
                "http://127.0.0.1:5000/api/2.0/mlflow/runs/create",
            ),
            ("http://h//", "http://h/api/2.0/mlflow/runs/create"),
            (
                "https://h/team/mlflow/",
                "https://h/team/mlflow/api/2.0/mlflow/runs/create",
            ),
        ] {
            assert_eq!(
                ServerAddress::parse(uri)
                    .unwrap()
                    .api("mlflow/runs/create")
                    .as_str(),
                expected
            );
        }
    }

    #[test]
    fn another_kind_of_store_is_refused_without_its_password() {
        for uri in [
            "sqlite:///mlflow.db",
            "file:///mlruns",
            "databricks",
            "./mlruns",
            "http://h/?token=sesame",
        ] {
            assert!(ServerAddress::parse(uri).is_err(), "{uri}");
        }
        let error = ServerAddress::parse("postgresql://me:se@same@db/x?password=sesame")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("\"postgresql://***@db/x?***\"") && !error.contains("same"),
            "{error}"
        );
    }

    #[test]
    fn credentials_are_hidden_in_any_text() {
        assert_eq!(
            without_credentials("http://me:sesame@h:5000"),
            "http://***@h:5000"
        );
        assert_eq!(without_credentials("me:sesame@h"), "***@h");
        assert_eq!(
            without_credentials("http://me:sesame@h o"),
            "http://***@h o"
        );
        assert_eq!(
            ServerAddress::parse("http://me:sesame@h:5000/")
                .unwrap()
                .shown(),
            "http://h:5000"
        );
    }
}
