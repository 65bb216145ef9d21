//! Counts of values by their size: returns, amounts, volatilities.

use serde::Serialize;
use statistics::{Moments, normal_cdf, quantile};

/// Returns further from the mean than so many standard deviations are beyond the picture.
const STANDARDIZED_END: f64 = 6.0;

/// Width of a bin of standardized returns.
const STANDARDIZED_WIDTH: f64 = 0.25;

/// Powers of ten of the lowest and the highest amount that has a bin of its own.
const AMOUNT_ENDS: [f64; 2] = [-2.0, 12.0];

/// Width of a bin of amounts, in powers of ten.
const AMOUNT_WIDTH: f64 = 0.25;

/// Bins of volatilities.
const VOLATILITY_BINS: usize = 40;

/// Share of the volatilities that are in the picture.
const VOLATILITY_SHARE: f64 = 0.995;

/// How many values lie from one edge until before the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Bin {
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub until: f64,
    /// Number of values.
    pub count: usize,
}

/// Bins of equal width between two ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Histogram {
    /// The bins, lowest first.
    pub bins: Vec<Bin>,
    /// Values below the first bin and above the last.
    pub outside: [usize; 2],
}

impl Histogram {
    fn new([from, until]: [f64; 2], count: usize) -> Self {
        let edge = |place: usize| from + (until - from) * place as f64 / count as f64;
        let bin = |place| Bin {
            from: edge(place),
            until: edge(place + 1),
            count: 0,
        };
        Self {
            bins: (0..count).map(bin).collect(),
            outside: [0; 2],
        }
    }

    fn with_width(ends: [f64; 2], width: f64) -> Self {
        Self::new(ends, ((ends[1] - ends[0]) / width).round() as usize)
    }

    /// Counts a value; the last bin holds its right edge too.
    fn add(&mut self, value: f64) {
        let (Some(first), Some(last)) = (self.bins.first(), self.bins.last()) else {
            return;
        };
        let (from, until) = (first.from, last.until);
        let place = (value - from) / (until - from) * self.bins.len() as f64;
        if value < from {
            self.outside[0] += 1;
        } else if value > until {
            self.outside[1] += 1;
        } else if value.is_finite() {
            let place = (place as usize).min(self.bins.len() - 1);
            self.bins[place].count += 1;
        }
    }

    /// Adds the counts of another one of the same bins.
    fn join(&mut self, other: &Self) {
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.count += other.count;
        }
        for (outside, other) in self.outside.iter_mut().zip(other.outside) {
            *outside += other;
        }
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.bins.iter().map(|bin| bin.count).sum::<usize>() + self.outside.iter().sum::<usize>()
    }

    /// The bin with the most values.
    pub fn fullest(&self) -> Option<&Bin> {
        self.bins.iter().max_by_key(|bin| bin.count)
    }

    /// Without the empty bins at both ends.
    fn trimmed(mut self) -> Self {
        let is_full = |bin: &Bin| bin.count > 0;
        let first = self.bins.iter().position(is_full).unwrap_or(0);
        let last = self
            .bins
            .iter()
            .rposition(is_full)
            .map_or(0, |place| place + 1);
        self.bins.truncate(last);
        self.bins.drain(..first.min(last));
        self
    }
}

/// Returns so far from their mean, beside what a normal distribution has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Tail {
    /// Standard deviations from the mean.
    pub beyond: f64,
    /// Share of the returns further away, on either side.
    pub share: f64,
    /// The same share of a normal distribution.
    pub normal_share: f64,
}

/// Distances of [`Tail`].
const TAILS: [f64; 3] = [3.0, 5.0, 10.0];

/// The counts of one coin, or of several together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CoinCounts {
    standardized: Histogram,
    beyond: [usize; 3],
    amounts: Histogram,
    /// Candles in which nothing was traded.
    without_trade: usize,
}

impl CoinCounts {
    /// Of no coin.
    pub fn none() -> Self {
        let ends = [-STANDARDIZED_END, STANDARDIZED_END];
        Self {
            standardized: Histogram::with_width(ends, STANDARDIZED_WIDTH),
            beyond: [0; 3],
            amounts: Histogram::with_width(AMOUNT_ENDS, AMOUNT_WIDTH),
            without_trade: 0,
        }
    }

