//! Which thresholds are taken, and how they do afterwards.

use std::ops::Range;

use rayon::prelude::*;
use score::{ForecastColumn, Rows, check_forecasters};
use statistics::{are_equal, expected_maximum_sharpe, max_drawdown, mean, sharpe_ratio};

use super::candidates::{ScoredCandidate, TrialOptions, levels, trials, try_all};
use super::options::{DeflateBy, TuneOptions, TuningProtocol};
use super::result::{CoinTuning, Deflation, Portfolio, SideTuning, Tuning};
use super::trade_statistics::{TradeStatistics, Trials, pooled_interval};
use super::trades::{CoinRows, Rules, Trade, trades};
use crate::error::Error;
use crate::{Calibration, CoinThresholds, Side};

const DAY_MS: i64 = 86_400_000;

/// Finds thresholds for every coin of some forecasts and judges them.
///
/// The realized returns of the rows must be returns of a price over `reach_bars` bars; that is how
/// long positions are held.
///
/// # Errors
/// Settings out of range, inconsistent rows or forecasts, too short a span to split.
pub fn tune(
    rows: &Rows,
    forecaster: &ForecastColumn,
    options: &TuneOptions,
) -> Result<Tuning, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, std::slice::from_ref(forecaster))?;
    let search = TuningSearch::new(rows, options)?;
    let mut coins = CoinRows::of_all(rows, forecaster, options.entry_delay_bars);
    let tried: Vec<CoinCandidates> = coins
        .par_iter_mut()
        .map(|coin| search.try_coin(coin))
        .collect();
    let all = tried
        .iter()
        .flat_map(|coin| coin.sides.iter().flat_map(|(_, tried)| tried));
    let (counted, spread) = trials(all.clone(), options.min_trades);
    let spread = spread.map(|tried| Trials {
        count: tried.count + options.other_trials,
        ..tried
    });
    let spread = spread.filter(|_| options.protocol == TuningProtocol::Honest);
    let deflation = Deflation {
        trials: all.count(),
        other_trials: options.other_trials,
        counted,
        variance: spread.map(|trials| trials.variance),
        expected_maximum: spread
            .map(|trials| expected_maximum_sharpe(trials.count, trials.variance)),
    };
    let chosen: Vec<CoinTuning> = coins
        .iter()
        .zip(tried)
        .map(|(coin, tried)| search.choose(coin, tried, spread))
        .collect();
    let (judged, portfolio) = search.judge(&coins, chosen);
    Ok(Tuning {
        forecaster: forecaster.name.clone(),
        protocol: options.protocol,
        costs: options.costs,
        hold_bars: rows.reach_bars,
        entry_delay_bars: options.entry_delay_bars,
        bar_ms: rows.bar_ms,
        tuned_ms: search.tuned_ms,
        judged_ms: search.judged_ms,
        min_trades: options.min_trades,
        confidence: options.confidence,
        deflate_by: options.deflate_by,
        interval_confidence: options.bootstrap.confidence,
        draws: options.bootstrap.draws,
        seed: options.bootstrap.seed,
        deflation,
        coins: judged,
        portfolio,
    })
}

/// The candidates of one coin.
struct CoinCandidates {
    calibration: Option<Calibration>,
    sides: Vec<(Side, Vec<ScoredCandidate>)>,
}

/// The search for thresholds: what all coins share.
struct TuningSearch<'a> {
    options: &'a TuneOptions,
    /// Rules of the judging span.
    rules: Rules,
    /// Shortest mean block of trades in the bootstrap.
    floor_trades: usize,
    /// The shortest block as a time.
    floor_ms: i64,
    tuned_ms: [i64; 2],
    judged_ms: [i64; 2],
}

