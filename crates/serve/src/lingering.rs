//! Bodies that are read to their end though nobody wants them.
//!
//! A connection that is closed while the client still sends is reset, and the client never sees the
//! answer that says why.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::upload::LONGEST;

/// Longest time that nothing of an unwanted body may come.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// A body whose rest is read and dropped once it is no longer wanted, for 30 s at most.
#[derive(Debug)]
pub struct LingeringBody(Option<Incoming>);

impl LingeringBody {
    /// Wraps the body of a request.
    pub fn new(body: Incoming) -> Self {
        Self(Some(body))
    }
}

impl Body for LingeringBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.0.as_mut() {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.0.as_ref().map(Body::size_hint);
        hint.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl Drop for LingeringBody {
    fn drop(&mut self) {
        let rest = self.0.take().filter(|body| !body.is_end_stream());
        // Without a runtime nothing is left that could be answered.
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(async { timeout(LONGEST, drain(rest)).await });
        }
    }
}

/// Reads a body to its end, or until it breaks off or nothing comes.
async fn drain(mut body: Incoming) {
    let mut body = Pin::new(&mut body);
    loop {
        let next = std::future::poll_fn(|context| body.as_mut().poll_frame(context));
        match timeout(LONGEST_SILENCE, next).await {
            Ok(Some(Ok(_))) => {}
            _ => break,
        }
    }
}
