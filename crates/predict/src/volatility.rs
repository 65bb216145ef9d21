//! What a forecast of a logarithm of volatility says of the volatility itself, for people and JSON.

use std::fmt::Write;

use dataset::{Panel, format_time};
use run::{ForecastResult, PredictionInterval, PublishedVolatility};
use serde::{Deserialize, Serialize};
use terminal::Table;

use crate::checkpoint::WEEK;
use crate::{Checkpoint, CoinForecast, Forecasts};

/// Days of a year: coins trade on all of them.
const DAYS_A_YEAR: f64 = 365.0;

/// The volatility that a coin is forecast to have over the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolatilityForecast {
    /// Expected volatility per day, as a share of the price.
    pub per_day: f64,
    /// The same per year of 365 days.
    pub per_year: f64,
    /// Expected variance per day.
    pub variance_per_day: f64,
    /// Prediction intervals of the volatility per day; empty where none are known.
    pub intervals: Vec<PredictionInterval>,
    /// Volatility per day at which each regime but the first begins; empty where not known.
    pub regime_edges: Vec<f64>,
    /// Probability of each regime, from low to high; empty where not known.
    pub regimes: Vec<(String, f64)>,
    /// How much higher it is than the same model forecast a week before, as a share; None where it
    /// could not forecast then.
    pub change_in_a_week: Option<f64>,
}

impl VolatilityForecast {
    fn new(published: &PublishedVolatility, change_in_a_week: Option<f64>) -> Self {
        let level = |interval: &PredictionInterval| PredictionInterval {
            coverage: interval.coverage,
            lower: interval.lower.exp(),
            upper: interval.upper.exp(),
        };
        Self {
            per_day: published.volatility,
            per_year: published.volatility * DAYS_A_YEAR.sqrt(),
            variance_per_day: published.variance,
            intervals: published.intervals.iter().map(level).collect(),
            regime_edges: published.edges.iter().map(|edge| edge.exp()).collect(),
            regimes: published.probabilities.clone(),
            change_in_a_week,
        }
    }
}

/// What the answers at the last row of a panel say of each coin's volatility, with the intervals in
/// the unit of the target; None for a coin without a forecast, and where the target is another. In
/// sample, and before the time that the run's publication is for, a forecast has no interval and no
/// regime.
pub(crate) fn volatilities(
    checkpoint: &Checkpoint,
    panel: &Panel,
    at_ms: i64,
    answers: &[ForecastResult],
) -> anyhow::Result<Vec<Option<(VolatilityForecast, Vec<PredictionInterval>)>>> {
    let Some(publication) = &checkpoint.publication else {
        return Ok(vec![None; answers.len()]);
    };
    let row = panel.rows() - 1;
    let before = match row.checked_sub(WEEK.bars(panel.interval())) {
        Some(before) => checkpoint.forecaster.forecast(panel, &[before])?,
        None => vec![Err(String::new()); answers.len()],
    };
    let coins = panel.symbols().iter().zip(answers);
    let known: Vec<(&str, f64)> = coins
        .filter_map(|(symbol, answer)| Some((symbol.as_str(), *answer.as_ref().ok()?)))
        .collect();
    let step = publication
        .step_at(at_ms)
        .filter(|_| !checkpoint.is_in_sample);
    let mut published = match step {
        Some(step) => step.publish_all(&known),
        None => known
            .iter()
            .map(|(_, forecast)| PublishedVolatility::as_it_is(*forecast))
            .collect(),
    }
    .into_iter();
    let of_coin = |(answer, before): (&ForecastResult, &ForecastResult)| {
        let forecast = answer.as_ref().ok()?;
        let change = before
            .as_ref()
            .ok()
            .map(|before| (forecast - before).exp() - 1.0);
        let published = published.next()?;
        let volatility = VolatilityForecast::new(&published, change.filter(|one| one.is_finite()));
        Some((volatility, published.intervals))
    };
    Ok(answers.iter().zip(&before).map(of_coin).collect())
}

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
    header.push("in a week (%)".to_owned());
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
