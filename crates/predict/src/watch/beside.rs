//! `quarterhour watch --serve`: the page in a thread of its own, whose faults are a warning of the watch.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::warn;

/// How long the page may take to end after the watch.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Arguments of the page beside a watch.
#[derive(Debug, Clone, clap::Args)]
pub struct PageArgs {
    /// Also serve the page and the interface of `quarterhour serve`, in this process
    #[arg(long)]
    pub serve: bool,
    /// Address that the page listens at; any other than this machine's own needs a token
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8700",
        requires = "serve"
    )]
    pub listen: SocketAddr,
    /// File with the token that requests must bring [default: QUARTERHOUR_TOKEN; without either no
    /// token is needed]
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub token_file: Option<PathBuf>,
    /// Another name that the page is called by, such as that of a reverse proxy (may be repeated)
    #[arg(long = "host", value_name = "NAME", requires = "serve")]
    pub hosts: Vec<String>,
    /// Address of a reverse proxy, or a range as 172.16.0.0/12: wrong tokens that come by it are counted by
    /// the client that its X-Forwarded-For names (may be repeated)
    #[arg(long = "trusted-proxy", value_name = "ADDRESS", requires = "serve")]
    pub trusted_proxies: Vec<String>,
}

/// A page that runs beside a watch, until the process is interrupted or ends.
#[derive(Debug)]
pub struct Beside {
    thread: JoinHandle<()>,
}

impl Beside {
    /// Runs `page`. An error or a panic there is a warning.
    ///
    /// # Errors
    /// A system without another thread.
    pub fn start(
        page: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) -> std::io::Result<Self> {
        let thread = thread::Builder::new()
            .name("page".to_owned())
            .spawn(move || match catch_unwind(AssertUnwindSafe(page)) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!("the page is not served, the watch goes on: {error:#}"),
                Err(_) => warn!("the page has stopped with a panic, the watch goes on"),
            })?;
        Ok(Self { thread })
    }
}

/// An interrupt ends both; a page that does not end is left to the end of the process.
impl Drop for Beside {
    fn drop(&mut self) {
        let began = Instant::now();
        while !self.thread.is_finished() && began.elapsed() < LONGEST_END {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever happens to the page is nothing to the watch, which goes on and ends.
    #[test]
    fn a_page_that_fails_or_panics_harms_nothing() {
        let failing = Beside::start(|| anyhow::bail!("the address is taken")).unwrap();
        #[allow(clippy::panic, reason = "that is what is tested")]
        let panicking = Beside::start(|| panic!("a bug")).unwrap();
        let began = Instant::now();
        drop(failing);
        drop(panicking);
        let sleeping = Beside::start(|| {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        });
        drop(sleeping.unwrap());
        assert!(began.elapsed() < 10 * LONGEST_END);
    }
}
