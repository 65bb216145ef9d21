//! How much of coins that are held anyway is kept, by forecasts of their volatility.

mod book;
mod cut;
mod cut_report;
mod figures;
mod options;
mod outlooks;
mod report;
mod rule;
mod run;

pub use cut::{AlarmCosts, Cut};
pub use cut_report::{CallFigures, CutReport, FoldCut};
pub use figures::{ExposureFigures, ExposureValue};
pub use options::ExposureOptions;
pub use outlooks::{is_in_top, is_likeliest_high};
pub use report::{ExposureReport, ExposureResult};
pub use rule::{Exposure, ExposureRule, Outlook};
pub use run::exposure;
