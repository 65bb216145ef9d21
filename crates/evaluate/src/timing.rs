//! `quarterhour timing RUN...`: what timing a trade that happens anyway saves.

use std::path::PathBuf;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Column, Panel, TimeSpan, check_named_output};
use page::{timing_coins, timing_html, timing_table};
use rules::{Error, PATIENCE, Prices, TimingOptions, TimingReport, timing};
use score::{Options, controls};
use storage::write_atomically;

use crate::part::PartArgs;
use crate::runs::Runs;

/// Arguments of `quarterhour timing`.
#[derive(Debug, clap::Args)]
pub struct TimingArgs {
    /// Runs: folders with run.toml and forecasts.parquet; others are compared with the first
    #[arg(value_name = "RUN", required = true, value_parser = registry::run_folder)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    /// Time from an order's arrival to the last close at which it is filled; a list scores each
    #[arg(
        long,
        value_name = "TIME",
        value_delimiter = ',',
        default_value = "15m,1h,4h"
    )]
    deadline: Vec<TimeSpan>,
    /// Time from one order of a coin to the next; without it an order arrives at every bar
    #[arg(long, value_name = "TIME")]
    every: Option<TimeSpan>,
    /// Half the spread, in basis points; benchmarks pay it as well
    #[arg(long, value_name = "BPS", default_value_t = 1.0)]
    half_spread_bps: f64,
    /// How long the rule waits for a better bar; 0 trades as soon as the forecast is against waiting
    #[arg(long, value_name = "NUMBER", default_value_t = PATIENCE)]
    patience: f64,
    /// Folds to score, such as 1-5 or 1-5,7; without it all of them
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Print every coin's saving too
    #[arg(long)]
    coins: bool,
    /// Also write the tables with a chart to one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

impl TimingArgs {
    fn options(&self, bar_ms: i64) -> anyhow::Result<TimingOptions> {
        let bars = |flag: &str, span: &TimeSpan| -> anyhow::Result<usize> {
            if span.ms() == 0 || span.ms() % bar_ms != 0 {
                let bar_secs = bar_ms / 1000;
                let error = anyhow!("--{flag} {span}: expected a multiple of the bar, {bar_secs}s");
                return Err(cli::usage(
                    error.hint(format!("--{flag} {bar_secs}s is one bar")),
                ));
            }
            Ok((span.ms() / bar_ms) as usize)
        };
        let deadlines = self.deadline.iter().map(|span| bars("deadline", span));
        let every = self.every.as_ref().map(|span| bars("every", span));
        Ok(TimingOptions {
            deadlines_bars: deadlines.collect::<anyhow::Result<_>>()?,
            every_bars: every.transpose()?.unwrap_or(1),
            half_spread_bps: self.half_spread_bps,
            patience: self.patience,
            bootstrap: Options {
                draws: self.draws,
                seed: self.seed,
                ..Options::default()
            },
        })
    }
}

/// Reads, follows the rule, prints and draws.
///
/// # Errors
/// Runs that cannot be read or forecast no return, candles that are not there, settings out of
/// range, a file that cannot be written.
pub fn run(args: &TimingArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.html {
        check_named_output(path, "html")?;
    }
    let folds = args.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)?;
    let runs = Runs::read(&args.runs, &folds, &args.part)?;
    let report = report(args, &runs)?;
    if let Some(path) = &args.html {
        let command = format!("quarterhour {}", cli::arguments());
        write_atomically(path, timing_html(&report, &command).as_bytes())?;
        cli::note(format!("the report is in {}", path.display()));
    }
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else if args.coins {
        format!("{}\n{}", timing_table(&report), timing_coins(&report))
    } else {
        timing_table(&report)
    };
    Ok(cli::print(&text)?)
}

fn report(args: &TimingArgs, runs: &Runs) -> anyhow::Result<TimingReport> {
    runs.check_returns("timing is for runs with target.kind = \"return\"")?;
    let joined = runs.join(runs.only_part()?)?;
    let options = args.options(joined.rows.bar_ms)?;
    options.validate().map_err(cli::usage)?;
    let mut forecasters = joined.forecasters;
    forecasters.extend(controls(&joined.rows));
    let prices = prices(&runs.all[0].prices()?);
    timing(&joined.rows, &forecasters, &prices, &options).map_err(|error| match error {
        Error::Setting { .. } => cli::usage(error),
        error => error.into(),
    })
}

/// The closes and volumes of a panel; prices that were carried forward are none.
pub(crate) fn prices(panel: &Panel) -> Prices {
    let volume = values(panel, Column::Volume);
    Prices {
        start_ms: panel.time_ms(0),
        bar_ms: panel.interval().ms(),
        symbols: panel.symbols().iter().map(ToString::to_string).collect(),
        close: values(panel, Column::Close),
        volume: volume
            .iter()
            .any(|volume| !volume.is_nan())
            .then_some(volume),
        ..Prices::default()
    }
}

/// A column of a panel, `[bars, coins]`; NaN where a coin has no candle of its own.
pub(crate) fn values(panel: &Panel, column: Column) -> Vec<f64> {
    let cells = (0..panel.rows()).flat_map(|row| (0..panel.coins()).map(move |coin| (row, coin)));
    let value = |(row, coin)| {
        if panel.is_observed(row, coin) {
            panel.value(column, row, coin)
        } else {
            f64::NAN
        }
    };
    cells.map(value).collect()
}
