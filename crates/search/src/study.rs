//! The folder of a search, and the workers that run its trials.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, anyhow};
use cli::WithHint;
use run::SEARCH_FILE;
use score::Better;
use storage::{content_hash, write_atomically};

use crate::log::TrialLog;
use crate::report::{REPORT_FILE, Report};
use crate::settings::{CONFIG_FILE, Search};
use crate::text::report_text;
use crate::trial::Outcome;
use crate::worker::{AskedTrial, Optuna, PastTrial, Settings, Told};

/// Optuna's storage on one machine.
const STORAGE_FILE: &str = "study.sqlite";

/// A search gives up where so many trials failed and none came to an end.
const MOST_FAILURES: usize = 3;

impl Search<'_> {
    /// Writes down what the search is of, or compares it with what it was begun with.
    ///
    /// # Errors
    /// A folder of another search.
    pub fn begin(&self) -> anyhow::Result<()> {
        for (name, text) in [
            (CONFIG_FILE, &self.config),
            (SEARCH_FILE, &self.settings()?),
        ] {
            let path = self.dir.join(name);
            match std::fs::read_to_string(&path) {
                Ok(found) if found == *text => {}
                Ok(_) => {
                    let error = anyhow!(
                        "{}: the search was begun with another config, space or number of folds",
                        path.display()
                    );
                    return Err(error.hint("--dir OTHER begins another one"));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    write_atomically(&path, text.as_bytes())?;
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", path.display()));
                }
            }
        }
        Ok(())
    }

    /// Runs trials until the study has enough; false where other workers still run some, of which the
    /// last one reports.
    ///
    /// # Errors
    /// No Python with Optuna, the config as it is cannot be fitted, all trials fail, an interrupt.
    pub fn run_trials(&self) -> anyhow::Result<bool> {
        // Before hours of fitting: is Optuna there?
        self.past_trials()?;
        cli::note("fitting the config as it is");
        self.fit_base()?;
        let (running, failures) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results: Vec<anyhow::Result<()>> = std::thread::scope(|scope| {
            let work = |worker: usize| {
                let (running, failures) = (&running, &failures);
                scope.spawn(move || self.work(worker as u64, running, failures))
            };
            let workers: Vec<_> = (0..self.workers).map(work).collect();
            let ended = workers.into_iter().map(|worker| {
                let result = worker.join();
                result.unwrap_or_else(|_| Err(anyhow!("a worker ended abnormally")))
            });
            ended.collect()
        });
        results.into_iter().collect::<anyhow::Result<()>>()?;
        match running.load(Ordering::Relaxed) {
            0 => Ok(true),
            running => {
                cli::note(format!(
                    "{running} trials are still running elsewhere; the last worker to end reports, \
                     and so does the same command later"
                ));
                Ok(false)
            }
        }
    }

    /// One worker: trials one after the other.
    fn work(
        &self,
        worker: u64,
        running: &AtomicUsize,
        failures: &AtomicUsize,
    ) -> anyhow::Result<()> {
        let mut optuna = self.optuna(worker, false)?;
        loop {
            let asked = match optuna.next()? {
                Ok(asked) => asked,
                Err(others) => {
                    running.store(others, Ordering::Relaxed);
                    return Ok(());
                }
            };
            let overrides = self.space.overrides(&asked.values)?;
            let outcome = self.try_out(&asked, &overrides, &mut optuna)?;
            optuna.tell(&told(&outcome))?;
            match outcome {
                Outcome::Interrupted => {
                    return Err(anyhow!("interrupted").hint("the same command goes on from here"));
                }
                Outcome::Failed(error) => {
                    // None is forgiven until one has come to its end.
                    let failed = failures.fetch_add(1, Ordering::Relaxed) + 1;
                    if (MOST_FAILURES..usize::MAX / 2).contains(&failed) {
                        return Err(
                            anyhow!("the first {failed} trials failed, the last: {error}")
                                .hint("does the config fit as it is? is the space too wide?"),
                        );
                    }
                }
                Outcome::Complete(_) | Outcome::Pruned => {
                    failures.store(usize::MAX / 2, Ordering::Relaxed);
                }
            }
        }
    }

    fn try_out(
        &self,
        asked: &AskedTrial,
        overrides: &[String],
        optuna: &mut Optuna,
    ) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        let log = TrialLog::begin(&self.dir, asked, overrides);
        let mut lost = None;
        let outcome = self.evaluate(overrides, |fold, value| {
            log.fold(fold, value, self.measure);
            optuna
                .is_pruned_after(fold, value)
                .inspect_err(|error| lost = Some(error.to_string()))
        });
        if let Some(reason) = lost {
            return Err(anyhow!(reason));
        }
        let said = match &outcome {
            Outcome::Complete(value) => format!("{} {value:.5}", self.measure.title()),
            Outcome::Pruned => "pruned".to_owned(),
            Outcome::Failed(error) => format!("failed: {error}"),
            Outcome::Interrupted => "interrupted".to_owned(),
        };
        cli::note(format!(
            "trial {}: {said}, {:.0} s: {}",
            asked.number,
            began.elapsed().as_secs_f64(),
            overrides.join(" ")
        ));
        log.end(self, &outcome, self.run_of(overrides).path())?;
        Ok(outcome)
    }

    /// The trials that have ended, and how many are still running.
    fn past_trials(&self) -> anyhow::Result<(Vec<PastTrial>, usize)> {
        self.optuna(0, true)?.trials()
    }

    fn optuna(&self, worker: u64, list: bool) -> anyhow::Result<Optuna> {
        let file = std::path::absolute(self.dir.join(STORAGE_FILE))?;
        let default = || format!("sqlite:///{}", file.display());
        let storage = self.storage.clone().unwrap_or_else(default);
        let direction = match self.measure.better() {
            Better::Lower => "minimize",
            Better::Higher | Better::CloserTo(_) => "maximize",
        };
        let hash = content_hash((self.config.clone() + &self.settings()?).as_bytes());
        Optuna::start(
            &self.python,
            &Settings {
                storage: &storage,
                study: &self.name(),
                direction,
                trials: self.trials,
                // Workers draw different values; so does one beside another process.
                seed: self.seed.wrapping_add(worker.wrapping_mul(1_000_003)) % u64::from(u32::MAX),
                warm_up: self.measure.first_scored(),
                settings: &hash,
                space: &self.space.ranges,
                list,
            },
        )
    }

    /// Fits the best trials on all folds, scores them on those held back, and writes the report and
    /// the best config.
    ///
    /// # Errors
    /// What a fitting process says, files that cannot be written.
    pub fn report(&self) -> anyhow::Result<Report> {
        let (past, _) = self.past_trials()?;
        let report = Report::new(self, &past)?;
        let json = serde_json::to_string_pretty(&report)? + "\n";
        write_atomically(&self.dir.join(REPORT_FILE), json.as_bytes())?;
        write_atomically(&self.dir.join("report.md"), report_text(&report).as_bytes())?;
        Ok(report)
    }
}

fn told(outcome: &Outcome) -> Told<'_> {
    match outcome {
        Outcome::Complete(value) => Told::Value { value: *value },
        Outcome::Pruned => Told::Pruned,
        Outcome::Failed(error) => Told::Failed { error },
        Outcome::Interrupted => Told::Interrupted,
    }
}
