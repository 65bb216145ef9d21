//! From candles on disk to windows: store, panel, features, targets, folds, statistics, and the
//! forecast table.

mod candles;
mod coin_candles;
mod column;
mod config;
mod data_config;
mod error;
mod feature_shuffle;
mod features;
mod filling;
mod funding;
mod intervals_config;
mod log_returns;
mod months;
mod named_output;
mod normalize_config;
mod normalizer;
mod origin;
mod panel;
mod panel_config;
mod panel_fold;
mod panel_shuffle;
mod prepare;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod reference;
mod regime_config;
mod resample;
mod room;
mod run_dir;
mod settled;
mod source_panel;
mod split;
mod store;
mod symbol_events;
mod table;
mod target_scale;
mod targets;
mod time;
mod time_span;
mod trailing_volatility;
mod universe_config;
mod universe_rule;
mod wide;
mod windows;

pub use candles::CandleTable;
pub use coin_candles::CoinCandles;
pub use column::Column;
pub use config::{Config, RunConfig};
pub use data_config::{DataConfig, Source};
pub use error::{Error, hint_of};
pub use feature_shuffle::FeatureShuffle;
pub use features::{
    ExportedFeatures, Feature, FeatureConfig, FeatureFormulas, FeatureMatrix, FeatureRows,
    FeatureSet, Features, GroupChoice, OptionalGroup, TabularFeatures, export_features,
    features_reference, garch_variance, garch_warm_up_bars, trailing_volatility,
};
pub use filling::{Fill, Filling};
pub use intervals_config::{IntervalMethod, IntervalsConfig};
pub use log_returns::{count_jumps, jump_rows, log_returns};
pub use months::months;
pub use named_output::check_named_output;
pub use normalize_config::{InputNorm, NormalizeConfig, NormalizeMethod, TargetScale};
pub use normalizer::{CoinStats, Normalizer, TargetStats, TrainingRows, target_std};
pub use notation::{YEAR_2100_MS, format_time, parse_time};
pub use origin::Origin;
pub use panel::Panel;
pub use panel_config::PanelConfig;
pub use panel_fold::PanelFold;
pub use prepare::{Dataset, FurtherPanel};
pub use regime_config::{EdgeScope, RegimeConfig};
pub use resample::CandleReader;
pub use run_dir::RunDir;
pub use settled::{Idle, settled_bars};
pub use source_panel::check_columns;
pub use split::{Fold, Scheme, SplitConfig, SplitPlan};
pub use storage::Scratch;
pub use store::{Audit, Replaced, Store};
pub use symbol_events::SymbolEvents;
pub use table::{
    FoldForecasts, ForecastRow, ForecastTable, NamedColumns, PartKey, TableMetadata, TablePart,
};
pub use target_scale::TargetScales;
pub use targets::{
    Base, Control, ControlColumn, ControlSign, Entry, Estimator, Fit, Payoff, Settings, Target,
    TargetConfig, TargetKind, Targets, Task, TrainingTargets, close_controls, price_controls,
    targets_reference,
};
pub use time_span::TimeSpan;
pub use trailing_volatility::TrailingVolatility;
pub use universe_config::{LearnFrom, UniverseConfig};
pub use universe_rule::{LeftOut, LeftOutReason, pairs_of, quoted_in};
pub use wide::WideTable;
pub use windows::{DropCounts, Eligibility, WindowSet};