impl<'a> TuningSearch<'a> {
    fn new(rows: &Rows, options: &'a TuneOptions) -> Result<Self, Error> {
        let held_bars = rows.reach_bars + options.entry_delay_bars;
        let hold_ms = held_bars as i64 * rows.bar_ms;
        let mut times = rows.time_ms.clone();
        times.sort_unstable();
        times.dedup();
        let split = (times.len() as f64 * options.tune_share) as usize;
        let judged = &times[split..];
        // Purged: positions that are still open when the judging span begins.
        let until = times
            .partition_point(|&time| judged.first().is_some_and(|&from| time + hold_ms < from));
        let tuned = match options.protocol {
            TuningProtocol::Honest => &times[..until],
            TuningProtocol::Seed => &times[..],
        };
        let ([first, .., last], [judged_first, .., judged_last]) = (tuned, judged) else {
            return Err(Error::ShortSpan {
                times: times.len(),
                tuned: tuned.len(),
                judged: judged.len(),
                held_bars,
            });
        };
        Ok(Self {
            options,
            rules: Rules {
                costs: options.costs,
                hold_ms,
                overlapping: false,
            },
            floor_trades: options.bootstrap.floor_bars(rows).div_ceil(held_bars),
            floor_ms: options.bootstrap.floor_bars(rows) as i64 * rows.bar_ms,
            tuned_ms: [*first, *last],
            judged_ms: [*judged_first, *judged_last],
        })
    }

    /// Calibrates the coin's forecasts, if they are to be, and tries its thresholds on the tuning
    /// span.
    fn try_coin(&self, coin: &mut CoinRows) -> CoinCandidates {
        let span = coin.within(self.tuned_ms[0], self.tuned_ms[1] + 1);
        let calibration = self
            .options
            .calibrate
            .then(|| fit(coin, span.clone()))
            .flatten();
        if let Some(line) = calibration {
            coin.calibrate(line);
        }
        let look = TrialOptions {
            rules: Rules {
                overlapping: self.options.protocol == TuningProtocol::Seed,
                ..self.rules
            },
            floor_trades: self.floor_trades,
            bootstrap: &self.options.bootstrap,
        };
        let of_side = |side: Side| {
            let forecasts = &coin.forecast[span.clone()];
            // A forecast that is always the same one chooses no time to trade.
            let levels = if are_equal(forecasts) {
                Vec::new()
            } else {
                levels(forecasts, side, self.options.thresholds)
            };
            (side, try_all(coin, span.clone(), side, &levels, &look))
        };
        CoinCandidates {
            calibration,
            sides: Side::ALL.map(of_side).to_vec(),
        }
    }

    fn choose(&self, coin: &CoinRows, tried: CoinCandidates, spread: Option<Trials>) -> CoinTuning {
        let of_side = |(side, mut tried): (Side, Vec<ScoredCandidate>)| {
            for one in &mut tried {
                let enough = one.candidate.tuned.trades >= self.options.min_trades;
                let (Some(moments), Some(trials), true) = (&one.moments, spread, enough) else {
                    continue;
                };
                one.candidate.tuned.deflate(moments, trials);
            }
            let candidates = tried.into_iter().map(|one| one.candidate).collect();
            let mut tuning = SideTuning {
                side,
                threshold: None,
                best: None,
                candidates,
                judged: None,
            };
            match self.options.protocol {
                TuningProtocol::Honest => self.choose_credible(&mut tuning),
                TuningProtocol::Seed => choose_largest_sum(&mut tuning),
            }
            tuning
        };
        let sides = tried.sides.into_iter().map(of_side).collect();
        CoinTuning {
            symbol: coin.symbol.clone(),
            calibration: tried.calibration,
            sides,
        }
    }

    /// The highest t among the credible, or else among those with enough trades, which is then not
    /// taken.
    fn choose_credible(&self, tuning: &mut SideTuning) {
        let credible = |tuned: &TradeStatistics| {
            let deflated = match self.options.deflate_by {
                DeflateBy::Trials => tuned.deflated_sharpe,
                DeflateBy::Chance => tuned.deflated_by_chance,
            };
            deflated.is_some_and(|share| share >= self.options.confidence)
                && tuned.interval.is_some_and(|[low, _]| low > 0.0)
        };
        let ranked = |place: usize| {
            let tuned = &tuning.candidates[place].tuned;
            Some((
                credible(tuned),
                tuned
                    .t
                    .filter(|_| tuned.trades >= self.options.min_trades)?,
                place,
            ))
        };
        let order = |a: &(bool, f64, usize), b: &(bool, f64, usize)| {
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        };
        let best = (0..tuning.candidates.len())
            .filter_map(ranked)
            .max_by(order);
        tuning.best = best.map(|(_, _, place)| place);
        tuning.threshold = best
            .filter(|best| best.0)
            .map(|(_, _, place)| tuning.candidates[place].threshold);
    }

