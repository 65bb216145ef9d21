//! What is kept of a coin's candles for pictures and for comparing coins.

use dataset::{CandleTable, Column};
use statistics::Moments;

use super::coin::amounts;
use super::returns::ReturnRule;
use super::sampling::Sampling;

/// Values of a coin at the points of [`Sampling`], NaN where there is none, and its returns of
/// [`Sampling::return_ms`].
#[derive(Debug, Clone)]
pub(crate) struct CoinSamples {
    /// The last log price of each period, over that of the first candle.
    pub log_prices: Vec<f64>,
    /// Log return from the last close of the period before to that of the period.
    pub returns: Vec<f64>,
    /// What was traded in each period, in the quote currency.
    pub amounts: Vec<f64>,
    /// Standard deviation of a bar's log returns over the window before each point's time, times the
    /// root of the bars of a day; where half of the bars of the window have a return.
    pub volatility: Vec<f64>,
    /// The last market cap of each period.
    pub market_caps: Vec<f64>,
    /// Log returns of [`Sampling::return_ms`], by [`Sampling::return_of`].
    pub grid_returns: Vec<f64>,
}

impl CoinSamples {
    /// Of candles, the return into each and its log price.
    pub fn of(
        candles: &CandleTable,
        (returns, prices): (&[f64], &[f64]),
        rule: &ReturnRule,
        sampling: &Sampling,
    ) -> Self {
        let points = sampling.points();
        let mut closes = vec![f64::NAN; points];
        let mut log_prices = vec![f64::NAN; points];
        let mut sums = vec![f64::NAN; points];
        let mut market_caps = vec![f64::NAN; points];
        let mut grid_closes = vec![f64::NAN; sampling.returns()];
        for (place, (&time_ms, amount)) in candles
            .open_time_ms
            .iter()
            .zip(amounts(candles))
            .enumerate()
        {
            let (point, close) = (
                sampling.point_of(time_ms),
                candles.value(Column::Close, place),
            );
            let cap = candles.value(Column::MarketCap, place);
            if let Some(last) = closes.get_mut(point) {
                *last = close;
            }
            if let (Some(last), Some(price)) = (log_prices.get_mut(point), prices.get(place)) {
                *last = *price;
            }
            if let Some(last) = market_caps.get_mut(point)
                && cap > 0.0
            {
                *last = cap;
            }
            if let Some(sum) = sums.get_mut(point)
                && amount.is_finite()
            {
                *sum = amount + if sum.is_nan() { 0.0 } else { *sum };
            }
            if let Some(last) = sampling
                .return_of(time_ms)
                .and_then(|place| grid_closes.get_mut(place))
            {
                *last = close;
            }
        }
        let bar = sampling.interval.ms();
        Self {
            returns: rule.of_closes(&closes, |point| sampling.time_ms(point) - bar),
            grid_returns: rule.of_closes(&grid_closes, |place| sampling.return_end_ms(place) - bar),
            log_prices,
            amounts: sums,
            volatility: volatility(&candles.open_time_ms, returns, sampling),
            market_caps,
        }
    }
}

/// The volatility of a day over the window before each point.
fn volatility(times_ms: &[i64], returns: &[f64], sampling: &Sampling) -> Vec<f64> {
    let bar = sampling.interval.ms();
    let least = (sampling.volatility_window_ms / bar / 2).max(2) as usize;
    let scale = Sampling::a_day(bar).sqrt();
    let of_point = |point: usize| {
        let until_ms = sampling.time_ms(point);
        let from_ms = until_ms - sampling.volatility_window_ms;
        let place = |open_ms: i64| times_ms.partition_point(|time| *time < open_ms);
        let window = returns
            .get(place(from_ms)..place(until_ms))
            .unwrap_or_default();
        let known: Vec<f64> = window
            .iter()
            .copied()
            .filter(|one| one.is_finite())
            .collect();
        match known.len() < least {
            true => f64::NAN,
            false => Moments::new(&known).sample_std() * scale,
        }
    };
    (0..sampling.points()).map(of_point).collect()
}
