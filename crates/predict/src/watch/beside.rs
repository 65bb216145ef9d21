//! `quarterhour watch --serve`: the page in a thread of its own, whose faults are a warning of the watch.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use registry::RunArgument;
use tracing::warn;

use crate::hint::hint_of;

/// How long the page may take to end after the watch.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Serves a page until the flag is set.
pub type PageServer = Box<dyn FnOnce(Arc<AtomicBool>) -> anyhow::Result<()> + Send>;

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
    /// A run that forecasts volatilities and is watched too: its regime of each coin is shown beside the
    /// forecasts
    #[arg(long, value_name = "RUN", requires = "serve")]
    pub volatility: Option<RunArgument>,
}

/// A page that runs beside a watch, and ends with it.
#[derive(Debug)]
pub struct Beside {
    thread: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
    /// Why the page is not served; None while it is.
    fault: Arc<Mutex<Option<String>>>,
}

impl Beside {
    /// Serves `page`. An error or a panic there is a warning: logging must have begun.
    ///
    /// # Errors
    /// A system without another thread.
    pub fn start(page: PageServer) -> std::io::Result<Self> {
        let is_over = Arc::<AtomicBool>::default();
        let fault = Arc::<Mutex<Option<String>>>::default();
        let (flag, place) = (is_over.clone(), fault.clone());
        let thread = thread::Builder::new()
            .name("page".to_owned())
            .spawn(move || {
                let (text, hint) = match catch_unwind(AssertUnwindSafe(|| page(flag))) {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => (
                        format!("the page is not served: {error:#}"),
                        cli::hints(&error, hint_of).into_iter().next(),
                    ),
                    Err(_) => ("the page has stopped with a panic".to_owned(), None),
                };
                warn!(hint, "{text}; the watch goes on");
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            })?;
        Ok(Self {
            thread,
            is_over,
            fault,
        })
    }

    /// Why the page is not served; None while it is.
    pub fn fault(&self) -> Option<String> {
        let fault = self.fault.lock();
        fault.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The end of the watch, for whatever reason, is that of the page; one that hangs is left to the end of the
/// process.
impl Drop for Beside {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let began = Instant::now();
        while !self.thread.is_finished() && began.elapsed() < LONGEST_END {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn wait_for_fault(beside: &Beside) -> String {
        let began = Instant::now();
        loop {
            if let Some(fault) = beside.fault() {
                return fault;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "no fault");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whatever happens to the page is nothing to the watch, which says so in its warnings.
    #[test]
    fn a_page_that_fails_or_panics_harms_nothing_and_is_told() {
        let failing = Beside::start(Box::new(|_| anyhow::bail!("the address is taken"))).unwrap();
        assert_eq!(
            wait_for_fault(&failing),
            "the page is not served: the address is taken"
        );
        #[allow(clippy::panic, reason = "that is what is tested")]
        let panicking = Beside::start(Box::new(|_| panic!("a bug"))).unwrap();
        assert_eq!(
            wait_for_fault(&panicking),
            "the page has stopped with a panic"
        );
        let hanging = Beside::start(Box::new(|_| {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }));
        let began = Instant::now();
        drop(hanging.unwrap());
        assert!(began.elapsed() < 10 * LONGEST_END);
    }

    /// A page once went on until the process ended, as nothing told it.
    #[test]
    fn a_page_ends_with_its_watch() {
        let (sender, ended) = channel();
        let beside = Beside::start(Box::new(move |is_over| {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
            }
            Ok(sender.send(())?)
        }));
        let beside = beside.unwrap();
        assert!(ended.try_recv().is_err());
        drop(beside);
        ended.try_recv().unwrap();
    }
}
