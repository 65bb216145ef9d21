//! What a finished run writes and prints.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::{Config, Dataset, ForecastTable, RunDir, TablePart, TimeSpan};
use page::{Importance, parts_html, score_table};
use storage::write_atomically;
use tracking::Tracker;

use crate::card::{CARD_FILE, card};
use crate::scored_candles::ScoredCandles;
use crate::scored_run::{ScoredRun, score_run};

/// What a forecaster has to say beside its scores.
#[derive(Debug, Default)]
pub struct Appendix {
    /// Lines and tables for the terminal, each without a line break at its end.
    pub texts: Vec<String>,
    /// What its features are worth, for the report.
    pub importance: Option<Importance>,
    /// Files of the run for the tracker, each into the folder that it has in the run's.
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
    /// Scores the run's table beside the controls, writes the report, tells the tracker and prints;
    /// of several horizons one after the other, each with a report of its own and all of them in one.
    /// Returns the scores of the first.
    ///
    /// # Errors
    /// A table that cannot be scored, what the system says.
    pub fn publish(&self, table: ForecastTable, appendix: Appendix) -> anyhow::Result<ScoredRun> {
        let (metadata, parts) = table.into_inner();
        let mut parts = self.in_order(parts).into_iter();
        let run = self.run;
        let first = parts.next().context("a table has a part")?;
        let further: Vec<TablePart> = parts.collect();
        let several = (!further.is_empty()).then_some(first.key.horizon);
        let candles = ScoredCandles::read(self.config);
        let (mut texts, mut pages) = (Vec::new(), Vec::new());
        let mut score = |part: TablePart, several: Option<TimeSpan>| -> anyhow::Result<ScoredRun> {
            let part_title = part.key.to_string();
            let heading = several.map_or_else(String::new, |_| format!("{part_title}\n"));
            let table = ForecastTable::new(metadata.clone(), vec![part], run.path())?;
            let scored = score_run((self.forecaster, &run.path().display().to_string()), table)?
                .with_candles(candles.as_ref());
            let report = run.report_of(several);
            let title = several.map_or_else(String::new, |_| part_title.clone());
            let part = scored.part(&title, self.config, appendix.importance.clone());
            write_atomically(&report, parts_html(&[part.alone()]).as_bytes())?;
            pages.push(part);
            if let Some(tracker) = self.tracker {
                track(tracker, &report, &scored, several);
            }
            texts.push(match self.json {
                true => serde_json::to_string_pretty(&scored.report)?,
                false => heading + &score_table(&scored.report),
            });
            Ok(scored)
        };
        let scored = score(first, several)?;
        let card = card(run, self.forecaster, self.config, &scored);
        write_atomically(&run.path().join(CARD_FILE), card.as_bytes())?;
        for part in further {
            let horizon = part.key.horizon;
            score(part, Some(horizon))?;
        }
        if several.is_some() {
            let all = run.report();
            write_atomically(&all, parts_html(&pages).as_bytes())?;
            if let Some(tracker) = self.tracker {
                tracker.artifact(&all, "");
            }
        }
        if let Some(tracker) = self.tracker {
            tracker.artifact(&run.path().join(CARD_FILE), "");
            for file in &appendix.artifacts {
                tracker.artifact(file, &self.folder_of(file));
            }
        }
        match (self.json, several) {
            (true, None) => cli::print(&(texts.concat() + "\n"))?,
            (true, Some(_)) => cli::print(&format!("[{}]\n", texts.join(",\n")))?,
            (false, _) => {
                self.say(texts.join("\n"), &appendix, &scored, &run.report())?;
            }
        }
        Ok(scored)
    }

    /// Prints the tables with what the forecaster has to say beside them.
    fn say(
        &self,
        tables: String,
        appendix: &Appendix,
        scored: &ScoredRun,
        report: &Path,
    ) -> anyhow::Result<()> {
        let mut text = tables + "\n";
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
            "forecasts are in {}, charts in {} beside them{next}",
            self.run.forecasts().display(),
            report.file_name().unwrap_or_default().display()
        ));
        Ok(())
    }

    /// Where a file lies in the run's folder, such as `fold-1`; empty for one beside its config.
    fn folder_of(&self, file: &Path) -> String {
        let folder = file.parent().unwrap_or(file);
        let folder = folder
            .strip_prefix(self.run.path())
            .unwrap_or(Path::new(""));
        folder.to_string_lossy().replace('\\', "/")
    }

    /// The parts of a table, that of the config's first horizon first.
    fn in_order(&self, mut parts: Vec<TablePart>) -> Vec<TablePart> {
        let horizons = self.config.target.all_horizons();
        let place = |part: &TablePart| {
            let is_it = |horizon: &TimeSpan| *horizon == part.key.horizon;
            horizons.iter().position(is_it)
        };
        parts.sort_by_key(place);
        parts
    }
}

/// What a tracker is told of the whole run; names of one of several horizons end in it.
fn track(tracker: &Tracker, report_file: &Path, scored: &ScoredRun, horizon: Option<TimeSpan>) {
    let ending = horizon.map_or_else(String::new, |horizon| format!("_{horizon}"));
    let headline: Vec<(String, f64)> = (scored.headline().into_iter())
        .map(|(name, value)| (format!("{name}{ending}"), value))
        .collect();
    let headline: Vec<(&str, f64)> = (headline.iter())
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    tracker.metrics(0, &headline);
    let report = &scored.report;
    let (metric, folds) = scored.folds();
    let name = format!("fold_{metric}{ending}");
    for (&fold, score) in report.fold_numbers.iter().zip(folds) {
        let score = score.unwrap_or(f64::NAN);
        tracker.metrics(u64::from(fold), &[(name.as_str(), score)]);
    }
    tracker.artifact(report_file, "");
}
