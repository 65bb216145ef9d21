//! What a training tells of itself, and when it ends: progress, metrics, early stopping.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, anyhow};
use cli::WithHint;
use model::Tensor;
use run::Piece;
use serde::Serialize;
use storage::write_atomically;

use crate::config::{TrainConfig, WeightSelection};
use crate::stopwatch::{StepPart, StepShares, Stopwatch};

const METRICS_FILE: &str = "metrics.jsonl";

/// One line of metrics.jsonl.
#[derive(Debug, Serialize)]
struct StepMetrics {
    step: u64,
    steps: u64,
    learning_rate: f64,
    /// Mean training loss since the last line, in units of the scaled target.
    train_loss: f64,
    /// Global gradient norm of the last step, before clipping.
    grad_norm: f64,
    stop_loss: Option<f64>,
    stop_pearson: Option<f64>,
    windows_per_sec: f64,
    /// Shares of the time since the last line; on a GPU, which works on while the loop goes ahead,
    /// of the loop's own.
    #[serde(flatten)]
    shares: StepShares,
    elapsed_secs: f64,
}

/// What a resumed training must know beside weights and optimizer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Progress {
    /// Steps that are done.
    pub step: u64,
    /// The best score of a look at the early-stopping slice.
    pub best_score: Option<f64>,
    looks_without_better: u64,
    elapsed_secs: f64,
    finished: bool,
}

/// What early stopping finds at a look: its loss, of the scaled target, and pooled Pearson; None
/// where there is no slice.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoppingScore {
    pub loss: Option<f64>,
    pub pearson: Option<f64>,
}

/// Watches over the steps of one piece.
#[derive(Debug)]
pub(crate) struct Monitor<'a> {
    config: &'a TrainConfig,
    piece: &'a Piece<'a>,
    /// What the training is called.
    name: &'a str,
    pub progress: Progress,
    steps: u64,
    batch_windows: usize,
    bar: indicatif::ProgressBar,
    stopwatch: Stopwatch,
    /// Sum of the losses since the last look, on the device.
    loss_sum: Option<Tensor<1>>,
    steps_summed: u64,
    began: Instant,
    /// Seconds and steps of the trainings that this one continues.
    already: (f64, u64),
    saved: Instant,
}

impl<'a> Monitor<'a> {
    /// Of a training that has come as far as `progress`, and is to take `steps` steps.
    pub fn new(
        (config, piece, name): (&'a TrainConfig, &'a Piece<'a>, &'a str),
        progress: Progress,
        steps: u64,
        batch_windows: usize,
    ) -> Self {
        let bar = cli::progress_bar(name, steps);
        bar.set_position(progress.step);
        bar.reset_eta();
        Self {
            config,
            piece,
            name,
            already: (progress.elapsed_secs, progress.step),
            progress,
            steps,
            batch_windows,
            bar,
            stopwatch: Stopwatch::new(),
            loss_sum: None,
            steps_summed: 0,
            began: Instant::now(),
            saved: Instant::now(),
        }
    }

    /// Begins metrics.jsonl, or drops its lines that a resumed training will write again.
    pub fn begin_metrics(dir: &Path, progress: Option<&Progress>) -> anyhow::Result<()> {
        let path = dir.join(METRICS_FILE);
        let Some(progress) = progress else {
            return Ok(write_atomically(&path, b"")?);
        };
        let text = fs::read_to_string(&path).unwrap_or_default();
        let is_kept = |line: &&str| {
            serde_json::from_str::<serde_json::Value>(line)
                .is_ok_and(|line| line["step"].as_u64() <= Some(progress.step))
        };
        let lines = text.lines().filter(is_kept);
        let kept: String = lines.map(|line| line.to_owned() + "\n").collect();
        Ok(write_atomically(&path, kept.as_bytes())?)
    }

    /// Returns true once the steps, the time or the patience are used up.
    pub fn is_finished(&self) -> bool {
        self.progress.finished || self.progress.step >= self.steps
    }

    /// The number of the step that begins now, from 0.
    pub fn begin_step(&mut self) -> u64 {
        self.stopwatch.begin();
        self.progress.step
    }

