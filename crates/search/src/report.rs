//! What a search found: on the folds that trials were chosen on, and on those held back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigTable, WithHint};
use dataset::RunDir;
use score::Options;
use serde::{Deserialize, Serialize};
use statistics::Overfitting;
use storage::write_atomically;

use crate::folds::joined_table;
use crate::judge::{Comparison, DayMean, Measure, mean};
use crate::luck::Luck;
use crate::settings::Search;
use crate::worker::{PastTrial, TrialState};

/// The report as JSON.
pub(crate) const REPORT_FILE: &str = "report.json";

/// The best config: that of the best trial, or the config as it is where no trial is better.
const BEST_FILE: &str = "best.toml";

/// What a search found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    pub measure: Measure,
    /// How many trials ended how.
    pub trials: TrialCounts,
    /// The folds that trials were chosen on.
    pub search_folds: Vec<usize>,
    /// The others.
    pub held_back_folds: Vec<usize>,
    /// The config as it is.
    pub base: BaseScores,
    /// The best trials, the best first.
    pub best: Vec<BestTrial>,
    /// Mean gain a day of the best trial over the config as it is, of the forecasts that trials are
    /// chosen by; None where no day has a score of both.
    pub best_gain: Option<f64>,
    /// Whether that is above 0: some trial is better than the config as it is.
    pub is_better: bool,
    /// Gain on the search folds to be expected of the best of as many trials that are all worth as much
    /// as the config as it is; None below two complete trials.
    pub expected_maximum: Option<f64>,
    /// Probability that the best trial's gains have a ratio of mean to deviation above what the best
    /// of so many worthless trials would have shown: the deflated Sharpe ratio of gains a day.
    pub deflated: Option<f64>,
    /// How likely the best on one half of the days of the search folds is below the median on the
    /// other half; None where trials or days are too few.
    pub overfitting: Option<Overfitting>,
    /// How often trials of this search were scored on the folds held back, this time included.
    pub looks: usize,
    /// The config of the best trial; the config as it is where none is better.
    pub best_config: PathBuf,
}

/// How many trials ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct TrialCounts {
    pub complete: usize,
    pub pruned: usize,
    pub failed: usize,
}

/// Scores of the config as it is.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct BaseScores {
    pub search: DayMean,
    pub held_back: DayMean,
}

/// A trial that was scored on the folds held back.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BestTrial {
    /// Its number in the study.
    pub number: u64,
    /// Keys with their values, as `key=value`.
    pub overrides: Vec<String>,
    /// Its run.
    pub run: PathBuf,
    /// Its score on the search folds, and its gain over the config as it is, more being better.
    pub search: DayMean,
    pub search_gain: DayMean,
    pub held_back: DayMean,
    pub held_back_gain: DayMean,
}

impl Report {
    /// Fits the best trials of those that have ended on all folds, scores them on those held back, and
    /// writes the best config.
    ///
    /// # Errors
    /// No complete trial, what a fitting process says, files that cannot be written.
    pub fn new(search: &Search<'_>, past: &[PastTrial]) -> anyhow::Result<Self> {
        let ranked = ranked(search, past)?;
        let Some(best) = ranked.first() else {
            let error = anyhow!("no trial came to an end, so that there is no best one");
            return Err(error.hint(
                "--trials N asks for more than those that failed, whose errors trials.jsonl has \
                 beside the search's folder",
            ));
        };
        let trials = TrialCounts::of(past);
        let best_gain = mean(best.gains(search)?.into_values());
        let best_config = search.dir.join(BEST_FILE);
        let is_better = write_best(search, (best, best_gain), trials, &best_config)?;
        let finalists = &ranked[..ranked.len().min(search.best)];
        cli::note(format!(
            "scoring the config as it is and the best {} of {} trials on folds {}, which were held back",
            finalists.len(),
            past.len(),
            listed(&search.held_back)
        ));
        let base = search.base();
        search.fit_whole(&base, &[])?;
        let of_base = |folds: &[usize]| -> anyhow::Result<DayMean> {
            let table = joined_table(&base, folds)?;
            Ok(Comparison::of_runs(&table, &table)?.base_mean(&Options::default()))
        };
        let looks = looks(&search.dir, finalists)?;
        let scored = finalists.iter().map(|trial| BestTrial::new(search, trial));
        let scored = scored.collect::<anyhow::Result<_>>()?;
        let gains = ranked.iter().map(|trial| trial.gains(search));
        let gains: Vec<BTreeMap<i64, f64>> = gains.collect::<anyhow::Result<_>>()?;
        let luck = Luck::new(&gains, trials.tried());
        Ok(Self {
            measure: search.measure,
            trials,
            search_folds: search.folds.clone(),
            held_back_folds: search.held_back.clone(),
            base: BaseScores {
                search: of_base(&search.folds)?,
                held_back: of_base(&search.held_back)?,
            },
            best: scored,
            best_gain,
            is_better,
            expected_maximum: luck.expected_maximum,
            deflated: luck.deflated,
            overfitting: luck.overfitting,
            looks,
            best_config,
        })
    }
}

/// A complete trial.
struct Candidate<'a> {
    trial: &'a PastTrial,
    overrides: Vec<String>,
}

impl Candidate<'_> {
    /// Its gains a day over the config as it is, on the folds that trials are chosen on.
    fn gains(&self, search: &Search<'_>) -> anyhow::Result<BTreeMap<i64, f64>> {
        let run = search.run_of(&self.overrides);
        Ok(search.comparison(&run, &search.folds)?.gains())
    }
}

