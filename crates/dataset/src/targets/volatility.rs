//! `volatility`: how far the price will move, whichever way.

use market::Interval;
use rayon::prelude::*;

use super::control::Control;
use super::realized_variance::{Estimator, trailing_variance};
use super::target::{Payoff, Settings, Target, Task};
use super::values::Targets;
use super::volatility_controls::volatility_controls;
use crate::{Column, Error, Panel, TimeSpan};

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(Volatility {
        interval: settings.interval,
        horizon_bars: settings.horizon_bars(),
        estimator: settings.estimator,
    })
}

/// `ln sqrt(r[t + 1]^2 + ... + r[t + h]^2)` per day.
#[derive(Debug)]
struct Volatility {
    interval: Interval,
    horizon_bars: usize,
    estimator: Estimator,
}

impl Target for Volatility {
    fn name(&self) -> &'static str {
        "volatility"
    }

    fn formula(&self) -> &'static str {
        "`ln sqrt((r[t + 1]^2 + ... + r[t + h]^2) / days)` with `r[t] = ln(close[t] / close[t - 1])`"
    }

    fn description(&self) -> &'static str {
        "How far the price moves over the horizon, whichever way: the natural logarithm of the realized volatility per day, from all bars of the horizon. `target.estimator = \"std\"` takes the sample standard deviation of the returns instead. A target needs every return of the horizon: one hole in it, or one ratio of closes past `data.jump_ratio`, and there is none; nor is there one where no price moved, as 0 has no logarithm."
    }

    fn reach_bars(&self) -> usize {
        self.horizon_bars
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }

    fn compute(&self, panel: &Panel) -> Targets {
        // A filled bar may be looked back on, and is never what a forecast is scored by.
        let panel = &panel.with_observed_returns();
        let rows = 0..panel.rows();
        let of_coin = |coin| {
            trailing_variance(
                panel,
                (coin, rows.clone()),
                self.horizon_bars,
                self.estimator,
            )
        };
        let variances: Vec<Vec<f64>> = (0..panel.coins()).into_par_iter().map(of_coin).collect();
        Targets::of_each(panel, |row, coin| {
            let variance = variances[coin].get(row + self.horizon_bars);
            variance.map_or(f64::NAN, |variance| variance.ln() / 2.0)
        })
    }

    fn unit(&self) -> &'static str {
        "log of volatility per day"
    }

    fn task(&self) -> Task {
        Task::LogVolatility
    }

    fn controls(&self) -> Vec<Control> {
        volatility_controls(self.interval, self.horizon_bars)
    }

    fn earned(&self) -> Payoff {
        Payoff::Nothing
    }

    fn default_horizon(&self) -> TimeSpan {
        TimeSpan::hours(7 * 24)
    }

    fn validate(&self) -> Result<(), Error> {
        if self.estimator == Estimator::Std && self.horizon_bars < 2 {
            let horizon = TimeSpan::of_bars(self.horizon_bars, self.interval);
            let expected = "2 bars or more with target.estimator = \"std\"";
            return Err(Error::config("target.horizon", horizon, expected));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::Symbol;

    use super::*;
    use crate::{CandleTable, TargetConfig, TargetKind};

    /// Closes 100 exp(0.1 sin(i^2)), seven times as high from row 50 on, without row 40.
    fn panel(interval: &str, has_faults: bool) -> Panel {
        let interval: Interval = interval.parse().unwrap();
        let mut candles = CandleTable::default();
        for row in (0..60_i64).filter(|row| !has_faults || *row != 40) {
            let jump = if has_faults && row >= 50 { 7.0 } else { 1.0 };
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] =
                jump * 100.0 * (0.1 * ((row * row) as f64).sin()).exp();
            candles.push_row(row * interval.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(&coins, interval, (0, 60 * interval.ms()), 0, &[])
    }

    fn config(estimator: Estimator, hours: i64) -> TargetConfig {
        TargetConfig {
            kind: "volatility".parse::<TargetKind>().unwrap(),
            horizon: TimeSpan::hours(hours),
            estimator,
            ..TargetConfig::default()
        }
    }

    fn near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    /// Golden values are numpy's.
    #[test]
    fn targets_equal_those_of_numpy() {
        let panel = panel("1d", true);
        let rms = config(Estimator::Rms, 7 * 24).compute(&panel);
        near(rms.value(5, 0), -2.069_650_851_568_799_2);
        near(rms.value(32, 0), -2.216_330_842_009_648_4);
        near(rms.value(42, 0), -2.064_585_629_769_686_7);
        near(rms.value(50, 0), -3.059_826_110_391_539);
        let std = config(Estimator::Std, 7 * 24).compute(&panel);
        near(std.value(5, 0), -1.993_400_024_778_584_6);
    }

    #[test]
    fn a_hole_or_a_jump_in_the_horizon_leaves_no_target() {
        let panel = panel("1d", true);
        let targets = config(Estimator::Rms, 7 * 24).compute(&panel);
        let known: Vec<usize> = (0..60)
            .filter(|&row| !targets.value(row, 0).is_nan())
            .collect();
        let expected: Vec<usize> = (0..33).chain([41, 42]).chain([50, 51, 52]).collect();
        assert_eq!(known, expected);
        let told = config(Estimator::Rms, 7 * 24).compute(&panel.with_jump_ratio(8.0));
        assert!(told.value(49, 0) > 0.5 * (7.0_f64.ln().powi(2) / 7.0).ln() - 1.0);
    }

    /// Of bars of six hours, four of which are a day.
    #[test]
    fn shorter_bars_sum_up_to_a_day() {
        let panel = panel("6h", false);
        let week = config(Estimator::Rms, 7 * 24).compute(&panel);
        near(week.value(3, 0), -1.478_750_952_950_66);
        let week = config(Estimator::Std, 7 * 24).compute(&panel);
        near(week.value(3, 0), -1.460_831_517_548_984_8);
        let day = config(Estimator::Rms, 24).compute(&panel);
        near(day.value(3, 0), -2.189_301_151_832_912);
    }

    #[test]
    fn where_nothing_moves_or_only_a_drift_there_is_no_logarithm() {
        let day: Interval = "1d".parse().unwrap();
        let candles = |close: fn(i64) -> f64| {
            let mut candles = CandleTable::default();
            for row in 0..20 {
                let mut values = [f64::NAN; Column::ALL.len()];
                values[Column::Close as usize] = close(row);
                candles.push_row(row * day.ms(), values);
            }
            candles
        };
        let coins = [
            (Symbol::new("A").unwrap(), candles(|_| 5.0)),
            (
                Symbol::new("B").unwrap(),
                candles(|row| 1.1_f64.powi(row as i32)),
            ),
        ];
        let panel = Panel::build(&coins, day, (0, 20 * day.ms()), 0, &[]);
        let rms = config(Estimator::Rms, 7 * 24).compute(&panel);
        assert!(rms.value(3, 0).is_nan());
        near(rms.value(3, 1), 1.1_f64.ln().ln());
        let std = config(Estimator::Std, 7 * 24).compute(&panel);
        assert!(
            std.value(3, 0).is_nan() && std.value(3, 1).is_nan(),
            "{}",
            std.value(3, 1)
        );
    }

    #[test]
    fn the_horizon_is_a_week_where_none_is_named() {
        let read = |text: &str| {
            let config: crate::Config = serde_json::from_str(text).unwrap();
            config.target.horizon
        };
        assert_eq!(
            read(r#"{"target": {"kind": "volatility"}}"#),
            TimeSpan::hours(7 * 24)
        );
        assert_eq!(
            read(r#"{"target": {"kind": "volatility", "horizon": "14d"}}"#),
            TimeSpan::hours(14 * 24)
        );
        assert_eq!(
            read(r#"{"target": {"kind": "return"}}"#),
            TimeSpan::minutes(15)
        );
        assert_eq!(read("{}"), TimeSpan::minutes(15));
        let error = serde_json::from_str::<crate::Config>(r#"{"target": {"knd": "return"}}"#);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("unknown field `knd`")
        );
    }

    #[test]
    fn one_return_has_no_sample_deviation() {
        let day: Interval = "1d".parse().unwrap();
        let error = config(Estimator::Std, 24).validate(day).unwrap_err();
        assert_eq!(
            error.to_string().lines().next(),
            Some("target.horizon = 1d: expected 2 bars or more with target.estimator = \"std\"")
        );
        config(Estimator::Rms, 24).validate(day).unwrap();
    }
}
