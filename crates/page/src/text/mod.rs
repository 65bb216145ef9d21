//! Tables for a terminal, and the sentences that pages have too.

mod across_table;
mod backtest_table;
mod calibration_table;
mod coins_table;
mod cut_table;
mod exposure_table;
pub(crate) mod format;
mod interval_verdict;
pub(crate) mod intervals_table;
mod level_verdict;
mod levels_table;
mod notes;
mod portfolio_labels;
mod portfolio_table;
mod portfolio_verdict;
mod quantiles_table;
mod score_sections;
mod score_table;
mod thresholds_lines;
mod thresholds_table;
mod timing_labels;
mod timing_table;
mod timing_verdict;
mod verdict;

pub use across_table::across_table;
pub(crate) use backtest_table::{COLUMNS as BACKTEST_COLUMNS, cells as backtest_cells};
pub use backtest_table::{backtest_coins_csv, backtest_csv, backtest_table};
pub(crate) use calibration_table::{
    bin_cells, bin_header, calibration_label, calibration_notes, line_cells, line_header,
};
pub use calibration_table::{calibration_coins, calibration_table};
pub use coins_table::coins_table;
pub(crate) use cut_table::{CUT_COLUMNS, cut_headline, cut_rows, cut_verdict};
pub use exposure_table::exposure_table;
pub(crate) use exposure_table::{
    EXPOSURE_COLUMNS, MINUS_COLUMNS, exposure_cells, exposure_headline, exposure_label,
    exposure_notes, exposure_verdicts, minus_cells, rule_title, rule_words,
};
pub(crate) use interval_verdict::{interval_label, interval_verdicts};
pub(crate) use level_verdict::level_verdicts;
pub(crate) use levels_table::{
    ABOVE_COLUMNS, COIN_TITLES, COMPARISON_WORDS, above_cells, class_cells, coin_cells,
    has_regimes, interval_note, mcs,
};
pub(crate) use portfolio_labels::{fee_heading, portfolio_label};
pub use portfolio_table::portfolio_table;
pub(crate) use portfolio_table::{
    fits_grid, portfolio_cells, portfolio_columns, portfolio_headline, portfolio_notes,
};
pub(crate) use portfolio_verdict::portfolio_verdict;
pub(crate) use quantiles_table::{left_out_note, scope_words};
pub use quantiles_table::{quantiles_csv, quantiles_table};
pub(crate) use score_sections::T_TITLE;
pub use score_table::score_table;
pub(crate) use thresholds_lines::{headline, notes as thresholds_notes, rules_line};
pub use thresholds_lines::{thresholds_conclusion, thresholds_warnings};
pub use thresholds_table::thresholds_table;
pub(crate) use thresholds_table::{
    COLUMNS as TRADE_COLUMNS, judged_rows, judged_title, portfolio_line, tuned_header, tuned_rows,
};
pub(crate) use timing_labels::{timing_labels, within};
pub use timing_table::{timing_coins, timing_table};
pub(crate) use timing_table::{timing_groups, timing_headline, timing_notes, timing_titles};
pub(crate) use timing_verdict::timing_verdict;
pub(crate) use verdict::verdicts;
