//! A forecaster of volatility that knows the candles to come: about the best score that its target
//! allows.

use std::collections::BTreeMap;

use anyhow::Context;
use dataset::{Column, Panel};
use score::{ForecastColumn, Rows};
use statistics::{BarPrices, garman_klass};

use crate::runs::EvaluatedRun;

/// Scores know it by this name as no candidate.
const NAME: &str = "oracle";

/// No volatility per day counts as lower than a hundredth of a percent.
const FLOOR: f64 = 1e-4;

const DAY_MS: f64 = 86_400_000.0;

/// The logarithm of the Garman-Klass volatility per day of the bars that each row's target is of.
///
/// # Errors
/// Candles that are not there any more, or end before a row's target does.
pub(crate) fn oracle(run: &EvaluatedRun, rows: &Rows) -> anyhow::Result<ForecastColumn> {
    let panel = run
        .candles()
        .with_context(|| format!("--oracle needs the candles that {} was made of", run.path))?;
    let coins = (0..panel.coins()).map(|coin| (panel.symbols()[coin].as_str(), coin));
    let coins: BTreeMap<&str, usize> = coins.collect();
    let value = |place: usize| {
        let symbol = &rows.symbols[rows.symbol[place] as usize];
        let row = panel.row_of(rows.time_ms[place])?;
        let coin = *coins.get(symbol.as_str())?;
        volatility_after(&panel, (row, coin), rows.reach_bars)
    };
    let values = (0..rows.len()).map(|place| value(place).map(f64::ln));
    let values: Option<Vec<f64>> = values.collect();
    let forecast = values.with_context(|| {
        format!(
            "--oracle: the candles of {} do not reach to the end of every target",
            run.path
        )
    })?;
    Ok(ForecastColumn::control(NAME, forecast))
}

/// The volatility per day of the bars of the horizon after a row, by those of them that there are.
fn volatility_after(panel: &Panel, (row, coin): (usize, usize), horizon: usize) -> Option<f64> {
    let bars = row + 1..row + 1 + horizon;
    if bars.end > panel.rows() {
        return None;
    }
    let variance = |bar: usize| {
        let [open, high, low, close] = [Column::Open, Column::High, Column::Low, Column::Close]
            .map(|column| panel.value(column, bar, coin));
        garman_klass(BarPrices {
            open,
            high,
            low,
            close,
        })
    };
    let known = bars.map(variance).filter(|value| value.is_finite());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    let a_day = DAY_MS / panel.interval().ms() as f64;
    (count > 0.0).then(|| (sum / count * a_day).max(0.0).sqrt().max(FLOOR))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::CandleTable;
    use market::Symbol;

    use super::*;

    /// Candles and their Garman-Klass variances as numpy has them.
    #[test]
    fn it_knows_the_bars_of_the_horizon_alone() {
        let bars: [([f64; 4], f64); 4] = [
            ([100.0, 104.0, 99.0, 102.0], 0.001_062_335_100_690_398),
            ([102.0, 103.0, 97.0, 98.0], 0.001_182_844_898_470_009),
            ([98.5, 101.0, 98.0, 100.5], 0.000_298_517_756_371_706_7),
            ([100.5, 106.0, 100.0, 105.0], 0.000_956_461_521_026_471_2),
        ];
        let hours_12 = 43_200_000;
        let mut candles = CandleTable::default();
        for (row, (prices, _)) in bars.iter().enumerate() {
            let mut values = [f64::NAN; Column::ALL.len()];
            for (column, price) in [Column::Open, Column::High, Column::Low, Column::Close]
                .into_iter()
                .zip(prices)
            {
                values[column as usize] = *price;
            }
            candles.push_row(row as i64 * hours_12, values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        let span = (0, 4 * hours_12);
        let panel = Panel::build(&coins, "12h".parse().unwrap(), span, 0, &Column::ALL);
        let found = volatility_after(&panel, (0, 0), 2).unwrap();
        // Two bars of half a day.
        let expected = (bars[1].1 + bars[2].1).sqrt();
        assert!(
            (found - expected).abs() < 1e-15,
            "{found}, expected {expected}"
        );
        assert!(volatility_after(&panel, (2, 0), 2).is_none());
    }
}
