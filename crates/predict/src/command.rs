//! `predict`: from arguments to a table of forecasts.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{TimeSpan, format_time};
use registry::RunArgument;
use trading::Ledger;

use crate::answer::{Answer, answer};
use crate::checkpoint::Request;
use crate::embed::EmbedArgs;
use crate::forecast_table::forecast_table;
use crate::importance::ImportanceArgs;
use crate::ledger::{self, LedgerArgs};
use crate::record::print_last_bar;
use crate::seen::InSample;
use crate::volatility_drift::warn_of_drift;
use crate::volatility_table::volatility_table;
use crate::watch::{OrderArgs, PageArgs, PauseCommand, WatchArgs, WatchConfig, WatchEnd, watch};
use crate::{CandleSource, Fallback, PageRequest, PageServer};
use clap::{Parser, Subcommand};

/// Forecast from a saved run
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Open time of the last candle to use, such as 2021-05-01T00:15 (UTC) [default: the last
    /// closed one]
    #[arg(long, value_name = "TIME", conflicts_with = "watch")]
    pub(crate) at: Option<String>,
    /// Which of the run's horizons to forecast, such as 1h [default: the first]
    #[arg(long, value_name = "TIME", conflicts_with = "watch")]
    pub(crate) horizon: Option<TimeSpan>,
    /// Where candles come from [default: store with --at, else binance; simulated for a simulated
    /// run]
    #[arg(long, conflicts_with = "watch")]
    pub(crate) source: Option<CandleSource>,
    /// Print one JSON object instead of a table
    #[arg(long, conflicts_with = "watch")]
    pub(crate) json: bool,
    /// Reuse forecasts of the exchange's candles that were made at most this long ago [default:
    /// 300 with --json, else 0]
    #[arg(long, value_name = "SECS", conflicts_with = "watch")]
    pub(crate) cache_secs: Option<u64>,
    /// Forecast every minute as it closes, and open and close pretend positions
    #[arg(long)]
    watch: bool,
    /// Do what a watch does, for the last closed bar alone: forecasts, signals and pretend positions
    /// go to the ledger. A second call in the same bar changes nothing
    #[arg(long, conflicts_with_all = ["watch", "at", "horizon", "source", "cache_secs"])]
    record: bool,
    #[command(flatten)]
    watching: WatchArgs,
    #[command(flatten)]
    orders: OrderArgs,
    /// Another address of the exchange's websocket
    #[arg(long, value_name = "URL", requires = "watch")]
    websocket_url: Option<String>,
    /// End the watch when the exchange's clock shows this (UTC)
    #[arg(long, value_name = "TIME", requires = "watch")]
    until: Option<String>,
}

/// What a forecast needs, be it one or every minute's.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModelArgs {
    /// The run: a folder such as checkpoints/panel20, or a registered model such as spot20@production or
    /// spot20@1.2.0
    #[arg(long, visible_alias = "model", value_name = "RUN", required = true)]
    pub(crate) run: Option<RunArgument>,
    /// Forecast with this fold's model [default: the last fold's that has not seen the time]
    #[arg(long, value_name = "K")]
    pub(crate) fold: Option<usize>,
    /// Forecast a time that the model was fitted, stopped early or tuned on, too; every row says
    /// so
    #[arg(long)]
    pub(crate) in_sample: bool,
    /// Another address of the exchange's REST interface
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks, LightGBM needs none
    #[arg(long, default_value = "auto")]
    pub(crate) device: model::DeviceChoice,
    /// What answers where the run's model does not load
    #[arg(long, value_enum, default_value_t = Fallback::Rule)]
    pub(crate) fallback: Fallback,
    /// Overrides a key of [data] or [universe], and of a watch of [trading] or [watch] (may be
    /// repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// `quarterhour watch`, which is `predict` with `--watch`
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct WatchCommand {
    #[command(subcommand)]
    command: Option<PauseCommand>,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    watching: WatchArgs,
    #[command(flatten)]
    orders: OrderArgs,
    /// Another address of the exchange's websocket
    #[arg(long, value_name = "URL")]
    websocket_url: Option<String>,
    /// End the watch when the exchange's clock shows this (UTC)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl WatchCommand {
    /// The page that is asked for beside the watch, if one is.
    pub fn page(&self) -> Option<PageRequest> {
        let run = self.model.run.clone().filter(|_| self.page.serve)?;
        Some(PageRequest {
            run,
            page: self.page.clone(),
            watch: self.watching.clone(),
            set: self.model.set.clone(),
            base_url: self.model.base_url.clone(),
            device: self.model.device,
        })
    }
}

/// What is done beside forecasting once.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Forecast every minute as it closes, and open and close pretend positions
    Watch(Box<WatchCommand>),
    /// Write what a network's encoder makes of each window as Parquet, for models made elsewhere
    Embed(EmbedArgs),
    /// Say what each group of features is worth: the loss that is added when it is exchanged at random
    Importance(ImportanceArgs),
    /// Print what a watch did: trades, win rate, profit before and after fees, Sharpe, drawdown
    Ledger(Box<LedgerArgs>),
}

