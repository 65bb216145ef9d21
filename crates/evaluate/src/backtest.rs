//! `quarterhour backtest RUN`: reads a run's forecasts, has the library trade on them, prints and
//! draws.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Payoff, check_named_output, parse_time};
use page::{backtest_coins_csv, backtest_csv, backtest_svg, backtest_table};
use rules::{
    Backtest, BacktestOptions, BarReturn, Direction, Error, Scope, SignalRule, Thresholds, Trial,
    backtest,
};
use run::TrialLine;
use score::Rows;
use serde_json::json;
use storage::{content_hash, write_atomically};

use crate::selection::RunSelection;
use crate::study::log_trials;

const DAY_MS: i64 = 86_400_000;

/// The command in the log of trials.
const COMMAND: &str = "backtest";

/// Arguments of `quarterhour backtest`. Where lists are given, every combination is a rule that is
/// tried.
#[derive(Debug, clap::Args)]
pub struct BacktestArgs {
    #[command(flatten)]
    selection: RunSelection,
    /// quantile: hold the highest bin (sell the lowest); threshold: hold what is forecast beyond a
    /// threshold
    #[arg(long, value_parser = ["quantile", "threshold"], default_value = "quantile")]
    signal: String,
    /// Numbers of bins; a list such as 5,10,20 tries each
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "10")]
    bins: Vec<usize>,
    /// Signal quantile: also buy this bin, from 1 (the lowest forecasts) to the number of bins, and
    /// sell its opposite, beside the extremes; a list such as 8,9 tries each
    #[arg(long, value_name = "K", value_delimiter = ',')]
    quantile: Vec<usize>,
    /// What a forecast is ranked among: the coins of its time, its coin's day (looks ahead), or
    /// its coin's past; without it the coins of its time, or the past where there is one coin
    #[arg(long, value_parser = ["timestamp", "date", "trailing"])]
    scope: Option<String>,
    /// Scope trailing: forecasts of the coin that one is ranked among, itself included; without it
    /// a day of bars
    #[arg(long, value_name = "BARS")]
    trailing_bars: Option<usize>,
    /// Signal threshold: forecasts, in basis points, from which on a coin is held; a list tries
    /// each; without it RUN/thresholds.toml
    #[arg(long, value_name = "BPS", value_delimiter = ',')]
    threshold_bps: Vec<f64>,
    /// Which signals are followed; a list tries each
    #[arg(long, value_parser = ["long", "short", "longshort"], value_delimiter = ',', default_value = "longshort")]
    side: Vec<String>,
    /// Bars that a signal is held for: the position is the mean of the last so many; a list tries
    /// each
    #[arg(long, value_name = "BARS", value_delimiter = ',', default_value = "1")]
    hold_bars: Vec<usize>,
    /// The exchange's fee for a fill, in basis points
    #[arg(long, value_name = "BPS", default_value_t = 10.0)]
    fee_bps: f64,
    /// 0: positions are entered where the next bar opens; 1: a bar later
    #[arg(long, value_name = "BARS", default_value_t = 0)]
    entry_delay_bars: usize,
    /// Slices of time of the probability of overfitting, even
    #[arg(long, value_name = "N", default_value_t = 16)]
    slices: usize,
    /// Also write the best rule bar by bar to a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Also write each coin's capital at the end of every day to a CSV file
    #[arg(long, value_name = "FILE")]
    coins_csv: Option<PathBuf>,
    /// Also draw capital and alpha factor into an SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

impl BacktestArgs {
    fn options(&self, rows: &Rows, earned: Payoff) -> BacktestOptions {
        let usual = BacktestOptions::usual(rows);
        BacktestOptions {
            scope: self
                .scope
                .as_deref()
                .and_then(Scope::of_name)
                .unwrap_or(usual.scope),
            trailing_bars: self.trailing_bars.unwrap_or(usual.trailing_bars),
            fee_bps: self.fee_bps,
            entry_delay_bars: self.entry_delay_bars,
            slices: self.slices,
            // Only the return of a price is sure to be what a bar earns.
            bar_return: match earned {
                Payoff::FromClose | Payoff::FromNextOpen => usual.bar_return,
                Payoff::Unknown | Payoff::Nothing => BarReturn::NextRow,
            },
        }
    }

    fn signals(&self) -> anyhow::Result<Vec<SignalRule>> {
        Ok(if self.signal == "quantile" {
            // The extremes first, as what the others are compared with.
            let of_bins = |&bins: &usize| {
                let others = self.quantile.iter().copied();
                let bought =
                    std::iter::once(bins).chain(others.filter(move |&place| place != bins));
                bought.map(move |bought| SignalRule::Quantile { bins, bought })
            };
            self.bins.iter().flat_map(of_bins).collect()
        } else if self.threshold_bps.is_empty() {
            vec![SignalRule::Thresholds(self.thresholds()?)]
        } else {
            self.threshold_bps
                .iter()
                .map(|&bps| SignalRule::Threshold { bps })
                .collect()
        })
    }

    fn trials(&self, signals: &[SignalRule]) -> anyhow::Result<Vec<Trial>> {
        let mut trials = Vec::new();
        for signal in signals {
            for direction in self.side.iter().filter_map(|side| Direction::of_name(side)) {
                for &hold_bars in &self.hold_bars {
                    let trial = Trial {
                        signal: signal.clone(),
                        direction,
                        hold_bars,
                    };
                    trial.validate().map_err(cli::usage)?;
                    trials.push(trial);
                }
            }
        }
        Ok(trials)
    }

