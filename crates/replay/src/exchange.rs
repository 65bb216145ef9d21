//! The running server.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt;
use cli::WithHint;
use dataset::CandleTable;
use market::{FundingRate, Interval, Market, Symbol};
use tokio::sync::oneshot;

use crate::server::Server;
use crate::{Counts, ReplayConfig, archive, rest, socket};

/// A pretend exchange that serves on 127.0.0.1 from a thread of its own; it stops when dropped.
///
/// # Examples
///
/// ```
/// use market::{Candle, Interval, Market, Symbol};
/// use replay::{Exchange, ReplayConfig};
/// let candles = (0..60).map(|bar| Candle::close_only(bar * 60_000, 100.0)).collect();
/// let coins = vec![(Symbol::new("BTCUSDT")?, candles)];
/// let config = ReplayConfig { speed: 240.0, ..ReplayConfig::default() };
/// let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config)?;
/// assert!(exchange.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct Exchange {
    server: Arc<Server>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Exchange {
    /// Starts serving `coins`; the clock starts too.
    ///
    /// Candles must be sorted and on the grid of `interval`; columns that a table lacks are served
    /// as 0 (amounts) or as the close (prices).
    ///
    /// # Errors
    /// A config that [`ReplayConfig::validate`] refuses, candles that cannot be served, a port that
    /// is taken.
    pub fn start(
        market: Market,
        interval: Interval,
        coins: Vec<(Symbol, CandleTable)>,
        config: &ReplayConfig,
    ) -> anyhow::Result<Self> {
        Self::start_with_funding(market, interval, coins, BTreeMap::new(), config)
    }

    /// As [`Exchange::start`], with funding rates of futures, which must be in order of time.
    ///
    /// # Errors
    /// As [`Exchange::start`].
    pub fn start_with_funding(
        market: Market,
        interval: Interval,
        coins: Vec<(Symbol, CandleTable)>,
        funding: BTreeMap<Symbol, Vec<FundingRate>>,
        config: &ReplayConfig,
    ) -> anyhow::Result<Self> {
        let port = config.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on 127.0.0.1:{port}"))
            .hint("--set replay.port=0 takes any free port")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let server = Arc::new(Server::new(market, interval, coins, funding, config)?);
        let router = router(server.clone());
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, router, stopped));
                runtime.shutdown_background();
            })?;
        Ok(Self {
            server,
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://127.0.0.1:PORT`, for REST and for the archive under `/data`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `ws://127.0.0.1:PORT`
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The clock by which candles close, UTC ms.
    pub fn now_ms(&self) -> i64 {
        self.server.now_ms()
    }

    /// Requests answered and faults dealt so far.
    pub fn counts(&self) -> Counts {
        self.server.counts().clone()
    }

    /// When the last stored candle closes, UTC ms: from then on nothing new comes.
    pub fn end_ms(&self) -> Option<i64> {
        let last_ms = self
            .server
            .coins
            .iter()
            .filter_map(|coin| coin.last_ms())
            .max()?;
        Some(last_ms.saturating_add(self.server.interval.ms()))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has stopped too.
            let _ = thread.join();
        }
    }
}

fn router(server: Arc<Server>) -> Router {
    rest::routes(server.market)
        .route("/", get(archive::list))
        .route("/data/{*path}", get(archive::get_file))
        .route("/ws/{*streams}", get(socket::bare))
        .route("/stream", get(socket::combined))
        .fallback(rest::not_found)
        .with_state(server)
}

/// Serves until `stopped`, which ends when its other half is dropped.
async fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    // Small answers at once: a client measures how late a candle is.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::select! {
        _ = axum::serve(listener, router) => {}
        _ = stopped => {}
    }
}
