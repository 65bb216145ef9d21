//! `quarterhour health`: one request to a page or a watch, for the health checks of containers and timers.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cli::WithHint;

/// Longest part of an answer that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024;

/// Ask a page or a watch whether it is well: exit code 0 if it is, else 1
#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    /// What to ask: the /health of a page, which says whether forecasts are fresh, or the /metrics of
    /// a watch
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8700/health")]
    url: String,
    /// Seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

impl HealthArgs {
    /// Asks once, and prints the first line of the answer.
    ///
    /// # Errors
    /// An address that is not plain HTTP, no answer, or one that is not 200.
    pub fn run(&self) -> anyhow::Result<()> {
        let (host, path) = parts(&self.url)?;
        let answer = ask(host, path, Duration::from_secs(self.timeout))
            .with_context(|| format!("{} does not answer", self.url))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.lines().next().unwrap_or_default();
        let Some((version, status)) = status.split_once(' ') else {
            bail!("{} answers `{status}`, expected HTTP", self.url);
        };
        if !version.starts_with("HTTP/1.") {
            bail!("{} answers `{version} {status}`, expected HTTP", self.url);
        }
        if !status.starts_with("200") {
            let body = body.trim();
            bail!("{} answers {status}, expected 200: {body}", self.url);
        }
        Ok(cli::print(&format!("{} answers {status}\n", self.url))?)
    }
}

/// Host with its port, and path, of a plain HTTP address.
fn parts(url: &str) -> anyhow::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| {
        cli::usage(
            anyhow!("{url} is no address that begins with http://")
                .hint("http://127.0.0.1:8700/health is the page's, http://127.0.0.1:9464/metrics the watch's"),
        )
    })?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    Ok((host, if path.is_empty() { "/" } else { path }))
}

/// The beginning of the answer of `host`.
fn ask(host: &str, path: &str, timeout: Duration) -> anyhow::Result<String> {
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.contains(']'))
    {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut stream = connect(&with_port, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A connection to the first address of the name that takes one.
fn connect(host: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