/// The trials that are complete, the best first by the search folds; each setting once.
fn ranked<'a>(search: &Search<'_>, past: &'a [PastTrial]) -> anyhow::Result<Vec<Candidate<'a>>> {
    let mut complete: Vec<&PastTrial> = (past.iter())
        .filter(|trial| trial.state == TrialState::Complete && trial.value.is_some())
        .collect();
    let value = |trial: &PastTrial| search.measure.sign() * trial.value.unwrap_or(f64::NAN);
    complete.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.number.cmp(&b.number)));
    let mut seen = BTreeSet::new();
    let mut ranked = Vec::new();
    for trial in complete {
        let overrides = search.space.overrides(&trial.values)?;
        if seen.insert(overrides.clone()) {
            ranked.push(Candidate { trial, overrides });
        }
    }
    Ok(ranked)
}

impl TrialCounts {
    fn of(past: &[PastTrial]) -> Self {
        let of = |state| past.iter().filter(|trial| trial.state == state).count();
        Self {
            complete: of(TrialState::Complete),
            pruned: of(TrialState::Pruned),
            failed: of(TrialState::Failed),
        }
    }

    /// All of them.
    pub fn all(self) -> usize {
        self.complete + self.pruned + self.failed
    }

    /// Trials that could have been chosen: a pruned one had its chance.
    pub fn tried(self) -> usize {
        self.complete + self.pruned
    }
}

impl BestTrial {
    /// Fits a trial on all folds, and scores it beside the config as it is.
    fn new(search: &Search<'_>, candidate: &Candidate<'_>) -> anyhow::Result<Self> {
        let run = search.run_of(&candidate.overrides);
        search.fit_whole(&run, &candidate.overrides)?;
        let of = |folds: &[usize]| -> anyhow::Result<Comparison> {
            let table = |run: &RunDir| joined_table(run, folds);
            Comparison::of_runs(&table(&search.base())?, &table(&run)?)
        };
        let (on_search, held_back) = (of(&search.folds)?, of(&search.held_back)?);
        let options = Options::default();
        Ok(Self {
            number: candidate.trial.number,
            overrides: candidate.overrides.clone(),
            run: run.path().to_owned(),
            search: on_search.trial_mean(&options),
            search_gain: on_search.gain(&options),
            held_back: held_back.trial_mean(&options),
            held_back_gain: held_back.gain(&options),
        })
    }
}

/// Writes the config of the best trial, which gains so much over the config as it is; where that is not
/// above 0, the config as it is. Says whether it is the trial's.
fn write_best(
    search: &Search<'_>,
    (best, gain): (&Candidate<'_>, Option<f64>),
    trials: TrialCounts,
    path: &Path,
) -> anyhow::Result<bool> {
    let is_better = gain.is_some_and(|gain| gain > 0.0);
    let mut table = ConfigTable::read(&search.config_path())?;
    let (all, folds, title) = (trials.all(), listed(&search.folds), search.measure.title());
    let number = best.trial.number;
    let what = if is_better {
        table.apply(&best.overrides)?;
        format!(
            "Trial {number} of {}, the best of {all} on folds {folds}: {title} {:.5}, a gain of {:+.5}.",
            search.name(),
            best.trial.value.unwrap_or(f64::NAN),
            gain.unwrap_or(f64::NAN)
        )
    } else {
        let gained = gain.map_or("no score".to_owned(), |gain| {
            format!("a gain of {gain:+.5}")
        });
        let found = format!(
            "no trial of {all} is better on folds {folds} than the config as it is: the best one, trial \
             {number}, has {gained} of {title}"
        );
        cli::warn_with_hints(
            format!("{found}. {} is the config as it is", path.display()),
            ["--trials N looks further, as does another --space in another --dir".to_owned()],
        );
        format!("The config as it is: {found}.")
    };
    let text = format!(
        "# {what}\n#   quarterhour {} --config {}\n\n{}",
        search.command.name(),
        cli::quoted(path.display()),
        table.to_toml()?
    );
    write_atomically(path, text.as_bytes())?;
    Ok(is_better)
}

/// Folds in words.
pub(crate) fn listed(folds: &[usize]) -> String {
    match folds {
        [] => "none".to_owned(),
        [only] => only.to_string(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

/// How often trials were scored on the folds held back: once more than before, unless they are the
/// same.
fn looks(dir: &Path, finalists: &[Candidate<'_>]) -> anyhow::Result<usize> {
    #[derive(Deserialize)]
    struct Earlier {
        best: Vec<Scored>,
        looks: usize,
    }
    #[derive(Deserialize)]
    struct Scored {
        overrides: Vec<String>,
    }
    let path = dir.join(REPORT_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(1),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let earlier: Earlier = serde_json::from_str(&text).map_err(|error| {
        let error = anyhow!("{}: found no report of a search: {error}", path.display());
        error.hint("move it away; the looks at the folds held back are counted from 1 then")
    })?;
    let was_scored = |trial: &Candidate<'_>| {
        earlier
            .best
            .iter()
            .any(|one| one.overrides == trial.overrides)
    };
    Ok(earlier.looks + usize::from(!finalists.iter().all(was_scored)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_broken_report_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(looks(dir.path(), &[]).unwrap(), 1);
        std::fs::write(dir.path().join(REPORT_FILE), "{\"best\":").unwrap();
        let error = looks(dir.path(), &[]).unwrap_err();
        assert!(error.to_string().contains(REPORT_FILE), "{error}");
        assert_eq!(cli::hints(&error, |_| None).len(), 1);
    }
}
