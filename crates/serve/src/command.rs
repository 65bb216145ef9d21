//! `quarterhour serve`: from arguments to a listening server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

use anyhow::Context;
use cli::WithHint;
use model::DeviceChoice;
use predict::{SignalPolicy, WatchArgs};
use registry::RunArgument;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::access::{Access, read_token};
use crate::poll::poll;
use crate::promise::promised;
use crate::request_counts::RequestCounts;
use crate::router::router;
use crate::run_facts::RunFacts;
use crate::server;
use crate::site::{MOST_STREAMS, MOST_UPLOADS, Site};
use crate::snapshot::Snapshot;

/// Show a watch's forecasts, positions and health on a page, and answer programs over HTTP
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run that is watched with: a folder, or a registered model such as spot20@production
    #[arg(long, visible_alias = "model", value_name = "RUN")]
    run: RunArgument,
    /// Address to listen at; any other than this machine's own needs a token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// File with the token that requests must bring [default: QUARTERHOUR_TOKEN; without either no
    /// token is needed]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Another name that this server is called by, such as that of a reverse proxy (may be repeated)
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Overrides a key of [data], [universe], [trading] or [watch] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Another address of the exchange's REST interface, for POST /predict
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for POST /predict
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

/// Serves until it is interrupted.
///
/// # Errors
/// A folder that is no run, an address that is taken, a token that is missing or short.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let token = read_token(args.token_file.as_deref())?;
    let is_over = cli::watch_for_interrupt("stopping")?;
    let run = Arc::new(run_facts(args)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let listener = TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen at {}", args.listen))
            .hint("--listen 127.0.0.1:OTHER")?;
        let address = listener.local_addr()?;
        let access = Access::new(address, &args.hosts, token.as_deref())?;
        let (sender, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        poll(
            args.watch.ledger_path(&args.run),
            run.clone(),
            sender,
            is_over.clone(),
        )?;
        let uploads = tempfile::tempdir().context("no folder for what is uploaded")?;
        let site = Site {
            promise: promise(run.clone())?,
            run,
            model: args.run.model.clone(),
            snapshots,
            access,
            predict_arguments: predict_arguments(args),
            predicting: Arc::new(Semaphore::new(1)),
            uploading: Arc::new(Semaphore::new(MOST_UPLOADS)),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            requests: RequestCounts::new()?,
            uploads: uploads.path().to_owned(),
        };
        cli::note(format!(
            "http://{address} (paper only: no order is ever sent)"
        ));
        server::serve(listener, router(Arc::new(site)), is_over).await?;
        anyhow::Ok(())
    });
    // Event streams and forecasts on the way do not hold the end up.
    runtime.shutdown_background();
    result
}

fn run_facts(args: &Args) -> anyhow::Result<RunFacts> {
    let run = &args.run.folder;
    let (trading, watch) = args.watch.settings(run, &args.set)?;
    let (_, config) = predict::kinds(args.device).config(run, &[])?;
    let bar_ms = config.data.interval.ms();
    let policy = SignalPolicy::new(trading, &watch, args.watch.thresholds(run)?, bar_ms);
    RunFacts::read(run.clone(), args.device, (policy, watch.pearson_forecasts))
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
                let _ = place.set(promised(&run.folder));
            })?;
    }
    Ok(promise)
}