/// Forecasts once, watches, or prints a ledger.
///
/// # Errors
/// A run that does not fit, candles that cannot be had, no coin that can be forecast.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(command) = &args.command {
        return command.run();
    }
    let urls = (
        args.model.base_url.as_deref(),
        args.websocket_url.as_deref(),
    );
    let asked = (&args.watching, &args.orders);
    if args.watch {
        let end = WatchEnd::until(args.until.as_deref())?;
        return watch_with(&args.model, asked, urls, (end, None));
    }
    if args.record {
        return record(args);
    }
    predict(args)
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// As [`run()`]; a ledger that is not there or wrong.
    pub fn run(&self) -> anyhow::Result<()> {
        self.run_with(|_| {
            let error = anyhow!("--serve: this program has no page");
            Err(cli::usage(
                error.hint("`quarterhour watch --serve` has one"),
            ))
        })
    }

    /// Runs the command; `page` makes the server of the page that `watch --serve` asks for, which ends with
    /// the watch.
    ///
    /// # Errors
    /// As [`Command::run`]; what `page` refuses.
    pub fn run_with(
        &self,
        page: impl FnOnce(PageRequest) -> anyhow::Result<PageServer>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Watch(args) => {
                if let Some(command) = &args.command {
                    return command.run();
                }
                let urls = (
                    args.model.base_url.as_deref(),
                    args.websocket_url.as_deref(),
                );
                let asked = (&args.watching, &args.orders);
                let end = WatchEnd::until(args.until.as_deref())?;
                let page = args.page().map(page).transpose()?;
                watch_with(&args.model, asked, urls, (end, page))
            }
            Self::Embed(args) => args.run(),
            Self::Importance(args) => args.run(),
            Self::Ledger(args) => ledger::run(args),
        }
    }
}

impl ModelArgs {
    /// The model to load for a time, or for the last one; `overrides` are the keys of `--set` that
    /// are the run's.
    pub(crate) fn request<'a>(
        &'a self,
        at_ms: Option<i64>,
        overrides: &'a [String],
    ) -> anyhow::Result<Request<'a>> {
        let Some(run) = &self.run else {
            return Err(cli::usage(
                anyhow!("--run DIR is missing").hint("ls checkpoints/ shows the runs there are"),
            ));
        };
        Ok(Request {
            fallback: self.fallback,
            run: &run.folder,
            registered: run.model.as_ref(),
            fold: self.fold,
            at_ms,
            overrides,
            device: self.device,
        })
    }

    pub(crate) fn in_sample(&self) -> InSample {
        if self.in_sample {
            InSample::Mark
        } else {
            InSample::Refuse
        }
    }
}

/// Watches; `urls` are other addresses of the exchange's REST interface and websocket, and the page, if there
/// is one, is served beside.
fn watch_with(
    model: &ModelArgs,
    watching: (&WatchArgs, &OrderArgs),
    urls: (Option<&str>, Option<&str>),
    (end, page): (WatchEnd, Option<PageServer>),
) -> anyhow::Result<()> {
    let (overrides, of_watch) = WatchArgs::split(&model.set);
    if let Some(text) = overrides.iter().find(|text| text.starts_with("target.")) {
        return Err(cli::usage(
            anyhow!("--set {text}: expected no such key, as a watch trades the first horizon")
                .hint("`predict --run RUN --horizon TIME` forecasts another"),
        ));
    }
    let request = model.request(None, &overrides)?;
    let asked = (&request, model.in_sample());
    watch(
        request.load()?,
        asked,
        watching,
        &of_watch,
        urls,
        (end, page),
    )
}

/// Does what a watch does for one bar, and says what the ledger has of it.
fn record(args: &Args) -> anyhow::Result<()> {
    let urls = (args.model.base_url.as_deref(), None);
    let asked = (&args.watching, &args.orders);
    let path = (args.model.run.as_ref()).map(|run| args.watching.ledger_path(run));
    let before_ms = match path.as_deref().filter(|path| path.exists()) {
        Some(path) => Ledger::read_only(path)?.last_forecast_ms()?,
        None => None,
    };
    watch_with(&args.model, asked, urls, (WatchEnd::OneBar, None))?;
    let Some(path) = path else {
        return Ok(());
    };
    print_last_bar(&Ledger::read_only(&path)?, before_ms, args.json)
}

fn predict(args: &Args) -> anyhow::Result<()> {
    let Answer {
        forecasts,
        source,
        is_of_volatility,
        reused_after_secs,
    } = answer(args)?;
    if let Some(age_secs) = reused_after_secs {
        cli::note(format!(
            "forecasts made {age_secs} s ago; --cache-secs 0 makes new ones"
        ));
    }
    let text = match (args.json, is_of_volatility) {
        (true, _) => serde_json::to_string_pretty(&forecasts)? + "\n",
        (false, true) => volatility_table(&forecasts),
        (false, false) => forecast_table(&forecasts),
    };
    warn_of_drift(&forecasts, &WatchConfig::default());
    cli::print(&text)?;
    if forecasts.coins.iter().all(|coin| coin.forecast.is_none()) {
        let error = anyhow!("no coin can be forecast at {}", format_time(forecasts.time));
        return Err(match source {
            CandleSource::Store => error.hint("`quarterhour audit` shows the holes"),
            CandleSource::Binance | CandleSource::Simulated => error,
        });
    }
    Ok(())
}
