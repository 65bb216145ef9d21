//! Arguments of `predict` and `watch`.

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use cli::WithHint;
use dataset::TimeSpan;
use registry::RunArgument;

use crate::checkpoint::Request;
use crate::embed::EmbedArgs;
use crate::importance::ImportanceArgs;
use crate::ledger::LedgerArgs;
use crate::seen::InSample;
use crate::watch::{OrderArgs, PageArgs, PauseCommand, WatchArgs};
use crate::{CandleSource, Fallback, PageRequest};

/// Forecast from a saved run
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
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
    pub(crate) watch: bool,
    /// Do what a watch does, for the last closed bar alone: forecasts, signals and pretend positions
    /// go to the ledger. A second call in the same bar changes nothing
    #[arg(long, conflicts_with_all = ["watch", "at", "horizon", "source", "cache_secs"])]
    pub(crate) record: bool,
    #[command(flatten)]
    pub(crate) watching: WatchArgs,
    #[command(flatten)]
    pub(crate) orders: OrderArgs,
    /// Another address of the exchange's websocket
    #[arg(long, value_name = "URL", requires = "watch")]
    pub(crate) websocket_url: Option<String>,
    /// End the watch when the exchange's clock shows this (UTC)
    #[arg(long, value_name = "TIME", requires = "watch")]
    pub(crate) until: Option<String>,
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
    pub(crate) command: Option<PauseCommand>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) watching: WatchArgs,
    #[command(flatten)]
    pub(crate) orders: OrderArgs,
    /// Another address of the exchange's websocket
    #[arg(long, value_name = "URL")]
    pub(crate) websocket_url: Option<String>,
    /// End the watch when the exchange's clock shows this (UTC)
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
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
