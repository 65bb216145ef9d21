//! Websocket connections: which streams each one carries, and the way there, by a proxy where there
//! is one.

use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{Uri, header};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls};
use tower::ServiceExt;

use crate::address::Address;
use crate::{Error, Interval, Symbol};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long setting up a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The exchange takes at most so many streams a connection.
const STREAMS: usize = 1024;

/// Longest list of streams in a URL: the exchange refuses URLs of more than about 8,000 characters,
/// and some proxies do so at half of that.
const STREAMS_BYTES: usize = 3500;

/// Paths below the exchange's address, one a connection, that carry the klines of all `symbols`.
pub(super) fn paths(symbols: &[Symbol], interval: Interval) -> Vec<String> {
    let mut paths: Vec<(usize, String)> = Vec::new();
    for symbol in symbols {
        let stream = format!("{}@kline_{interval}", symbol.url_lowercase());
        match paths.last_mut() {
            Some((count, path))
                if *count < STREAMS && path.len() + stream.len() < STREAMS_BYTES =>
            {
                path.push('/');
                path.push_str(&stream);
                *count += 1;
            }
            _ => paths.push((1, format!("/stream?streams={stream}"))),
        }
    }
    paths.into_iter().map(|(_, path)| path).collect()
}

/// Connects to `path` below `address`, by the proxy that `proxies` names for it.
pub(super) async fn connect(
    address: &Address,
    path: &str,
    proxies: &Matcher,
) -> Result<Socket, Error> {
    let failed = |reason: String| Error::Stream {
        url: address.to_string(),
        reason,
    };
    timeout(CONNECT_LIMIT, open(address, path, proxies))
        .await
        .map_err(|_| {
            failed(format!(
                "no connection within {} s",
                CONNECT_LIMIT.as_secs()
            ))
        })?
        .map_err(failed)
}

async fn open(address: &Address, path: &str, proxies: &Matcher) -> Result<Socket, String> {
    // For symbols that are not ASCII: percent-encoded.
    let url =
        reqwest::Url::parse(&format!("{address}{path}")).map_err(|error| error.to_string())?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|error| error.to_string())?;
    if let Some(value) = authorization(address) {
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    let (host, port) = (
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or(443),
    );
    // Proxies are chosen by the schemes of HTTP.
    let scheme = if url.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    let target: Uri = format!("{scheme}://{host}:{port}/")
        .parse()
        .map_err(|_| format!("{host} is no host"))?;
    let stream = match proxies.intercept(&target).filter(|_| !address.is_local()) {
        Some(proxy) => {
            let shown = proxy
                .uri()
                .authority()
                .map(|authority| authority.as_str())
                .unwrap_or_default();
            if proxy.uri().scheme_str() != Some("http") {
                let scheme = proxy.uri().scheme_str().unwrap_or_default();
                return Err(format!(
                    "the proxy {shown} is one of {scheme}, expected http (HTTP CONNECT)"
                ));
            }
            let mut tunnel = Tunnel::new(proxy.uri().clone(), HttpConnector::new());
            if let Some(value) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(value.clone());
            }
            let connected = tunnel.oneshot(target).await;
            connected
                .map_err(|error| format!("by the proxy {shown}: {}", with_causes(&error)))?
                .into_inner()
        }
        // A host by its number is written in brackets where it is one of IPv6.
        None => TcpStream::connect((host.trim_matches(['[', ']']), port))
            .await
            .map_err(|error| error.to_string())?,
    };
    let connected = client_async_tls(request, stream).await;
    connected
        .map(|(socket, _)| socket)
        .map_err(|error| error.to_string())
}

/// `Authorization` for user and password of the address, written as for a proxy, which takes the
/// same form.
fn authorization(address: &Address) -> Option<header::HeaderValue> {
    let (user, password) = address.credentials()?;
    let written = Matcher::builder()
        .all(format!("http://{user}:{password}@host"))
        .build();
    written
        .intercept(&Uri::from_static("http://host"))?
        .basic_auth()
        .cloned()
}

