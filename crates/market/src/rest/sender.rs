//! Sends one request politely: waits when told to, tries again where that can help, and turns
//! everything else into an error that says what to do.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::options::RestOptions;
use super::wire::beginning;
use crate::Error;
use crate::time::utc_text;

/// The largest JSON answer read; an honest page of 1500 klines is 0.3 MB.
const LIMIT_BYTES: usize = 8 << 20;

/// Longest time to set a connection up, and longest pause within an answer: a line that is slow may take all of
/// [`RestOptions::timeout`], one that is dead is given up earlier.
const IDLE: Duration = Duration::from_secs(30);

/// Silence after a 429 without `Retry-After`: one window of the server's accounting.
const DEFAULT_SILENCE_SECS: u64 = 60;

/// Sends requests, all of them behind one gate: a silence the server asks for holds for all.
#[derive(Debug)]
pub(crate) struct Sender {
    http: Client,
    options: RestOptions,
    silent_until: Mutex<Option<Instant>>,
}

/// What came of one try.
enum Outcome<T> {
    Answer(T),
    /// Trying again may help. The error is final when no tries are left.
    Retry(Pause, Error),
    Final(Error),
}

enum Pause {
    /// The doubling pause.
    Usual,
    /// However long the gate stays closed.
    Gate,
}

impl Sender {
    /// `is_local`: the server runs on this machine, so no proxy is asked.
    pub(crate) fn new(options: RestOptions, is_local: bool) -> Result<Self, Error> {
        let mut builder = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(IDLE.min(options.timeout))
            .read_timeout(IDLE.min(options.timeout))
            .redirect(redirect::Policy::none())
            .user_agent(concat!("quarterhour/", env!("CARGO_PKG_VERSION")));
        if is_local {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::HttpClient { reason: chain(&error) })?;
        Ok(Self { http, options, silent_until: Mutex::new(None) })
    }

    pub(super) fn options(&self) -> &RestOptions {
        &self.options
    }

    /// The JSON that `url` answers with. `request` names it in errors.
    pub(super) async fn get(&self, url: &str, request: &str) -> Result<Value, Error> {
        self.ask(url, request, LIMIT_BYTES, |body, tries| parse(&body, request.to_owned(), tries)).await
    }

