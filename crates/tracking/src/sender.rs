//! Sends one request: logs in, tries a second time where that can help, and says what went wrong.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use crate::address::ServerAddress;
use crate::message::RunEnd;
use crate::wire::Refusal;
use crate::{Cause, TrackingSettings, names};

/// How long the end of a run waits for a server that answers, uploads at the least speed not
/// counted.
const END_PATIENCE: Duration = Duration::from_secs(60);

/// The pause before the one second try.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The statuses that MLflow's own client tries again after.
const HICCUPS: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// No answer of MLflow to what is asked here is near this.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// Sends requests to one server.
pub(crate) struct MlflowSender {
    http: Client,
    address: ServerAddress,
    token: Option<String>,
    /// User and password.
    login: Option<(String, String)>,
    ending: Arc<OnceLock<RunEnd>>,
    /// What uploads since the end of the run add to `END_PATIENCE`.
    upload_time: Duration,
}

/// What a server answered, be it a refusal.
pub(crate) struct ServerReply {
    status: StatusCode,
    body: Vec<u8>,
}

impl ServerReply {
    pub(crate) fn is_refusal(&self, error_code: &str) -> bool {
        let refusal = serde_json::from_slice::<Refusal>(&self.body);
        !self.status.is_success() && refusal.is_ok_and(|refusal| refusal.error_code == error_code)
    }
}

impl MlflowSender {
    /// `ending` is set when the run ends.
    pub(crate) fn new(
        settings: &TrackingSettings,
        ending: Arc<OnceLock<RunEnd>>,
    ) -> Result<Self, Cause> {
        let address = ServerAddress::parse(&settings.uri)?;
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            // MLflow closes a connection that was idle for some seconds, and a request may meet
            // just that moment.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("quarterhour/", env!("CARGO_PKG_VERSION")));
        if address.is_local() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Cause::Setup {
            reason: chain(&error),
        })?;
        let login = settings.user.clone().zip(settings.password.clone());
        Ok(Self {
            http,
            address,
            token: settings.token.clone(),
            login,
            ending,
            upload_time: Duration::ZERO,
        })
    }

    pub(crate) fn address(&self) -> &ServerAddress {
        &self.address
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Lets the end of the run wait longer by an upload that was part of it.
    pub(crate) fn add_upload_time(&mut self, time: Duration) {
        if self.ending.get().is_some() {
            self.upload_time += time;
        }
    }

    /// Any answer to `request`, after a second try where that can help.
    pub(crate) async fn send(
        &self,
        builder: RequestBuilder,
        request: &str,
        timeout: Duration,
    ) -> Result<ServerReply, Cause> {
        self.check_patience()?;
        let builder = match (&self.login, &self.token) {
            _ if self.address.has_credentials() => builder,
            (Some((user, password)), _) => builder.basic_auth(user, Some(password)),
            (None, Some(token)) => builder.bearer_auth(token),
            (None, None) => builder,
        };
        let builder = builder.timeout(timeout);
        let second = builder.try_clone();
        let mut result = try_once(builder).await;
        if is_hiccup(&result)
            && let Some(second) = second
        {
            sleep(RETRY_PAUSE).await;
            result = try_once(second).await;
        }
        result.map_err(|error| {
            let (server, request) = (self.address.shown().to_owned(), request.to_owned());
            match error.is_timeout() {
                true => Cause::Timeout {
                    server,
                    request,
                    timeout_secs: timeout.as_secs(),
                },
                false => Cause::Unreachable {
                    server,
                    request,
                    reason: chain(&error),
                },
            }
        })
    }

    /// Begins no request long after the run has ended.
    fn check_patience(&self) -> Result<(), Cause> {
        let patience = END_PATIENCE + self.upload_time;
        match self.ending.get() {
            Some(ending) if ending.at.elapsed() > patience => Err(Cause::Slow {
                server: self.address.shown().to_owned(),
                patience_secs: END_PATIENCE.as_secs(),
            }),
            _ => Ok(()),
        }
    }

    /// What the answer holds; `expected` says it in words.
    pub(crate) fn parsed<T: DeserializeOwned>(
        &self,
        answer: ServerReply,
        request: &str,
        expected: &str,
    ) -> Result<T, Cause> {
        let answer = self.successful(answer, request)?;
        serde_json::from_slice(&answer.body).map_err(|_| Cause::Answer {
            server: self.address.shown().to_owned(),
            request: request.to_owned(),
            expected: expected.to_owned(),
            found: self.beginning(&answer.body),
        })
    }

    pub(crate) fn successful(
        &self,
        answer: ServerReply,
        request: &str,
    ) -> Result<ServerReply, Cause> {
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(Cause::Status {
                server: self.address.shown().to_owned(),
                request: request.to_owned(),
                status: answer.status.as_u16(),
                found: self.beginning(&answer.body),
            }),
        }
    }

    /// The beginning of an answer on one line, without credentials that it may repeat.
    fn beginning(&self, body: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(body)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let password = self.login.as_ref().map(|(_, password)| password.as_str());
        for secret in [password, self.token.as_deref(), self.address.password()]
            .into_iter()
            .flatten()
        {
            if !secret.is_empty() {
                text = text.replace(secret, "***");
            }
        }
        match names::value(text, 300) {
            empty if empty.is_empty() => "nothing".to_owned(),
            text => text,
        }
    }
}

