//! `quarterhour health`: whether a page says that forecasts are fresh, as an exit code.

use std::process::ExitCode;
use std::time::Duration;

use dataset::format_time;
use reqwest::{Client, StatusCode, Url, redirect};
use serde::Deserialize;

/// Longest time to an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Exit codes beside 0; Docker keeps 2 for itself, and it is that of wrong arguments.
const NOT_FRESH: u8 = 1;
const NO_ANSWER: u8 = 3;

/// Ask a page of `quarterhour serve` whether forecasts are fresh: exit code 0 where they are, 1 where they
/// are not, 3 where it does not answer
#[derive(Debug, Clone, clap::Args)]
pub struct HealthArgs {
    /// Address of the page or of its /health
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8700/health", value_parser = health_url)]
    url: Url,
}

/// What `/health` answers, as far as it is told.
#[derive(Debug, Deserialize)]
struct Health {
    status: String,
    last_closed_at: Option<i64>,
    age_secs: Option<f64>,
    fault: Option<String>,
}

impl HealthArgs {
    /// Prints one line and returns the exit code.
    pub fn run(&self) -> ExitCode {
        let (line, code) = match self.ask() {
            Ok(health) => (health.line(), health.code()),
            Err(reason) => (format!("no answer from {}: {reason}", self.url), NO_ANSWER),
        };
        // Nobody is left to tell when stdout is gone.
        let _ = cli::print(&format!("{line}\n"));
        ExitCode::from(code)
    }

    fn ask(&self) -> Result<Health, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(self.answer())
    }

    async fn answer(&self) -> Result<Health, String> {
        let mut client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("quarterhour/", env!("CARGO_PKG_VERSION")));
        if matches!(
            self.url.host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        ) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(with_causes)?;
        let sent = client.get(self.url.clone()).send().await;
        let answer = sent.map_err(|error| with_causes(error.without_url()))?;
        let status = answer.status();
        if ![StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            return Err(format!(
                "it answers {status}, expected the /health of `quarterhour serve`"
            ));
        }
        let health = answer.json().await;
        health.map_err(|error| {
            let causes = with_causes(error.without_url());
            format!("{causes}, expected the JSON of `quarterhour serve`")
        })
    }
}

impl Health {
    fn code(&self) -> u8 {
        match self.status.as_str() {
            "fresh" => 0,
            _ => NOT_FRESH,
        }
    }

    fn line(&self) -> String {
        let last = (self.last_closed_at.zip(self.age_secs)).map(|(closed_at, age_secs)| {
            let time = format_time(closed_at);
            format!("the last bar with forecasts closed at {time} UTC, {age_secs:.0} s ago")
        });
        let parts = [last, self.fault.clone()].into_iter().flatten();
        let parts: Vec<String> = parts.collect();
        match parts.is_empty() {
            true => self.status.clone(),
            false => format!("{}: {}", self.status, parts.join("; ")),
        }
    }
}

/// The address of a page's `/health`.
fn health_url(text: &str) -> Result<Url, String> {
    let mut url: Url = text.parse().map_err(|error| format!("{error}"))?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Err(
            "expected an address of http or https, such as http://127.0.0.1:8700/health".to_owned(),
        );
    }
    if url.path() == "/" {
        url.set_path("/health");
    }
    Ok(url)
}

/// An error and what led to it; reqwest keeps the reason in its causes.
fn with_causes(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_for_its_health() {
        let url = |text: &str| health_url(text).map(String::from);
        let own = "http://127.0.0.1:8700/health".to_owned();
        assert_eq!(url("http://127.0.0.1:8700"), Ok(own.clone()));
        assert_eq!(url("http://127.0.0.1:8700/health"), Ok(own));
        let below = "https://quant.example.org/quarterhour/health".to_owned();
        assert_eq!(url(&below), Ok(below));
        for wrong in ["127.0.0.1:8700", "ftp://127.0.0.1", "", "http://"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_fresh_is_an_exit_code_of_1() {
        let of = |text: &str| {
            let health: Health = serde_json::from_str(text).unwrap();
            (health.code(), health.line())
        };
        let line = "the last bar with forecasts closed at 2024-01-20 02:56 UTC, 20 s ago";
        for (status, code) in [("fresh", 0), ("stale", 1)] {
            let text = format!(
                r#"{{"status": "{status}", "last_closed_at": 1705719360000, "age_secs": 20.4, "fault": null}}"#
            );
            assert_eq!(of(&text), (code, format!("{status}: {line}")));
        }
        let empty =
            r#"{"status": "empty", "last_closed_at": null, "age_secs": null, "fault": null}"#;
        assert_eq!(of(empty), (1, "empty".to_owned()));
        let fault = r#"{"status": "unreadable", "last_closed_at": null, "age_secs": null, "fault": "gone"}"#;
        assert_eq!(of(fault), (1, "unreadable: gone".to_owned()));
    }
}
