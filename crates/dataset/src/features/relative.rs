//! `relative`: each coin against the others, in units of its own volatility, over windows in time.

use std::ops::Range;

use market::Interval;

use super::group::GroupChoice;
use super::set::{Feature, FeatureFormulas};
use super::single;
use super::trailing::trailing_means;
use crate::{Column, Panel};

/// The set's features, in the order of the channels: those of the coin, each minus its mean over
/// the coins at that time, then those of the market, the same for all coins.
const FEATURES: [Feature; OWN + MARKET_RETURNS.len() + MARKET_DEVIATIONS.len()] = [
    Feature::new(
        "return_5m",
        "ln(close[t] / close[t - 5m]) / (v x root of the bars of 5m)",
    ),
    Feature::new(
        "return_15m",
        "ln(close[t] / close[t - 15m]) / (v x root of the bars of 15m)",
    ),
    Feature::new(
        "return_30m",
        "ln(close[t] / close[t - 30m]) / (v x root of the bars of 30m)",
    ),
    Feature::new(
        "return_1h",
        "ln(close[t] / close[t - 1h]) / (v x root of the bars of 1h)",
    ),
    Feature::new(
        "return_2h",
        "ln(close[t] / close[t - 2h]) / (v x root of the bars of 2h)",
    ),
    Feature::new(
        "return_4h",
        "ln(close[t] / close[t - 4h]) / (v x root of the bars of 4h)",
    ),
    Feature::new(
        "return_8h",
        "ln(close[t] / close[t - 8h]) / (v x root of the bars of 8h)",
    ),
    Feature::new(
        "return_1d",
        "ln(close[t] / close[t - 1d]) / (v x root of the bars of 1d)",
    ),
    Feature::new(
        "return_2d",
        "ln(close[t] / close[t - 2d]) / (v x root of the bars of 2d)",
    ),
    Feature::new(
        "deviation_30m",
        "(ln close[t] - mean of ln close over 30m) / (v x root of a third of the bars of 30m)",
    ),
    Feature::new(
        "deviation_1h",
        "(ln close[t] - mean of ln close over 1h) / (v x root of a third of the bars of 1h)",
    ),
    Feature::new(
        "deviation_2h",
        "(ln close[t] - mean of ln close over 2h) / (v x root of a third of the bars of 2h)",
    ),
    Feature::new(
        "deviation_4h",
        "(ln close[t] - mean of ln close over 4h) / (v x root of a third of the bars of 4h)",
    ),
    Feature::new(
        "deviation_8h",
        "(ln close[t] - mean of ln close over 8h) / (v x root of a third of the bars of 8h)",
    ),
    Feature::new(
        "deviation_1d",
        "(ln close[t] - mean of ln close over 1d) / (v x root of a third of the bars of 1d)",
    ),
    Feature::new(
        "deviation_2d",
        "(ln close[t] - mean of ln close over 2d) / (v x root of a third of the bars of 2d)",
    ),
    Feature::new(
        "volume_5m",
        "ln(mean volume over 5m / mean volume over a day + 0.001)",
    ),
    Feature::new(
        "volume_30m",
        "ln(mean volume over 30m / mean volume over a day + 0.001)",
    ),
    Feature::new(
        "volatility",
        "ln(v / root mean square of the one-bar log returns of two days)",
    ),
    Feature::new(
        "close_position",
        "(2 close - high - low) / (high - low), with the high and the low of 5 minutes, 0 without range",
    ),
    Feature::new(
        "signed_volume",
        "mean over 5 minutes of volume x sign of the bar's return / mean volume over a day",
    ),
    Feature::new("liquidity", "ln of the mean of close x volume over a day"),
    Feature::new(
        "market_return_5m",
        "mean over the coins of ln(close[t] / close[t - 5m]), in units of the market's volatility",
    ),
    Feature::new(
        "market_return_30m",
        "mean over the coins of ln(close[t] / close[t - 30m]), in units of the market's volatility",
    ),
    Feature::new(
        "market_return_2h",
        "mean over the coins of ln(close[t] / close[t - 2h]), in units of the market's volatility",
    ),
    Feature::new(
        "market_return_8h",
        "mean over the coins of ln(close[t] / close[t - 8h]), in units of the market's volatility",
    ),
    Feature::new(
        "market_deviation_30m",
        "mean over the coins of ln close[t] - mean of ln close over 30m, in units of the market's volatility",
    ),
    Feature::new(
        "market_deviation_4h",
        "mean over the coins of ln close[t] - mean of ln close over 4h, in units of the market's volatility",
    ),
];

