//! Reports that a person hands on: what the candles of a config are (`quarterhour eda`), everything about
//! a run (`quarterhour report`), and either as PDF.
//!
//! Figures are plain values made from candles or a run's files; a document of `page` is made of them.

mod command;
mod eda;
mod full;
mod pdf;
mod words;

pub use command::Command;
pub use eda::EdaArgs;
pub use full::ReportArgs;
pub use pdf::PdfArgs;
