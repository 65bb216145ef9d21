//! What a list of trades was worth.

use score::Options;
use serde::Serialize;
use statistics::{
    ConfidenceInterval, Moments, deflated_sharpe_ratio, drawn_blocks, enough_blocks, max_drawdown,
    mean, optimal_block_length, percentile_interval,
};

/// Figures of some trades after costs, as fractions of each trade's value; what is undefined is
/// `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TradeStatistics {
    /// Number of trades.
    pub trades: usize,
    /// Mean net profit of a trade.
    pub mean: Option<f64>,
    /// Sum of the net profits, each trade with the same stake.
    pub total: f64,
    /// Mean divided by its standard error, as if trades were independent; none where they overlap.
    pub t: Option<f64>,
    /// Block-bootstrap interval of the mean; none where trades are too few or overlap.
    pub interval: Option<ConfidenceInterval>,
    /// Mean divided by standard deviation, of one trade.
    pub sharpe: Option<f64>,
    /// Probability that the Sharpe ratio is above the best of as many worthless trials as there
    /// were, given the variance of the trials' Sharpe ratios.
    pub deflated_sharpe: Option<f64>,
    /// The same where worthless trials differ by chance alone, all with as many trades.
    pub deflated_by_chance: Option<f64>,
    /// Deepest fall of a capital that each trade's profit is compounded on, 0 or below.
    pub max_drawdown: Option<f64>,
}

/// How many trials there were, and how far their Sharpe ratios spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trials {
    pub count: usize,
    pub variance: f64,
}

impl TradeStatistics {
    /// Of trades that follow each other, by their net profits in order of time.
    ///
    /// `floor_trades` is the shortest mean block length of the bootstrap.
    pub(crate) fn of_sequence(profits: &[f64], floor_trades: usize, options: &Options) -> Self {
        let plain = Self::of_overlapping(profits);
        let Some(sharpe) = plain.sharpe else {
            return plain;
        };
        Self {
            t: Some(sharpe * (profits.len() as f64).sqrt()),
            interval: mean_interval(profits, floor_trades, options),
            max_drawdown: Some(max_drawdown(profits)),
            ..plain
        }
    }

    /// Of trades that may share their time: nothing that takes them one after the other.
    pub(crate) fn of_overlapping(profits: &[f64]) -> Self {
        if profits.is_empty() {
            return Self::default();
        }
        let moments = Moments::new(profits);
        let sharpe = moments.mean / moments.sample_std();
        Self {
            trades: profits.len(),
            mean: Some(moments.mean),
            total: profits.iter().sum(),
            sharpe: sharpe.is_finite().then_some(sharpe),
            ..Self::default()
        }
    }

    /// Both deflated Sharpe ratios, of profits of this shape after so many trials.
    pub(crate) fn deflate(&mut self, moments: &Moments, trials: Trials) {
        self.deflated_sharpe = Self::deflated(moments, trials);
        let variance = 1.0 / (moments.count as f64 - 1.0);
        self.deflated_by_chance = Self::deflated(moments, Trials { variance, ..trials });
    }

    /// The deflated Sharpe ratio of profits of this shape after so many trials.
    fn deflated(moments: &Moments, trials: Trials) -> Option<f64> {
        let sharpe = moments.mean / moments.sample_std();
        let (skewness, kurtosis) = (moments.skewness(), moments.kurtosis());
        let value = deflated_sharpe_ratio(
            sharpe,
            moments.count,
            skewness,
            kurtosis,
            trials.count,
            trials.variance,
        );
        value.is_finite().then_some(value)
    }
}

/// Stationary block bootstrap of the mean; blocks of trades by Politis and White, at least
/// `floor_trades`.
pub(crate) fn mean_interval(
    profits: &[f64],
    floor_trades: usize,
    options: &Options,
) -> Option<ConfidenceInterval> {
    let lengths = [profits.len()];
    let block = optimal_block_length(profits)
        .map_or(1, |length| length.ceil() as usize)
        .max(floor_trades);
    if !enough_blocks(&lengths, block, floor_trades) {
        return None;
    }
    // The sum over a block is the difference of two prefix sums.
    let mean = mean(profits);
    let mut prefix = vec![0.0];
    let mut running = 0.0;
    for profit in profits {
        running += profit - mean;
        prefix.push(running);
    }
    let draw = |number: usize| {
        let blocks = drawn_blocks(&lengths, block, options.seed, number);
        let sum: f64 = blocks
            .iter()
            .flatten()
            .map(|block| prefix[block.end] - prefix[block.start])
            .sum();
        mean + sum / profits.len() as f64
    };
    let draws: Vec<f64> = (0..options.draws).map(draw).collect();
    percentile_interval(&draws, options.confidence)
}

