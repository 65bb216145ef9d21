//! From forecasts and rules to what they would have earned.

use rayon::prelude::*;
use score::{ForecastColumn, Rows};
use statistics::{
    Moments, deflated_sharpe_ratio, expected_maximum_sharpe, max_drawdown,
    probability_of_overfitting, sharpe_ratio, sortino_ratio,
};

use super::alpha::alpha_factor;
use super::bars::{BarGrid, CoinBars};
use super::positions::{Positions, signals};
use super::result::{
    Backtest, CoinBacktest, Curve, DayEquity, DeflatedSharpe, Performance, TrialResult,
};
use super::settings::{BacktestOptions, SignalRule, Trial};
use super::simulation::{BarResult, coin_bars, portfolio_bars};
use crate::QuantileOptions;
use crate::error::{Error, setting};

/// A year of 365 days in milliseconds: coins trade every day.
const YEAR_MS: f64 = 365.0 * 86_400_000.0;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What following each of the trials' rules would have earned, the best of them in detail.
///
/// # Errors
/// Settings out of range, no trials, rows without the returns of bars, no row with a bin.
pub fn backtest(
    rows: &Rows,
    forecaster: &ForecastColumn,
    trials: &[Trial],
    options: &BacktestOptions,
) -> Result<Backtest, Error> {
    options.validate()?;
    trials.iter().try_for_each(Trial::validate)?;
    let bars = BarGrid::new(rows, options)?;
    let fee = options.fee_bps * 1e-4;
    let simulated: Vec<Simulated> = trials
        .iter()
        .map(|trial| Simulated::new(rows, &bars, forecaster, trial, options))
        .collect::<Result<_, Error>>()?;
    let results: Vec<TrialResult> = trials
        .iter()
        .zip(&simulated)
        .map(|(trial, simulated)| TrialResult {
            label: trial.label(),
            direction: trial.direction,
            hold_bars: trial.hold_bars,
            performance: Performance::new(&simulated.portfolio, fee, bars_a_year(rows)),
            unknown_bars: simulated.unknown_bars,
        })
        .collect();
    let Some(best) = highest_sharpe(&results) else {
        return Err(setting("trials", 0, "at least one rule to try"));
    };
    let net: Vec<Vec<f64>> = simulated.iter().map(|one| one.net(fee)).collect();
    let net_of_rules: Vec<&[f64]> = net.iter().map(Vec::as_slice).collect();
    let alpha_bars = QuantileOptions::day_of_bars(rows.bar_ms);
    let alpha = alpha_factor(rows, &forecaster.forecast, alpha_bars);
    let (coins, days) = each_alone(rows, &bars, &simulated[best].alone, fee);
    let ranked = |trial: &Trial| matches!(trial.signal, SignalRule::Quantile { .. });
    let ends = [bars.time_ms.first(), bars.time_ms.last()];
    Ok(Backtest {
        forecaster: forecaster.name.clone(),
        run: forecaster.run.clone(),
        scope: trials.iter().any(ranked).then_some(options.scope),
        trailing_bars: options.trailing_bars,
        fee_bps: options.fee_bps,
        entry_delay_bars: options.entry_delay_bars,
        bar_return: options.bar_return,
        bar_ms: rows.bar_ms,
        coins_total: rows.symbols.len(),
        times: bars.time_ms.len(),
        span_ms: ends.map(|time| time.copied().unwrap_or(0)),
        deflated: deflated(&net, best),
        overfitting: probability_of_overfitting(&net_of_rules, options.slices),
        curve: Curve::new(&bars.time_ms, &simulated[best].portfolio, fee, &alpha),
        trials: results,
        best,
        coins,
        days,
    })
}

