//! Forecasts from a saved run: of the minute that has just closed, of a past one, or of every
//! minute as it closes.

mod answer;
mod args;
mod cache;
mod candles;
mod checkpoint;
mod command;
mod embed;
mod explain;
mod forecast;
mod forecast_table;
mod given;
mod given_rows;
mod hint;
mod history;
mod importance;
mod kinds;
mod ledger;
mod ledger_check;
mod ledger_keeping;
mod ledger_plot;
mod live;
mod page_request;
mod permuted_loss;
mod recent_calibration;
mod record;
mod rule;
mod seen;
mod timed;
mod track_record;
mod volatility_drift;
mod volatility_forecast;
mod volatility_table;
mod watch;

pub use ::run::Drift;
pub use answer::Answer;
pub use args::{Args, Command, WatchCommand};
pub use candles::CandleSource;
pub use checkpoint::{Checkpoint, Fallback};
pub use command::run;
pub use embed::EmbedArgs;
pub use explain::{CoinExplanations, explain_at};
pub use forecast::{CoinForecast, ForecastUnit, Forecasts, forecast_at};
pub use given_rows::{FeatureRow, RowForecast, RowForecasts, WrongNames};
pub use hint::hint_of;
pub use history::{History, MissingCoin};
pub use importance::ImportanceArgs;
pub use kinds::kinds;
pub use ledger::LedgerArgs;
pub use page_request::PageRequest;
pub use recent_calibration::{RecentCalibration, RecentCoverage};
pub use volatility_forecast::{SuggestedExposure, VolatilityForecast};
pub use watch::{
    ExchangeClock, Feed, FeedSource, ModelFacts, PageArgs, PageServer, SignalPolicy, WatchArgs,
    WatchConfig, why_not,
};