/// Reaches of the log returns, in minutes.
const RETURNS: [i64; 9] = [5, 15, 30, 60, 120, 240, 480, DAY, LONGEST];

/// Windows of the deviations from a mean, in minutes.
const DEVIATIONS: [i64; 7] = [30, 60, 120, 240, 480, DAY, LONGEST];

/// Windows of the volumes, in minutes.
const VOLUMES: [i64; 2] = [5, 30];

/// The volatility that all is measured in, in minutes: four hours follow a day's course and still
/// hold enough returns.
pub(super) const VOLATILITY: i64 = 240;

/// Window of a close's place in its range and of the signed volume, in minutes.
const SHORT: i64 = 5;

/// A day, in minutes.
pub(super) const DAY: i64 = 1440;
const LONGEST: i64 = 2880;

/// Number of features of a coin.
const OWN: usize = RETURNS.len() + DEVIATIONS.len() + VOLUMES.len() + 4;

/// Places in [`RETURNS`] and [`DEVIATIONS`] of what the market's features are over.
const MARKET_RETURNS: [usize; 4] = [0, 2, 4, 6];
const MARKET_DEVIATIONS: [usize; 2] = [0, 3];

/// No feature is further from 0.
const CLIP: f64 = 5.0;

/// Added to the ratio of volumes, which can be 0, before its logarithm.
pub(super) const LEAST_VOLUME: f64 = 1e-3;

/// How many bars a window of so many minutes has: at least one.
pub(super) fn bars(minutes: i64, interval: Interval) -> usize {
    let step = interval.ms();
    ((minutes * 60_000 + step / 2) / step).max(1) as usize
}

/// Root mean square of the last four hours' one-bar log returns of every coin at `rows`, `[rows,
/// coins]`; NaN where the coin stood still or the panel is too short.
///
/// A row is a function of its last four hours of bars and one more, bit for bit.
pub fn trailing_volatility(panel: &Panel, rows: Range<usize>) -> Vec<f64> {
    let window = bars(VOLATILITY, panel.interval());
    let from = rows.start.saturating_sub(window);
    let closes = panel.matrix(Column::Close, from..rows.end);
    let logs: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
    let moves = one_bar(&logs, panel.coins());
    let known = (window.saturating_sub(from)) * panel.coins();
    let mut volatility = root_mean_squares(&moves, panel.coins(), window, panel.bar_number(from));
    // The first return needs a close before it.
    let first = known.min(volatility.len());
    volatility[..first].fill(f64::NAN);
    volatility.split_off((rows.start - from) * panel.coins())
}

/// The set `relative`.
#[derive(Debug)]
pub(super) struct Relative;

impl FeatureFormulas for Relative {
    fn name(&self) -> &'static str {
        "relative"
    }

    fn description(&self) -> &'static str {
        "Each coin against the others, in units of its own volatility, and the market. Windows are \
         times and have as many bars as fit the interval. v is the root mean square of the one-bar \
         log returns of the last four hours. All but the market's features are minus their mean \
         over the coins at that time, and all are cut off at 5."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES
    }

    fn warm_up_bars(&self, interval: Interval) -> usize {
        bars(LONGEST, interval) + 1
    }

    fn compute(&self, chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        compute(chosen, panel, rows, out);
    }
}

