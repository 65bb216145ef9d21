//! The subcommands.

use clap::Subcommand;

use crate::eda::{self, EdaArgs};
use crate::full::{self, ReportArgs};

/// Reports beside what a run writes by itself.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Describe the candles of a config: statistics of each coin, pictures with captions, faults; write
    /// an HTML page
    Eda(EdaArgs),
    /// Write a run's report again, or its final report with everything about it (--full)
    Report(ReportArgs),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// A config or run that is refused, no candles, a file that cannot be written.
    pub fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Eda(args) => eda::run(args),
            Self::Report(args) => full::run(args),
        }
    }
}