    /// The time since the last call was `part`'s.
    pub fn lap(&mut self, part: StepPart) {
        self.stopwatch.lap(part);
    }

    /// A step is done; `loss` is its own, `[1]`, still on the device.
    pub fn end_step(&mut self, loss: Tensor<1>) {
        self.loss_sum = Some(match self.loss_sum.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
        self.steps_summed += 1;
        self.progress.step += 1;
        self.bar.inc(1);
    }

    fn is_last(&self) -> bool {
        let max_secs = self.config.training.max_secs;
        let is_out_of_time = max_secs.is_some_and(|most| self.secs() >= most as f64);
        self.progress.step == self.steps || is_out_of_time
    }

    /// Seconds of training, those before a resume included.
    fn secs(&self) -> f64 {
        self.already.0 + self.began.elapsed().as_secs_f64()
    }

    /// Returns true when it is time to look at the early-stopping slice.
    pub fn is_time_to_look(&self) -> bool {
        let every = self.config.training.evaluate_every;
        self.progress.step.is_multiple_of(every) || self.is_last()
    }

    /// The mean loss since the last look, and the last step's gradient norm; waits for the device.
    ///
    /// # Errors
    /// A training that diverged, a device that failed.
    pub fn losses(&mut self, grad_norm: Tensor<1>) -> anyhow::Result<(f64, f64)> {
        let train_loss = match self.loss_sum.take() {
            Some(sum) => scalar(sum)? / self.steps_summed as f64,
            None => f64::NAN,
        };
        let grad_norm = scalar(grad_norm)?;
        if !train_loss.is_finite() || !grad_norm.is_finite() {
            return Err(anyhow!(
                "{}: the loss is {train_loss} and the gradient norm {grad_norm} at step {}, \
                 expected finite numbers",
                self.name,
                self.progress.step
            )
            .hint(format!(
                "a lower learning rate, --set optimizer.learning_rate={:e}",
                self.config.optimizer.learning_rate / 3.0
            )));
        }
        Ok((train_loss, grad_norm))
    }

    /// Notes what a look found, with the losses before it, and returns true when the weights are
    /// the best so far.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn record(
        &mut self,
        (train_loss, grad_norm): (f64, f64),
        learning_rate: f64,
        look: StoppingScore,
    ) -> anyhow::Result<bool> {
        let last = self.is_last();
        self.progress.elapsed_secs = self.secs();
        let steps = self.progress.step - self.already.1;
        let metrics = StepMetrics {
            step: self.progress.step,
            steps: self.steps,
            learning_rate,
            train_loss,
            grad_norm,
            stop_loss: look.loss,
            stop_pearson: look.pearson,
            windows_per_sec: steps as f64 * self.batch_windows as f64
                / self.began.elapsed().as_secs_f64(),
            shares: self.stopwatch.shares(),
            elapsed_secs: self.progress.elapsed_secs,
        };
        self.bar.set_message(metrics.in_words());
        self.log(&metrics)?;
        self.steps_summed = 0;
        let is_best = self.judge(look);
        let training = &self.config.training;
        let looks = self.progress.looks_without_better;
        let is_patience_spent = training.selection != WeightSelection::Last
            && training.patience.is_some_and(|patience| looks >= patience);
        self.progress.finished = last || is_patience_spent;
        Ok(is_best)
    }

    /// Returns true when the look is better than all before it.
    fn judge(&mut self, look: StoppingScore) -> bool {
        let score = match self.config.training.selection {
            WeightSelection::Pearson => look.pearson,
            WeightSelection::Loss => look.loss.map(|loss| -loss),
            WeightSelection::Last => None,
        };
        let Some(score) = score else { return false };
        let is_best = self.progress.best_score.is_none_or(|best| score > best);
        if is_best {
            self.progress.best_score = Some(score);
            self.progress.looks_without_better = 0;
        } else {
            self.progress.looks_without_better += 1;
        }
        is_best
    }