/// Writes the features at `rows`, row-major `[rows, coins x features]`.
///
/// Each row is a function of its last [`GroupChoice::warm_up_bars`] rows, and of nothing else; a row
/// with a shorter history has no features.
fn compute(chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
    let (coins, warm_up) = (panel.coins(), chosen.warm_up_bars);
    let from = rows.start.saturating_sub(warm_up - 1);
    let series = RelativeInputs::of(panel, from..rows.end, chosen.interval);
    let mut cells = vec![f64::NAN; coins * OWN];
    for (row, out) in (rows.start..rows.end).zip(out.chunks_exact_mut(coins * FEATURES.len())) {
        if row + 1 < warm_up {
            out.fill(f32::NAN);
            continue;
        }
        let market = series.write(row - from, &mut cells);
        relative_to_mean(&mut cells, coins);
        for (out, own) in out
            .chunks_exact_mut(FEATURES.len())
            .zip(cells.chunks_exact(OWN))
        {
            for (out, value) in out.iter_mut().zip(own.iter().chain(&market)) {
                *out = single(value.clamp(-CLIP, CLIP));
            }
        }
    }
}

/// Takes from each feature its mean over the coins that have it.
fn relative_to_mean(cells: &mut [f64], coins: usize) {
    for feature in 0..OWN {
        let known = |cells: &[f64], coin: usize| {
            Some(cells[coin * OWN + feature]).filter(|value| value.is_finite())
        };
        let (mut sum, mut count) = (0.0, 0.0);
        for coin in 0..coins {
            if let Some(value) = known(cells, coin) {
                sum += value;
                count += 1.0;
            }
        }
        for coin in 0..coins {
            cells[coin * OWN + feature] = match known(cells, coin) {
                Some(value) => value - sum / count,
                None => f64::NAN,
            };
        }
    }
}

/// Each bar's log return, `[rows, coins]`.
pub(super) fn one_bar(logs: &[f64], coins: usize) -> Vec<f64> {
    let earlier = std::iter::repeat_n(&f64::NAN, coins).chain(logs);
    logs.iter().zip(earlier).map(|(now, b)| now - b).collect()
}

/// Root mean square of the last `window` values of each column; NaN where it is 0 or the rows are too few.
pub(super) fn root_mean_squares(
    values: &[f64],
    columns: usize,
    window: usize,
    first_bar: i64,
) -> Vec<f64> {
    let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
    let mut means = trailing_means(&squares, columns, window, first_bar);
    for mean in &mut means {
        *mean = if *mean > 0.0 { mean.sqrt() } else { f64::NAN };
    }
    means
}

/// What the features of a stretch of rows are made of; each is `[rows, coins]`, the market's
/// `[rows]`.
struct RelativeInputs<'a> {
    coins: usize,
    returns: [usize; RETURNS.len()],
    deviations: [usize; DEVIATIONS.len()],
    short: usize,
    closes: &'a [f64],
    highs: &'a [f64],
    lows: &'a [f64],
    logs: Vec<f64>,
    log_means: Vec<Vec<f64>>,
    volatility: Vec<f64>,
    long_volatility: Vec<f64>,
    market_volatility: Vec<f64>,
    volume_means: Vec<Vec<f64>>,
    day_volume: Vec<f64>,
    signed_volume: Vec<f64>,
    turnover: Vec<f64>,
}

impl<'a> RelativeInputs<'a> {
    fn of(panel: &'a Panel, rows: Range<usize>, interval: Interval) -> Self {
        let (coins, first_bar) = (panel.coins(), panel.bar_number(rows.start));
        let bars = |minutes| bars(minutes, interval);
        let means =
            |values: &[f64], minutes| trailing_means(values, coins, bars(minutes), first_bar);
        let closes = panel.matrix(Column::Close, rows.clone());
        let volumes = panel.matrix(Column::Volume, rows.clone());
        let logs: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
        let moves = one_bar(&logs, coins);
        let signed: Vec<f64> = moves
            .iter()
            .zip(volumes)
            .map(|(&step, volume)| {
                // A filled bar stands still, but its volume is unknown all the same.
                let sign = if step == 0.0 { 0.0 } else { step.signum() };
                sign * volume
            })
            .collect();
        let turnover: Vec<f64> = closes.iter().zip(volumes).map(|(c, v)| c * v).collect();
        let market: Vec<f64> = moves
            .chunks_exact(coins.max(1))
            .map(mean_of_known)
            .collect();
        Self {
            coins,
            returns: RETURNS.map(bars),
            deviations: DEVIATIONS.map(bars),
            short: bars(SHORT),
            closes,
            highs: panel.matrix(Column::High, rows.clone()),
            lows: panel.matrix(Column::Low, rows),
            log_means: DEVIATIONS.map(|minutes| means(&logs, minutes)).into(),
            volatility: root_mean_squares(&moves, coins, bars(VOLATILITY), first_bar),
            long_volatility: root_mean_squares(&moves, coins, bars(LONGEST), first_bar),
            market_volatility: root_mean_squares(&market, 1, bars(VOLATILITY), first_bar),
            volume_means: VOLUMES.map(|minutes| means(volumes, minutes)).into(),
            day_volume: means(volumes, DAY),
            signed_volume: means(&signed, SHORT),
            turnover: means(&turnover, DAY),
            logs,
        }
    }