    /// Trades what was taken on the judging span, one position a coin.
    fn judge(
        &self,
        coins: &[CoinRows],
        mut tunings: Vec<CoinTuning>,
    ) -> (Vec<CoinTuning>, Option<Portfolio>) {
        let mut all = Vec::new();
        let mut traded = 0;
        for (coin, tuning) in coins.iter().zip(&mut tunings) {
            let Some(thresholds) = tuning.thresholds() else {
                continue;
            };
            traded += 1;
            let span = coin.within(self.judged_ms[0], self.judged_ms[1] + 1);
            let calibrated = CoinThresholds {
                calibration: None,
                ..thresholds
            };
            let trades = trades(coin, span, &calibrated, &self.rules);
            for side in tuning
                .sides
                .iter_mut()
                .filter(|side| side.threshold.is_some())
            {
                let own = trades.iter().filter(|trade| trade.side == side.side);
                let profits: Vec<f64> = own.map(|trade| trade.profit).collect();
                let options = &self.options.bootstrap;
                side.judged = Some(TradeStatistics::of_sequence(
                    &profits,
                    self.floor_trades,
                    options,
                ));
            }
            all.extend(trades);
        }
        all.sort_by_key(|trade| trade.time_ms);
        (tunings, (traded > 0).then(|| self.portfolio(&all, traded)))
    }

    /// `trades` of all coins in order of time.
    fn portfolio(&self, trades: &[Trade], coins: usize) -> Portfolio {
        let profits: Vec<f64> = trades.iter().map(|trade| trade.profit).collect();
        let first_day = self.judged_ms[0].div_euclid(DAY_MS);
        let last_day = (self.judged_ms[1] + self.rules.hold_ms).div_euclid(DAY_MS);
        let mut days = vec![0.0; usize::try_from(last_day - first_day + 1).unwrap_or(1)];
        for trade in trades {
            let day = usize::try_from(trade.due_ms.div_euclid(DAY_MS) - first_day).unwrap_or(0);
            if let Some(day) = days.get_mut(day) {
                *day += trade.profit / coins as f64;
            }
        }
        let defined = |value: f64| value.is_finite().then_some(value);
        let timed: Vec<(i64, f64)> = trades
            .iter()
            .map(|trade| (trade.time_ms, trade.profit))
            .collect();
        let interval = pooled_interval(
            &timed,
            self.judged_ms,
            self.floor_ms,
            &self.options.bootstrap,
        );
        Portfolio {
            coins,
            trades: TradeStatistics {
                interval,
                ..TradeStatistics::of_overlapping(&profits)
            },
            days: days.len(),
            total: days.iter().sum(),
            sharpe: defined(sharpe_ratio(&days, 365.0)),
            max_drawdown: defined(max_drawdown(&days)),
        }
    }
}

fn choose_largest_sum(tuning: &mut SideTuning) {
    let traded = |place: &usize| tuning.candidates[*place].tuned.trades > 0;
    let total = |place: usize| tuning.candidates[place].tuned.total;
    let best = (0..tuning.candidates.len())
        .filter(traded)
        .max_by(|&a, &b| total(a).total_cmp(&total(b)));
    tuning.threshold = best
        .filter(|&place| total(place) > 0.0)
        .map(|place| tuning.candidates[place].threshold);
    tuning.best = best;
}

/// Least squares of what was realized on the forecast; none where forecasts are constant.
fn fit(coin: &CoinRows, span: Range<usize>) -> Option<Calibration> {
    let pairs = coin.forecast[span.clone()]
        .iter()
        .zip(&coin.price_return[span])
        .filter(|(_, y)| !y.is_nan());
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let (x_mean, y_mean) = (mean(&x), mean(&y));
    let xx: f64 = x.iter().map(|x| (x - x_mean).powi(2)).sum();
    let xy: f64 = x
        .iter()
        .zip(&y)
        .map(|(x, y)| (x - x_mean) * (y - y_mean))
        .sum();
    let slope = xy / xx;
    slope.is_finite().then_some(Calibration {
        slope,
        intercept: y_mean - slope * x_mean,
    })
}
