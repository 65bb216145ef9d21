//! How faults change what is answered.

use std::io;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream;

use crate::answer::Answer;
use crate::calendar::http_date;
use crate::server::Server;

/// The first half of a body that is cut off gets this long to reach the client before the
/// connection ends.
const CUT_AFTER: Duration = Duration::from_millis(30);

impl Server {
    /// The refusal that a REST request gets instead of an answer, if any. `used`: the weight used
    /// this minute, this request included, and the seconds left of the minute.
    pub fn refusal(&self, used: (u32, u64)) -> Option<Answer> {
        if self
            .silent_until()
            .is_some_and(|until| Instant::now() < until)
        {
            self.counts().count_fault("while_silenced");
        }
        if let Some(answer) = self.closed() {
            return Some(answer);
        }
        if used.0 > self.weight_limit {
            self.counts().count_fault("weight_limit");
            return Some(self.silenced(StatusCode::TOO_MANY_REQUESTS, used.1));
        }
        let faults = &self.faults;
        let mut draw = self.draw();
        let mut is_drawn = |kind: &'static str, share: f64| {
            let is_drawn = (0.0..share).contains(&draw);
            draw -= share;
            if is_drawn {
                self.counts().count_fault(kind);
            }
            is_drawn
        };
        if is_drawn("rate_limited", faults.rate_limited) {
            Some(self.silenced(StatusCode::TOO_MANY_REQUESTS, faults.retry_after_secs))
        } else if is_drawn("banned", faults.banned) {
            Some(self.silenced(StatusCode::IM_A_TEAPOT, faults.retry_after_secs))
        } else if is_drawn("forbidden", faults.forbidden) {
            Some(Answer::page(StatusCode::FORBIDDEN))
        } else if is_drawn("server_error", faults.server_error) {
            Some(self.server_error())
        } else {
            None
        }
    }

    /// What REST and websocket requests get alike while nobody is served.
    pub fn closed(&self) -> Option<Answer> {
        if self.faults.country_blocked {
            self.counts().count_fault("country_blocked");
            let message = "Service unavailable from a restricted location according to 'b. Eligibility' in the terms";
            return Some(Answer::error(
                StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
                0,
                message,
            ));
        }
        if self.is_out(self.now_ms()) {
            self.counts().count_fault("outages");
            return Some(Answer::page(StatusCode::SERVICE_UNAVAILABLE));
        }
        None
    }

    /// The failure that an archive request gets instead of a file, if any.
    pub fn archive_failure(&self) -> Option<Answer> {
        if self.draw() >= self.faults.server_error {
            return None;
        }
        self.counts().count_fault("server_error");
        Some(self.server_error())
    }

    fn server_error(&self) -> Answer {
        match (self.draw() * 3.0) as u8 {
            0 => Answer::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                -1000,
                "An unknown error occurred.",
            ),
            1 => Answer::page(StatusCode::BAD_GATEWAY),
            _ => Answer::page(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    fn silenced(&self, status: StatusCode, secs: u64) -> Answer {
        let until = Instant::now().checked_add(Duration::from_secs(secs));
        let mut silent_until = self.silent_until();
        *silent_until = until.max(*silent_until);
        let message = if status == StatusCode::IM_A_TEAPOT {
            let until_ms = self
                .told_ms()
                .saturating_add_unsigned(secs.saturating_mul(1000));
            format!(
                "Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams."
            )
        } else {
            format!(
                "Too much request weight used; current limit is {} request weight per 1 MINUTE. Please use WebSocket \
                 Streams for live updates to avoid polling the API.",
                self.weight_limit
            )
        };
        Answer {
            retry_after_secs: Some(secs),
            ..Answer::error(status, -1003, &message)
        }
    }

    /// Sends `answer`, which may come late or be cut off half-way.
    pub async fn send(&self, answer: Answer) -> Response {
        if self.draw() < self.faults.slow {
            self.counts().count_fault("slow");
            tokio::time::sleep(Duration::from_millis(self.faults.slow_ms)).await;
        }
        let length = answer.body.len();
        let mut response = if self.draw() < self.faults.cut {
            self.counts().count_fault("cut");
            Response::new(cut_off(answer.body))
        } else {
            Response::new(Body::from(answer.body))
        };
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
        if let Ok(date) = HeaderValue::from_str(&http_date(self.told_ms())) {
            headers.insert(DATE, date);
        }
        if let Some(secs) = answer.retry_after_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// The first half of `body`; then the connection breaks.
fn cut_off(mut body: Vec<u8>) -> Body {
    body.truncate(body.len() / 2);
    let half = stream::once(async move { Ok(Bytes::from(body)) });
    let end = stream::once(async {
        tokio::time::sleep(CUT_AFTER).await;
        Err(io::Error::other("cut off, as the fault asks"))
    });
    Body::from_stream(half.chain(end))
}
