//! How much of coins that are held anyway is kept, by forecasts of their volatility.

mod book;
mod figures;
mod options;
mod outlooks;
mod report;
mod rule;
mod run;

pub use figures::{ExposureFigures, ExposureValue};
pub use options::ExposureOptions;
pub use report::{ExposureReport, ExposureResult};
pub use rule::{Exposure, ExposureRule, Outlook};
pub use run::exposure;
