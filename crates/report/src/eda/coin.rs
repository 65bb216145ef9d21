//! The figures of one coin, of all its candles.

use dataset::{CandleTable, Column};
use market::Symbol;
use serde::Serialize;
use statistics::{Moments, pearson, quantile};

use super::faults::Faults;
use super::sampling::Sampling;

/// What a coin's candles say. What is undefined is left out (`null`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CoinFigures {
    /// The coin.
    pub symbol: Symbol,
    /// Open time of its first candle, UTC milliseconds.
    pub first_ms: i64,
    /// Open time of its last candle.
    pub last_ms: i64,
    /// Number of candles.
    pub candles: usize,
    /// Share of the bars from the first to the last candle that have none.
    pub missing_share: f64,
    /// Close of the first candle.
    pub first_close: f64,
    /// Close of the last one.
    pub last_close: f64,
    /// Log of the last close over the first one, without steps that are no change of the price: jumps
    /// past `data.jump_ratio` that no fork explains, over holes too.
    pub log_change: f64,
    /// Log returns from close to close.
    pub returns: Option<ReturnFigures>,
    /// What was traded; None where the candles do not say.
    pub traded: Option<TradedFigures>,
    /// Worth of all units; None where the candles do not say.
    pub market_cap: Option<MarketCapFigures>,
    /// Pearson correlation of its returns of [`Sampling::return_ms`] with those of the coin that all
    /// are compared with; None of that coin.
    pub correlation_with_reference: Option<f64>,
    /// What is wrong with its candles.
    pub faults: Faults,
}

/// Log returns of a bar. Jumps past `data.jump_ratio` and returns over a hole are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ReturnFigures {
    /// Number of returns.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n - 1).
    pub std: f64,
    /// The standard deviation times the root of the bars of a day.
    pub volatility_per_day: f64,
    /// Third standardized moment; 0 of a normal distribution. None where all returns are equal.
    pub skewness: Option<f64>,
    /// Fourth standardized moment less 3; 0 of a normal distribution. None where all are equal.
    pub excess_kurtosis: Option<f64>,
    /// The lowest.
    pub min: f64,
    /// Open time of its bar, UTC milliseconds.
    pub min_ms: i64,
    /// The highest.
    pub max: f64,
    /// Open time of its bar, UTC milliseconds.
    pub max_ms: i64,
    /// Quantiles at 1, 5, 25, 50, 75, 95 and 99 %, linear between values.
    pub quantiles: [f64; 7],
    /// Share of returns that are 0.
    pub zero_share: f64,
    /// Correlation of a return with the one of the bar before.
    pub autocorrelation: Option<f64>,
    /// Correlation of a return's size with that of the bar before: above 0, volatility comes in
    /// clusters.
    pub size_autocorrelation: Option<f64>,
}

/// Amounts of the quote currency, or of base amounts times closes where the candles have no other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct TradedFigures {
    /// Mean amount of a candle times the bars of a day.
    pub per_day: f64,
    /// Median amount of a candle.
    pub median: f64,
    /// Share of the candles in which nothing was traded.
    pub zero_share: f64,
}

/// Market caps in the quote currency, of the candles that have one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct MarketCapFigures {
    /// Number of candles with one.
    pub count: usize,
    /// The last.
    pub last: f64,
    /// Their mean.
    pub mean: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// What is traded in a day as a share of the mean; None where that is not known.
    pub turnover_per_day: Option<f64>,
}

/// Shares of [`ReturnFigures::quantiles`].
pub(crate) const SHARES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

impl CoinFigures {
    /// Of candles that there are some of, of the return into each (NaN where there is none) and its log
    /// price.
    pub fn of(
        symbol: Symbol,
        candles: &CandleTable,
        (returns, log_prices): (&[f64], &[f64]),
        faults: Faults,
        sampling: &Sampling,
    ) -> Option<Self> {
        let times = &candles.open_time_ms;
        let (first_ms, last_ms) = (*times.first()?, *times.last()?);
        let bars = (last_ms - first_ms) / sampling.interval.ms() + 1;
        let closes = candles.column(Column::Close);
        let traded = TradedFigures::of(&amounts(candles), sampling);
        Some(Self {
            symbol,
            first_ms,
            last_ms,
            candles: times.len(),
            missing_share: faults.missing_bars as f64 / bars as f64,
            first_close: *closes.first()?,
            last_close: *closes.last()?,
            log_change: *log_prices.last()?,
            returns: ReturnFigures::of(returns, times, sampling),
            market_cap: MarketCapFigures::of(candles, traded),
            traded,
            correlation_with_reference: None,
            faults,
        })
    }

