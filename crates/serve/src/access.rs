//! Who may ask: the address that is listened on, the hosts that a request may name, and the token.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Once;

use anyhow::{Context, anyhow};
use cli::WithHint;
use storage::content_hash;

use crate::network::Network;
use crate::sessions::Sessions;

/// The variable that holds the token where no file does.
pub const TOKEN_VARIABLE: &str = "QUARTERHOUR_TOKEN";

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 20;

/// Who may ask.
#[derive(Debug)]
pub struct Access {
    /// Values of `Host` that are answered.
    hosts: Vec<String>,
    /// SHA-256 of the token; None where there is none.
    token: Option<String>,
    /// Proxies that say truly where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Whether a proxy that is not trusted was told of.
    proxy_warning: Once,
    /// People who have logged in.
    pub sessions: Sessions,
}

impl Access {
    /// Access to a server that listens at `address` and is also called by the names in `hosts`, each
    /// with a port where the address has one.
    ///
    /// # Errors
    /// An address that others reach, without a token.
    pub fn new(address: SocketAddr, hosts: &[String], token: Option<&str>) -> anyhow::Result<Self> {
        if !address.ip().is_loopback() && token.is_none() {
            return Err(cli::usage(
                anyhow!("--listen {address} is reached by others, expected a token with it").hint(
                    format!(
                        "--token-file FILE or {TOKEN_VARIABLE} names one; `openssl rand -hex 32` makes one"
                    ),
                ),
            ));
        }
        let port = address.port();
        let mut known: Vec<String> = ["127.0.0.1", "localhost", "[::1]"]
            .map(|name| format!("{name}:{port}"))
            .to_vec();
        known.push(address.to_string());
        known.extend(hosts.iter().map(|host| host.to_lowercase()));
        Ok(Self {
            hosts: known,
            token: token.map(|token| content_hash(token.as_bytes())),
            trusted_proxies: Vec::new(),
            proxy_warning: Once::new(),
            sessions: Sessions::default(),
        })
    }

    /// Returns true when a token is needed.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Returns true for a `Host` that this server is called by. A page of somebody else's whose name
    /// was made to point here has its own name there.
    pub fn knows_host(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        self.hosts.contains(&host)
    }

    /// Returns true for an `Origin` that is a page of this server.
    pub fn knows_origin(&self, origin: &str) -> bool {
        let host = origin
            .strip_prefix("http://")
            .or(origin.strip_prefix("https://"));
        host.is_some_and(|host| self.knows_host(host))
    }

    /// Says once that wrong tokens come by a proxy that is not trusted.
    pub fn warn_of_proxy(&self, proxy: IpAddr) {
        self.proxy_warning.call_once(|| {
            let text = format!(
                "a wrong token came by {proxy}, which names its client in X-Forwarded-For: ten of them within a minute \
                 bar all clients of that address for the rest of it"
            );
            let hint = format!("--trusted-proxy {proxy}, if that is your own reverse proxy");
            cli::warn_with_hints(text, [hint]);
        });
    }

    /// Returns true for the token. Hashes are compared, so that the time it takes says nothing.
    pub fn is_token(&self, text: &str) -> bool {
        self.token.as_deref() == Some(content_hash(text.as_bytes()).as_str())
    }
}

/// The token of a file, or of the variable; None where neither is there.
///
/// # Errors
/// A file that cannot be read; a token that is short, or has letters that a header cannot hold.
pub fn read_token(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let (text, place) = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            (text, path.display().to_string())
        }
        // One that is there and empty is a secret that was lost on the way: it is refused below.
        None => match std::env::var(TOKEN_VARIABLE) {
            Err(std::env::VarError::NotPresent) => return Ok(None),
            text => {
                let text = text.with_context(|| format!("{TOKEN_VARIABLE} is no text"))?;
                (text, TOKEN_VARIABLE.to_owned())
            }
        },
    };
    let token = text.trim();
    let is_plain = token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if token.len() < SHORTEST_TOKEN || !is_plain {
        // The token itself is not told.
        return Err(cli::usage(
            anyhow!(
                "{place} holds {} letters, expected a token of at least {SHORTEST_TOKEN} letters and digits, \
                 `-`, `.`, `_` and `~`",
                token.chars().count()
            )
            .hint("`openssl rand -hex 32` makes one"),
        ));
    }
    Ok(Some(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_other_address_than_loopback_needs_a_token() {
        let at = |text: &str| text.parse().unwrap();
        assert!(Access::new(at("127.0.0.1:8700"), &[], None).is_ok());
        assert!(Access::new(at("[::1]:8700"), &[], None).is_ok());
        let refused = Access::new(at("0.0.0.0:8700"), &[], None).unwrap_err();
        assert!(
            refused.to_string().contains("expected a token"),
            "{refused}"
        );
        assert!(Access::new(at("0.0.0.0:8700"), &[], Some("0123456789abcdef0123")).is_ok());
    }

    #[test]
    fn hosts_and_origins_are_this_servers_own() {
        let hosts = ["quant.example".to_owned()];
        let access = Access::new("127.0.0.1:8700".parse().unwrap(), &hosts, None).unwrap();
        for host in [
            "127.0.0.1:8700",
            "localhost:8700",
            "LOCALHOST:8700",
            "quant.example",
        ] {
            assert!(access.knows_host(host), "{host}");
            assert!(access.knows_origin(&format!("https://{host}")), "{host}");
        }
        for host in [
            "localhost",
            "evil.example",
            "127.0.0.1:8701",
            "quant.example.evil",
            "",
        ] {
            assert!(!access.knows_host(host), "{host}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "file://localhost:8700",
            "localhost:8700",
        ] {
            assert!(!access.knows_origin(origin), "{origin}");
        }
    }

    #[test]
    fn a_token_is_told_by_its_hash_and_shown_nowhere() {
        let token = "0123456789abcdef0123";
        let access = Access::new("127.0.0.1:1".parse().unwrap(), &[], Some(token)).unwrap();
        assert!(access.is_token(token) && !access.is_token("0123456789abcdef012"));
        assert!(!format!("{access:?}").contains(token));
    }
}
