//! Where everything meets: what forecasts, how it is fitted, and the one way from a config to a
//! scored run.
//!
//! - [`Forecaster`] is what forecasts, offline and live by the same call.
//! - [`Recipe`] fits one piece of a run (a fold or refit, and a seed) and loads it again; [`fit_run`] does the
//!   rest: pieces, locks, interrupts, scoring, joining, reports, tracking.
//! - [`Kind`] is one entry of the list of forecasters that a saved run may be of. The list is put
//!   together in the binary and handed down as [`Kinds`], so that nothing here knows any of them.

mod apart;
mod card;
mod coverage;
mod explanation;
mod exposure;
mod fit;
mod forecast_piece;
mod forecast_span;
mod forecaster;
mod hint;
mod horizons;
mod intervals;
mod join;
mod kind;
mod largest;
mod publication;
mod publish;
mod recipe;
mod refits;
mod scored_candles;
mod scored_run;
mod training_span;
mod trials;

pub use apart::{FitCommand, FitProcess};
pub use card::CARD_FILE;
pub use coverage::check_coverage;
pub use explanation::{Contribution, Explanation, ExplanationMethod};
pub use exposure::next_returns;
pub use fit::{FitOptions, RunReport, fit_run, folds_named, gather, stored_config};
pub use forecast_piece::forecast_piece;
pub use forecast_span::forecast_span;
pub use forecaster::{
    Drift, Embeddings, ForecastResult, Forecaster, RowForecaster, TRAILING_VOLATILITY,
};
pub use hint::hint_of;
pub use horizons::{fit_by_horizon, join_horizons};
pub use intervals::{FittedIntervals, PredictionInterval, WidthStep, with_intervals};
pub use join::{JoinError, JoinedRows, NamedTable, join};
pub use kind::{Kind, Kinds, LoadedRun, SavedRun};
pub use publication::{
    BLOCKS, OutOfBlock, Publication, PublicationStep, PublishedVolatility, RegimeEdges,
    ResidualSource, TRAINING_FILE, TrainingBlock, training_blocks, with_publication,
};
pub use publish::{Appendix, FinishedRun};
pub use recipe::{Piece, Recipe};
pub use refits::{model_folder, write_fit_times};
pub use scored_candles::ScoredCandles;
pub use scored_run::{ScoredRun, score_run};
pub use training_span::TrainingSpan;
pub use trials::{SEARCH_FILE, TrialLine, add_trials, study_trials, trials_path};
