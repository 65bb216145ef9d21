//! The table of a run that forecasts volatilities.

use std::fmt::Write;

use dataset::format_time;
use terminal::Table;

use crate::volatility_forecast::DAYS_A_YEAR;
use crate::{CoinForecast, Forecasts};

/// The table of a run that forecasts volatilities.
pub(crate) fn volatility_table(forecasts: &Forecasts) -> String {
    // Whoever says most says it for all: a coin without a forecast has nothing.
    let said = (forecasts
        .coins
        .iter()
        .filter_map(|coin| coin.volatility.as_ref()))
    .max_by_key(|volatility| volatility.regimes.len() + volatility.intervals.len());
    let coverages: Vec<f64> = (said.iter().flat_map(|said| &said.intervals))
        .map(|interval| interval.coverage)
        .collect();
    let regimes: Vec<String> = (said.iter().flat_map(|said| &said.regimes))
        .map(|(name, _)| name.clone())
        .collect();
    let mut header = [
        "coin",
        "last close",
        "candle opened at",
        "a day (%)",
        "a year (%)",
    ]
    .map(str::to_owned)
    .to_vec();
    header.extend(
        coverages
            .iter()
            .map(|coverage| format!("{:.0} % interval a day (%)", coverage * 100.0)),
    );
    header.extend(regimes.iter().map(|name| format!("P({name})")));
    header.push("change in a week (%)".to_owned());
    let notes = header.len();
    header.push(String::new());
    let mut table = Table::new(header).left([2, notes]).unbroken();
    for coin in &forecasts.coins {
        table.push(
            coin.symbol.as_str(),
            cells(coin, forecasts.time, (&coverages, &regimes)),
        );
    }
    let mut text = table.render();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nThe forecast is of the volatility over the next {} bars, known since {} UTC, by {}. A year is {DAYS_A_YEAR} days; \
         the last column is the change against the forecast of a week before.",
        forecasts.horizon_bars,
        format_time(forecasts.closed_at),
        forecasts.forecaster
    );
    text
}

/// A coin's row, without its name.
fn cells(
    coin: &CoinForecast,
    time_ms: i64,
    (coverages, regimes): (&[f64], &[String]),
) -> Vec<String> {
    let none = || "-".to_owned();
    let percent = |share: f64| format!("{:.2}", share * 100.0);
    let said = coin.volatility.as_ref();
    let mut cells = vec![
        coin.close.map_or_else(none, |close| close.to_string()),
        format_time(time_ms),
        said.map_or_else(none, |said| percent(said.per_day)),
        said.map_or_else(none, |said| format!("{:.0}", said.per_year * 100.0)),
    ];
    cells.extend(coverages.iter().map(|coverage| {
        let found = said.and_then(|said| {
            (said.intervals.iter()).find(|interval| interval.coverage == *coverage)
        });
        found.map_or_else(none, |found| {
            format!("{} to {}", percent(found.lower), percent(found.upper))
        })
    }));
    cells.extend(regimes.iter().map(|name| {
        let found = said.and_then(|said| said.regimes.iter().find(|(known, _)| known == name));
        found.map_or_else(none, |(_, probability)| format!("{probability:.3}"))
    }));
    let change = said.and_then(|said| said.change_in_a_week);
    cells.push(change.map_or_else(none, |change| format!("{:+.1}", change * 100.0)));
    let mark = coin.in_sample.then(|| "in sample".to_owned());
    let refused = coin
        .refused
        .as_ref()
        .map(|reason| format!("refused: {reason}"));
    cells.push(
        mark.into_iter()
            .chain(refused)
            .collect::<Vec<_>>()
            .join("  "),
    );
    cells
}