async fn try_once(builder: RequestBuilder) -> Result<ServerReply, reqwest::Error> {
    let mut response = builder.send().await?;
    let status = response.status();
    let body = read(&mut response).await;
    // What a refusal says beside its status is not needed to understand it.
    let body = if status.is_success() {
        body?
    } else {
        body.unwrap_or_default()
    };
    Ok(ServerReply { status, body })
}

async fn read(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < ANSWER_LIMIT_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether a second try may help: the server asks for one, or the connection broke in the middle. A
/// server that is not there or hangs is no hiccup.
fn is_hiccup(result: &Result<ServerReply, reqwest::Error>) -> bool {
    match result {
        Ok(answer) => HICCUPS.contains(&answer.status.as_u16()),
        Err(error) => !error.is_timeout() && !error.is_connect() && !error.is_builder(),
    }
}

/// An error and all its causes on one line, without the URL, which may hold credentials.
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};
    use std::time::{Duration, Instant};

    use super::{END_PATIENCE, MlflowSender};
    use crate::message::RunEnd;
    use crate::{Cause, TrackingSettings};

    fn sender(settings: TrackingSettings) -> MlflowSender {
        MlflowSender::new(&settings, Arc::new(OnceLock::new())).unwrap()
    }

    #[test]
    fn answers_are_shown_without_credentials() {
        let sender = sender(TrackingSettings {
            uri: "http://a:hidden@h".to_owned(),
            token: Some("sesame".to_owned()),
            user: Some("me".to_owned()),
            password: Some("secret".to_owned()),
            ..TrackingSettings::default()
        });
        assert_eq!(
            sender.beginning(b"no\n sesame, hidden or\tsecret"),
            "no ***, *** or ***"
        );
        assert_eq!(sender.beginning(b" "), "nothing");
    }

    #[test]
    fn the_end_waits_only_so_long_for_a_slow_server() {
        let mut sender = sender(TrackingSettings {
            uri: "http://h".to_owned(),
            ..TrackingSettings::default()
        });
        assert!(sender.check_patience().is_ok());
        let at = Instant::now()
            .checked_sub(END_PATIENCE + Duration::from_secs(1))
            .unwrap();
        sender
            .ending
            .set(RunEnd {
                at,
                succeeded: true,
            })
            .unwrap();
        assert!(matches!(
            sender.check_patience(),
            Err(Cause::Slow {
                patience_secs: 60,
                ..
            })
        ));
        sender.add_upload_time(Duration::from_secs(60));
        assert!(sender.check_patience().is_ok());
    }
}