/// The same for trades of many coins, as (time, profit): what is drawn are slices of `slice_ms`
/// with all their trades.
///
/// `span_ms`: first and last time at which there could have been a trade.
pub(crate) fn pooled_interval(
    trades: &[(i64, f64)],
    span_ms: [i64; 2],
    slice_ms: i64,
    options: &Options,
) -> Option<ConfidenceInterval> {
    let slices = usize::try_from((span_ms[1] - span_ms[0]) / slice_ms + 1).ok()?;
    let mut per_slice = vec![(0.0, 0.0); slices];
    for (time_ms, profit) in trades {
        let slice = usize::try_from((time_ms - span_ms[0]) / slice_ms).ok()?;
        let (count, sum) = per_slice.get_mut(slice)?;
        *count += 1.0;
        *sum += profit;
    }
    let sums: Vec<f64> = per_slice.iter().map(|(_, sum)| *sum).collect();
    let block = optimal_block_length(&sums).map_or(1, |length| length.ceil() as usize);
    if !enough_blocks(&[slices], block, 1) {
        return None;
    }
    let draw = |number: usize| {
        let blocks = drawn_blocks(&[slices], block, options.seed, number);
        let drawn = blocks
            .into_iter()
            .flatten()
            .flatten()
            .map(|slice| per_slice[slice]);
        let (count, sum) = drawn.fold((0.0, 0.0), |(counts, sums), (count, sum)| {
            (counts + count, sums + sum)
        });
        sum / count // NaN without a trade
    };
    let draws: Vec<f64> = (0..options.draws).map(draw).collect();
    percentile_interval(&draws, options.confidence)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn figures_of_few_trades() {
        let options = Options::default();
        let none = TradeStatistics::of_sequence(&[], 4, &options);
        assert_eq!((none.trades, none.mean, none.total), (0, None, 0.0));
        let one = TradeStatistics::of_sequence(&[0.01], 4, &options);
        assert_eq!((one.trades, one.mean, one.t), (1, Some(0.01), None));
        let two = TradeStatistics::of_sequence(&[0.01, 0.03], 4, &options);
        assert!((two.t.unwrap() - 0.02 / (0.0002_f64.sqrt() / 2.0_f64.sqrt())).abs() < 1e-9);
        assert_eq!(two.interval, None, "two trades are no five blocks");
        let overlapping = TradeStatistics::of_overlapping(&[0.01, 0.03]);
        assert_eq!((overlapping.t, overlapping.max_drawdown), (None, None));
    }

    #[test]
    fn the_interval_holds_the_mean_and_narrows_with_more_trades() {
        let profits = |count: usize| -> Vec<f64> {
            (0..count)
                .map(|k| ((k * 37 % 101) as f64 - 49.0) * 1e-4)
                .collect()
        };
        let width = |count: usize| {
            let profits = profits(count);
            let mean = profits.iter().sum::<f64>() / count as f64;
            let [low, high] = mean_interval(&profits, 4, &Options::default()).unwrap();
            assert!(low < mean && mean < high);
            high - low
        };
        assert!(width(1600) < width(100));
    }

    #[test]
    fn trades_of_one_moment_count_as_one_event() {
        // The same profits, each once or at ten coins at once: the interval is about as wide.
        let alone: Vec<(i64, f64)> = (0..400)
            .map(|k| (k * 10, ((k * 37 % 101) as f64 - 49.0) * 1e-4))
            .collect();
        let together: Vec<(i64, f64)> = alone.iter().flat_map(|trade| [*trade; 10]).collect();
        let width = |trades: &[(i64, f64)]| {
            let [low, high] = pooled_interval(trades, [0, 3990], 10, &Options::default()).unwrap();
            high - low
        };
        assert!((width(&together) / width(&alone) - 1.0).abs() < 1e-9);
        assert_eq!(
            pooled_interval(&alone, [0, 3990], 4000, &Options::default()),
            None,
            "one slice"
        );
    }
}