    /// Writes the coins' own features at a row, `[coins, OWN]`, and returns the market's.
    fn write(&self, row: usize, cells: &mut [f64]) -> Vec<f64> {
        let mut returns = [KnownSum::default(); RETURNS.len()];
        let mut deviations = [KnownSum::default(); DEVIATIONS.len()];
        for (coin, cell) in cells.chunks_exact_mut(OWN).enumerate() {
            let at = row * self.coins + coin;
            let unit = self.volatility[at];
            let (of_returns, rest) = cell.split_at_mut(RETURNS.len());
            let (of_deviations, rest) = rest.split_at_mut(DEVIATIONS.len());
            for (i, (out, bars)) in of_returns.iter_mut().zip(self.returns).enumerate() {
                let value = self.logs[at] - self.logs[at - bars * self.coins];
                returns[i].add(value);
                *out = value / (unit * (bars as f64).sqrt());
            }
            for (i, (out, bars)) in of_deviations.iter_mut().zip(self.deviations).enumerate() {
                let value = self.logs[at] - self.log_means[i][at];
                deviations[i].add(value);
                *out = value / (unit * deviation_bars(bars));
            }
            for (out, means) in rest.iter_mut().zip(&self.volume_means) {
                *out = (means[at] / self.day_volume[at] + LEAST_VOLUME).ln();
            }
            rest[VOLUMES.len()..].copy_from_slice(&[
                (unit / self.long_volatility[at]).ln(),
                self.close_position(row, coin),
                self.signed_volume[at] / self.day_volume[at],
                self.turnover[at].ln(),
            ]);
        }
        let unit = self.market_volatility[row];
        let of_returns =
            MARKET_RETURNS.map(|i| returns[i].mean() / (unit * (self.returns[i] as f64).sqrt()));
        let of_deviations = MARKET_DEVIATIONS
            .map(|i| deviations[i].mean() / (unit * deviation_bars(self.deviations[i])));
        [&of_returns[..], &of_deviations].concat()
    }

    /// Where the close lies between the low, -1, and the high, 1, of the last bars; 0 without range.
    fn close_position(&self, row: usize, coin: usize) -> f64 {
        let (mut high, mut low) = (f64::NAN, f64::NAN);
        for row in row + 1 - self.short..=row {
            let at = row * self.coins + coin;
            high = high.max(self.highs[at]);
            low = low.min(self.lows[at]);
        }
        close_position(high, low, self.closes[row * self.coins + coin])
    }
}

/// Where a close lies between a low, -1, and a high, 1; 0 without range.
pub(super) fn close_position(high: f64, low: f64, close: f64) -> f64 {
    if high == low {
        0.0
    } else {
        (2.0 * close - high - low) / (high - low)
    }
}

/// Standard deviation of a random walk's distance from its mean over so many bars, in those of a
/// step: the square root of a third of the bars.
fn deviation_bars(bars: usize) -> f64 {
    (bars as f64 / 3.0).sqrt()
}

/// The mean of the finite values; NaN without any.
pub(super) fn mean_of_known(values: &[f64]) -> f64 {
    let mut known = KnownSum::default();
    values.iter().for_each(|&value| known.add(value));
    known.mean()
}

/// Sum and count of the values that are known.
#[derive(Clone, Copy, Default)]
struct KnownSum {
    sum: f64,
    count: f64,
}

impl KnownSum {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.sum += value;
            self.count += 1.0;
        }
    }

    fn mean(self) -> f64 {
        self.sum / self.count
    }
}
