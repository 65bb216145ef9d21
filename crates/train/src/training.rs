//! The training loop of one fold and seed, read top to bottom.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use dataset::{
    Dataset, Fit, Fold, Normalizer, Origin, TargetScales, Targets, WindowSet, write_atomically,
};
use evaluate::pearson;
use model::{
    AdamW, Device, GradientsParams, Module, Network, Tensor, TensorData, Windows, clip_grad_norm,
    forecast, load_state, load_weights, masked_loss, parts_loss, save_state, save_weights,
};
use serde::Serialize;
use tracking::Tracker;

use crate::config::{Selection, TrainConfig};
use crate::sampler::{Sampler, mix};
use crate::stopwatch::{Part, Shares, Stopwatch};
use crate::warm_start::weights_before;

/// The best weights so far on the early-stopping slice.
const BEST_FILE: &str = "best.safetensors";
/// The weights that training ended with: what scoring and `predict --fold` load.
pub const WEIGHTS_FILE: &str = "weights.safetensors";
const STATE_FILE: &str = "state.safetensors";
const METRICS_FILE: &str = "metrics.jsonl";

/// One fold and seed, with what it trains on.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The run's configuration.
    pub config: &'a TrainConfig,
    /// Panel, targets, folds.
    pub dataset: &'a Dataset,
    /// The fold.
    pub fold: &'a Fold,
    /// What it is fitted to.
    pub targets: &'a Targets,
    /// Its statistics.
    pub normalizer: &'a Normalizer,
    /// What targets are divided by.
    pub scales: &'a TargetScales,
    /// SHA-256 of the statistics file, kept in the model file.
    pub stats_hash: &'a str,
    /// Normalized features on the device.
    pub windows: &'a Windows,
    /// The seed, from 1.
    pub seed: u64,
    /// The piece's folder.
    pub dir: PathBuf,
    /// The device, without autodiff.
    pub device: &'a Device,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
    /// Where metrics go beside the piece's folder.
    pub tracker: Option<&'a Tracker>,
}

/// How a training ended.
#[derive(Debug)]
pub enum Trained {
    /// The weights are in the piece's folder.
    Done,
    /// Ctrl-C: everything is saved, this many steps are done.
    Interrupted(u64),
}

/// One line of metrics.jsonl.
#[derive(Debug, Serialize)]
struct Metrics {
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
    shares: Shares,
    elapsed_secs: f64,
}

/// What a resumed training must know beside weights and optimizer.
#[derive(Debug, Clone, PartialEq, Default)]
struct Progress {
    step: u64,
    best_score: Option<f64>,
    looks_without_better: u64,
    elapsed_secs: f64,
    finished: bool,
}

