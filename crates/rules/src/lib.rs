//! Rules of trading: what a fill costs, from which forecast on a coin is bought or sold, when a trade
//! that happens anyway is done, and what following a rule would have earned.
//!
//! Thresholds, backtest and paper trading share them, so that what was judged is what is traded.
//! Nothing here reads or writes anything, or knows a table, a candle or an exchange.

mod backtest;
mod break_even;
mod error;
mod exposure;
mod portfolio;
mod quantiles;
mod timing;
mod trade;
mod tuning;

pub use backtest::{
    Backtest, BacktestOptions, BarReturn, CoinBacktest, Curve, DayEquity, DeflatedSharpe,
    Direction, Performance, SignalRule, Trial, TrialResult, alpha_factor, backtest,
};
pub use break_even::{break_even, with_break_even};
pub use error::Error;
pub use exposure::{
    AlarmCosts, CallFigures, Cut, CutReport, Exposure, ExposureFigures, ExposureOptions,
    ExposureReport, ExposureResult, ExposureRule, ExposureValue, FoldCut, Outlook, exposure,
    is_in_top, is_likeliest_high,
};
pub use portfolio::{
    FoldFit, Holding, LimitOrders, OrderKind, PortfolioConfig, PortfolioFigures, PortfolioOptions,
    PortfolioReport, PortfolioResult, SpreadModel, Trials, portfolio,
};
pub use quantiles::{
    LookAhead, Quantile, QuantileOptions, QuantileReport, RankIc, Scope, quantiles,
};
pub use score::Calibration;
pub use timing::{
    DeadlineReport, PATIENCE, PriceRange, Prices, Saving, SideSavings, TimingDecision,
    TimingOptions, TimingReport, TimingRule, TimingScore, timing, z_scores,
};
pub use trade::{CoinThresholds, Costs, Side, Thresholds, may_open};
pub use tuning::{
    Candidate, CoinTuning, DeflateBy, Deflation, Portfolio, SideTuning, TradeStatistics,
    TuneOptions, Tuning, TuningProtocol, tune,
};
