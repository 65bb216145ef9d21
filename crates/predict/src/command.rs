//! `predict`: from arguments to a table of forecasts.

use std::ffi::OsString;
use std::fmt::Write;

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use cli::WithHint;
use dataset::{TimeSpan, format_time, parse_time};
use registry::RunArgument;
use storage::content_hash;
use terminal::Table;
use trading::Ledger;

use crate::answer::Answer;
use crate::cache::ForecastCache;
use crate::checkpoint::Request;
use crate::embed::EmbedArgs;
use crate::importance::ImportanceArgs;
use crate::ledger::{self, LedgerArgs};
use crate::record::print_last_bar;
use crate::seen::{InSample, out_of_sample};
use crate::volatility_drift::warn_of_drift;
use crate::volatility_table::volatility_table;
use crate::watch::{
    Beside, OrderArgs, PageArgs, PauseCommand, WatchArgs, WatchConfig, WatchEnd, watch,
};
use crate::{
    CandleSource, Checkpoint, CoinForecast, Fallback, ForecastUnit, Forecasts, History,
    MissingCoin, forecast_at,
};

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
    at: Option<String>,
    /// Which of the run's horizons to forecast, such as 1h [default: the first]
    #[arg(long, value_name = "TIME", conflicts_with = "watch")]
    horizon: Option<TimeSpan>,
    /// Where candles come from [default: store with --at, else binance; simulated for a simulated
    /// run]
    #[arg(long, conflicts_with = "watch")]
    source: Option<CandleSource>,
    /// Print one JSON object instead of a table
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Reuse forecasts of the exchange's candles that were made at most this long ago [default:
    /// 300 with --json, else 0]
    #[arg(long, value_name = "SECS", conflicts_with = "watch")]
    cache_secs: Option<u64>,
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
    run: Option<RunArgument>,
    /// Forecast with this fold's model [default: the last fold's that has not seen the time]
    #[arg(long, value_name = "K")]
    fold: Option<usize>,
    /// Forecast a time that the model was fitted, stopped early or tuned on, too; every row says
    /// so
    #[arg(long)]
    in_sample: bool,
    /// Another address of the exchange's REST interface
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks, LightGBM needs none
    #[arg(long, default_value = "auto")]
    device: model::DeviceChoice,
    /// What answers where the run's model does not load
    #[arg(long, value_enum, default_value_t = Fallback::Rule)]
    fallback: Fallback,
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

/// The page that a watch asks for beside it.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The run that is watched with.
    pub run: RunArgument,
    /// Address, token and names.
    pub page: PageArgs,
    /// Arguments of the watch.
    pub watch: WatchArgs,
    /// Its overrides.
    pub set: Vec<String>,
    /// Another address of the exchange's REST interface.
    pub base_url: Option<String>,
    /// What networks forecast on.
    pub device: model::DeviceChoice,
}

