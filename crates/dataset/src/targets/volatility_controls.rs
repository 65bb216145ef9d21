//! Controls of volatility: what who knows no better says of it, as logarithms per day.

use std::ops::Range;

use market::Interval;

use super::control::{Control, ControlSign, TrainingTargets};
use super::realized_variance::{Estimator, bars_per_day, trailing_variance};
use crate::Panel;
use crate::log_returns::log_returns;

/// Days of the longer trailing volatility, and the least history of the moving average.
const TRAILING_DAYS: f64 = 30.0;

/// What the exponentially weighted moving average keeps of its weights a day.
const DECAY_A_DAY: f64 = 0.94;

/// Days that the moving average looks back: what lies before has weights below 1e-16.
const AVERAGED_DAYS: f64 = 600.0;

/// The least volatility per day: a coin that stood still has no logarithm.
const LEAST: f64 = 1e-4;

/// The controls of a volatility over so many bars. `naive`: what it was over as many bars before.
/// `trailing_30d`: what it was over the last 30 days. `ewma`: an exponentially weighted moving
/// average of the squared returns of the last 600 days, which keeps 0.94 of its weights a day;
/// unknown returns are left out, and 30 days of known ones are needed. `coin_mean`: the mean of the coin's
/// targets in the fold's training rows, that of all coins where it has none.
///
/// All take root mean squares, whatever the estimator, and are at least 0.0001 before the
/// logarithm.
pub(super) fn volatility_controls(interval: Interval, horizon_bars: usize) -> Vec<Control> {
    let bars = |days: f64| (days * bars_per_day(interval)).round().max(1.0) as usize;
    let trailing = |name: &str, bars: usize| {
        // The first return needs a close before it.
        Control::new(name, ControlSign::AsIs, move |panel, rows| {
            of_coins(panel, &rows, |coin| {
                trailing_variance(panel, (coin, rows.clone()), bars, Estimator::Rms)
            })
        })
        .with_history_bars(bars + 1)
    };
    let average = MovingAverage {
        decay: DECAY_A_DAY.powf(1.0 / bars_per_day(interval)),
        window: bars(AVERAGED_DAYS),
        least: bars(TRAILING_DAYS),
    };
    let averaged = Control::new("ewma", ControlSign::AsIs, move |panel, rows| {
        of_coins(panel, &rows, |coin| {
            average.variances(panel, coin, rows.clone())
        })
    });
    vec![
        trailing("naive", horizon_bars),
        trailing("trailing_30d", bars(TRAILING_DAYS)),
        averaged.with_history_bars(bars(AVERAGED_DAYS) + 1),
        Control::of_training("coin_mean", ControlSign::AsIs, coin_means),
    ]
}

/// Logarithms of the volatilities of all coins, `[rows, coins]`, from the variances of each.
fn of_coins(panel: &Panel, rows: &Range<usize>, variances: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
    let coins = panel.coins();
    let mut values = vec![f64::NAN; rows.len() * coins];
    for coin in 0..coins {
        for (row, variance) in variances(coin).into_iter().enumerate() {
            // `max` would take the number where the variance is unknown.
            let is_small = variance < LEAST * LEAST;
            let variance = if is_small { LEAST * LEAST } else { variance };
            values[row * coins + coin] = variance.ln() / 2.0;
        }
    }
    values
}

/// An exponentially weighted moving average of squared returns.
#[derive(Debug, Clone, Copy)]
struct MovingAverage {
    /// What a known return keeps of the weights of those before it.
    decay: f64,
    /// Bars that it looks back.
    window: usize,
    /// Known returns that it needs.
    least: usize,
}

/// Squared returns with their weights, that of the last known one being 1.
#[derive(Debug, Clone, Copy, Default)]
struct WeightedSum {
    sum: f64,
    /// Number of known returns.
    count: usize,
}

