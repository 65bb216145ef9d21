//! What each member adds to the others.

use crate::offline::combined;
use crate::{EnsembleOptions, FoldWeights, fold_weights};
use score::{Options, Rows, Value, daily_ics, mean_over_days};

/// What a member is worth, by IC a day.
#[derive(Debug, Clone, Copy)]
pub struct Gain {
    /// Of the member alone.
    pub alone: Value,
    /// Of the ensemble of the other members, with weights of its own.
    pub others: Value,
    /// Of the whole ensemble, minus that of the others.
    pub gain: Value,
}

/// The gain of each member on all days; `forecasts` is `[members][rows]`, `folds` the whole ensemble's
/// weights.
///
/// # Errors
/// As [`fold_weights`].
pub fn gains(
    rows: &Rows,
    forecasts: &[&[f64]],
    folds: &[FoldWeights],
    options: &EnsembleOptions,
    embargo_bars: usize,
) -> anyhow::Result<Vec<Gain>> {
    let days = |forecast: &[f64]| daily_ics(rows, forecast);
    let mean = |days: &[Option<f64>]| mean_over_days(rows, days, &Options::default());
    let whole = days(&combined(rows, forecasts, folds, options.method)?);
    let of_member = |member: usize| {
        let mut others = forecasts.to_vec();
        let alone = days(others.remove(member));
        let folds = fold_weights(rows, &others, options, embargo_bars)?;
        let others = days(&combined(rows, &others, &folds, options.method)?);
        Ok(Gain {
            alone: mean(&alone),
            others: mean(&others),
            gain: mean(&minus(&whole, &others)),
        })
    };
    (0..forecasts.len()).map(of_member).collect()
}

/// What each day has more than another forecaster has on it. Who says nothing earns nothing, so a
/// day that one of them has counts.
fn minus(days: &[Option<f64>], others: &[Option<f64>]) -> Vec<Option<f64>> {
    let pairs = days.iter().zip(others);
    let of_day = |(day, other): (&Option<f64>, &Option<f64>)| {
        let has_one = day.is_some() || other.is_some();
        has_one.then(|| day.unwrap_or(0.0) - other.unwrap_or(0.0))
    };
    pairs.map(of_day).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Method, Weights};

    const COINS: usize = 3;
    const DAYS: usize = 12;
    const HOUR_MS: i64 = 3_600_000;

    /// Three coins at every hour of twelve days, of which the first coin rises and the last falls.
    fn rows() -> Rows {
        let count = DAYS * 24 * COINS;
        let realized: Vec<f64> = (0..count)
            .map(|row| 0.01 - 0.01 * (row % COINS) as f64)
            .collect();
        Rows {
            quantity: score::Quantity::Return,
            close: None,
            time_ms: (0..count)
                .map(|row| (row / COINS) as i64 * HOUR_MS)
                .collect(),
            symbol: (0..count).map(|row| (row % COINS) as u32).collect(),
            fold: vec![1; count],
            realized: realized.clone(),
            realized_delayed: realized,
            controls: Vec::new(),
            volatility: vec![1.0; count],
            trailing_volatility: Some(vec![0.01; count]),
            weight: vec![1.0; count],
            symbols: (0..COINS).map(|coin| format!("COIN{coin}USDT")).collect(),
            bar_ms: HOUR_MS,
            reach_bars: 1,
        }
    }

    #[test]
    fn a_member_that_is_silent_on_some_days_is_worth_nothing_on_them() {
        let rows = rows();
        let half: Vec<f64> = (0..rows.len())
            .map(|row| {
                if row < rows.len() / 2 {
                    rows.realized_delayed[row]
                } else {
                    0.0
                }
            })
            .collect();
        let (whole, silent) = (rows.realized_delayed.clone(), vec![0.0; rows.len()]);
        let weights = Weights {
            market: vec![0.0; 2],
            own: vec![1.0, 0.0],
        };
        let folds = [FoldWeights {
            fold: 1,
            seen_until_ms: None,
            events: 0.0,
            weights,
        }];
        let options = EnsembleOptions {
            method: Method::IcADay,
            ..EnsembleOptions::default()
        };
        let of = |members: &[&[f64]]| gains(&rows, members, &folds, &options, 0).unwrap();
        let value = |value: Value| value.value.unwrap();
        let found = of(&[&whole, &half]);
        assert!((value(found[1].alone) - value(found[0].alone) / 2.0).abs() < 1e-12);
        assert!(
            (value(found[0].gain) - value(found[1].alone)).abs() < 1e-12,
            "the other half"
        );
        assert!(value(found[1].gain).abs() < 1e-12);
        let found = of(&[&whole, &silent]);
        assert_eq!(found[1].alone.value, None, "it never says anything");
        assert_eq!(found[0].gain.value, found[0].alone.value);
    }
}
