//! What a fill loses to half the spread, coin by coin, from the candles of earlier days.
//!
//! Candles hold no quotes. Two things can be said from them. No spread is below a tick, the smallest
//! step of the price. And a close that is now at the bid, now at the ask lies now below, now above the
//! middle of its bar and of the next one: Abdi and Ranaldo, "A simple estimation of bid-ask spreads
//! from daily close, high, and low prices", Review of Financial Studies 30 (2017), read the spread from
//! that. A price that really turns back looks the same to it.

use std::ops::Range;

use rayon::prelude::*;
use statistics::quantile;

use super::PortfolioConfig;
use super::config::SpreadModel;
use super::marked_prices::{MarkedPrices, is_price};
use crate::error::{Error, setting};

/// Fewer pairs of bars say nothing of a spread.
const LEAST_PAIRS: usize = 100;

/// Half spreads of every coin, as fractions of the price. Those of a UTC day rest on the days before
/// it.
pub(super) struct Spreads {
    /// What the config says of each coin.
    configured: Vec<Configured>,
    first_day: i64,
    /// What candles say, `[days, coins]`; empty where they are not asked.
    estimates: Vec<Estimate>,
}

/// A half spread of the config.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Configured {
    /// That of this very coin.
    Known(f64),
    /// The least, whatever candles say.
    AtLeast(f64),
}

/// What the candles of some days say of a coin's spread.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Estimate {
    /// Smallest step of the price in the quote currency; 0 where it did not move.
    tick: f64,
    /// Half the estimated spread, as a fraction of the price; None where it is not asked for, or where
    /// candles are too few.
    half: Option<f64>,
}

/// The same of one day, to be added up.
#[derive(Debug, Clone, Copy)]
struct DayEvidence {
    least_step: f64,
    /// Sum over pairs of bars of (close - middle) times (close - next bar's middle), in logarithms.
    products: f64,
    pairs: usize,
}

impl Spreads {
    /// As the config says, for bars of `span`; `symbols` are the coins of the prices.
    ///
    /// # Errors
    /// Days that cannot hold as many bars as an estimate takes.
    pub fn new(
        config: &PortfolioConfig,
        symbols: &[String],
        prices: &MarkedPrices,
        span: &Range<usize>,
    ) -> Result<Self, Error> {
        let of_all = Configured::AtLeast(config.half_spread_bps * 1e-4);
        let configured = symbols.iter().map(|symbol| {
            let known = config.half_spreads_bps.get(symbol);
            known.map_or(of_all, |bps| Configured::Known(bps * 1e-4))
        });
        let first_day = prices.day(span.start);
        let mut spreads = Self {
            configured: configured.collect(),
            first_day,
            estimates: Vec::new(),
        };
        let is_estimated = match config.spread {
            SpreadModel::Same => return Ok(spreads),
            SpreadModel::Tick => false,
            SpreadModel::AbdiRanaldo => true,
        };
        if is_estimated && prices.bars_of_days(config.covariance_days) < LEAST_PAIRS {
            let expected = "days of 100 bars or more, from which abdi_ranaldo tells a spread";
            let found = config.covariance_days;
            return Err(setting("portfolio.covariance_days", found, expected));
        }
        let days = first_day..prices.day(span.end) + 1;
        // No more than there are.
        let window = (config.covariance_days.ceil() as i64).min(days.end - prices.day(0));
        let of_coin = |coin: usize| -> Vec<Estimate> {
            let evidence: Vec<DayEvidence> = (days.start - window..days.end)
                .map(|day| DayEvidence::new(prices, day, coin))
                .collect();
            // The day at place `window + k` of the evidence is the k-th: it knows those before it.
            let known = evidence.windows(window as usize).take(days.clone().count());
            known.map(|days| estimate(days, is_estimated)).collect()
        };
        let of_coins: Vec<Vec<Estimate>> =
            (0..symbols.len()).into_par_iter().map(of_coin).collect();
        for place in 0..days.clone().count() {
            let day = of_coins.iter().map(|days| days[place]).collect();
            spreads.estimates.extend(with_usual(day));
        }
        Ok(spreads)
    }