impl MovingAverage {
    /// Variance per day of a coin at some rows.
    ///
    /// As the trailing mean does, it adds the end of one block of bars and the beginning of the
    /// next, so that a row is a function of exactly its last `window` returns, wherever the history
    /// starts.
    fn variances(self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<f64> {
        let from = rows.start.saturating_sub(self.window - 1);
        let returns = log_returns(panel, coin, from..rows.end);
        let phase = panel.bar_number(from).rem_euclid(self.window as i64) as usize;
        let is_block_start = |place: usize| (place + phase).is_multiple_of(self.window);
        let until_end = self.until_block_end(&returns, is_block_start);
        let per_day = bars_per_day(panel.interval());
        let (mut start, mut since_start) = (0, WeightedSum::default());
        let mut variances = Vec::with_capacity(returns.len());
        for (place, value) in returns.iter().enumerate() {
            if is_block_start(place) {
                (start, since_start) = (place, WeightedSum::default());
            }
            if !value.is_nan() {
                since_start.sum = self.decay * since_start.sum + value * value;
                since_start.count += 1;
            }
            let first = (place + 1).saturating_sub(self.window);
            let all = match start > first {
                true => self.joined(until_end[first], since_start),
                false => since_start,
            };
            variances.push(self.mean(all) * per_day);
        }
        variances.split_off(rows.start - from)
    }

    /// Of each return those from it to the end of its block.
    fn until_block_end(
        self,
        returns: &[f64],
        is_block_start: impl Fn(usize) -> bool,
    ) -> Vec<WeightedSum> {
        let mut sums = vec![WeightedSum::default(); returns.len()];
        let (mut sum, mut weight) = (WeightedSum::default(), 1.0);
        for (place, value) in returns.iter().enumerate().rev() {
            if is_block_start(place + 1) {
                (sum, weight) = (WeightedSum::default(), 1.0);
            }
            if !value.is_nan() {
                sum.sum += weight * value * value;
                sum.count += 1;
                weight *= self.decay;
            }
            sums[place] = sum;
        }
        sums
    }

    /// Earlier returns and later ones.
    fn joined(self, earlier: WeightedSum, later: WeightedSum) -> WeightedSum {
        let kept = self.decay.powi(later.count as i32);
        WeightedSum {
            sum: kept * earlier.sum + later.sum,
            count: earlier.count + later.count,
        }
    }

    /// The weighted mean; NaN where there are too few returns.
    fn mean(self, of: WeightedSum) -> f64 {
        if of.count < self.least {
            return f64::NAN;
        }
        let weights = (1.0 - self.decay.powi(of.count as i32)) / (1.0 - self.decay);
        of.sum / weights
    }
}

/// The mean of each coin's targets, that of all where a coin has none.
fn coin_means(training: &TrainingTargets) -> Vec<f64> {
    let mean = |values: &mut dyn Iterator<Item = &f64>| {
        let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let pooled = mean(&mut training.iter().flatten()).unwrap_or(f64::NAN);
    let own = training.iter().map(|values| mean(&mut values.iter()));
    own.map(|own| own.unwrap_or(pooled)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::Symbol;

    use super::*;
    use crate::{CandleTable, Column};

    /// Closes 100 exp(0.1 sin(i^2)) of days, seven times as high from row 50 on, without row 40.
    fn panel(rows: Range<i64>) -> Panel {
        let day: Interval = "1d".parse().unwrap();
        let mut candles = CandleTable::default();
        for row in rows.clone().filter(|row| *row != 40) {
            let jump = if row >= 50 { 7.0 } else { 1.0 };
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] =
                jump * 100.0 * (0.1 * ((row * row) as f64).sin()).exp();
            candles.push_row(row * day.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(
            &coins,
            day,
            (rows.start * day.ms(), rows.end * day.ms()),
            0,
            &[],
        )
    }

    fn value(name: &str, row: usize) -> f64 {
        let panel = panel(0..60);
        let controls = volatility_controls(panel.interval(), 7);
        let control = controls.iter().find(|control| control.column.name == name);
        control.unwrap().values(&panel, row..row + 1)[0]
    }

    /// Golden values are those of numpy, and of pandas' `ewm(alpha=0.06, ignore_na=True)`.
    #[test]
    fn controls_equal_those_of_numpy_and_pandas() {
        for (name, row, expected) in [
            ("naive", 26, -2.101_897_007_677_862),
            ("trailing_30d", 30, -2.168_179_541_506_128_7),
            ("ewma", 30, -2.163_049_503_226_752),
            ("ewma", 45, -2.205_727_237_695_171_5),
            ("ewma", 59, -2.396_197_512_858_125),
        ] {
            let found = value(name, row);
            assert!((found - expected).abs() < 1e-12, "{name} at {row}: {found}");
        }
        assert!(value("naive", 6).is_nan() && value("trailing_30d", 45).is_nan());
        assert!(value("ewma", 29).is_nan(), "29 returns");
    }

    /// The bits of a row are the same whether the history begins long before or just in time.
    #[test]
    fn controls_look_back_as_far_as_they_say() {
        let long = panel(0..1300);
        for control in volatility_controls(long.interval(), 7) {
            let Some(bars) = control.history_bars() else {
                assert!(control.needs_training());
                continue;
            };
            let whole = control.values(&long, 0..1300);
            for last in [1299, 1250, 1203] {
                let from = last + 1 - bars;
                let short = panel(from as i64..last as i64 + 1);
                let found = control.values(&short, bars - 1..bars)[0];
                assert_eq!(
                    found.to_bits(),
                    whole[last].to_bits(),
                    "{:?} at {last}",
                    control.column
                );
                assert!(found.is_finite());
            }
        }
    }

    #[test]
    fn what_stood_still_has_the_least_volatility() {
        let day: Interval = "1d".parse().unwrap();
        let mut candles = CandleTable::default();
        for row in 0..40 {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = 3.0;
            candles.push_row(row * day.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        let panel = Panel::build(&coins, day, (0, 40 * day.ms()), 0, &[]);
        let controls = volatility_controls(day, 7);
        for control in controls.iter().filter(|control| !control.needs_training()) {
            assert_eq!(
                control.values(&panel, 39..40),
                [(1e-8_f64).ln() / 2.0],
                "{:?}",
                control.column
            );
        }
    }

    #[test]
    fn a_coin_without_training_rows_has_the_mean_of_all() {
        let training = vec![vec![1.0, 2.0], Vec::new(), vec![6.0]];
        assert_eq!(coin_means(&training), [1.5, 3.0, 6.0]);
        assert!(coin_means(&vec![Vec::new()])[0].is_nan());
        let control = volatility_controls("1d".parse().unwrap(), 7).pop().unwrap();
        let panel = panel(0..60);
        assert_eq!(
            control.values_in_fold(&panel, 3..5, &vec![vec![0.5, 1.5]]),
            [1.0, 1.0]
        );
    }
}
