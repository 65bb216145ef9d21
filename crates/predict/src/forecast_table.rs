//! Forecasts as a table for the terminal.

use std::fmt::Write;

use dataset::format_time;
use terminal::Table;

use crate::{CoinForecast, ForecastUnit, Forecasts};

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

/// The forecasts of all coins, a line each.
pub(crate) fn forecast_table(forecasts: &Forecasts) -> String {
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