    /// The bytes that `url` answers with, at most `limit_bytes`; None where there is nothing (status 404).
    pub(crate) async fn find(&self, url: &str, request: &str, limit_bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        match self.ask(url, request, limit_bytes, |body, _| Outcome::Answer(body)).await {
            Err(Error::Rejected { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// How long the server has asked for silence from now on; None where it has not.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let until = (*self.gate())?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Asks until there is an answer that `understand` takes, or no hope of one.
    async fn ask<T>(
        &self,
        url: &str,
        request: &str,
        limit_bytes: usize,
        understand: impl Fn(Vec<u8>, u32) -> Outcome<T>,
    ) -> Result<T, Error> {
        let last_try = self.options.max_tries.max(1);
        let mut pause = self.options.retry_pause;
        let mut tries = 1;
        loop {
            self.pass_gate(request).await?;
            let outcome = match self.try_once(url, request, limit_bytes, tries).await {
                Outcome::Answer(body) => understand(body, tries),
                Outcome::Retry(pause, error) => Outcome::Retry(pause, error),
                Outcome::Final(error) => Outcome::Final(error),
            };
            match outcome {
                Outcome::Answer(answer) => return Ok(answer),
                Outcome::Final(error) => return Err(error),
                Outcome::Retry(_, error) if tries >= last_try => return Err(error),
                Outcome::Retry(Pause::Usual, _) => {
                    sleep(pause.min(self.options.max_wait)).await;
                    pause = pause.saturating_mul(2);
                }
                Outcome::Retry(Pause::Gate, _) => {}
            }
            tries += 1;
        }
    }

    async fn try_once(&self, url: &str, request: &str, limit_bytes: usize, tries: u32) -> Outcome<Vec<u8>> {
        let request = request.to_owned();
        let response = match self.http.get(url).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Retry(Pause::Usual, self.failed(&error, request, tries, false)),
        };
        self.note_weight(response.headers());
        let status = response.status();
        let headers = response.headers().clone();
        let body = match read(response, limit_bytes).await {
            Ok(body) => body,
            // What a refusal says beside its status is not needed to understand it.
            Err(_) if !status.is_success() => Vec::new(),
            Err(ReadError::TooLarge) => {
                return Outcome::Final(Error::TooLarge { request, limit_bytes });
            }
            Err(ReadError::Broken(error)) => {
                return Outcome::Retry(Pause::Usual, self.failed(&error, request, tries, true));
            }
        };
        if status.is_success() {
            return Outcome::Answer(body);
        }
        let text = String::from_utf8_lossy(&body);
        let found = match beginning(&text) {
            empty if empty.is_empty() => "no further text".to_owned(),
            found => found,
        };
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                let retry_after_secs = header_secs(&headers).unwrap_or(DEFAULT_SILENCE_SECS);
                self.keep_silent(retry_after_secs, Error::RateLimited { request, retry_after_secs, tries })
            }
            StatusCode::IM_A_TEAPOT => {
                let retry_after_secs = header_secs(&headers);
                let error = Error::Banned { request, until: banned_until(&text, retry_after_secs) };
                match retry_after_secs {
                    Some(secs) => self.keep_silent(secs, error),
                    // Nobody knows how long, and every try makes it longer.
                    None => self.shut_out(error),
                }
            }
            // The other coins would be refused as well, and a firewall that is asked on and on refuses for longer.
            StatusCode::FORBIDDEN => self.shut_out(Error::Forbidden { request, found }),
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => self.shut_out(Error::NotServedHere { request, found }),
            status if status.is_server_error() => {
                Outcome::Retry(Pause::Usual, Error::ServerFailure { request, status: status.as_u16(), tries, found })
            }
            status => Outcome::Final(Error::Rejected { request, status: status.as_u16(), found }),
        }
    }

    fn failed(&self, error: &reqwest::Error, request: String, tries: u32, is_in_body: bool) -> Error {
        if error.is_timeout() {
            Error::Timeout { request, timeout_secs: self.options.timeout.as_secs_f64(), tries }
        } else if is_in_body {
            Error::CutOff { request, tries, reason: chain(error) }
        } else {
            Error::Unreachable { request, tries, reason: chain(error) }
        }
    }

    /// Closes the gate for as long as the server asks; `error` is final where that is longer than our patience.
    fn keep_silent(&self, secs: u64, error: Error) -> Outcome<Vec<u8>> {
        let silence = Duration::from_secs(secs);
        self.close_gate(silence);
        if silence > self.options.max_wait { Outcome::Final(error) } else { Outcome::Retry(Pause::Gate, error) }
    }

    /// Closes the gate for a while after an answer that further requests would only get again.
    fn shut_out(&self, error: Error) -> Outcome<Vec<u8>> {
        self.close_gate(Duration::from_secs(DEFAULT_SILENCE_SECS));
        Outcome::Final(error)
    }

    /// Waits until no silence is asked for any more; refuses to wait longer than `max_wait`.
    async fn pass_gate(&self, request: &str) -> Result<(), Error> {
        loop {
            let until = *self.gate();
            let now = Instant::now();
            let Some(until) = until.filter(|until| *until > now) else {
                return Ok(());
            };
            let left = until.duration_since(now);
            if left > self.options.max_wait {
                return Err(Error::Silenced { request: request.to_owned(), left_secs: left.as_secs() + 1 });
            }
            sleep_until(until).await;
        }
    }

    /// Lets no request pass for `silence`.
    fn close_gate(&self, silence: Duration) {
        let until = Instant::now().checked_add(silence);
        let mut gate = self.gate();
        *gate = until.max(*gate);
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.silent_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Above 90 % of the weight allowed a minute, waits for the next minute of the server's clock.
    fn note_weight(&self, headers: &HeaderMap) {
        let used = header_text(headers, "x-mbx-used-weight-1m").and_then(|text| text.parse().ok());
        if let Some(used) = used
            && u64::saturating_mul(used, 10) > u64::from(self.options.weight_limit) * 9
        {
            let rest = Duration::from_secs(60 - server_second(headers).unwrap_or(0));
            self.close_gate(rest);
        }
    }
}

fn parse(body: &[u8], request: String, tries: u32) -> Outcome<Value> {
    match serde_json::from_slice(body) {
        Ok(answer) => Outcome::Answer(answer),
        Err(error) if error.is_eof() => Outcome::Retry(
            Pause::Usual,
            Error::CutOff { request, tries, reason: format!("{error} of {} bytes", body.len()) },
        ),
        Err(_) => Outcome::Final(Error::NotJson { request, found: beginning(&String::from_utf8_lossy(body)) }),
    }
}

enum ReadError {
    TooLarge,
    Broken(reqwest::Error),
}

async fn read(mut response: Response, limit_bytes: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error and all its causes on one line, without the URL, which the message already names.
fn chain(error: &reqwest::Error) -> String {
    let mut text = "HTTP".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn header_secs(headers: &HeaderMap) -> Option<u64> {
    header_text(headers, RETRY_AFTER.as_str())?.trim().parse().ok()
}

/// The second of the minute (0 to 59) in `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
fn server_second(headers: &HeaderMap) -> Option<u64> {
    let clock = header_text(headers, DATE.as_str())?.split_whitespace().nth(4)?;
    let second: u64 = clock.rsplit(':').next()?.parse().ok()?;
    (second < 60).then_some(second)
}

/// When a ban ends: Binance writes `... banned until <ms>. ...`; else `Retry-After` from now on
/// the local clock, which is good enough for a message.
fn banned_until(body: &str, retry_after_secs: Option<u64>) -> String {
    let written = body.split("banned until ").nth(1).and_then(|rest| {
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next();
        digits?.parse::<i64>().ok()
    });
    let counted = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let end = now.checked_add(Duration::from_secs(retry_after_secs?))?;
        i64::try_from(end.as_millis()).ok()
    };
    match written.or_else(counted) {
        Some(ms) => utc_text(ms),
        None => "a time the server does not tell".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{DATE, HeaderMap, HeaderValue};

    use super::{banned_until, server_second};

    #[test]
    fn a_ban_ends_when_the_server_says() {
        let body = r#"{"code":-1003,"msg":"Way too much; IP banned until 1704067200000. Use"}"#;
        assert_eq!(banned_until(body, Some(5)), "2024-01-01T00:00:00Z");
        assert!(banned_until("", Some(5)).starts_with("20"));
        assert!(banned_until("", Some(u64::MAX)).contains("does not tell"));
        assert!(banned_until("banned until x", None).contains("does not tell"));
    }

    #[test]
    fn the_second_of_the_minute_is_the_servers() {
        let mut headers = HeaderMap::new();
        assert_eq!(server_second(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(server_second(&headers), Some(37));
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:99 GMT"));
        assert_eq!(server_second(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("now"));
        assert_eq!(server_second(&headers), None);
    }
}
