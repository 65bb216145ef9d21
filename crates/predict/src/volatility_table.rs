//! The table of a run that forecasts volatilities.

use dataset::format_time;
use rules::{ExposureOptions, ExposureRule};
use terminal::Table;

use crate::volatility_forecast::DAYS_A_YEAR;
use crate::{CoinForecast, Forecasts, VolatilityForecast};

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
    if !regimes.is_empty() {
        header.push("regime".to_owned());
    }
    header.extend(regimes.iter().map(|name| format!("P({name})")));
    let levels: Vec<f64> = (said.iter().flat_map(|said| &said.above))
        .map(|(level, _)| *level)
        .collect();
    header.extend(
        levels
            .iter()
            .map(|level| format!("P(above {} %)", percent_of(*level))),
    );
    let last = ["change in a week (%)", "top 20 %", "exposure"];
    header.extend(last.map(str::to_owned));
    let notes = header.len();
    header.push(String::new());
    let mut table = Table::new(header).left([2, notes]).unbroken();
    for coin in &forecasts.coins {
        table.push(
            coin.symbol.as_str(),
            cells(coin, forecasts.time, (&coverages, &regimes, &levels)),
        );
    }
    table.render() + &explanation(forecasts) + &calibration_line(forecasts)
}

/// What the columns are.
fn explanation(forecasts: &Forecasts) -> String {
    format!(
        "\nThe forecast is of the volatility over the next {}, known since {} UTC, by {}. A year is {DAYS_A_YEAR} days. The \
         change is against the forecast of a week before; the top 20 % are of the run's earlier forecasts of the coin. \
         Exposure: what to keep of a full position by the rules of `quarterhour exposure`, less at High / less in the top / \
         for a volatility of {:.0} % a year.\n",
        in_days(&forecasts.horizon),
        format_time(forecasts.closed_at),
        forecasts.forecaster,
        ExposureOptions::default().target_volatility * 100.0
    )
}

/// A share in percent with the digits that it needs, at most four.
fn percent_of(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// A time ahead such as `7d` in words.
fn in_days(horizon: &str) -> String {
    match horizon.strip_suffix('d') {
        Some("1") => "day".to_owned(),
        Some(days) => format!("{days} days"),
        None => horizon.to_owned(),
    }
}

/// Whether the last forecasts were right; empty where that is not known.
fn calibration_line(forecasts: &Forecasts) -> String {
    let Some(recent) = &forecasts.calibration else {
        return String::new();
    };
    let held: Vec<String> = (recent.coverages.iter())
        .map(|one| {
            let expected = one.expected * 100.0;
            format!(
                "the {expected:.0} % intervals held {:.1} %",
                one.found * 100.0
            )
        })
        .collect();
    let high = match (recent.high_forecast, recent.high_realized) {
        (Some(forecast), Some(realized)) => format!(
            ", High was given {:.1} % and came in {:.1} %",
            forecast * 100.0,
            realized * 100.0
        ),
        _ => String::new(),
    };
    format!(
        "Of {} outcomes since {} UTC {}{high}; the volatilities that came were {:.2} times those forecast.\n",
        recent.outcomes,
        format_time(recent.from),
        held.join(", "),
        recent.realized_to_forecast
    )
}

/// A coin's row, without its name.
fn cells(
    coin: &CoinForecast,
    time_ms: i64,
    (coverages, regimes, levels): (&[f64], &[String], &[f64]),
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
    if !regimes.is_empty() {
        let regime = said.and_then(|said| said.regime.clone());
        cells.push(regime.unwrap_or_else(none));
    }
    cells.extend(regimes.iter().map(|name| {
        let found = said.and_then(|said| said.regimes.iter().find(|(known, _)| known == name));
        found.map_or_else(none, |(_, probability)| format!("{probability:.3}"))
    }));
    cells.extend(levels.iter().map(|level| {
        let found = said.and_then(|said| said.above.iter().find(|(known, _)| known == level));
        found.map_or_else(none, |(_, probability)| format!("{probability:.3}"))
    }));
    let change = said.and_then(|said| said.change_in_a_week);
    cells.push(change.map_or_else(none, |change| format!("{:+.1}", change * 100.0)));
    let top = said.and_then(|said| said.is_top);
    cells.push(top.map_or_else(none, |is_top| if is_top { "yes" } else { "no" }.to_owned()));
    cells.push(said.map_or_else(none, exposures));
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

/// What to keep of the coin by the rules that need no hedge.
fn exposures(said: &VolatilityForecast) -> String {
    let rules = [
        ExposureRule::ReduceHigh,
        ExposureRule::ReduceTop,
        ExposureRule::VolatilityTarget,
    ];
    let of_rule = |rule| {
        let kept = said.exposure(rule);
        kept.map_or_else(|| "-".to_owned(), |kept| format!("{:.2}", kept.coin))
    };
    rules.map(of_rule).join(" / ")
}
