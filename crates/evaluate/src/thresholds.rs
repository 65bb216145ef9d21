//! `quarterhour thresholds RUN`: reads a run's forecasts, has the library tune, writes file, page
//! and charts beside them.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cli::WithHint;
use dataset::{Payoff, format_time};
use page::{thresholds_html, thresholds_svg, thresholds_table, thresholds_warnings};
use rules::{Costs, DeflateBy, TuneOptions, Tuning, TuningProtocol, tune};
use run::{NamedTable, join, study_trials};
use score::Options;
use storage::write_atomically;

use crate::part::PartArgs;
use crate::runs::EvaluatedRun;

/// Arguments of `quarterhour thresholds`.
#[derive(Debug, clap::Args)]
pub struct TuneArgs {
    /// Run: a folder with run.toml and forecasts.parquet; the results are written into it
    #[arg(value_name = "RUN", value_parser = registry::run_folder)]
    run: PathBuf,
    #[command(flatten)]
    part: PartArgs,
    /// honest: tuned on the first part, judged on the rest; seed: best sum over the whole span,
    /// optimistic
    #[arg(long, value_parser = ["honest", "seed"], default_value = "honest")]
    protocol: String,
    /// Pass each coin's forecasts through a linear fit of realized on forecast, made on the span
    /// tuned on
    #[arg(long)]
    calibrate: bool,
    /// Thresholds tried for each coin and side
    #[arg(long, value_name = "N", default_value_t = TuneOptions::default().thresholds)]
    thresholds: usize,
    /// Share of the forecast times that thresholds are tuned on
    #[arg(long, value_name = "SHARE", default_value_t = TuneOptions::default().tune_share)]
    tune_share: f64,
    /// Trades that a threshold needs on the span tuned on
    #[arg(long, value_name = "N", default_value_t = TuneOptions::default().min_trades)]
    min_trades: usize,
    /// Deflated Sharpe ratio that a threshold needs on the span tuned on
    #[arg(long, value_name = "SHARE", default_value_t = TuneOptions::default().confidence)]
    confidence: f64,
    /// Which spread of worthless trials that assumes: of the trials themselves, or what chance
    /// alone gives
    #[arg(long, value_parser = ["trials", "chance"], default_value = "trials")]
    deflate_by: String,
    /// The exchange's fee for a fill, in basis points; a position has two fills
    #[arg(long, value_name = "BPS", default_value_t = Costs::default().fee_bps)]
    fee_bps: f64,
    /// How much worse than the candle's price a fill is, in basis points
    #[arg(long, value_name = "BPS", default_value_t = Costs::default().slippage_bps)]
    slippage_bps: f64,
    /// Bars between a forecast and its trade: 0 or 1
    #[arg(long, value_name = "BARS", default_value_t = TuneOptions::default().entry_delay_bars)]
    entry_delay_bars: usize,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

impl TuneArgs {
    fn options(&self, other_trials: usize) -> TuneOptions {
        TuneOptions {
            protocol: if self.protocol == TuningProtocol::Seed.name() {
                TuningProtocol::Seed
            } else {
                TuningProtocol::Honest
            },
            costs: Costs {
                fee_bps: self.fee_bps,
                slippage_bps: self.slippage_bps,
            },
            thresholds: self.thresholds,
            tune_share: self.tune_share,
            min_trades: self.min_trades,
            entry_delay_bars: self.entry_delay_bars,
            calibrate: self.calibrate,
            confidence: self.confidence,
            other_trials,
            deflate_by: if self.deflate_by == DeflateBy::Chance.name() {
                DeflateBy::Chance
            } else {
                DeflateBy::Trials
            },
            bootstrap: Options {
                draws: self.draws,
                seed: self.seed,
                ..Options::default()
            },
        }
    }
}

/// Tunes, writes and prints.
///
/// # Errors
/// A run that cannot be read or traded, settings out of range, a folder that cannot be written.
pub fn run(args: &TuneArgs) -> anyhow::Result<()> {
    let options = args.options(study_trials(&args.run)?.len());
    options.validate().map_err(cli::usage)?;
    let run = EvaluatedRun::read(&args.run, &args.part)?;
    let table = run.only_table()?;
    let source = NamedTable {
        name: &run.name,
        run: Some(&run.path),
        table,
    };
    let joined = join(&[source])?;
    check_target(&run, joined.rows.reach_bars)?;
    let [forecaster] = joined.forecasters.as_slice() else {
        bail!("{} has no forecasts", run.path)
    };
    let tuning = tune(&joined.rows, forecaster, &options)?;
    for warning in thresholds_warnings(&tuning) {
        cli::warn(warning);
    }
    write(&args.run, &tuning)?;
    let text = if args.json {
        serde_json::to_string_pretty(&tuning)? + "\n"
    } else {
        thresholds_table(&tuning)
    };
    Ok(cli::print(&text)?)
}

/// Only the return between two prices can be earned.
fn check_target(run: &EvaluatedRun, reach_bars: usize) -> anyhow::Result<()> {
    match run.target.earned() {
        Payoff::FromClose | Payoff::FromNextOpen => Ok(()),
        Payoff::Unknown => {
            cli::warn(format!(
                "{} forecasts a provided target; its profits are true only if that column is the return over {reach_bars} bars",
                run.path
            ));
            Ok(())
        }
        Payoff::Nothing => Err(anyhow!(
            "{} forecasts target.kind = \"{}\", a {} that no single position earns; \
                 expected \"return\"",
            run.path,
            run.target.name(),
            run.target.unit()
        )
        .hint(
            "`quarterhour train --set target.kind=return` trains a run \
                 that can be traded",
        )),
    }
}

fn write(run: &Path, tuning: &Tuning) -> anyhow::Result<()> {
    for coin in &tuning.coins {
        let path = run.join("thresholds").join(format!("{}.svg", coin.symbol));
        write_atomically(&path, thresholds_svg(coin, tuning.min_trades).as_bytes())?;
    }
    let called = cli::arguments();
    let arguments = called
        .split_once("thresholds ")
        .map_or("", |(_, after)| after);
    let command = format!("quarterhour thresholds {arguments}");
    let page = run.join("thresholds.html");
    write_atomically(&page, thresholds_html(tuning, &command).as_bytes())?;
    let file = run.join("thresholds.toml");
    let text = tuning
        .thresholds(format_time)
        .to_toml()
        .context("cannot write thresholds")?;
    write_atomically(&file, text.as_bytes())?;
    cli::note(format!(
        "thresholds are in {}, charts in {}",
        file.display(),
        page.display()
    ));
    Ok(())
}