    /// Half the spread of a coin at a bar, as a fraction of its price.
    pub fn half(&self, prices: &MarkedPrices, bar: usize, coin: usize) -> f64 {
        let least = match self.configured[coin] {
            Configured::Known(half) => return half,
            Configured::AtLeast(half) => half,
        };
        let day = (prices.day(bar) - self.first_day) as usize;
        let estimate = self.estimates.get(day * self.configured.len() + coin);
        let Estimate { tick, half } = estimate.copied().unwrap_or_default();
        let mark = prices.mark(bar, coin);
        let half_tick = if is_price(mark) {
            tick / mark / 2.0
        } else {
            0.0
        };
        least.max(half_tick).max(half.unwrap_or(0.0))
    }
}

impl DayEvidence {
    /// Of the bars that open in a UTC day, each with the one before it.
    fn new(prices: &MarkedPrices, day: i64, coin: usize) -> Self {
        let mut evidence = Self {
            least_step: f64::INFINITY,
            products: 0.0,
            pairs: 0,
        };
        let end = prices.first_bar_of(day + 1).min(prices.bars());
        for bar in prices.first_bar_of(day).max(1)..end {
            let (before, close) = (prices.mark(bar - 1, coin), prices.mark(bar, coin));
            let step = (close - before).abs();
            if step > 0.0 {
                evidence.least_step = evidence.least_step.min(step);
            }
            // A bar without a trade has no middle of its own.
            let middles = [bar - 1, bar].map(|bar| middle(prices, bar, coin));
            if let [Some(own), Some(next)] = middles {
                evidence.products += (before.ln() - own) * (before.ln() - next);
                evidence.pairs += 1;
            }
        }
        evidence
    }
}

/// Mean of the logarithms of a bar's lowest and highest price; None where nothing was traded in it.
fn middle(prices: &MarkedPrices, bar: usize, coin: usize) -> Option<f64> {
    let [low, high] = prices.range(bar, coin)?;
    let is_traded = prices.traded(bar, coin) > 0.0 && is_price(low) && is_price(high);
    is_traded.then(|| (low.ln() + high.ln()) / 2.0)
}

fn estimate(days: &[DayEvidence], is_estimated: bool) -> Estimate {
    let steps = days.iter().map(|day| day.least_step);
    let tick = steps.fold(f64::INFINITY, f64::min);
    let pairs: usize = days.iter().map(|day| day.pairs).sum();
    let mean = days.iter().map(|day| day.products).sum::<f64>() / pairs.max(1) as f64;
    let is_known = is_estimated && pairs >= LEAST_PAIRS;
    Estimate {
        tick: if tick.is_finite() { tick } else { 0.0 },
        // The spread is twice the root of the mean product; below 0 none is seen.
        half: is_known.then(|| mean.max(0.0).sqrt()),
    }
}

