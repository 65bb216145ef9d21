//! Sends one request politely: waits when told to, tries again where that can help, and turns
//! everything else into an error that says what to do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::Value;
use tokio::time::sleep;

use super::body::{self, BodyError};
use super::gate::Gate;
use super::options::RestOptions;
use super::silence;
use super::wire::beginning;
use crate::Error;
use crate::address::Address;
use crate::time::utc_text;

/// The largest JSON answer read; an honest page of 1500 klines is 0.3 MB.
const LIMIT_BYTES: usize = 8 << 20;

/// Longest time to set a connection up, and longest pause within an answer: a line that is slow may
/// take all of [`RestOptions::timeout`], one that is dead is given up earlier.
const IDLE: Duration = Duration::from_secs(30);

/// Silence after a 429 without `Retry-After`: one window of the server's accounting.
const DEFAULT_SILENCE: Duration = Duration::from_secs(60);

/// Sends requests to one server, all of them behind its gate: a silence it asks for holds for all.
pub(crate) struct Sender {
    address: Address,
    http: Client,
    options: RestOptions,
    gate: Arc<Gate>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sender")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What came of one try.
pub(crate) enum Outcome<T> {
    Answer(T),
    /// Trying again may help. The error is final when no tries are left.
    Retry(Pause, Error),
    Final(Error),
}

pub(crate) enum Pause {
    /// The doubling pause.
    Usual,
    /// However long the gate stays closed.
    Gate,
}

impl Sender {
    pub(crate) fn new(base_url: &str, options: RestOptions) -> Result<Self, Error> {
        let address = Address::new(base_url, &["http", "https"])?;
        let mut builder = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(IDLE.min(options.timeout))
            .read_timeout(IDLE.min(options.timeout))
            .redirect(redirect::Policy::none())
            .user_agent(concat!("quarterhour/", env!("CARGO_PKG_VERSION")));
        if address.is_local() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::HttpClient {
            reason: chain(&error),
        })?;
        let gate = Gate::of(&address.authority());
        Ok(Self {
            address,
            http,
            options,
            gate,
        })
    }

    pub(super) fn options(&self) -> &RestOptions {
        &self.options
    }

    /// How errors name a request for `path`.
    pub(crate) fn request(&self, path: &str) -> String {
        format!("GET {}{path}", self.address)
    }

    /// Notes what the server's clock shows.
    pub(super) fn set_clock(&self, now_ms: i64) {
        self.gate.set_clock(now_ms);
    }

    /// The JSON that `path` answers with. `request` names it in errors.
    pub(super) async fn get(&self, path: &str, request: &str) -> Result<Value, Error> {
        self.ask(path, request, LIMIT_BYTES, |body, tries| {
            parse(&body, request.to_owned(), tries)
        })
        .await
    }