/// Each coin traded alone, and its capital at the end of every day.
fn each_alone(
    rows: &Rows,
    bars: &BarGrid,
    positions: &[f64],
    fee: f64,
) -> (Vec<CoinBacktest>, Vec<DayEquity>) {
    let of_coin = |(coin, symbol): (&CoinBars, &String)| {
        let (of_coin, _) = coin_bars(coin, positions);
        let one = CoinBacktest {
            symbol: symbol.clone(),
            performance: Performance::new(&of_coin, fee, bars_a_year(rows)),
        };
        (one, days(coin, symbol, &bars.time_ms, &of_coin, fee))
    };
    let coins = bars.coins.par_iter().zip(&rows.symbols);
    let (coins, days): (Vec<CoinBacktest>, Vec<Vec<DayEquity>>) = coins.map(of_coin).unzip();
    (coins, days.concat())
}

fn bars_a_year(rows: &Rows) -> f64 {
    YEAR_MS / rows.bar_ms as f64
}

/// Place of the rule with the highest Sharpe ratio after fees, the first of equal ones.
fn highest_sharpe(trials: &[TrialResult]) -> Option<usize> {
    let sharpe = |place: usize| {
        let performance = &trials[place].performance;
        performance.sharpe.unwrap_or(f64::NEG_INFINITY)
    };
    (0..trials.len()).reduce(|best, place| {
        if sharpe(place) > sharpe(best) {
            place
        } else {
            best
        }
    })
}

/// One trial's bars.
struct Simulated {
    portfolio: Vec<BarResult>,
    alone: Vec<f64>,
    unknown_bars: usize,
}

impl Simulated {
    fn new(
        rows: &Rows,
        bars: &BarGrid,
        forecaster: &ForecastColumn,
        trial: &Trial,
        options: &BacktestOptions,
    ) -> Result<Self, Error> {
        let signals = signals(rows, forecaster, &trial.signal, options)?;
        let positions = Positions::new(rows, bars, &signals, trial, options);
        let (portfolio, unknown_bars) = portfolio_bars(bars, &positions.weight);
        Ok(Self {
            portfolio,
            alone: positions.alone,
            unknown_bars,
        })
    }

    fn net(&self, fee: f64) -> Vec<f64> {
        self.portfolio.iter().map(|bar| bar.net(fee)).collect()
    }
}

impl Performance {
    fn new(bars: &[BarResult], fee: f64, periods_per_year: f64) -> Self {
        let gross: Vec<f64> = bars.iter().map(|bar| bar.gross).collect();
        let net: Vec<f64> = bars.iter().map(|bar| bar.net(fee)).collect();
        let finite = |value: f64| value.is_finite().then_some(value);
        let grown =
            |profits: &[f64]| profits.iter().map(|profit| 1.0 + profit).product::<f64>() - 1.0;
        let traded: f64 = bars.iter().map(|bar| bar.traded).sum();
        let count = bars.len().max(1) as f64;
        Self {
            bars: bars.len(),
            total_before_fees: grown(&gross),
            total: grown(&net),
            sharpe_before_fees: finite(sharpe_ratio(&gross, periods_per_year)),
            sharpe: finite(sharpe_ratio(&net, periods_per_year)),
            sortino: finite(sortino_ratio(&net, periods_per_year)),
            max_drawdown_before_fees: finite(max_drawdown(&gross)),
            max_drawdown: finite(max_drawdown(&net)),
            turnover: traded / count,
            exposure: bars.iter().map(|bar| bar.exposure).sum::<f64>() / count,
            break_even_bps: finite(gross.iter().sum::<f64>() / traded * 1e4),
        }
    }
}

/// The deflated Sharpe ratio of the best of several series of profits.
fn deflated(net: &[Vec<f64>], best: usize) -> Option<DeflatedSharpe> {
    let sharpes = net.iter().map(|profits| sharpe_ratio(profits, 1.0));
    let sharpes: Vec<f64> = sharpes.filter(|sharpe| sharpe.is_finite()).collect();
    let variance = (sharpes.len() >= 2).then(|| Moments::new(&sharpes).sample_std().powi(2))?;
    Some(DeflatedSharpe::new(&net[best], net.len(), variance))
}