    /// Of a coin's returns, in units of its own standard deviation from its own mean, and amounts.
    pub fn of(returns: &[f64], amounts: &[f64]) -> Self {
        let mut counts = Self::none();
        let known: Vec<f64> = returns
            .iter()
            .copied()
            .filter(|one| one.is_finite())
            .collect();
        let moments = Moments::new(&known);
        let std = moments.sample_std();
        if std > 0.0 {
            for value in known {
                let z = (value - moments.mean) / std;
                counts.standardized.add(z);
                for (count, beyond) in counts.beyond.iter_mut().zip(TAILS) {
                    *count += usize::from(z.abs() > beyond);
                }
            }
        }
        for amount in amounts.iter().filter(|amount| amount.is_finite()) {
            match *amount > 0.0 {
                true => counts.amounts.add(amount.log10()),
                false => counts.without_trade += 1,
            }
        }
        counts
    }

    /// Adds the counts of another coin.
    pub fn join(&mut self, other: &Self) {
        self.standardized.join(&other.standardized);
        self.amounts.join(&other.amounts);
        self.without_trade += other.without_trade;
        for (count, other) in self.beyond.iter_mut().zip(other.beyond) {
            *count += other;
        }
    }
}

/// The distributions of all coins together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Histograms {
    /// Returns of a bar, each coin's in units of its own standard deviation from its own mean.
    pub standardized_returns: Histogram,
    /// How much lies far out.
    pub tails: Vec<Tail>,
    /// Power of ten of the amount that was traded in a candle, in the quote currency.
    pub log10_amounts: Histogram,
    /// Candles in which nothing was traded, which have no power of ten.
    pub candles_without_trade: usize,
    /// Volatilities of a day, of every coin at every point.
    pub volatilities: Histogram,
}

impl Histograms {
    /// Of the counts of all coins, and of their volatilities.
    pub fn of(counts: CoinCounts, volatilities: impl Iterator<Item = f64>) -> Self {
        let all = counts.standardized.count();
        let tail = |(beyond, count): (f64, usize)| Tail {
            beyond,
            share: count as f64 / all as f64,
            normal_share: 2.0 * normal_cdf(-beyond),
        };
        let tails = TAILS.into_iter().zip(counts.beyond);
        Self {
            tails: tails.filter(|_| all > 0).map(tail).collect(),
            standardized_returns: counts.standardized,
            log10_amounts: counts.amounts.trimmed(),
            candles_without_trade: counts.without_trade,
            volatilities: of_volatilities(volatilities),
        }
    }
}

/// From 0 to the highest volatility but for a few that are beyond the picture.
fn of_volatilities(values: impl Iterator<Item = f64>) -> Histogram {
    let mut known: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let end = quantile(&known, VOLATILITY_SHARE).filter(|end| *end > 0.0);
    let mut histogram = Histogram::new([0.0, end.unwrap_or(1.0)], VOLATILITY_BINS);
    known.iter().for_each(|value| histogram.add(*value));
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By numpy.histogram(x, bins=4, range=(0, 2)).
    #[test]
    fn values_are_counted_as_numpy_does() {
        let mut histogram = Histogram::new([0.0, 2.0], 4);
        for value in [-0.1, 0.0, 0.49, 0.5, 1.0, 1.99, 2.0, 2.01, f64::NAN] {
            histogram.add(value);
        }
        let counts: Vec<usize> = histogram.bins.iter().map(|bin| bin.count).collect();
        assert_eq!((counts, histogram.outside), (vec![2, 1, 1, 2], [1, 1]));
        assert_eq!(histogram.count(), 8);
    }

    #[test]
    fn empty_ends_are_left_out() {
        let mut histogram = Histogram::new([0.0, 5.0], 5);
        for value in [1.5, 3.5] {
            histogram.add(value);
        }
        let trimmed = histogram.trimmed();
        assert_eq!((trimmed.bins.len(), trimmed.bins[0].from), (3, 1.0));
        assert!(Histogram::new([0.0, 5.0], 5).trimmed().bins.is_empty());
    }

    /// A coin whose price never moves, and candles without volumes.
    #[test]
    fn what_is_not_known_is_counted_nowhere() {
        let counts = CoinCounts::of(&[0.0; 5], &[f64::NAN, 0.0, 10.0]);
        assert_eq!(counts.standardized.count(), 0);
        assert_eq!((counts.without_trade, counts.amounts.count()), (1, 1));
        assert!(Histograms::of(counts, std::iter::empty()).tails.is_empty());
    }
}
