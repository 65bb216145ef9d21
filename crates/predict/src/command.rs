//! `predict`: from arguments to a table of forecasts.

use anyhow::anyhow;
use cli::WithHint;
use dataset::format_time;
use trading::Ledger;

use crate::answer::{Answer, answer};
use crate::args::{Args, Command, ModelArgs};
use crate::forecast_table::forecast_table;
use crate::ledger;
use crate::record::print_last_bar;
use crate::volatility_drift::warn_of_drift;
use crate::volatility_table::volatility_table;
use crate::watch::{OrderArgs, WatchArgs, WatchConfig, WatchEnd, watch};
use crate::{CandleSource, PageRequest, PageServer};

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