impl DeflatedSharpe {
    /// Of the profits of the best of so many trials, whose Sharpe ratios have this variance.
    fn new(net: &[f64], trials: usize, variance: f64) -> Self {
        let moments = Moments::new(net);
        let sharpe = moments.mean / moments.sample_std();
        let (skewness, kurtosis) = (moments.skewness(), moments.kurtosis());
        let probability =
            deflated_sharpe_ratio(sharpe, moments.count, skewness, kurtosis, trials, variance);
        Self {
            trials,
            variance,
            expected_maximum: expected_maximum_sharpe(trials, variance),
            probability: probability.is_finite().then_some(probability),
        }
    }
}

impl Backtest {
    /// The backtest with the deflated Sharpe ratio that all trials of its study leave, its own among them:
    /// `trials` in all, of which the backtests at its fee had the Sharpe ratios `daily_sharpes` of a day.
    /// Their variance is taken, scaled to a bar; below two of them that of chance, 1 / (bars - 1).
    pub fn deflated_by(mut self, trials: usize, daily_sharpes: &[f64]) -> Self {
        if trials < 2 {
            return self;
        }
        let net = &self.curve.net;
        let variance = match daily_sharpes.len() {
            0 | 1 => 1.0 / (net.len() as f64 - 1.0),
            _ => Moments::new(daily_sharpes).sample_std().powi(2) / self.bars_a_day(),
        };
        self.deflated = Some(DeflatedSharpe::new(net, trials, variance));
        self
    }

    /// A rule's Sharpe ratio of a day after fees, scaled from that of a year; None where it is not defined.
    pub fn daily_sharpe(&self, trial: &TrialResult) -> Option<f64> {
        Some(trial.performance.sharpe? / (YEAR_MS / DAY_MS as f64).sqrt())
    }

    fn bars_a_day(&self) -> f64 {
        DAY_MS as f64 / self.bar_ms as f64
    }
}

impl Curve {
    fn new(time_ms: &[i64], bars: &[BarResult], fee: f64, alpha: &[(i64, f64)]) -> Self {
        let column =
            |value: &dyn Fn(&BarResult) -> f64| bars.iter().map(value).collect::<Vec<f64>>();
        let compounded = |profits: &[f64]| {
            let mut capital = 1.0;
            let grow = |profit: &f64| {
                capital *= 1.0 + profit;
                capital
            };
            profits.iter().map(grow).collect::<Vec<f64>>()
        };
        let (gross, net) = (column(&|bar| bar.gross), column(&|bar| bar.net(fee)));
        let alpha_at = |time: &i64| match alpha.binary_search_by_key(time, |(time, _)| *time) {
            Ok(place) => alpha[place].1,
            Err(_) => f64::NAN,
        };
        Self {
            time_ms: time_ms.to_vec(),
            equity_before_fees: compounded(&gross),
            equity: compounded(&net),
            traded: column(&|bar| bar.traded),
            exposure: column(&|bar| bar.exposure),
            alpha: time_ms.iter().map(alpha_at).collect(),
            gross,
            net,
        }
    }
}

/// One coin's capital at the end of every UTC day.
fn days(
    coin: &CoinBars,
    symbol: &str,
    time_ms: &[i64],
    bars: &[BarResult],
    fee: f64,
) -> Vec<DayEquity> {
    let (mut before_fees, mut after_fees) = (1.0, 1.0);
    let mut days: Vec<DayEquity> = Vec::new();
    for (bar, time) in bars.iter().zip(&coin.time) {
        before_fees *= 1.0 + bar.gross;
        after_fees *= 1.0 + bar.net(fee);
        let day_ms = time_ms[*time as usize].div_euclid(DAY_MS) * DAY_MS;
        let today = DayEquity {
            day_ms,
            symbol: symbol.to_owned(),
            equity_before_fees: before_fees,
            equity: after_fees,
        };
        match days.last_mut() {
            Some(last) if last.day_ms == day_ms => *last = today,
            _ => days.push(today),
        }
    }
    days
}
