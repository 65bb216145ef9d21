//! The final report of a run.

mod appendix;
mod command;
mod data;
mod deployment;
mod document;
mod method;
mod reported_run;
mod summary;

pub use command::ReportArgs;
pub(crate) use command::run;