    /// Returns true when the state should be saved: at the end, or a while after the last time.
    pub fn is_time_to_save(&self) -> bool {
        let every = self.config.training.save_every_secs;
        let is_due = self.steps_summed == 0 && self.saved.elapsed().as_secs() >= every;
        is_due || self.progress.finished
    }

    /// The progress for the file that is saved now.
    pub fn save(&mut self) -> BTreeMap<String, String> {
        self.progress.elapsed_secs = self.secs();
        self.saved = Instant::now();
        self.progress.to_metadata()
    }

    /// The error of a training that Ctrl-C ended; all is saved.
    pub fn interrupted(&self) -> anyhow::Error {
        self.bar.abandon();
        anyhow!(
            "interrupted in {} after step {}; all is saved in {}",
            self.name,
            self.progress.step,
            self.piece.dir.display()
        )
        .hint("the same command with --resume continues")
    }

    /// Says how long it took.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        cli::note(format!(
            "{}: {} steps of {} windows in {:.0} s",
            self.name, self.progress.step, self.batch_windows, self.progress.elapsed_secs
        ));
    }

    fn log(&self, metrics: &StepMetrics) -> anyhow::Result<()> {
        use std::io::Write;
        let Piece {
            fold, seed, dir, ..
        } = self.piece;
        if let Some(tracker) = self.piece.tracker {
            let name = |of: &str| format!("{}/seed-{seed}/{of}", fold.dir());
            let values = [
                (name("train_loss"), Some(metrics.train_loss)),
                (name("stop_loss"), metrics.stop_loss),
                (name("stop_pearson"), metrics.stop_pearson),
            ];
            let known: Vec<(&str, f64)> = values
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), (*value)?)))
                .collect();
            tracker.metrics(metrics.step, &known);
        }
        let path = dir.join(METRICS_FILE);
        let line = serde_json::to_string(metrics)? + "\n";
        let append = || {
            let mut options = fs::OpenOptions::new();
            let mut file = options.append(true).create(true).open(&path)?;
            file.write_all(line.as_bytes())
        };
        append().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl StepMetrics {
    /// For the progress bar.
    fn in_words(&self) -> String {
        let shares = &self.shares;
        let pearson = self.stop_pearson;
        format!(
            "{:.0} windows/s (batch {:.0} %, forward {:.0} %, backward {:.0} %, optimizer {:.0} %), \
             loss {:.4}, early stopping: {}",
            self.windows_per_sec,
            shares.batch_share * 100.0,
            shares.forward_share * 100.0,
            shares.backward_share * 100.0,
            shares.optimizer_share * 100.0,
            self.train_loss,
            pearson.map_or("-".to_owned(), |value| format!("Pearson {value:+.4}"))
        )
    }
}

/// The value of a one-element tensor; waits for the device.
pub(crate) fn scalar(tensor: Tensor<1>) -> anyhow::Result<f64> {
    let data = tensor
        .try_into_data()
        .context("the device failed while training")?;
    Ok(data.iter::<f32>().next().map_or(f64::NAN, f64::from))
}

impl Progress {
    /// As text that reads back to the same bits.
    fn to_metadata(&self) -> BTreeMap<String, String> {
        let mut metadata: BTreeMap<String, String> = [
            ("step", self.step.to_string()),
            (
                "looks_without_better",
                self.looks_without_better.to_string(),
            ),
            ("elapsed_secs", self.elapsed_secs.to_string()),
            ("finished", self.finished.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let best = self
            .best_score
            .map(|score| ("best_score".to_owned(), score.to_string()));
        metadata.extend(best);
        metadata
    }

    /// Reads what [`Progress::to_metadata`] wrote; None where something is missing.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            step: metadata.get("step")?.parse().ok()?,
            best_score: match metadata.get("best_score") {
                Some(score) => Some(score.parse().ok()?),
                None => None,
            },
            looks_without_better: metadata.get("looks_without_better")?.parse().ok()?,
            elapsed_secs: metadata.get("elapsed_secs")?.parse().ok()?,
            finished: metadata.get("finished")?.parse().ok()?,
        })
    }
}