    fn thresholds(&self) -> anyhow::Result<Thresholds> {
        let (run, path) = (
            cli::quoted(self.selection.run.display()),
            self.selection.run.join("thresholds.toml"),
        );
        if !path.exists() {
            return Err(anyhow!(
                "{} is missing, expected thresholds to trade on",
                path.display()
            )
            .hint(format!(
                "`quarterhour thresholds {run}` writes it, or name one with --threshold-bps"
            )));
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let thresholds =
            Thresholds::from_toml(&text).with_context(|| path.display().to_string())?;
        if thresholds.coins.is_empty() {
            return Err(anyhow!(
                "{} names no coin to trade, expected at least one",
                path.display()
            )
            .hint("no threshold was credibly above costs; name one with --threshold-bps"));
        }
        Ok(thresholds)
    }
}

/// The first time that may be traded on: thresholds must not be judged on the forecasts that they
/// were tuned on.
fn out_of_sample_from(signals: &[SignalRule]) -> anyhow::Result<Option<i64>> {
    let [SignalRule::Thresholds(thresholds)] = signals else {
        return Ok(None);
    };
    let Some([from, _]) = &thresholds.judged else {
        cli::warn(
            "these thresholds were tuned on the same forecasts that they are traded on here (protocol seed), so what they \
             earn is optimistic; `quarterhour thresholds RUN` tunes on an earlier span",
        );
        return Ok(None);
    };
    let from_ms = parse_time(from).map_err(|error| anyhow!("thresholds.toml, judged: {error}"))?;
    cli::note(format!(
        "traded from {from} on: the thresholds were tuned on what came before"
    ));
    Ok(Some(from_ms))
}

/// The lines of the log of trials: one a rule.
fn trial_lines(
    args: &BacktestArgs,
    signals: &[SignalRule],
    found: &Backtest,
) -> anyhow::Result<Vec<TrialLine>> {
    // Their rule is the file's content.
    let thresholds = match signals {
        [SignalRule::Thresholds(thresholds)] => Some(thresholds.to_toml()?),
        _ => None,
    };
    let thresholds = thresholds.map(|text| content_hash(text.as_bytes()));
    let days = (found.span_ms[1] - found.span_ms[0]) / DAY_MS + 1;
    let line = |trial: &rules::TrialResult| TrialLine {
        setting: json!({
            "command": COMMAND,
            "run": args.selection.name(),
            "selection": args.selection.setting(),
            "rule": trial.label,
            "thresholds": thresholds,
            "scope": found.scope,
            "trailing_bars": found.trailing_bars,
            "fee_bps": found.fee_bps,
            "entry_delay_bars": found.entry_delay_bars,
        }),
        days: usize::try_from(days).ok(),
        daily_sharpe: found.daily_sharpe(trial),
        result: None,
    };
    Ok(found.trials.iter().map(line).collect())
}

/// Trades, logs the trials, prints and draws.
///
/// # Errors
/// A run that cannot be read, settings out of range, a file that cannot be written.
pub fn run(args: &BacktestArgs) -> anyhow::Result<()> {
    for (path, extension) in [
        (&args.csv, "csv"),
        (&args.coins_csv, "csv"),
        (&args.plot, "svg"),
    ] {
        path.as_ref()
            .map_or(Ok(()), |path| check_named_output(path, extension))?;
    }
    let signals = args.signals()?;
    let trials = args.trials(&signals)?;
    let (rows, forecaster, earned) = args.selection.read(out_of_sample_from(&signals)?)?;
    let options = args.options(&rows, earned);
    options.validate().map_err(cli::usage)?;
    let found = backtest(&rows, &forecaster, &trials, &options).map_err(|error| match error {
        Error::MoreBinsThanCoins { .. } | Error::Setting { .. } => cli::usage(error),
        error => error.into(),
    })?;
    let lines = trial_lines(args, &signals, &found)?;
    let study = log_trials(&args.selection.run, &lines)?;
    let at_fee = |line: &&TrialLine| {
        line.is_of(COMMAND) && line.setting["fee_bps"].as_f64() == Some(found.fee_bps)
    };
    let sharpes = study.iter().filter(at_fee);
    let sharpes: Vec<f64> = sharpes.filter_map(|line| line.daily_sharpe).collect();
    let found = found.deflated_by(study.len(), &sharpes);
    if found.scope == Some(Scope::Date) {
        cli::warn(
            "scope date looks ahead: positions are taken by forecasts of later in the day, which nobody knew; --scope \
             trailing ranks among the past",
        );
    }
    let files = [
        (
            &args.csv,
            backtest_csv as fn(&Backtest) -> String,
            "the bars are",
        ),
        (&args.coins_csv, backtest_coins_csv, "the coins' days are"),
        (&args.plot, backtest_svg, "the chart is"),
    ];
    for (path, text, what) in files {
        if let Some(path) = path {
            write_atomically(path, text(&found).as_bytes())?;
            cli::note(format!("{what} in {}", path.display()));
        }
    }
    let text = if args.json {
        serde_json::to_string_pretty(&found)? + "\n"
    } else {
        backtest_table(&found)
    };
    Ok(cli::print(&text)?)
}
