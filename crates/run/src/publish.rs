//! What a finished run writes and prints.

use std::fmt::Write;
use std::path::PathBuf;

use dataset::{Config, Dataset, ForecastTable, RunDir};
use page::{Importance, score_table};
use storage::write_atomically;
use tracking::Tracker;

use crate::scored_run::{ScoredRun, score_run};

/// What a forecaster has to say beside its scores.
#[derive(Debug, Default)]
pub struct Appendix {
    /// Lines and tables for the terminal, each without a line break at its end.
    pub texts: Vec<String>,
    /// What its features are worth, for the report.
    pub importance: Option<Importance>,
    /// Files for the tracker.
    pub artifacts: Vec<PathBuf>,
    /// What comes next, after "forecasts are in ..., charts in report.html beside them; "; may be
    /// empty.
    pub next: String,
}

/// A run whose forecasts are all there.
#[derive(Debug, Clone, Copy)]
pub struct FinishedRun<'a> {
    /// Its folder.
    pub run: &'a RunDir,
    /// Its name in tables.
    pub forecaster: &'a str,
    /// The sections that every forecaster shares.
    pub config: &'a Config,
    /// The data of a simulated market, which knows how good the best possible forecaster is.
    pub simulated: Option<&'a Dataset>,
    /// The experiment tracker, if one is asked for.
    pub tracker: Option<&'a Tracker>,
    /// Whether one JSON object is printed instead of tables.
    pub json: bool,
}

impl FinishedRun<'_> {
    /// Scores the run's table beside the controls, writes the report, tells the tracker and prints.
    ///
    /// # Errors
    /// A table that cannot be scored, what the system says.
    pub fn publish(&self, table: ForecastTable, appendix: Appendix) -> anyhow::Result<ScoredRun> {
        let run = self.run;
        let path = run.path().display().to_string();
        let scored = score_run((self.forecaster, &path), table)?;
        let page = scored.html(self.config, appendix.importance);
        write_atomically(&run.report(), page.as_bytes())?;
        if let Some(tracker) = self.tracker {
            track(tracker, run, &scored);
            appendix
                .artifacts
                .iter()
                .for_each(|file| tracker.artifact(file, ""));
        }
        if self.json {
            cli::print(&(serde_json::to_string_pretty(&scored.report)? + "\n"))?;
            return Ok(scored);
        }
        let mut text = score_table(&scored.report) + "\n";
        for part in &appendix.texts {
            writeln!(text, "{part}")?;
        }
        if let Some(dataset) = self.simulated.filter(|dataset| dataset.oracle.is_some()) {
            let expected = |time_ms: i64, symbol: &str| dataset.expected(time_ms, symbol);
            writeln!(text, "{}", scored.simulated_line(expected))?;
        }
        cli::print(&text)?;
        let next = match appendix.next.as_str() {
            "" => String::new(),
            next => format!("; {next}"),
        };
        cli::note(format!(
            "forecasts are in {}, charts in report.html beside them{next}",
            run.forecasts().display()
        ));
        Ok(scored)
    }
}

/// What a tracker is told of the whole run.
fn track(tracker: &Tracker, run: &RunDir, scored: &ScoredRun) {
    tracker.metrics(0, &scored.headline());
    let report = &scored.report;
    for (&fold, score) in report.fold_numbers.iter().zip(&report.forecasters[0].folds) {
        let score = score.unwrap_or(f64::NAN);
        tracker.metrics(u64::from(fold), &[("fold_pearson", score)]);
    }
    tracker.artifact(&run.report(), "");
}
