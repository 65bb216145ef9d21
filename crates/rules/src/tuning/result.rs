//! What the search for thresholds found: plain values that become a file, JSON, tables or a page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::options::{DeflateBy, TuningProtocol};
use super::trade_statistics::TradeStatistics;
use crate::{Calibration, CoinThresholds, Costs, Side, Thresholds};

/// Thresholds of all coins, and how they were found and judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Whose forecasts they are for.
    pub forecaster: String,
    /// How they were found and judged.
    pub protocol: TuningProtocol,
    /// The costs that were counted.
    pub costs: Costs,
    /// How many bars a position is held.
    pub hold_bars: usize,
    /// Bars between a forecast and its trade.
    pub entry_delay_bars: usize,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// First and last time tuned on, UTC milliseconds.
    pub tuned_ms: [i64; 2],
    /// First and last time judged on. With protocol `seed` thresholds were tuned on it too.
    pub judged_ms: [i64; 2],
    /// Trades below which a threshold was not taken.
    pub min_trades: usize,
    /// What the deflated Sharpe ratio had to reach.
    pub confidence: f64,
    /// Which deflated Sharpe ratio that is.
    pub deflate_by: DeflateBy,
    /// Confidence of the intervals.
    pub interval_confidence: f64,
    /// Bootstrap draws.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What the Sharpe ratios are deflated by.
    pub deflation: Deflation,
    /// By symbol.
    pub coins: Vec<CoinTuning>,
    /// All coins that have a threshold, on the judging span; none where no coin has one.
    pub portfolio: Option<Portfolio>,
}

/// What the Sharpe ratios are deflated by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Deflation {
    /// Thresholds tried, over all coins and sides.
    pub trials: usize,
    /// Other trials of the study, which are counted with them.
    pub other_trials: usize,
    /// Those among the thresholds that had enough trades.
    pub counted: usize,
    /// Variance of the Sharpe ratios per trade of those; none below two of them, and with protocol
    /// `seed`.
    pub variance: Option<f64>,
    /// The Sharpe ratio per trade that the best of as many worthless trials is expected to show.
    pub expected_maximum: Option<f64>,
}

/// Thresholds of one coin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinTuning {
    /// The coin.
    pub symbol: String,
    /// What its forecasts went through first; none without calibration.
    pub calibration: Option<Calibration>,
    /// Buy and sell.
    pub sides: Vec<SideTuning>,
}

/// One side of a coin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideTuning {
    /// Which.
    pub side: Side,
    /// The threshold that was taken; none where none is credibly above costs.
    pub threshold: Option<f64>,
    /// Place of the best candidate, taken or not; none where no candidate had enough trades.
    pub best: Option<usize>,
    /// All that were tried, nearest to 0 first.
    pub candidates: Vec<Candidate>,
    /// What was taken, on the judging span, together with the coin's other side.
    pub judged: Option<TradeStatistics>,
}

/// A threshold that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The forecast from which on there is a trade: above 0 to buy, below to sell.
    pub threshold: f64,
    /// Its trades on the tuning span.
    pub tuned: TradeStatistics,
}

/// All coins that have a threshold on the judging span, each with the same share of the capital.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Portfolio {
    /// How many coins have a threshold.
    pub coins: usize,
    /// The trades of all of them; no figure that takes them one after the other. The interval is
    /// from hours drawn in blocks, all coins together.
    pub trades: TradeStatistics,
    /// UTC days of the judging span, begun ones included.
    pub days: usize,
    /// Sum of the days' returns on the capital.
    pub total: f64,
    /// Sharpe ratio of the days' returns, per year of 365 days.
    pub sharpe: Option<f64>,
    /// Deepest fall of the capital at the ends of days, 0 or below.
    pub max_drawdown: Option<f64>,
}

impl SideTuning {
    /// The best candidate, taken or not.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.get(self.best?)
    }
}

impl CoinTuning {
    /// What the coin is traded on; none where it is not traded.
    pub fn thresholds(&self) -> Option<CoinThresholds> {
        let of = |side: Side| {
            self.sides
                .iter()
                .find(|tuned| tuned.side == side)?
                .threshold
        };
        let coin = CoinThresholds {
            buy: of(Side::Buy),
            sell: of(Side::Sell),
            calibration: self.calibration,
        };
        (coin.buy.is_some() || coin.sell.is_some()).then_some(coin)
    }
}

impl Tuning {
    /// The content of `thresholds.toml`; `written` is how the file writes a time of UTC
    /// milliseconds.
    pub fn thresholds(&self, written: fn(i64) -> String) -> Thresholds {
        let span = |ends: [i64; 2]| ends.map(written);
        let coins = self
            .coins
            .iter()
            .filter_map(|coin| Some((coin.symbol.clone(), coin.thresholds()?)));
        Thresholds {
            protocol: self.protocol.name().to_owned(),
            hold_bars: self.hold_bars,
            entry_delay_bars: self.entry_delay_bars,
            costs: self.costs,
            tuned: span(self.tuned_ms),
            judged: (self.protocol == TuningProtocol::Honest).then(|| span(self.judged_ms)),
            coins: coins.collect::<BTreeMap<_, _>>(),
        }
    }

    /// Every coin with each of its sides.
    pub fn sides(&self) -> impl Iterator<Item = (&CoinTuning, &SideTuning)> {
        self.coins
            .iter()
            .flat_map(|coin| coin.sides.iter().map(move |side| (coin, side)))
    }
}