    /// What `understand` makes of the bytes that `path` answers with, at most `limit_bytes`, and of
    /// the number of tries; None where there is nothing (status 404).
    pub(crate) async fn find<T>(
        &self,
        path: &str,
        request: &str,
        limit_bytes: usize,
        understand: impl Fn(Vec<u8>, u32) -> Outcome<T>,
    ) -> Result<Option<T>, Error> {
        match self.ask(path, request, limit_bytes, understand).await {
            Err(Error::Rejected { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// How long the server has asked for silence from now on; None where it has not.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.gate.closed_for()
    }

    /// Asks until there is an answer that `understand` takes, or no hope of one.
    async fn ask<T>(
        &self,
        path: &str,
        request: &str,
        limit_bytes: usize,
        understand: impl Fn(Vec<u8>, u32) -> Outcome<T>,
    ) -> Result<T, Error> {
        let last_try = self.options.max_tries.max(1);
        let mut pause = self.options.retry_pause;
        let mut tries = 1;
        loop {
            self.gate
                .pass(self.options.max_wait)
                .await
                .map_err(|left| Error::Silenced {
                    request: request.to_owned(),
                    left_secs: left.as_secs() + 1,
                })?;
            let outcome = match self.try_once(path, request, limit_bytes, tries).await {
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

    async fn try_once(
        &self,
        path: &str,
        request: &str,
        limit_bytes: usize,
        tries: u32,
    ) -> Outcome<Vec<u8>> {
        let request = request.to_owned();
        let sent = self
            .http
            .get(self.address.secret_url(path))
            .header(ACCEPT_ENCODING, body::ENCODINGS)
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                return Outcome::Retry(Pause::Usual, self.failed(&error, request, tries, false));
            }
        };
        self.note_weight(response.headers());
        let status = response.status();
        let headers = response.headers().clone();
        let read = read(response, limit_bytes).await;
        let decoded = read.and_then(|bytes| body::decoded(&headers, bytes, limit_bytes));
        let body = match decoded {
            Ok(body) => body,
            // What a refusal says beside its status is not needed to understand it.
            Err(_) if !status.is_success() => Vec::new(),
            Err(BodyError::TooLarge) => {
                return Outcome::Final(Error::TooLarge {
                    request,
                    limit_bytes,
                });
            }
            Err(BodyError::Broken(error)) => {
                return Outcome::Retry(Pause::Usual, self.failed(&error, request, tries, true));
            }
            Err(BodyError::Encoding(reason)) => {
                return Outcome::Retry(
                    Pause::Usual,
                    Error::CutOff {
                        request,
                        tries,
                        reason,
                    },
                );
            }
        };
        if status.is_success() {
            self.gate.welcome();
            return Outcome::Answer(body);
        }
        self.refused(
            status,
            &headers,
            &String::from_utf8_lossy(&body),
            request,
            tries,
        )
    }

    /// What a status that says no calls for.
    fn refused(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        text: &str,
        request: String,
        tries: u32,
    ) -> Outcome<Vec<u8>> {
        let now_ms = self.now_ms(headers);
        let asked_for = silence::asked_for(headers, text, now_ms);
        let found = match beginning(text) {
            empty if empty.is_empty() => "no further text".to_owned(),
            found => found,
        };
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                let silence = asked_for.unwrap_or(DEFAULT_SILENCE);
                self.keep_silent(
                    silence,
                    Error::RateLimited {
                        request,
                        retry_after_secs: silence.as_secs(),
                        tries,
                    },
                )
            }
            StatusCode::IM_A_TEAPOT => match asked_for.filter(|silence| !silence.is_zero()) {
                Some(silence) => {
                    let until_ms = now_ms
                        .saturating_add(i64::try_from(silence.as_millis()).unwrap_or(i64::MAX));
                    self.keep_silent(
                        silence,
                        Error::Banned {
                            request,
                            until: utc_text(until_ms),
                        },
                    )
                }
                // Nobody knows how long, and every try makes it longer.
                None => self.shut_out(Error::Banned {
                    request,
                    until: "a time the server does not tell".to_owned(),
                }),
            },
            // The other coins would be refused as well, and a firewall that is asked on and on
            // refuses for longer.
            StatusCode::FORBIDDEN => self.shut_out(Error::Forbidden { request, found }),
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => {
                self.shut_out(Error::NotServedHere { request, found })
            }
            status if status.is_server_error() => Outcome::Retry(
                Pause::Usual,
                Error::ServerFailure {
                    request,
                    status: status.as_u16(),
                    tries,
                    found,
                },
            ),
            status => Outcome::Final(Error::Rejected {
                request,
                status: status.as_u16(),
                found,
            }),
        }
    }

    fn failed(
        &self,
        error: &reqwest::Error,
        request: String,
        tries: u32,
        is_in_body: bool,
    ) -> Error {
        if error.is_timeout() {
            Error::Timeout {
                request,
                timeout_secs: self.options.timeout.as_secs_f64(),
                tries,
            }
        } else if is_in_body {
            Error::CutOff {
                request,
                tries,
                reason: chain(error),
            }
        } else {
            Error::Unreachable {
                request,
                tries,
                reason: chain(error),
            }
        }
    }

    /// Closes the gate for as long as the server asks; `error` is final where that is longer than
    /// our patience.
    fn keep_silent(&self, silence: Duration, error: Error) -> Outcome<Vec<u8>> {
        self.gate.close(silence);
        if silence > self.options.max_wait {
            Outcome::Final(error)
        } else {
            Outcome::Retry(Pause::Gate, error)
        }
    }

    /// Closes the gate for a while after an answer that further requests would only get again.
    fn shut_out(&self, error: Error) -> Outcome<Vec<u8>> {
        self.gate.close_untold();
        Outcome::Final(error)
    }

    /// The server's clock by this answer, else by an earlier one, else this machine's.
    fn now_ms(&self, headers: &HeaderMap) -> i64 {
        silence::server_ms(headers)
            .or_else(|| self.gate.clock_ms())
            .unwrap_or_else(silence::local_ms)
    }

    /// Above 90 % of the weight allowed a minute, waits for the next minute of the server's clock.
    fn note_weight(&self, headers: &HeaderMap) {
        let used = header_text(headers, "x-mbx-used-weight-1m").and_then(|text| text.parse().ok());
        if let Some(used) = used
            && u64::saturating_mul(used, 10) > u64::from(self.options.weight_limit) * 9
        {
            let rest = Duration::from_secs(60 - server_second(headers).unwrap_or(0));
            self.gate.close(rest);
        }
    }
}

/// What is no JSON is asked for again: a captive portal or a proxy answers for the exchange, and
/// goes away.
fn parse(body: &[u8], request: String, tries: u32) -> Outcome<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(answer) => Outcome::Answer(answer),
        Err(error) if error.is_eof() => Outcome::Retry(
            Pause::Usual,
            Error::CutOff {
                request,
                tries,
                reason: format!("{error} of {} bytes", body.len()),
            },
        ),
        Err(_) => {
            let found = beginning(&String::from_utf8_lossy(body));
            Outcome::Retry(
                Pause::Usual,
                Error::NotJson {
                    request,
                    tries,
                    found,
                },
            )
        }
    }
}

async fn read(mut response: Response, limit_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(BodyError::TooLarge);
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

/// The second of the minute (0 to 59) in `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
fn server_second(headers: &HeaderMap) -> Option<u64> {
    let ms = silence::server_ms(headers)?;
    u64::try_from(ms.div_euclid(1000).rem_euclid(60)).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{DATE, HeaderMap, HeaderValue};

    use super::server_second;

    #[test]
    fn the_second_of_the_minute_is_the_servers() {
        let mut headers = HeaderMap::new();
        assert_eq!(server_second(&headers), None);
        headers.insert(
            DATE,
            HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
        );
        assert_eq!(server_second(&headers), Some(37));
        headers.insert(
            DATE,
            HeaderValue::from_static("Sun, 06 Nov 1994 08:49:99 GMT"),
        );
        assert_eq!(server_second(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("now"));
        assert_eq!(server_second(&headers), None);
    }
}
