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
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::guard::Peer;

/// Most connections at a time: more than the event streams, so that those never keep others out.
pub const MOST_CONNECTIONS: usize = 1024;

/// Longest time from a connection's begin, or its last answer, to the whole head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Largest head of a request.
const MOST_HEAD_BYTES: usize = 16 * 1024;

/// What a connection gets that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 107\r\nConnection: close\r\nRetry-After: 5\r\n\r\n\
    {\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"all connections are taken, expected fewer at a time\"}";

/// Answers connections until `is_over`.
///
/// # Errors
/// A listener that fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    is_over: Arc<AtomicBool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
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
                tokio::spawn(refuse(stream));
            }
        }
    }
    Ok(())
}

/// Says that all places are taken.
async fn refuse(mut stream: TcpStream) {
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(FULL)).await;
}

async fn answer(stream: TcpStream, peer: SocketAddr, router: Router, place: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
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
    use super::FULL;

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
