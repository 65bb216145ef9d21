//! Coins one by one, over time.

use statistics::classification::auc;
use statistics::{mean, qlike, root_mean_squared_error, spearman};

use super::details::quantiles;
use super::forecast::{LevelForecast, RegimeRow};
use super::level_rows::LevelRows;
use super::report::CoinLevel;
use crate::controls::rows_of_coins;
use crate::rows::Rows;

/// Shares of the rows below each of the quantiles of a coin's errors.
const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Every coin that has rows, in the order of the symbols.
pub(super) fn coins(
    rows: &Rows,
    level: &LevelForecast,
    level_rows: &LevelRows<'_>,
) -> Vec<CoinLevel> {
    let of_coin = |(symbol, places): (&String, Vec<usize>)| {
        if places.is_empty() {
            return None;
        }
        let pick = |values: &[f64]| places.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let realized = pick(level_rows.realized);
        let (forecast, variance) = (pick(&level.volatility), pick(&level.variance));
        let regimes: Vec<&RegimeRow> = (places.iter())
            .filter_map(|&row| level_rows.regimes[row].as_ref())
            .collect();
        let right = regimes.iter().filter(|row| row.forecast == row.realized);
        let accuracy = right.count() as f64 / regimes.len() as f64;
        let high: Vec<f64> = regimes.iter().map(|row| row.probability[2]).collect();
        let is_high: Vec<bool> = regimes.iter().map(|row| row.realized == 2).collect();
        let errors = realized.iter().zip(&forecast);
        let errors = errors.map(|(came, said)| (came / said).ln()).collect();
        let losses = realized.iter().zip(&variance);
        let losses: Vec<f64> = losses
            .map(|(came, said)| qlike(came * came, *said))
            .collect();
        Some(CoinLevel {
            symbol: symbol.clone(),
            rows: places.len(),
            realized: mean(&realized),
            forecast: mean(&forecast),
            qlike: mean(&losses),
            rmse: root_mean_squared_error(&forecast, &realized)?,
            r2: coin_r2(&forecast, &realized),
            spearman: spearman(&forecast, &realized),
            errors: quantiles(errors, &SHARES),
            accuracy: Some(accuracy).filter(|accuracy| accuracy.is_finite()),
            auc_high: auc(&high, &is_high),
        })
    };
    let places = rows_of_coins(rows, 0..rows.len());
    rows.symbols
        .iter()
        .zip(places)
        .filter_map(of_coin)
        .collect()
}

/// 1 - squared errors / squared deviations from the mean; None where what came is constant.
pub(crate) fn coin_r2(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    let center = mean(realized);
    let pairs = forecast.iter().zip(realized);
    let [errors, whole] = pairs.fold([0.0; 2], |[errors, whole], (said, came)| {
        [
            errors + (came - said).powi(2),
            whole + (came - center).powi(2),
        ]
    });
    let r2 = 1.0 - errors / whole;
    r2.is_finite().then_some(r2)
}