impl Piece<'_> {
    /// Trains until the steps, the time or the patience are used up, or continues a saved state.
    pub fn train(&self, resume: bool) -> anyhow::Result<Trained> {
        let (config, training) = (self.config, &self.config.training);
        let target_std = self.normalizer.target_std();
        let train_set = self.dataset.trained_windows(
            self.targets,
            self.fold.train.clone(),
            training.stride,
            &target_std,
        );
        if train_set.is_empty() {
            bail!(
                "fold {}: no training windows of {} bars\nhint: more candles, fewer folds, a shorter features.lookback_bars, \
                 or a larger features.max_filled_share; --dry-run shows what was dropped and why",
                self.fold.number,
                config.shared.features.lookback_bars
            );
        }
        let stop_stride = (self.fold.stop.len() / training.stop_windows.max(1)).max(1);
        let stop_set = self.dataset.trained_windows(
            self.targets,
            self.fold.stop.clone(),
            stop_stride,
            &target_std,
        );
        let warm = self.warm_start()?;
        let coins = self.dataset.panel.coins();
        let batch_windows = config.batch_windows(coins);
        let steps = match (&warm, training.warm_steps) {
            (Some(_), Some(steps)) => steps,
            _ => config.steps(train_set.len(), coins),
        };
        let mut sampler = Sampler::new(
            train_set.len(),
            batch_windows,
            mix(self.seed, self.fold.number as u64),
        );

        let (mut network, mut optimizer, mut progress) = self.start(warm.as_deref(), resume)?;
        let bar = cli::progress_bar(
            &format!("fold {} seed {}", self.fold.number, self.seed),
            steps,
        );
        bar.set_position(progress.step);
        bar.reset_eta();
        let (began, already_secs, first_step) =
            (Instant::now(), progress.elapsed_secs, progress.step);
        let mut saved = Instant::now();
        let (mut loss_sum, mut steps_summed) = (None::<Tensor<1>>, 0u64);

        let mut stopwatch = Stopwatch::new();
        while progress.step < steps && !progress.finished {
            let step = progress.step;
            stopwatch.begin();
            // Dropout draws from the device's generator, which no file holds: reseed, so that a
            // resumed run goes on exactly.
            self.device
                .seed(mix(mix(self.seed, self.fold.number as u64), step));

            let picked = sampler.batch(step);
            let ends: Vec<usize> = picked
                .iter()
                .map(|&window| train_set.ends[window])
                .collect();
            let windows = self.windows.batch(&ends)?.autodiff();
            stopwatch.lap(Part::Batch);

            let loss = self.loss(network.forward(windows), &train_set, &picked);
            let running = loss.clone().without_autodiff();
            stopwatch.lap(Part::Forward);
            let grads = GradientsParams::from_grads(loss.backward(), &network);
            stopwatch.lap(Part::Backward);
            let max_norm = if config.optimizer.clip_norm > 0.0 {
                config.optimizer.clip_norm
            } else {
                f32::INFINITY
            };
            let (grads, grad_norm) = clip_grad_norm(&network, grads, max_norm);
            let learning_rate = config.optimizer.learning_rate_at(step, steps);
            network = optimizer.step(learning_rate, network, grads);
            stopwatch.lap(Part::Optimizer);

            loss_sum = Some(match loss_sum.take() {
                Some(sum) => sum + running,
                None => running,
            });
            steps_summed += 1;
            progress.step += 1;
            bar.inc(1);

            let trained_secs = already_secs + began.elapsed().as_secs_f64();
            let out_of_time = training
                .max_secs
                .is_some_and(|most| trained_secs >= most as f64);
            let last = progress.step == steps || out_of_time;
            // Only here does the loop wait for the device.
            if progress.step.is_multiple_of(training.evaluate_every) || last {
                let train_loss = scalar(loss_sum.take())? / steps_summed as f64;
                let grad_norm = scalar(Some(grad_norm))?;
                if !train_loss.is_finite() || !grad_norm.is_finite() {
                    bail!(
                        "fold {} seed {}: the loss is {train_loss} and the gradient norm {grad_norm} at step {}, \
                         expected finite numbers\nhint: a lower learning rate, --set optimizer.learning_rate={:e}",
                        self.fold.number,
                        self.seed,
                        progress.step,
                        config.optimizer.learning_rate / 3.0
                    );
                }
                let (stop_loss, stop_pearson) = self.look(&network.valid(), &stop_set)?;
                progress.elapsed_secs = already_secs + began.elapsed().as_secs_f64();
                let windows_per_sec = (progress.step - first_step) as f64 * batch_windows as f64
                    / began.elapsed().as_secs_f64();
                let shares = stopwatch.shares();
                bar.set_message(format!(
                    "{windows_per_sec:.0} windows/s (batch {:.0} %, forward {:.0} %, backward {:.0} %, optimizer {:.0} %), \
                     loss {train_loss:.4}, early stopping: {}",
                    shares.batch_share * 100.0,
                    shares.forward_share * 100.0,
                    shares.backward_share * 100.0,
                    shares.optimizer_share * 100.0,
                    stop_pearson.map_or("-".to_owned(), |value| format!("Pearson {value:+.4}"))
                ));
                self.log(&Metrics {
                    step: progress.step,
                    steps,
                    learning_rate,
                    train_loss,
                    grad_norm,
                    stop_loss,
                    stop_pearson,
                    windows_per_sec,
                    shares,
                    elapsed_secs: progress.elapsed_secs,
                })?;
                steps_summed = 0;

                let score = match training.selection {
                    Selection::Pearson => stop_pearson,
                    Selection::Loss => stop_loss.map(|loss| -loss),
                    Selection::Last => None,
                };
                if let Some(score) = score {
                    if progress.best_score.is_none_or(|best| score > best) {
                        progress.best_score = Some(score);
                        progress.looks_without_better = 0;
                        save_weights(
                            &network.valid(),
                            &self.dir.join(BEST_FILE),
                            &self.metadata(progress.step)?,
                        )?;
                    } else {
                        progress.looks_without_better += 1;
                    }
                }
                let patience_spent =
                    training.patience > 0 && progress.looks_without_better >= training.patience;
                progress.finished =
                    last || (training.selection != Selection::Last && patience_spent);
            }

            let interrupted = self.interrupted.load(Ordering::Relaxed);
            let due = steps_summed == 0 && saved.elapsed().as_secs() >= training.save_every_secs;
            if interrupted || due || progress.finished {
                progress.elapsed_secs = already_secs + began.elapsed().as_secs_f64();
                save_state(
                    &self.dir,
                    &network.valid(),
                    &optimizer,
                    &progress.to_metadata(),
                )?;
                saved = Instant::now();
            }
            if interrupted && !progress.finished {
                bar.abandon();
                return Ok(Trained::Interrupted(progress.step));
            }
        }
        bar.finish_and_clear();
        cli::note(format!(
            "fold {} seed {}: {} steps of {} windows in {:.0} s",
            self.fold.number, self.seed, progress.step, batch_windows, progress.elapsed_secs
        ));

        let network = match progress.best_score {
            Some(_) => self.load(&self.dir.join(BEST_FILE))?,
            None => network.valid(),
        };
        save_weights(
            &network,
            &self.dir.join(WEIGHTS_FILE),
            &self.metadata(progress.step)?,
        )?;
        Ok(Trained::Done)
    }

    /// The weights to go on from, if the run does not begin every fold from nothing.
    fn warm_start(&self) -> anyhow::Result<Option<PathBuf>> {
        let Some(run) = &self.config.training.warm_start else {
            return Ok(None);
        };
        let score_from_ms = self.dataset.panel.time_ms(self.fold.score.start);
        weights_before(run, self.fold.number, self.seed, score_from_ms)
    }

    /// A fresh network (or one with the weights of `warm`), optimizer and progress, or the saved
    /// ones.
    fn start(
        &self,
        warm: Option<&Path>,
        resume: bool,
    ) -> anyhow::Result<(Network, AdamW, Progress)> {
        fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        self.device.seed(mix(self.seed, self.fold.number as u64));
        let device = self.device.clone().autodiff();
        let (coins, features) = (
            self.dataset.panel.coins(),
            self.config.shared.features.chosen().len(),
        );
        let lookback = self.config.shared.features.lookback_bars;
        let network = match warm {
            None => self
                .config
                .network
                .init(coins, features, lookback, &device)?,
            Some(path) => {
                load_weights(
                    &self.config.network,
                    coins,
                    features,
                    lookback,
                    path,
                    &device,
                )?
                .0
            }
        };
        let optimizer = self.config.optimizer.adamw().init()?;
        let metrics = self.dir.join(METRICS_FILE);
        if !self.dir.join(STATE_FILE).exists() {
            write_atomically(&metrics, b"")?;
            return Ok((network, optimizer, Progress::default()));
        }
        if !resume {
            bail!(
                "{} holds a training that was broken off\nhint: --resume continues it; --run OTHER starts elsewhere",
                self.dir.display()
            );
        }
        let (network, optimizer, metadata) = load_state(&self.dir, network, optimizer)?;
        let progress = Progress::from_metadata(&metadata).with_context(|| {
            format!(
                "{}: its progress cannot be read",
                self.dir.join(STATE_FILE).display()
            )
        })?;
        keep_until(&metrics, progress.step)?;
        Ok((network, optimizer, progress))
    }

    /// The loss, `[1]`, of the network's forecasts `[windows, coins]` for some windows of a set, in
    /// units of the scales.
    fn loss(&self, forecast: Tensor<2>, set: &WindowSet, picked: &[usize]) -> Tensor<1> {
        let coins = self.dataset.panel.coins();
        let (mut targets, mut mask, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for &window in picked {
            for coin in 0..coins {
                let counts = set.counts[window * coins + coin];
                let scale = self.scales.at(set.ends[window], coin);
                let target = self.targets.value(set.ends[window], coin) / f64::from(scale);
                targets.push(if counts { target as f32 } else { 0.0 });
                mask.push(f32::from(u8::from(counts)));
                scales.push(scale);
            }
        }
        let tensor = |values: Vec<f32>| {
            Tensor::from_data(
                TensorData::new(values, [picked.len(), coins]),
                &self.device.clone().autodiff(),
            )
        };
        let (target, mask) = (tensor(targets), tensor(mask));
        let training = &self.config.training;
        match self.config.shared.target.fit {
            Fit::Whole => masked_loss(training.loss, forecast, target, mask),
            Fit::Parts => parts_loss(
                training.loss,
                forecast,
                target,
                mask,
                tensor(scales),
                training.market_weight,
            ),
        }
    }

    /// Loss (of the scaled target) and pooled Pearson on the early-stopping slice.
    fn look(
        &self,
        network: &Network,
        set: &WindowSet,
    ) -> anyhow::Result<(Option<f64>, Option<f64>)> {
        if set.is_empty() {
            return Ok((None, None));
        }
        let coins = self.dataset.panel.coins();
        let outputs = forecast(network, self.windows, &set.ends, &mut |_| {})?;
        let counted = (0..outputs.len()).filter(|&place| set.counts[place]);
        let (forecasts, realized): (Vec<f64>, Vec<f64>) = counted
            .map(|place| {
                let (row, coin) = (set.ends[place / coins], place % coins);
                (
                    self.scales.in_unit_of_target(row, coin, outputs[place]),
                    self.targets.value(row, coin),
                )
            })
            .unzip();
        let all: Vec<usize> = (0..set.len()).collect();
        let forecast = Tensor::from_data(
            TensorData::new(outputs, [set.len(), coins]),
            &self.device.clone().autodiff(),
        );
        let loss = scalar(Some(self.loss(forecast, set, &all).without_autodiff()))?;
        Ok((Some(loss), pearson(&forecasts, &realized)))
    }

    fn log(&self, metrics: &Metrics) -> anyhow::Result<()> {
        use std::io::Write;
        if let Some(tracker) = self.tracker {
            let name = |of: &str| format!("fold-{}/seed-{}/{of}", self.fold.number, self.seed);
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
        let path = self.dir.join(METRICS_FILE);
        let line = serde_json::to_string(metrics)? + "\n";
        let append = || {
            fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path)?
                .write_all(line.as_bytes())
        };
        append().with_context(|| format!("cannot write {}", path.display()))
    }

    /// What stands in a model file beside the weights.
    fn metadata(&self, step: u64) -> anyhow::Result<BTreeMap<String, String>> {
        let (dataset, fold) = (self.dataset, self.fold);
        let mut origin = Origin::new(dataset, fold, &fold.stop, ("network", &self.config.network))?;
        if self.config.training.warm_start.is_some() {
            // The weights that it went on from may have seen all that comes before the fold.
            origin.seen_until_ms = origin
                .seen_until_ms
                .max(dataset.panel.time_ms(fold.score.start));
        }
        let mut metadata: BTreeMap<String, String> = [
            ("run", self.normalizer.run.clone()),
            ("fold", self.fold.number.to_string()),
            ("seed", self.seed.to_string()),
            ("step", step.to_string()),
            ("stats_sha256", self.stats_hash.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        metadata.extend(origin.to_metadata());
        Ok(metadata)
    }

    /// Weights of this piece from a file, for inference.
    pub fn load(&self, path: &Path) -> anyhow::Result<Network> {
        let (coins, features) = (
            self.dataset.panel.coins(),
            self.config.shared.features.chosen().len(),
        );
        let lookback = self.config.shared.features.lookback_bars;
        let network = &self.config.network;
        Ok(load_weights(network, coins, features, lookback, path, self.device)?.0)
    }
}

/// The value of a one-element tensor; waits for the device.
fn scalar(tensor: Option<Tensor<1>>) -> anyhow::Result<f64> {
    let Some(tensor) = tensor else {
        return Ok(f64::NAN);
    };
    let values = tensor
        .try_into_data()
        .context("the device failed while training")?
        .iter::<f32>()
        .collect::<Vec<_>>();
    Ok(values.first().map_or(f64::NAN, |&value| f64::from(value)))
}

/// Drops the lines of metrics.jsonl that a resumed training will write again.
fn keep_until(path: &Path, step: u64) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let is_kept = |line: &&str| {
        serde_json::from_str::<serde_json::Value>(line)
            .is_ok_and(|line| line["step"].as_u64() <= Some(step))
    };
    let kept: String = text
        .lines()
        .filter(is_kept)
        .map(|line| line.to_owned() + "\n")
        .collect();
    Ok(write_atomically(path, kept.as_bytes())?)
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
        metadata.extend(
            self.best_score
                .map(|score| ("best_score".to_owned(), score.to_string())),
        );
        metadata
    }

    fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
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
