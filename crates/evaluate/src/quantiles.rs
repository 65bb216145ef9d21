//! `quarterhour quantiles RUN`: reads a run's forecasts, has the library put them into bins, prints
//! and draws.

use std::path::PathBuf;

use dataset::check_named_output;
use page::{quantiles_csv, quantiles_svg, quantiles_table};
use rules::{QuantileOptions, Scope, quantiles};
use storage::write_atomically;

use crate::selection::RunSelection;

/// Arguments of `quarterhour quantiles`.
#[derive(Debug, clap::Args)]
pub struct QuantileArgs {
    #[command(flatten)]
    selection: RunSelection,
    /// Number of bins, 2 to 5000
    #[arg(long, value_name = "N", default_value_t = 10)]
    bins: usize,
    /// What a forecast is ranked among: the coins of its time, its coin's day (looks ahead), or
    /// its coin's past; without it the coins of its time, or the past where there is one coin
    #[arg(long, value_parser = ["timestamp", "date", "trailing"])]
    scope: Option<String>,
    /// Scope trailing: forecasts of the coin that one is ranked among, itself included; without it
    /// a day of bars
    #[arg(long, value_name = "BARS")]
    trailing_bars: Option<usize>,
    /// Also write the bins to a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Also draw means and cumulative returns into an SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

/// Ranks, prints and draws.
///
/// # Errors
/// A run that cannot be read, settings out of range, a file that cannot be written.
pub fn run(args: &QuantileArgs) -> anyhow::Result<()> {
    for (path, extension) in [(&args.csv, "csv"), (&args.plot, "svg")] {
        path.as_ref()
            .map_or(Ok(()), |path| check_named_output(path, extension))?;
    }
    let (rows, forecaster, _) = args.selection.read(None)?;
    let usual = QuantileOptions::usual(&rows);
    let options = QuantileOptions {
        bins: args.bins,
        scope: args
            .scope
            .as_deref()
            .and_then(Scope::of_name)
            .unwrap_or(usual.scope),
        trailing_bars: args.trailing_bars.unwrap_or(usual.trailing_bars),
        ..usual
    };
    options.validate(&rows).map_err(cli::usage)?;
    let report = quantiles(&rows, &forecaster, &options)?;
    if report.looks_ahead {
        cli::warn(
            "scope date looks ahead: a forecast is ranked among later ones of its day, which nobody knew; --scope \
             trailing ranks among the past",
        );
    }
    if let Some(path) = &args.csv {
        write_atomically(path, quantiles_csv(&report).as_bytes())?;
        cli::note(format!("the bins are in {}", path.display()));
    }
    if let Some(path) = &args.plot {
        write_atomically(path, quantiles_svg(&report).as_bytes())?;
        cli::note(format!("the chart is in {}", path.display()));
    }
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        quantiles_table(&report)
    };
    Ok(cli::print(&text)?)
}
