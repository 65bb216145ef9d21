//! A seeded, made-up market whose best possible forecast is known exactly.
//!
//! It is what tests and the quickstart run on: nothing is downloaded, and a forecaster can be held
//! against the truth. One-minute log returns are `beta * common factor + own shock`, both with
//! heavy tails and a volatility that clusters and follows the time of day, plus a planted
//! reversion against the coin's own past returns:
//!
//! ```text
//! r[t+1] = -phi x[t] + shock,   x[t] = a x[t-1] + (1 - a) r[t],   a = 2^(-1 / half life)
//! E[log return over h minutes | all until t] = -phi (1 - rho^h) / (1 - rho) x[t],
//! rho = a - (1 - a) phi
//! ```
//!
//! `phi` is chosen so that this expectation's Pearson correlation with the return is
//! [`SimulatedConfig::signal`]. Longer candles are made of the minutes.

mod coin;
mod config;
mod factor;
mod reversion;

use crate::{Candle, Error, Interval, Symbol};
use coin::{CoinGenerator, CoinMinute};
pub use config::SimulatedConfig;
use config::simulated_error;
use factor::Factor;
use reversion::Reversion;

/// A made-up market.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedMarket {
    /// The length of its candles.
    pub interval: Interval,
    /// Its coins: `SIM1USDT`, `SIM2USDT`, ...
    pub coins: Vec<SimulatedCoin>,
    reversion: Reversion,
}

/// One coin of a made-up market.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedCoin {
    /// Its name.
    pub symbol: Symbol,
    /// Its candles, ascending by time, with all columns; holes are left out.
    pub candles: Vec<Candle>,
    /// `x` at the close of each candle.
    averages: Vec<f64>,
    reversion: Reversion,
    interval: Interval,
}

impl SimulatedMarket {
    /// The best forecast of the return `close[t + horizon_bars] / close[t] - 1` that anyone can
    /// make at the close of candle `candle_index` of coin `coin_index`; see
    /// [`SimulatedCoin::expected_return`]. NaN where there is no such candle.
    pub fn expected_return(
        &self,
        coin_index: usize,
        candle_index: usize,
        horizon_bars: usize,
    ) -> f64 {
        self.coins.get(coin_index).map_or(f64::NAN, |coin| {
            coin.expected_return(candle_index, horizon_bars)
        })
    }

    /// Pearson correlation, over long time, of [`Self::expected_return`] with the return: no
    /// forecaster can do better. 0 where nothing can be forecast.
    pub fn best_correlation(&self, horizon_bars: usize) -> f64 {
        self.reversion
            .correlation(minutes(self.interval, horizon_bars))
    }
}

impl SimulatedCoin {
    /// The expected log return over the `horizon_bars` candle lengths after the close of candle
    /// `candle_index`, given everything until then; NaN where there is no such candle.
    ///
    /// The expected simple return differs from it by half the return's variance, a ten-thousandth
    /// of its deviation.
    pub fn expected_return(&self, candle_index: usize, horizon_bars: usize) -> f64 {
        self.averages.get(candle_index).map_or(f64::NAN, |average| {
            self.reversion
                .expected(*average, minutes(self.interval, horizon_bars))
        })
    }
}

/// Makes the market `config` describes, in candles of `interval`.
///
/// Takes about 150 bytes a candle; [`simulate_coin`] makes one coin at a time.
///
/// # Errors
///
/// [`Error::Simulated`] names the key that is out of range.
///
/// # Examples
///
/// ```
/// use market::{Interval, SimulatedConfig, simulate};
/// let config = SimulatedConfig { minutes: 2000, ..SimulatedConfig::default() };
/// let market = simulate(&config, Interval::ONE_MINUTE)?;
/// assert_eq!(market.coins[0].symbol.as_str(), "SIM1USDT");
/// assert!((market.best_correlation(15) - 0.25).abs() < 1e-6);
/// # Ok::<(), market::Error>(())
/// ```
pub fn simulate(config: &SimulatedConfig, interval: Interval) -> Result<SimulatedMarket, Error> {
    let reversion = checked_reversion(config, interval)?;
    let factor = Factor::new(config)?;
    let coins = (0..config.coins)
        .map(|index| one_coin(config, interval, reversion, &factor, index))
        .collect::<Result<_, _>>()?;
    Ok(SimulatedMarket {
        interval,
        coins,
        reversion,
    })
}