/// A day's estimates of all coins. One that has too few candles, as a new coin, has the median of the
/// others: nothing would make it the cheapest of all.
fn with_usual(mut day: Vec<Estimate>) -> Vec<Estimate> {
    let mut known: Vec<f64> = day.iter().filter_map(|coin| coin.half).collect();
    known.sort_unstable_by(f64::total_cmp);
    let usual = quantile(&known, 0.5);
    for coin in &mut day {
        coin.half = coin.half.or(usual);
    }
    day
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{PriceRange, Prices};

    const HALF: f64 = 0.0008;
    const TICK: f64 = 0.01;

    /// Minutes of two coins whose last trade is at the bid or at the ask, rounded to ticks; the first
    /// has a spread of twice [`HALF`], the second of a tick.
    fn market(days: usize) -> Prices {
        let mut draws = ChaCha8Rng::seed_from_u64(7);
        let mut uniform = || (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let bars = days * 1440;
        let mut prices = Prices {
            bar_ms: 60_000,
            symbols: ["WIDE", "TICK"].map(str::to_owned).to_vec(),
            ..Prices::default()
        };
        let (mut low, mut high, mut middles) = (Vec::new(), Vec::new(), [100.0_f64; 2]);
        for _ in 0..bars {
            for (coin, middle) in middles.iter_mut().enumerate() {
                let half = [HALF, TICK / 2.0 / 100.0][coin];
                let mut trades = Vec::new();
                for _ in 0..20 {
                    *middle *= 1.0 + 2e-4 * (uniform() - 0.5);
                    let side = if uniform() < 0.5 { -1.0 } else { 1.0 };
                    trades.push(((*middle * (1.0 + side * half)) / TICK).round() * TICK);
                }
                let least = trades.iter().copied().fold(f64::INFINITY, f64::min);
                low.push(least);
                high.push(trades.iter().copied().fold(0.0, f64::max));
                prices.close.push(trades[trades.len() - 1]);
            }
        }
        prices.range = Some(PriceRange { low, high });
        prices
    }

    fn marked(prices: &Prices) -> MarkedPrices {
        MarkedPrices::new(prices, &prices.symbols).unwrap()
    }

    fn config(spread: SpreadModel) -> PortfolioConfig {
        PortfolioConfig {
            spread,
            covariance_days: 2.0,
            ..PortfolioConfig::default()
        }
    }

    #[test]
    fn a_planted_spread_is_found() {
        let prices = market(4);
        let marked = marked(&prices);
        let bars = 3 * 1440..4 * 1440 - 1;
        let of = |config: &PortfolioConfig| {
            let spreads = Spreads::new(config, &prices.symbols, &marked, &bars).unwrap();
            [0, 1].map(|coin| spreads.half(&marked, bars.start, coin))
        };
        let half_tick = |coin: usize| TICK / 2.0 / marked.mark(bars.start, coin);
        let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.15;
        let [wide, tick] = of(&config(SpreadModel::AbdiRanaldo));
        assert!(
            near(wide, HALF) && near(tick, half_tick(1)),
            "{wide} {tick}"
        );
        let [wide, tick] = of(&config(SpreadModel::Tick));
        assert!(
            near(wide, half_tick(0)) && near(tick, half_tick(1)),
            "{wide} {tick}"
        );
        // What the config says of a coin stands, and is the least of the others.
        let mut said = config(SpreadModel::Tick);
        said.half_spreads_bps.insert("TICK".to_owned(), 0.1);
        said.half_spread_bps = 3.0;
        assert_eq!(of(&said), [3.0 * 1e-4, 0.1 * 1e-4]);
        assert_eq!(of(&config(SpreadModel::Same)), [0.0, 0.0]);
    }

    /// A day's half spreads are of the days before it.
    #[test]
    fn the_day_itself_is_not_known() {
        let (prices, mut later) = (market(4), market(4));
        let day = 3 * 1440;
        let range = later.range.as_mut().unwrap();
        for cell in day * 2..later.close.len() {
            later.close[cell] = 100.0 + 0.001 * (cell % 5) as f64;
            range.low[cell] = 90.0;
            range.high[cell] = 101.0;
        }
        let config = config(SpreadModel::AbdiRanaldo);
        let [before, after] = [&prices, &later].map(|prices| {
            let marked = marked(prices);
            let spreads = Spreads::new(&config, &prices.symbols, &marked, &(day..day + 1439));
            spreads.unwrap().estimates
        });
        assert_eq!(before, after);
        assert!(before.iter().all(|estimate| estimate.tick > 0.0));
    }
    /// A coin of few candles is not taken for one without a spread.
    #[test]
    fn a_new_coin_has_the_median_spread() {
        let mut prices = market(4);
        let day = 3 * 1440;
        for bar in 0..day - 50 {
            prices.close[2 * bar + 1] = f64::NAN;
        }
        let marked = marked(&prices);
        let config = config(SpreadModel::AbdiRanaldo);
        let spreads = Spreads::new(&config, &prices.symbols, &marked, &(day..day + 1439)).unwrap();
        let [wide, new] = [0, 1].map(|coin| spreads.half(&marked, day, coin));
        assert!(wide > 0.5 * HALF, "{wide}");
        assert_eq!(new, wide);
    }

    /// Days that hold too few bars are refused; more of them than there are prices are all of them.
    #[test]
    fn the_days_hold_enough_bars() {
        let prices = market(4);
        let marked = marked(&prices);
        let of = |covariance_days: f64| {
            let config = PortfolioConfig {
                covariance_days,
                ..config(SpreadModel::AbdiRanaldo)
            };
            Spreads::new(&config, &prices.symbols, &marked, &(4320..5759))
        };
        let refused = of(0.05).err().unwrap().to_string();
        insta::assert_snapshot!(refused, @"`portfolio.covariance_days` is 0.05, expected days of 100 bars or more, from which abdi_ranaldo tells a spread");
        assert_eq!(of(1e300).unwrap().estimates, of(3.0).unwrap().estimates);
    }
}
