//! What a forecaster says of every row, as rules of exposure need it.

use score::{ForecastColumn, Rows};
use statistics::quantile;

use super::rule::Outlook;

/// Earlier forecasts of a coin that its top needs.
const LEAST_EARLIER: usize = 28;

/// A forecaster of volatility, and where its classes come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outlooks {
    pub name: String,
    pub run: Option<String>,
    /// One a row.
    pub rows: Vec<Outlook>,
}

impl Outlooks {
    /// Of a run: its own classes and volatilities; High is called by `calls` where there are any, and
    /// where it is the likeliest class otherwise.
    pub fn of_run(
        rows: &Rows,
        forecaster: &ForecastColumn,
        top_share: f64,
        calls: Option<&[Option<bool>]>,
    ) -> Self {
        let level = forecaster.level.as_ref();
        let regimes = level.and_then(|level| level.regimes.as_ref());
        let is_high = |row: usize| {
            if let Some(calls) = calls {
                return calls[row];
            }
            let probability = regimes?.probability.each_ref().map(|column| column[row]);
            is_likeliest_high(probability)
        };
        let volatility = |row: usize| match level {
            Some(level) => level.volatility[row],
            None => forecaster.forecast[row].exp(),
        };
        Self::new(rows, forecaster, top_share, (is_high, volatility))
    }

    /// Of logs as they are, with the classes that the edges of a run put them into: a control, or
    /// what came, which is an oracle's.
    pub fn by_edges(
        rows: &Rows,
        logs: &ForecastColumn,
        top_share: f64,
        edges: Option<&[Vec<f64>; 2]>,
    ) -> Self {
        let is_high = |row: usize| {
            let edge = edges?[1][row];
            edge.is_finite().then_some(logs.forecast[row] > edge)
        };
        let volatility = |row: usize| logs.forecast[row].exp();
        Self::new(rows, logs, top_share, (is_high, volatility))
    }

    fn new(
        rows: &Rows,
        forecaster: &ForecastColumn,
        top_share: f64,
        (is_high, volatility): (impl Fn(usize) -> Option<bool>, impl Fn(usize) -> f64),
    ) -> Self {
        let is_top = tops(rows, &forecaster.forecast, top_share);
        let outlook = |row: usize| Outlook {
            is_high: is_high(row),
            is_top: is_top[row],
            volatility: volatility(row),
        };
        Self {
            name: forecaster.name.clone(),
            run: forecaster.run.clone(),
            rows: (0..rows.len()).map(outlook).collect(),
        }
    }
}

/// Whether High is the likeliest of Low, Medium and High; None where a probability is unknown.
pub fn is_likeliest_high(probability: [f64; 3]) -> Option<bool> {
    let [low, medium, high] = probability;
    let is_known = probability.iter().all(|value| value.is_finite());
    is_known.then_some(high > low && high > medium)
}

/// Whether a forecast is above this share of its coin's earlier ones, which are in ascending order;
/// never where these are fewer than 28.
pub fn is_in_top(earlier: &[f64], forecast: f64, share: f64) -> bool {
    let edge = quantile(earlier, share).filter(|_| earlier.len() >= LEAST_EARLIER);
    edge.is_some_and(|edge| forecast > edge)
}

/// Whether each forecast is above this share of its coin's forecasts of earlier times; never where
/// these are few.
fn tops(rows: &Rows, forecast: &[f64], share: f64) -> Vec<bool> {
    let mut earlier: Vec<Vec<f64>> = vec![Vec::new(); rows.symbols.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&row| rows.time_ms[row]);
    let mut is_top = vec![false; rows.len()];
    for row in order {
        let own = &mut earlier[rows.symbol[row] as usize];
        is_top[row] = is_in_top(own, forecast[row], share);
        let place = own.partition_point(|value| *value < forecast[row]);
        own.insert(place, forecast[row]);
    }
    is_top
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use score::Quantity;

    fn rows(times: usize) -> Rows {
        Rows {
            quantity: Quantity::LogVolatility,
            time_ms: (0..times).map(|time| time as i64 * 86_400_000).collect(),
            symbol: vec![0; times],
            fold: vec![1; times],
            realized: vec![0.0; times],
            realized_delayed: vec![f64::NAN; times],
            close: None,
            controls: Vec::new(),
            volatility: vec![1.0; times],
            trailing_volatility: None,
            weight: vec![1.0; times],
            symbols: vec!["A".to_owned()],
            bar_ms: 86_400_000,
            reach_bars: 7,
        }
    }

    /// The 29th forecast is the first with 28 before it; later ones change nothing.
    #[test]
    fn the_top_is_of_earlier_forecasts_alone() {
        let forecast: Vec<f64> = (0..40).map(f64::from).collect();
        let found = tops(&rows(40), &forecast, 0.8);
        assert_eq!(found.iter().position(|is_top| *is_top), Some(28));
        assert!(found[28..].iter().all(|is_top| *is_top));
        let mut other = forecast.clone();
        other[35] = 1e6;
        assert_eq!(tops(&rows(40), &other, 0.8)[..35], found[..35]);
    }
}
