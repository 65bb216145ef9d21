//! A private certificate authority, as companies that inspect traffic have one: SSL_CERT_FILE names
//! it.
//!
//! `tls/` holds one made for this test by openssl, valid for a hundred years, and a certificate for
//! localhost from it.

use std::process::{Command, Output};
use std::sync::Arc;

use market::{
    ArchiveClient, ArchiveFile, Interval, KlineStream, Market, Period, RestClient, RestOptions,
    Symbol,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const CHILD: &str = "tls::what_a_client_of_the_private_ca_meets";

fn options() -> RestOptions {
    RestOptions {
        max_tries: 1,
        ..RestOptions::for_market(Market::Spot)
    }
}

/// Not a test by itself: run by the one below with other environments, for the environment of this
/// process is shared.
#[tokio::test]
#[ignore = "needs a server, which the test below starts"]
async fn what_a_client_of_the_private_ca_meets() {
    let Ok(host) = std::env::var("QUARTERHOUR_TEST_TLS") else {
        return;
    };
    let url = format!("https://{host}");
    let rest = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    println!("REST {:?}", rest.server_time_ms().await);
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let file = ArchiveFile {
        symbol: symbol.clone(),
        interval: Interval::ONE_MINUTE,
        period: Period::month_of(1_704_067_200_000),
    };
    let archive = ArchiveClient::new(Market::Spot, Some(&url), options()).unwrap();
    println!("archive {:?}", archive.checksum(&file).await);
    let socket = KlineStream::connect(
        Market::Spot,
        Some(&format!("wss://{host}")),
        &[symbol],
        Interval::ONE_MINUTE,
    )
    .await;
    println!("websocket {:?}", socket.map(|_| ()));
}

/// Answers every request with the time, but websockets with a handshake.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            // Of the request line enough to tell a websocket from others.
            let mut begin = [0; 12];
            if stream.read_exact(&mut begin).await.is_err() {
                return;
            }
            if begin.starts_with(b"GET /stream") {
                let (read, write) = tokio::io::split(stream);
                let stream =
                    tokio::io::join(std::io::Cursor::new(begin.to_vec()).chain(read), write);
                if let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await {
                    let _ = socket.close(None).await;
                }
                return;
            }
            let mut head = begin.to_vec();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let body = "{\"serverTime\":1704067200000}";
            let answer = format!(
                "HTTP/1.1 200 ok\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        });
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_where_ssl_cert_file_names_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls");
    let chain = vec![CertificateDer::from_pem_file(format!("{folder}/cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(format!("{folder}/key.pem")).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config))));
    let run = async |ca: Option<String>| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", CHILD, "--ignored", "--nocapture"])
            .env("QUARTERHOUR_TEST_TLS", &host);
        match ca {
            Some(path) => child.env("SSL_CERT_FILE", path),
            None => child.env_remove("SSL_CERT_FILE"),
        };
        let Output { stdout, .. } = tokio::task::spawn_blocking(move || child.output().unwrap())
            .await
            .unwrap();
        String::from_utf8(stdout).unwrap()
    };
    let said = run(Some(format!("{folder}/ca.pem"))).await;
    for expected in [
        "REST Ok(1704067200000)",
        "archive Err(WrongShape",
        "websocket Ok(())",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    let said = run(None).await;
    for expected in [
        "REST Err(Unreachable",
        "archive Err(Unreachable",
        "websocket Err(Stream",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}