/// An error and all its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn symbols(count: usize) -> Vec<Symbol> {
        (0..count)
            .map(|number| Symbol::new(&format!("C{number:04}LONGNAMEUSDT")).unwrap())
            .collect()
    }

    #[test]
    fn many_coins_are_spread_over_connections() {
        let all = symbols(450);
        let paths = paths(&all, Interval::ONE_MINUTE);
        assert_eq!(paths.len(), 4);
        assert!(paths.iter().all(|path| path.len() <= STREAMS_BYTES));
        let carried: Vec<&str> = paths
            .iter()
            .flat_map(|path| path.strip_prefix("/stream?streams=").unwrap().split('/'))
            .collect();
        assert_eq!(carried.len(), 450);
        assert_eq!(
            (carried[0], carried[449]),
            ("c0000longnameusdt@kline_1m", "c0449longnameusdt@kline_1m")
        );
        let short: Vec<Symbol> = ["BTCUSDT", "ETHUSDT"]
            .map(|text| Symbol::new(text).unwrap())
            .to_vec();
        assert_eq!(
            super::paths(&short, Interval::ONE_MINUTE),
            ["/stream?streams=btcusdt@kline_1m/ethusdt@kline_1m"]
        );
    }

    #[test]
    fn user_and_password_are_sent_as_a_header() {
        let address = Address::new("ws://user:p%40ss@host", &["ws"]).unwrap();
        // `printf user:p@ss | base64`
        assert_eq!(authorization(&address).unwrap(), "Basic dXNlcjpwQHNz");
        assert_eq!(
            authorization(&Address::new("ws://host", &["ws"]).unwrap()),
            None
        );
    }

    /// A proxy that takes one CONNECT and leads it to `target`; what it was asked.
    async fn proxy(target: std::net::SocketAddr) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://me:s3cret@{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let mut server = TcpStream::connect(target).await.unwrap();
            client.write_all(b"HTTP/1.1 200 ok\r\n\r\n").await.unwrap();
            tokio::spawn(
                async move { tokio::io::copy_bidirectional(&mut client, &mut server).await },
            );
            String::from_utf8(head).unwrap()
        });
        (url, serving)
    }

    /// The exchange's name is known to the proxy alone.
    #[tokio::test]
    async fn the_way_leads_by_the_proxy() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, asked) = proxy(listener.local_addr().unwrap()).await;
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tokio_tungstenite::accept_async(stream).await.unwrap()
        });
        let address = Address::new("ws://exchange.invalid", &["ws"]).unwrap();
        let proxies = Matcher::builder().all(url.clone()).build();
        connect(&address, "/stream?streams=x", &proxies)
            .await
            .unwrap();
        serving.await.unwrap();
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("CONNECT exchange.invalid:80 HTTP/1.1\r\n"),
            "{asked}"
        );
        // `printf me:s3cret | base64`
        assert!(
            asked.contains("Proxy-Authorization: Basic bWU6czNjcmV0\r\n"),
            "{asked}"
        );
        // NO_PROXY leads past it, to a name that does not exist.
        let none = Matcher::builder().all(url).no("exchange.invalid").build();
        let error = connect(&address, "/stream", &none)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("websocket ws://exchange.invalid: ") && !error.contains("proxy 127"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_named_without_its_password() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            client.write_all(b"HTTP/1.1 407 no\r\n\r\n").await.unwrap();
        });
        let address = Address::new("wss://user:hidden@exchange.invalid", &["wss"]).unwrap();
        for (proxy, expected) in [
            (
                format!("http://me:s3cret@{host}"),
                format!("by the proxy {host}: tunnel error: proxy authorization required"),
            ),
            (
                format!("socks5://me:s3cret@{host}"),
                "is one of socks5, expected http (HTTP CONNECT)".to_owned(),
            ),
        ] {
            let proxies = Matcher::builder().all(proxy).build();
            let error = connect(&address, "/stream", &proxies).await.unwrap_err();
            assert!(error.to_string().contains(&expected), "{error}");
            assert!(
                !format!("{error} {error:?}").contains("s3cret")
                    && !error.to_string().contains("hidden"),
                "{error}"
            );
        }
    }
}
