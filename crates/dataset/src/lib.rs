//! From candles on disk to windows: store, panel, features, targets, folds, statistics, and the forecast table.

mod candles;
mod column;
mod config;
mod error;
mod features;
mod files;
mod long;
mod normalizer;
mod panel;
mod prepare;
mod run_dir;
mod split;
mod store;
mod table;
mod target;
mod time;
mod wide;
mod windows;

pub use candles::CandleTable;
pub use column::Column;
pub use config::{Config, DataConfig, RunConfig, Source, UniverseConfig};
pub use error::Error;
pub use features::{FeatureConfig, FeatureMatrix, FeatureSet, Features, TabularFeatures};
pub use files::{content_hash, remove_abandoned, write_atomically};
pub use long::LongTable;
pub use normalizer::{CoinStats, InputNorm, NormalizeConfig, Normalizer, TargetScale, target_std};
pub use panel::Panel;
pub use prepare::{Dataset, check_columns};
pub use run_dir::RunDir;
pub use split::{Fold, Scheme, SplitConfig, SplitPlan};
pub use store::{Audit, Replaced, Store};
pub use table::{ForecastRow, ForecastTable};
pub use target::{TargetConfig, TargetKind, Targets};
pub use time::{YEAR_2100_MS, format_time, parse_time};
pub use wide::WideTable;
pub use windows::{Dropped, Eligibility, WindowSet};
