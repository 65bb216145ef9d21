//! `quarterhour serve`: from arguments to a listening server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread;

use anyhow::{Context, anyhow};
use cli::WithHint;
use model::DeviceChoice;
use predict::{SignalPolicy, WatchArgs};
use registry::RunArgument;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};

use crate::access::{Access, read_token};
use crate::network::Network;
use crate::poll::poll;
use crate::promise::promised;
use crate::request_counts::RequestCounts;
use crate::router::{paths, router};
use crate::run_facts::RunFacts;
use crate::server::{self, MOST_CONNECTIONS};
use crate::site::{MOST_STREAMS, MOST_UPLOADS, Shown, Site};

/// Show a watch's forecasts, positions and health on a page, and answer programs over HTTP
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The run that is watched with: a folder, or a registered model such as spot20@production
    #[arg(long, visible_alias = "model", value_name = "RUN")]
    pub run: RunArgument,
    /// Address to listen at; any other than this machine's own needs a token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700")]
    pub listen: SocketAddr,
    /// File with the token that requests must bring [default: QUARTERHOUR_TOKEN; without either no
    /// token is needed]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Another name that this server is called by, such as that of a reverse proxy (may be repeated)
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Address of a reverse proxy, or a range as 172.16.0.0/12: wrong tokens that come by it are counted by
    /// the client that its X-Forwarded-For names (may be repeated)
    #[arg(long = "trusted-proxy", value_name = "ADDRESS")]
    pub trusted_proxies: Vec<Network>,
    /// A run that forecasts volatilities and is watched too: its regime of each coin is shown beside the
    /// forecasts
    #[arg(long, value_name = "RUN")]
    pub volatility: Option<RunArgument>,
    /// Arguments of the watch
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Overrides a key of the sections data, universe, trading or watch (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Another address of the exchange's REST interface, for POST /predict
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for POST /predict
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

impl Args {
    /// Refuses what would be refused once it listens: a watch beside which it is to run need not begin then.
    ///
    /// # Errors
    /// A token that is missing, short or cannot be read; a run beside that forecasts no volatilities.
    pub fn check(&self) -> anyhow::Result<()> {
        let run = self.volatility.as_ref();
        run.map(|run| beside(run, self.device)).transpose()?;
        let token = read_token(self.token_file.as_deref())?;
        Access::new(self.listen, &self.hosts, token.as_deref()).map(|_| ())
    }
}

/// Serves until it is interrupted.
///
/// # Errors
/// As [`run_until`].
pub fn run(args: &Args) -> anyhow::Result<()> {
    run_until(args, cli::watch_for_interrupt("stopping")?)
}

/// Serves until `is_over`, such as beside a watch in a thread of its own.
///
/// # Errors
/// A folder that is no run, an address that is taken, a token that is missing or short.
pub fn run_until(args: &Args, is_over: Arc<AtomicBool>) -> anyhow::Result<()> {
    let token = read_token(args.token_file.as_deref())?;
    let run = Arc::new(run_facts((&args.run, &args.watch, &args.set), args.device)?);
    let beside = args.volatility.as_ref().map(|run| beside(run, args.device));
    let beside = beside.transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let listener = TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen at {}", args.listen))
            .hint("--listen 127.0.0.1:OTHER")?;
        let address = listener.local_addr()?;
        let mut access = Access::new(address, &args.hosts, token.as_deref())?;
        access.trusted_proxies.clone_from(&args.trusted_proxies);
        let ledger = args.watch.ledger_path(&args.run);
        let volatility = beside.map(|(run, ledger)| {
            let snapshots = poll(ledger, run.clone(), is_over.clone())?;
            anyhow::Ok(Shown { run, snapshots })
        });
        let uploads = tempfile::tempdir().context("no folder for what is uploaded")?;
        let site = Site {
            promise: promise(run.clone())?,
            main: Shown {
                snapshots: poll(ledger.clone(), run.clone(), is_over.clone())?,
                run,
            },
            volatility: volatility.transpose()?,
            ledger,
            model: args.run.model.clone(),
            access,
            predict_arguments: predict_arguments(args),
            predicting: Arc::new(Semaphore::new(1)),
            parsing: Arc::new(Semaphore::new(1)),
            explained: Mutex::new(None),
            uploading: Arc::new(Semaphore::new(MOST_UPLOADS)),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            requests: RequestCounts::new(paths())?,
            uploads: uploads.path().to_owned(),
        };
        cli::note(format!(
            "http://{address} (paper only: no order is ever sent)"
        ));
        let router = router(Arc::new(site));
        server::serve(listener, router, MOST_CONNECTIONS, is_over).await?;
        anyhow::Ok(())
    });
    // Event streams and forecasts on the way do not hold the end up.
    runtime.shutdown_background();
    result
}

/// What is fixed about a run that is watched with these arguments.
fn run_facts(
    (run, watch, set): (&RunArgument, &WatchArgs, &[String]),
    device: DeviceChoice,
) -> anyhow::Result<RunFacts> {
    let folder = &run.folder;
    let (trading, settings) = watch.settings(folder, set)?;
    let (overrides, _) = WatchArgs::split(set);
    let (_, config) = predict::kinds(device).config(folder, &overrides)?;
    let bar_ms = config.data.interval.ms();
    let policy = SignalPolicy::new(trading, &settings, watch.thresholds(folder)?, bar_ms);
    let of_watch = (policy, settings.pearson_forecasts);
    RunFacts::read((folder.clone(), overrides), device, of_watch)
}

/// The run that forecasts volatilities beside the main one, and the ledger of its watch.
fn beside(run: &RunArgument, device: DeviceChoice) -> anyhow::Result<(Arc<RunFacts>, PathBuf)> {
    let watch = WatchArgs::default();
    let facts = run_facts((run, &watch, &[]), device)?;
    if !facts.task.is_of_volatility() {
        return Err(cli::usage(
            anyhow!(
                "--volatility {}: it forecasts something else, expected a run whose target is a volatility",
                run.folder.display()
            )
            .hint("`quarterhour volatility --config configs/volatility.toml` makes one"),
        ));
    }
    Ok((Arc::new(facts), watch.ledger_path(run)))
}

/// The arguments that every `predict` of a request has.
fn predict_arguments(args: &Args) -> Vec<String> {
    let (overrides, _) = WatchArgs::split(&args.set);
    let mut arguments = vec!["predict".to_owned(), "--json".to_owned()];
    arguments.push(format!("--run={}", args.run.folder.display()));
    arguments.push(format!("--device={}", args.device));
    arguments.extend(args.base_url.iter().map(|url| format!("--base-url={url}")));
    arguments.extend(overrides.iter().map(|text| format!("--set={text}")));
    arguments
}

/// What the test folds promised, read beside everything else: a table may have millions of rows.
fn promise(run: Arc<RunFacts>) -> anyhow::Result<Arc<OnceLock<Option<crate::promise::Promise>>>> {
    let promise = Arc::new(OnceLock::new());
    if run.is_scored {
        let place = promise.clone();
        thread::Builder::new()
            .name("promise".to_owned())
            .spawn(move || {
                let _ = place.set(promised(&run.model.folder));
            })?;
    }
    Ok(promise)
}
