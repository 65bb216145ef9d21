//! The variance that a GARCH model of a coin's own past expects.

use std::ops::Range;

use market::Interval;
use statistics::garch::{self, Model};

use super::group::CoinInMarket;
use super::variances::{CoinVariances, FLOOR, bars_of_days};
use crate::Panel;

/// Days of returns that a fit knows, at most.
const FIT_DAYS: usize = 365;

/// Days from one fit to the next, and days ahead whose mean variance is expected.
const WEEK: usize = 7;

/// How many rows, its own included, the variance is a function of on bars of a day: those of the fit,
/// the close before them, and those since the fit.
pub(super) const WARM_UP_DAYS: usize = FIT_DAYS + WEEK;

/// Returns are fitted to in percent, where the optimizer's steps are of a good size.
const PERCENT: f64 = 100.0;

/// What is left after a day of a return's weight where no model can be fitted, and the days that
/// must be known then.
const DECAY_A_DAY: f64 = 0.94;
const LEAST_DAYS: usize = 30;

/// ln of the mean variance per day that the next 7 days are expected to have by the group `garch` of the set
/// `volatility`, of a coin at some rows; NaN where it is unknown. A row is a function of
/// [`garch_warm_up_bars`] rows.
pub fn garch_variance(panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<f64> {
    let interval = panel.interval();
    let warm_up = (interval, garch_warm_up_bars(interval));
    let coin = CoinVariances::of(panel, coin, rows, warm_up);
    let mut values = coin.wanted(vec![of_coin(&coin)]);
    values.pop().unwrap_or_default()
}

/// How many rows, its own included, [`garch_variance`] is a function of.
pub fn garch_warm_up_bars(interval: Interval) -> usize {
    bars_of_days(WARM_UP_DAYS, interval)
}

/// The feature of the group.
pub(super) fn expected_variance(at: &CoinInMarket) -> Vec<Vec<f64>> {
    vec![of_coin(at.coin)]
}

/// The values of all rows that are there; NaN at those that are not asked for.
fn of_coin(coin: &CoinVariances<'_>) -> Vec<f64> {
    let week = coin.bars(WEEK);
    let mut values = vec![f64::NAN; coin.returns.len()];
    // A fit knows whole weeks since 1970, so that it is the same wherever the history begins.
    let of_week = |row: usize| (coin.first_bar() + row as i64 + 1).div_euclid(week as i64);
    let rows: Vec<usize> = (coin.first_wanted()..values.len()).collect();
    for rows in rows.chunk_by(|one, next| of_week(*one) == of_week(*next)) {
        let first = rows[0]; // chunks are never empty
        let since = (coin.first_bar() + first as i64 + 1).rem_euclid(week as i64) as usize;
        let mut model = first.checked_sub(since).and_then(|row| fit(coin, row));
        for &row in rows {
            let expected = match &mut model {
                Some(model) => Some(model.expected(coin, row)),
                None => average(coin, row),
            };
            let log = |variance: f64| (variance * coin.bars(1) as f64).max(FLOOR * FLOOR).ln();
            values[row] = expected.map_or(f64::NAN, log);
        }
    }
    values
}

/// A model of returns, with its state after a row: that of the fit, or the last that was asked for.
struct FittedModel {
    parameters: garch::Parameters,
    state: garch::State,
    row: usize,
}

/// The likeliest model of the returns of a year up to a row; None where there is none.
fn fit(coin: &CoinVariances<'_>, row: usize) -> Option<FittedModel> {
    let from = (row + 1).saturating_sub(coin.bars(FIT_DAYS));
    let known: Vec<f64> = known_percent(&coin.returns[from..=row]).collect();
    let parameters = garch::fit(&known, &Model::default()).ok()?.parameters;
    Some(FittedModel {
        state: parameters.after(&known),
        parameters,
        row,
    })
}

impl FittedModel {
    /// The mean variance of a bar that the week after `row` is expected to have; rows in order of time.
    fn expected(&mut self, coin: &CoinVariances<'_>, row: usize) -> f64 {
        for value in known_percent(&coin.returns[self.row + 1..=row]) {
            self.state.update(&self.parameters, value);
        }
        self.row = row;
        let variance = self.parameters.mean_variance(&self.state, coin.bars(WEEK));
        variance / (PERCENT * PERCENT)
    }
}

/// The exponentially weighted mean square of a year's returns; None where fewer than 30 days are
/// known.
fn average(coin: &CoinVariances<'_>, row: usize) -> Option<f64> {
    let decay = DECAY_A_DAY.powf(1.0 / coin.bars(1) as f64);
    let returns = coin.returns[..=row].iter().rev();
    let (mut weight, mut sums, mut count) = (1.0, [0.0; 2], 0);
    for value in returns.take(coin.bars(FIT_DAYS)) {
        if value.is_finite() {
            sums = [sums[0] + weight * value * value, sums[1] + weight];
            count += 1;
        }
        weight *= decay;
    }
    (count >= coin.bars(LEAST_DAYS)).then(|| sums[0] / sums[1])
}

/// The known ones of some returns, in percent.
fn known_percent(returns: &[f64]) -> impl Iterator<Item = f64> + '_ {
    let known = returns.iter().filter(|value| value.is_finite());
    known.map(|value| PERCENT * value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Symbol};

    use super::*;
    use crate::{CandleTable, Column, FeatureConfig, Panel};

    const DAY_MS: i64 = 86_400_000;

    fn day() -> Interval {
        "1d".parse().unwrap()
    }

    /// ln of the variance a day by row. `arch_model(100 * r, mean="Zero", vol="GARCH", p=1, q=1,
    /// rescale=False)` of Python's `arch` 8.0.0 on the returns of at most 365 days up to the last
    /// whole week, filtered up to the row.
    const GOLDEN: [(usize, f64); 6] = [
        (200, -7.831_557_986),
        (363, -7.015_352_279),
        (500, -7.780_193_402),
        (503, -7.852_879_924),
        (504, -7.651_480_603),
        (699, -7.840_254_172),
    ];

    /// By numpy: ln(sum 0.94^k r^2 / sum 0.94^k) of the 89 returns up to row 89.
    const AVERAGE: f64 = -7.486_200_760;

    /// Days of a coin whose returns are 0.02 sin(i^2), or 0.05 sin(i^2) on 9 of 36 days.
    fn panel(days: std::ops::Range<i64>) -> Panel {
        let mut candles = CandleTable::default();
        let mut log = 0.0_f64;
        for day in 0..days.end {
            let i = day as f64;
            let size = if (day / 9) % 4 == 0 { 0.05 } else { 0.02 };
            log += size * (i * i).sin();
            let mut values = [f64::NAN; Column::ALL.len()];
            for column in [Column::Open, Column::High, Column::Low, Column::Close] {
                values[column as usize] = 100.0 * log.exp();
            }
            values[Column::Volume as usize] = 1.0;
            if days.contains(&day) {
                candles.push_row(day * DAY_MS, values);
            }
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(
            &coins,
            day(),
            (days.start * DAY_MS, days.end * DAY_MS),
            0,
            &Column::ALL,
        )
    }

    fn features() -> crate::Features {
        let config = FeatureConfig {
            set: "volatility".parse().unwrap(),
            groups: vec!["realized".to_owned()],
            with: vec!["garch".to_owned()],
            ..FeatureConfig::default()
        };
        config.chosen(day())
    }

    fn value(panel: &Panel, row: usize) -> f32 {
        features().compute(panel, row..row + 1).cell(0, 0)[3]
    }

    #[test]
    fn values_equal_those_of_arch() {
        let panel = panel(0..700);
        for (row, expected) in GOLDEN {
            let found = f64::from(value(&panel, row));
            assert!((found - expected).abs() < 2e-4, "{row}: {found} {expected}");
        }
    }

    #[test]
    fn a_coin_with_fewer_than_100_returns_has_a_weighted_mean() {
        let found = f64::from(value(&panel(0..90), 89));
        assert!((found - AVERAGE).abs() < 1e-5, "{found} {AVERAGE}");
        assert!(value(&panel(0..90), 28).is_nan());
    }

    /// The bits of a row are the same whether its history begins long before or just in time, and
    /// whatever comes after it.
    #[test]
    fn a_row_is_a_function_of_its_warm_up() {
        let long = panel(0..700);
        assert_eq!(features().warm_up_bars(), WARM_UP_DAYS);
        for row in [650_usize, 655, 699] {
            let from = row + 1 - WARM_UP_DAYS;
            let short = panel(from as i64..row as i64 + 1);
            let found = value(&short, WARM_UP_DAYS - 1);
            assert_eq!(found.to_bits(), value(&long, row).to_bits(), "{row}");
            assert!(found.is_finite());
        }
    }

    #[test]
    fn it_is_off_unless_asked_for() {
        let set = || FeatureConfig {
            set: "volatility".parse().unwrap(),
            ..FeatureConfig::default()
        };
        let names = |config: FeatureConfig| config.chosen(day()).names();
        assert!(!names(set()).contains(&"garch_variance"));
        let with = FeatureConfig {
            with: vec!["garch".to_owned()],
            ..set()
        };
        with.validate().unwrap();
        let found = names(with);
        assert_eq!(found.len(), names(set()).len() + 1);
        assert_eq!(found.last(), Some(&"garch_variance"));
    }
}