/// Makes the coin of number `index` (from 0) of the market that [`simulate`] would make.
///
/// # Errors
///
/// [`Error::Simulated`] as [`simulate`], and where the market has no such coin.
pub fn simulate_coin(
    config: &SimulatedConfig,
    interval: Interval,
    index: usize,
) -> Result<SimulatedCoin, Error> {
    let reversion = checked_reversion(config, interval)?;
    if index >= config.coins {
        let expected = format!("more than {index}, the coin asked for");
        return Err(simulated_error("coins", config.coins, &expected));
    }
    one_coin(config, interval, reversion, &Factor::new(config)?, index)
}

fn checked_reversion(config: &SimulatedConfig, interval: Interval) -> Result<Reversion, Error> {
    config.check(interval)?;
    let horizon = f64::from(config.signal_horizon_minutes);
    Reversion::for_signal(config.signal, horizon, config.half_life_minutes).ok_or_else(|| {
        let expected = format!(
            "less: with a half life of {} minutes no reversion is that strong over {horizon} minutes",
            config.half_life_minutes
        );
        simulated_error("signal", config.signal, &expected)
    })
}

fn one_coin(
    config: &SimulatedConfig,
    interval: Interval,
    reversion: Reversion,
    factor: &Factor,
    index: usize,
) -> Result<SimulatedCoin, Error> {
    let minutes_a_bar = usize::try_from(interval.ms() / Interval::ONE_MINUTE.ms()).unwrap_or(1);
    let bars = config.minutes / minutes_a_bar;
    let mut candles = Vec::with_capacity(bars);
    let mut averages = Vec::with_capacity(bars);
    let mut coin = CoinGenerator::new(config, reversion, index)?;
    let mut minute_index = 0;
    let mut open_time_ms = config.start_ms;
    for shared in factor.minutes.chunks_exact(minutes_a_bar) {
        let mut bar = CandleBuilder::default();
        for minute in shared {
            bar.add(&coin.step(minute_index, minute, &factor.day));
            minute_index += 1;
        }
        if let Some((candle, average)) = bar.finish(open_time_ms) {
            candles.push(candle);
            averages.push(average);
        }
        open_time_ms += interval.ms();
    }
    Ok(SimulatedCoin {
        symbol: Symbol::new(&format!("SIM{}USDT", index + 1))?,
        candles,
        averages,
        reversion,
        interval,
    })
}

/// A candle in the making, from the minutes that were recorded.
#[derive(Default)]
struct CandleBuilder {
    /// The recorded minutes joined into one.
    joined: Option<CoinMinute>,
    is_last_missing: bool,
}

impl CandleBuilder {
    fn add(&mut self, minute: &CoinMinute) {
        self.is_last_missing = minute.is_missing;
        if minute.is_missing {
            return;
        }
        self.joined = Some(match self.joined {
            None => *minute,
            Some(so_far) => CoinMinute {
                open: so_far.open,
                high: so_far.high.max(minute.high),
                low: so_far.low.min(minute.low),
                close: minute.close,
                volume: so_far.volume + minute.volume,
                quote_volume: so_far.quote_volume + minute.quote_volume,
                count: so_far.count + minute.count,
                taker_buy_volume: so_far.taker_buy_volume + minute.taker_buy_volume,
                taker_buy_quote_volume: so_far.taker_buy_quote_volume
                    + minute.taker_buy_quote_volume,
                average: minute.average,
                is_missing: false,
            },
        });
    }

    /// The candle and `x` at its close. `None` where the last minute is missing: the price at the
    /// candle's end, from which returns count, was not recorded.
    fn finish(self, open_time_ms: i64) -> Option<(Candle, f64)> {
        let minute = self.joined.filter(|_| !self.is_last_missing)?;
        let candle = Candle {
            open_time_ms,
            open: Some(as_written(minute.open)),
            high: Some(as_written(minute.high)),
            low: Some(as_written(minute.low)),
            close: as_written(minute.close),
            volume: Some(as_written(minute.volume)),
            quote_volume: Some(as_written(minute.quote_volume)),
            count: Some(minute.count),
            taker_buy_volume: Some(as_written(minute.taker_buy_volume)),
            taker_buy_quote_volume: Some(as_written(minute.taker_buy_quote_volume)),
        };
        Some((candle, minute.average))
    }
}

/// A price or an amount with the 8 decimals that the exchange writes: candles survive its files and
/// answers unchanged.
fn as_written(value: f64) -> f64 {
    (value * 1e8).round() / 1e8
}

fn minutes(interval: Interval, bars: usize) -> f64 {
    (interval.ms() / Interval::ONE_MINUTE.ms()) as f64 * bars as f64
}
