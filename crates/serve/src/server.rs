//! Listening: connections have a limit, and so has the time that their heads may take.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::guard::Peer;
use crate::lingering::LingeringBody;

/// Most connections at a time: more than the event streams, so that those never keep others out.
pub const MOST_CONNECTIONS: usize = 1024;

/// Longest time from a connection's begin, or its last answer, to the whole head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Largest head of a request.
const MOST_HEAD_BYTES: usize = 16 * 1024;

/// Most connections beyond those that are being told so; the next ones wait until they are.
const MOST_REFUSALS: usize = 1024;

/// Longest time that a refused connection may take to send what it has and to end.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// What a connection gets that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 183\r\nConnection: close\r\nRetry-After: 5\r\n\r\n\
    {\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"all connections are taken, expected fewer at a time\",\
    \"hints\":[\"send it again in 5 s, and close connections that are not needed\"]}";

/// Answers so many connections at a time until `is_over`.
///
/// # Errors
/// A listener that fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    most_connections: usize,
    is_over: Arc<AtomicBool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(most_connections));
    let refusals = Arc::new(Semaphore::new(MOST_REFUSALS));
    while !is_over.load(Ordering::Relaxed) {
        let accepted = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        let (stream, peer) = match accepted {
            Err(_) => continue,
            Ok(Ok(accepted)) => accepted,
            // No file descriptor is left, for instance; connections that end give some back.
            Ok(Err(_)) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        match places.clone().try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(answer(stream, peer, router.clone(), place));
            }
            Err(_) => {
                if let Ok(refusal) = refusals.clone().acquire_owned().await {
                    tokio::spawn(refuse(stream, refusal));
                }
            }
        }
    }
    Ok(())
}

/// Says that all places are taken. What the client sends is read: a connection that is closed before is
/// reset, and its answer lost.
async fn refuse(mut stream: TcpStream, refusal: OwnedSemaphorePermit) {
    let told = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        let mut piece = [0; 1024];
        while stream.read(&mut piece).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, told).await;
    drop(refusal);
}

async fn answer(stream: TcpStream, peer: SocketAddr, router: Router, place: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request.map(LingeringBody::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MOST_HEAD_BYTES);
    // A client that goes away is no fault of the server's.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
    drop(place);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener as Listener, TcpStream as Stream};

    use super::*;

    /// A server for `most` connections, whose page `/` is the text `here`; its port.
    fn server(most: usize) -> u16 {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let router = Router::new().route("/", axum::routing::get(|| async { "here" }));
                let listener = TcpListener::from_std(listener).unwrap();
                serve(listener, router, most, Arc::default()).await
            })
        });
        port
    }

    fn ask(stream: &mut Stream, head: &str) {
        stream
            .write_all(format!("{head} HTTP/1.1\r\nHost: x\r\n").as_bytes())
            .unwrap();
    }

    fn read(stream: &mut Stream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// Whoever is one too many and has sent a request reads the reason, and is let in once there is room.
    #[test]
    fn one_too_many_is_told_so_though_it_has_sent_a_request() {
        let port = server(2);
        let connect = || Stream::connect(("127.0.0.1", port)).unwrap();
        let kept = [connect(), connect()];
        for mut one in [connect(), connect(), connect()] {
            ask(&mut one, "GET /");
            one.write_all(&[b'x'; 200_000]).unwrap();
            one.shutdown(Shutdown::Write).unwrap();
            let answer = read(&mut one);
            assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
            assert!(answer.ends_with("that are not needed\"]}"), "{answer}");
        }
        drop(kept);
        let is_answered = || {
            let mut one = connect();
            ask(&mut one, "GET /");
            one.write_all(b"Connection: close\r\n\r\n").unwrap();
            read(&mut one).ends_with("here")
        };
        assert!((0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            is_answered()
        }));
    }

    /// A client that sends all of its body before it reads finds the refusal, and not a reset.
    #[test]
    fn a_body_that_nobody_reads_does_not_lose_the_answer() {
        let port = server(2);
        let mut one = Stream::connect(("127.0.0.1", port)).unwrap();
        ask(&mut one, "POST /nowhere");
        let body = vec![b'x'; 1 << 20];
        one.write_all(format!("Content-Length: {}\r\n\r\n", 64 * body.len()).as_bytes())
            .unwrap();
        for _ in 0..64 {
            one.write_all(&body).unwrap();
        }
        ask(&mut one, "GET /");
        one.write_all(b"Connection: close\r\n\r\n").unwrap();
        let answers = read(&mut one);
        assert!(
            answers.starts_with("HTTP/1.1 404 ") && answers.ends_with("here"),
            "{answers}"
        );
    }

    #[test]
    fn the_answer_to_one_too_many_has_the_length_that_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
