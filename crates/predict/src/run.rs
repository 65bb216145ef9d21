//! `predict`: from arguments to a table of forecasts.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Parser;
use dataset::{check_columns, format_time, parse_time};

use crate::{CandleSource, Checkpoint, Forecasts, History, forecast_at};

/// Forecast from a saved run
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// The run, such as checkpoints/panel20
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// Open time of the last candle to use, such as 2021-05-01T00:15 (UTC) [default: the last closed one]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Forecast with this fold's model [default: the last fold's]
    #[arg(long, value_name = "K")]
    fold: Option<usize>,
    /// Where candles come from [default: store with --at, else binance; simulated for a simulated run]
    #[arg(long)]
    source: Option<CandleSource>,
    /// Another address of the exchange's REST interface
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks, LightGBM needs none
    #[arg(long, default_value = "auto")]
    device: model::DeviceChoice,
    /// Overrides a key of [data] or [universe], for instance --set data.dir=other (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs the binary.
///
/// # Errors
/// A run that does not fit, candles that cannot be had, no coin that can be forecast.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let at_ms = match &args.at {
        None => None,
        Some(text) => Some(parse_time(text).map_err(|error| cli::usage(anyhow!("--at: {error}")))?),
    };
    let checkpoint = Checkpoint::load(&args.run, args.fold, &args.set, args.device)?;
    let interval = checkpoint.config.data.interval;
    if let Some(at_ms) = at_ms.filter(|at_ms| at_ms.rem_euclid(interval.ms()) != 0) {
        return Err(cli::usage(anyhow!("--at {}: expected the open time of a {interval} candle", format_time(at_ms))));
    }
    let source = args.source.unwrap_or_else(|| CandleSource::default_for(&checkpoint.config, at_ms));
    let history = History::read(source, &checkpoint, at_ms, args.base_url.as_deref())?;
    check_columns(&checkpoint.config, &history.coins)?;
    let forecasts = forecast_at(&checkpoint, &history)?;
    let text = if args.json { serde_json::to_string_pretty(&forecasts)? + "\n" } else { table(&forecasts) };
    cli::print(&text)?;
    if forecasts.coins.iter().all(|coin| coin.forecast.is_none()) {
        bail!(
            "no coin can be forecast at {}\nhint: `cargo run -p download --release -- audit` shows the holes",
            format_time(forecasts.time)
        );
    }
    Ok(())
}

fn table(forecasts: &Forecasts) -> String {
    let mut text = format!("{:<12} {:>14} {:<17} {:>13}\n", "coin", "last close", "candle opened at", "forecast (bp)");
    for coin in &forecasts.coins {
        let close = coin.close.map_or("-".to_owned(), |close| close.to_string());
        let forecast = coin.forecast.map_or("-".to_owned(), |value| format!("{:+.2}", value * 1e4));
        let refused = coin.refused.as_deref().map(|reason| format!("  refused: {reason}")).unwrap_or_default();
        // Writing to a String cannot fail.
        let time = format_time(forecasts.time);
        let _ = writeln!(text, "{:<12} {close:>14} {time:<17} {forecast:>13}{refused}", coin.symbol);
    }
    let _ = writeln!(
        text,
        "\nThe forecast is of the target {} bars ahead, known since {} UTC, by the model of fold {}.",
        forecasts.horizon_bars,
        format_time(forecasts.closed_at),
        forecasts.fold
    );
    text
}