    /// Its volatility of a day.
    pub fn volatility(&self) -> Option<f64> {
        self.returns.map(|returns| returns.volatility_per_day)
    }

    /// The amount that is traded in a day.
    pub fn traded_per_day(&self) -> Option<f64> {
        self.traded.map(|traded| traded.per_day)
    }
}

impl ReturnFigures {
    /// None of fewer than three returns.
    fn of(returns: &[f64], times_ms: &[i64], sampling: &Sampling) -> Option<Self> {
        let is_known = |value: &&f64| value.is_finite();
        let mut sorted: Vec<f64> = returns.iter().filter(is_known).copied().collect();
        if sorted.len() < 3 {
            return None;
        }
        let moments = Moments::new(&sorted);
        let zeros = sorted.iter().filter(|value| **value == 0.0).count();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let time_of = |value: f64| {
            let place = returns.iter().position(|other| *other == value)?;
            times_ms.get(place).copied()
        };
        let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
        let std = moments.sample_std();
        let of_shape = |value: f64| Some(value).filter(|value| value.is_finite() && min < max);
        Some(Self {
            count: sorted.len(),
            mean: moments.mean,
            std,
            volatility_per_day: std * Sampling::a_day(sampling.interval.ms()).sqrt(),
            skewness: of_shape(moments.skewness()),
            excess_kurtosis: of_shape(moments.kurtosis() - 3.0),
            min,
            min_ms: time_of(min)?,
            max,
            max_ms: time_of(max)?,
            quantiles: SHARES.map(|share| quantile(&sorted, share).unwrap_or(f64::NAN)),
            zero_share: zeros as f64 / sorted.len() as f64,
            autocorrelation: with_the_one_before(returns),
            size_autocorrelation: with_the_one_before(&sizes),
        })
    }
}

/// Correlation of values with those before them, of pairs that are both known.
fn with_the_one_before(values: &[f64]) -> Option<f64> {
    pearson(values.get(1..)?, values.get(..values.len() - 1)?)
}

impl TradedFigures {
    fn of(amounts: &[f64], sampling: &Sampling) -> Option<Self> {
        let mut known: Vec<f64> = amounts
            .iter()
            .copied()
            .filter(|one| one.is_finite())
            .collect();
        known.sort_unstable_by(f64::total_cmp);
        let zeros = known.partition_point(|amount| *amount <= 0.0);
        Some(Self {
            per_day: statistics::mean(&known) * Sampling::a_day(sampling.interval.ms()),
            median: quantile(&known, 0.5)?,
            zero_share: zeros as f64 / known.len() as f64,
        })
    }
}

impl MarketCapFigures {
    fn of(candles: &CandleTable, traded: Option<TradedFigures>) -> Option<Self> {
        let caps = candles.column(Column::MarketCap).iter().copied();
        // A size of 0 is one that is not known.
        let known: Vec<f64> = caps.filter(|cap| cap.is_finite() && *cap > 0.0).collect();
        let mean = statistics::mean(&known);
        Some(Self {
            count: known.len(),
            last: *known.last()?,
            mean,
            min: known.iter().copied().fold(f64::INFINITY, f64::min),
            max: known.iter().copied().fold(0.0, f64::max),
            turnover_per_day: traded.map(|traded| traded.per_day / mean),
        })
    }
}

/// What was traded in each candle, in the quote currency; NaN where that is not known.
pub(crate) fn amounts(candles: &CandleTable) -> Vec<f64> {
    let of_candle = |place: usize| {
        let quote = candles.value(Column::QuoteVolume, place);
        let base = candles.value(Column::Volume, place) * candles.value(Column::Close, place);
        if quote.is_nan() { base } else { quote }
    };
    (0..candles.len()).map(of_candle).collect()
}
