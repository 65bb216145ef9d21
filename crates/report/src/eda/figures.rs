//! All figures of the data report: coin by coin from the candles, then over coins.

use dataset::{CoinCandles, Column, Config, LeftOut};
use market::{Market, Symbol};
use rayon::prelude::*;
use serde::Serialize;

use super::coin::{CoinFigures, amounts};
use super::correlation::{PairCorrelations, reference, rolling, shared};
use super::faults::Faults;
use super::histogram::{CoinCounts, Histograms};
use super::over_time::{Line, Lines, Spread, Sums, across};
use super::returns::ReturnRule;
use super::samples::CoinSamples;
use super::sampling::Sampling;
use super::sizes::{MarketCaps, SizeQuartiles};

/// Largest moves that are listed.
const MOST_MOVES: usize = 10;

const COLUMNS: [Column; 5] = [
    Column::Close,
    Column::Volume,
    Column::QuoteVolume,
    Column::Count,
    Column::MarketCap,
];

/// What the candles of a config say.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// Whether the candles are simulated.
    pub is_simulated: bool,
    /// The market.
    pub market: Market,
    /// The span, and how it is cut.
    pub sampling: Sampling,
    /// `data.jump_ratio`.
    pub jump_ratio: f64,
    /// The coin that all are compared with.
    pub reference: Option<Symbol>,
    /// The coins, those that are traded most first.
    pub coins: Vec<CoinFigures>,
    /// Coins without a candle in the span.
    pub without_candles: Vec<Symbol>,
    /// Coins that the rule of the universe leaves out, with the reasons.
    pub left_out: Vec<String>,
    /// The returns of one bar that are furthest from 0.
    pub largest_moves: Vec<Move>,
    /// Distributions.
    pub histograms: Histograms,
    /// All pairs of coins; None where no two share enough returns.
    pub pairs: Option<PairCorrelations>,
    /// Coins by size; None of fewer than eight.
    pub sizes: Option<SizeQuartiles>,
    /// Market caps; None where no coin has one.
    pub market_caps: Option<MarketCaps>,
    /// Quantities over time.
    pub over_time: OverTime,
}

/// One large return.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Move {
    /// The coin.
    pub symbol: Symbol,
    /// Open time of the bar, UTC milliseconds.
    pub time_ms: i64,
    /// The log return.
    pub log_return: f64,
}

/// Quantities at the points of [`Sampling`].
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OverTime {
    /// The times, UTC milliseconds.
    pub times_ms: Vec<i64>,
    /// Log of the last close of a period over the coin's first one, without jumps that are no change of
    /// the price.
    pub log_prices: Lines,
    /// Mean over coins of the log return of a period.
    pub mean_returns: Vec<f64>,
    /// Quantiles over coins of the same.
    pub returns: Spread,
    /// Volatility of a day over the window before.
    pub volatility: Lines,
    /// What was traded in a period, as an amount a day.
    pub traded_per_day: Sums,
    /// Correlation with the reference over the window before; not of the reference.
    pub correlation: Lines,
    /// Market caps; None where no coin has one.
    pub market_caps: Option<Sums>,
}

/// One coin, read.
struct ReadCoin {
    figures: CoinFigures,
    samples: CoinSamples,
    counts: CoinCounts,
    moves: Vec<Move>,
}

impl Figures {
    /// Reads the candles of a config, one coin at a time, and describes them.
    ///
    /// # Errors
    /// A config that is refused; no candles; a file that is broken.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let candles = CoinCandles::of(config)?;
        let sampling = Sampling::new(candles.open_times_ms, config.data.interval);
        let bar = cli::progress_bar("coins", candles.symbols.len() as u64);
        let read = |symbol: &Symbol| {
            let coin = ReadCoin::of(symbol, &candles, config.data.jump_ratio, &sampling);
            bar.inc(1);
            coin
        };
        let read: Vec<Option<ReadCoin>> = candles
            .symbols
            .par_iter()
            .map(read)
            .collect::<anyhow::Result<_>>()?;
        bar.finish_and_clear();
        let mut coins: Vec<ReadCoin> = read.into_iter().flatten().collect();
        let traded = |coin: &ReadCoin| coin.figures.traded_per_day().unwrap_or(f64::NEG_INFINITY);
        coins.sort_by(|a, b| traded(b).total_cmp(&traded(a)));
        Ok(Self::of_coins(config, &candles, sampling, coins))
    }

    fn of_coins(
        config: &Config,
        candles: &CoinCandles,
        sampling: Sampling,
        mut coins: Vec<ReadCoin>,
    ) -> Self {
        let symbols: Vec<&Symbol> = coins.iter().map(|coin| &coin.figures.symbol).collect();
        let reference = reference(&symbols);
        let of_reference = coins
            .get(reference)
            .map_or_else(Vec::new, |coin| coin.samples.grid_returns.clone());
        for (place, coin) in coins.iter_mut().enumerate() {
            let with = shared(&coin.samples.grid_returns, &of_reference);
            coin.figures.correlation_with_reference = with.filter(|_| place != reference);
        }
        let over_time = OverTime::of(&coins, (reference, &of_reference), &sampling);
        let grids: Vec<(&Symbol, &[f64])> = coins
            .iter()
            .map(|coin| (&coin.figures.symbol, &*coin.samples.grid_returns))
            .collect();
        let volatilities: Vec<(&CoinFigures, &[f64])> = coins
            .iter()
            .map(|coin| (&coin.figures, &*coin.samples.volatility))
            .collect();
        let figures: Vec<&CoinFigures> = coins.iter().map(|coin| &coin.figures).collect();
        Self {
            is_simulated: config.data.source == dataset::Source::Simulated,
            market: config.data.market,
            sampling,
            jump_ratio: config.data.jump_ratio,
            reference: coins.get(reference).map(|coin| coin.figures.symbol.clone()),
            without_candles: candles.without_candles.clone(),
            left_out: LeftOut::lines(&candles.left_out),
            largest_moves: largest(coins.iter().flat_map(|coin| coin.moves.clone()).collect()),
            histograms: histograms(&coins),
            pairs: PairCorrelations::of(&grids),
            sizes: SizeQuartiles::of(&volatilities),
            market_caps: MarketCaps::of(&figures),
            over_time,
            coins: coins.into_iter().map(|coin| coin.figures).collect(),
        }
    }
}