impl PageRequest {
    /// The arguments of `quarterhour serve`, the program's name first.
    pub fn arguments(&self) -> Vec<OsString> {
        let run = match &self.run.model {
            Some(model) => model.reference.to_string().into(),
            None => self.run.folder.clone().into_os_string(),
        };
        let mut arguments = vec!["serve".into(), "--run".into(), run];
        arguments.extend(self.watch.given_on(&self.watch.ledger_path(&self.run)));
        let mut add = |name: &str, value: String| arguments.push(format!("{name}={value}").into());
        add("--listen", self.page.listen.to_string());
        add("--device", self.device.to_string());
        self.page
            .hosts
            .iter()
            .for_each(|host| add("--host", host.clone()));
        (self.page.trusted_proxies.iter()).for_each(|proxy| add("--trusted-proxy", proxy.clone()));
        self.set.iter().for_each(|text| add("--set", text.clone()));
        if let Some(url) = &self.base_url {
            add("--base-url", url.clone());
        }
        if let Some(path) = &self.page.token_file {
            arguments.extend(["--token-file".into(), path.clone().into_os_string()]);
        }
        arguments
    }
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

/// Seconds for which `--json` callers get the same forecasts: they ask often, and a forecast is of
/// 15 minutes.
const CACHE_SECS: u64 = 300;

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
        return watch_with(&args.model, asked, urls, end);
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
            Err(error.hint("`quarterhour watch --serve` has one"))
        })
    }

    /// Runs the command; `page` serves what `watch --serve` asks for, until the process is interrupted.
    ///
    /// # Errors
    /// As [`Command::run`].
    pub fn run_with(
        &self,
        page: impl FnOnce(PageRequest) -> anyhow::Result<()> + Send + 'static,
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
                let asked_page = args.page();
                let _beside = asked_page
                    .map(|request| Beside::start(move || page(request)))
                    .transpose()?;
                watch_with(&args.model, asked, urls, end)
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

/// Watches; `urls` are other addresses of the exchange's REST interface and websocket.
fn watch_with(
    model: &ModelArgs,
    watching: (&WatchArgs, &OrderArgs),
    urls: (Option<&str>, Option<&str>),
    end: WatchEnd,
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
    watch(request.load()?, asked, watching, &of_watch, urls, end)
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
    watch_with(&args.model, asked, urls, WatchEnd::OneBar)?;
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
    } = args.answer()?;
    if let Some(age_secs) = reused_after_secs {
        cli::note(format!(
            "forecasts made {age_secs} s ago; --cache-secs 0 makes new ones"
        ));
    }
    let text = match (args.json, is_of_volatility) {
        (true, _) => serde_json::to_string_pretty(&forecasts)? + "\n",
        (false, true) => volatility_table(&forecasts),
        (false, false) => table(&forecasts),
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

/// What the arguments ask for: the forecasts that the command prints.
///
/// # Errors
/// As [`run()`]; coins that are all refused are no error here.
pub(crate) fn answer(args: &Args) -> anyhow::Result<Answer> {
    let at_ms = match &args.at {
        None => None,
        Some(text) => Some(parse_time(text).map_err(|error| {
            cli::usage(anyhow!("--at: {error}").hint("--at 2024-05-01T12:00 for instance"))
        })?),
    };
    let (mut overrides, of_watch) = WatchArgs::split(&args.model.set);
    let horizon = args
        .horizon
        .map(|horizon| format!("target.horizon={horizon}"));
    overrides.extend(horizon);
    if let Some(text) = of_watch.first() {
        return Err(cli::usage(
            anyhow!("--set {text}: expected a key of [data] or [universe]")
                .hint("--watch has more"),
        ));
    }
    let request = args.model.request(at_ms, &overrides)?;
    let checkpoint = request.load()?;
    let interval = checkpoint.config.data.interval;
    if let Some(at_ms) = at_ms.filter(|at_ms| at_ms.rem_euclid(interval.ms()) != 0) {
        return Err(cli::usage(
            anyhow!(
                "--at {}: expected the open time of a {interval} candle",
                format_time(at_ms)
            )
            .hint(format!(
                "--at '{}'",
                format_time(at_ms - at_ms.rem_euclid(interval.ms()))
            )),
        ));
    }
    let checkpoint = match at_ms {
        Some(at_ms) => out_of_sample(checkpoint, &request, at_ms, args.model.in_sample())?,
        None => checkpoint,
    };
    let source = args
        .source
        .unwrap_or_else(|| CandleSource::default_for(&checkpoint.config, at_ms));
    let is_of_volatility = checkpoint.publication.is_some();
    let (forecasts, reused_after_secs) = match (source, at_ms) {
        (CandleSource::Binance, None) => reused_or_made(args, &request, checkpoint)?,
        _ => (make(args, &request, checkpoint, source, at_ms)?.0, None),
    };
    Ok(Answer {
        forecasts,
        source,
        is_of_volatility,
        reused_after_secs,
    })
}

/// Forecasts, and whether every coin had its candle; one that had none is named with the reason.
fn make(
    args: &Args,
    request: &Request<'_>,
    mut checkpoint: Checkpoint,
    source: CandleSource,
    at_ms: Option<i64>,
) -> anyhow::Result<(Forecasts, bool)> {
    let (history, missing) =
        History::read_what_is_there(source, &checkpoint, at_ms, args.model.base_url.as_deref())?;
    if at_ms.is_none() {
        checkpoint = out_of_sample(checkpoint, request, history.at_ms, args.model.in_sample())?;
    }
    checkpoint.check_columns(&history)?;
    let mut forecasts = forecast_at(&checkpoint, &history)?;
    for MissingCoin { symbol, reason } in &missing {
        cli::warn(format!(
            "{symbol} is missing, the others are forecast without it: {reason}"
        ));
        for coin in forecasts
            .coins
            .iter_mut()
            .filter(|coin| coin.symbol == symbol.as_str())
        {
            (coin.forecast, coin.refused) = (None, Some(reason.clone()));
            coin.intervals.clear();
            coin.volatility = None;
        }
    }
    Ok((forecasts, missing.is_empty()))
}

/// The exchange's last minute, or forecasts from the cache where they are young enough, with their
/// age in seconds.
fn reused_or_made(
    args: &Args,
    request: &Request<'_>,
    checkpoint: Checkpoint,
) -> anyhow::Result<(Forecasts, Option<u64>)> {
    let lasts_secs = args
        .cache_secs
        .unwrap_or(if args.json { CACHE_SECS } else { 0 });
    let key = format!(
        "{:?} {} {:?} {:?} {} {}",
        args.model.set,
        checkpoint.config.target.horizon,
        args.model.fold,
        args.model.base_url,
        args.model.in_sample,
        checkpoint.forecaster.sha256()
    );
    // Hashed, as an address may hold a password.
    let cache = ForecastCache::new(request.run, content_hash(key.as_bytes()), lasts_secs);
    if let Some((forecasts, age_secs)) = cache.get() {
        return Ok((forecasts, Some(age_secs)));
    }
    let (forecasts, is_complete) = make(args, request, checkpoint, CandleSource::Binance, None)?;
    if lasts_secs > 0 && is_complete {
        cache.put(&forecasts);
    }
    Ok((forecasts, None))
}

/// The bounds of a coin's interval.
fn bounds(coin: &CoinForecast, coverage: f64, unit: ForecastUnit) -> String {
    let found = (coin.intervals.iter()).find(|interval| interval.coverage == coverage);
    found.map_or_else(
        || "-".to_owned(),
        |interval| {
            format!(
                "{} to {}",
                unit.text(interval.lower, 1),
                unit.text(interval.upper, 1)
            )
        },
    )
}

fn table(forecasts: &Forecasts) -> String {
    // A coin without a forecast has no interval.
    let with_most = (forecasts.coins.iter()).max_by_key(|coin| coin.intervals.len());
    let coverages: Vec<f64> = (with_most.iter())
        .flat_map(|coin| coin.intervals.iter().map(|interval| interval.coverage))
        .collect();
    let unit = forecasts.unit;
    let mut header = ["coin", "last close", "candle opened at"]
        .map(str::to_owned)
        .to_vec();
    header.push(format!("forecast{}", unit.title()));
    let title = |coverage: &f64| format!("{:.0} % interval{}", coverage * 100.0, unit.title());
    header.extend(coverages.iter().map(title));
    let notes_column = header.len();
    header.push(String::new());
    let mut table = Table::new(header).left([2, notes_column]).unbroken();
    for coin in &forecasts.coins {
        let close = coin.close.map(|close| close.to_string());
        let forecast = coin.forecast.map(|value| unit.text(value, 2));
        let refused = coin.refused.as_ref();
        let notes = coin
            .in_sample
            .then(|| "in sample".to_owned())
            .into_iter()
            .chain(refused.map(|reason| format!("refused: {reason}")));
        let mut cells = vec![
            close.unwrap_or_else(|| "-".to_owned()),
            format_time(forecasts.time),
            forecast.unwrap_or_else(|| "-".to_owned()),
        ];
        cells.extend(
            coverages
                .iter()
                .map(|coverage| bounds(coin, *coverage, unit)),
        );
        cells.push(notes.collect::<Vec<_>>().join("  "));
        table.push(coin.symbol.as_str(), cells);
    }
    let mut text = table.render();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nThe forecast is of the target {} bars ahead, known since {} UTC, by {}.",
        forecasts.horizon_bars,
        format_time(forecasts.closed_at),
        forecasts.forecaster
    );
    text
}