impl ReadCoin {
    fn of(
        symbol: &Symbol,
        candles: &CoinCandles,
        jump_ratio: f64,
        sampling: &Sampling,
    ) -> anyhow::Result<Option<Self>> {
        let rule = ReturnRule::new(sampling.interval, jump_ratio, &candles.forks(symbol));
        let candles = candles.read(symbol, &COLUMNS)?;
        let (returns, jumps) = rule.of_candles(&candles);
        let (log_prices, over_holes) = rule.log_prices(&candles);
        let faults = Faults::of(&candles, [jumps, over_holes], sampling);
        let series = (&*returns, &*log_prices);
        let figures = CoinFigures::of(symbol.clone(), &candles, series, faults, sampling);
        let moved = |(&time_ms, &log_return): (&i64, &f64)| Move {
            symbol: symbol.clone(),
            time_ms,
            log_return,
        };
        let moves = candles.open_time_ms.iter().zip(&returns);
        let moves = moves.filter(|(_, value)| value.is_finite()).map(moved);
        Ok(figures.map(|figures| Self {
            samples: CoinSamples::of(&candles, series, &rule, sampling),
            counts: CoinCounts::of(&returns, &amounts(&candles)),
            moves: largest(moves.collect()),
            figures,
        }))
    }
}

/// Those furthest from 0, largest first.
fn largest(mut moves: Vec<Move>) -> Vec<Move> {
    let by_size = |a: &Move, b: &Move| {
        let size = b.log_return.abs().total_cmp(&a.log_return.abs());
        size.then_with(|| (a.time_ms, &a.symbol).cmp(&(b.time_ms, &b.symbol)))
    };
    moves.sort_by(by_size);
    moves.truncate(MOST_MOVES);
    moves
}

fn histograms(coins: &[ReadCoin]) -> Histograms {
    let mut all = CoinCounts::none();
    coins.iter().for_each(|coin| all.join(&coin.counts));
    let volatilities = coins.iter().flat_map(|coin| &coin.samples.volatility);
    Histograms::of(all, volatilities.copied())
}

impl OverTime {
    fn of(
        coins: &[ReadCoin],
        (reference, of_reference): (usize, &[f64]),
        sampling: &Sampling,
    ) -> Self {
        let line = |coin: &ReadCoin, values: Vec<f64>| Line {
            symbol: coin.figures.symbol.clone(),
            values,
        };
        let lines = |of: &dyn Fn(&ReadCoin) -> Vec<f64>| -> Vec<Line> {
            coins.iter().map(|coin| line(coin, of(coin))).collect()
        };
        let returns: Vec<&[f64]> = coins.iter().map(|coin| &*coin.samples.returns).collect();
        let others = || {
            coins
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != reference)
        };
        let correlations = others()
            .map(|(_, coin)| {
                let values = rolling(&coin.samples.grid_returns, of_reference, sampling);
                line(coin, values)
            })
            .collect();
        let mut by_cap: Vec<&ReadCoin> = coins
            .iter()
            .filter(|coin| coin.figures.market_cap.is_some())
            .collect();
        let cap = |coin: &ReadCoin| coin.figures.market_cap.map_or(0.0, |cap| cap.mean);
        by_cap.sort_by(|a, b| cap(b).total_cmp(&cap(a)));
        let caps = by_cap
            .iter()
            .map(|coin| line(coin, coin.samples.market_caps.clone()));
        Self {
            times_ms: (0..sampling.points())
                .map(|point| sampling.time_ms(point))
                .collect(),
            log_prices: Lines::of(lines(&|coin| coin.samples.log_prices.clone())),
            mean_returns: across(&returns, |known| Some(statistics::mean(known))),
            returns: Spread::of(&returns),
            volatility: Lines::of(lines(&|coin| coin.samples.volatility.clone())),
            traded_per_day: Sums::of(lines(&|coin| {
                let amounts = coin.samples.amounts.iter().enumerate();
                amounts
                    .map(|(point, amount)| amount * Sampling::a_day(sampling.length_ms(point)))
                    .collect()
            })),
            correlation: Lines::of(correlations),
            market_caps: (!by_cap.is_empty()).then(|| Sums::of(caps.collect())),
        }
    }
}
