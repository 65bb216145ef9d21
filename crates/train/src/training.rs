//! The training loop of one fold and seed, read top to bottom.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Origin, WindowSet};
use model::{
    AdamW, Device, GradientsParams, Module, Network, Tensor, TensorData, clip_grad_norm,
    forecast_with_scale, in_pool, load_state, load_weights, save_state, save_weights,
};
use run::Piece;
use statistics::pearson;

use crate::config::TrainConfig;
use crate::monitor::{Monitor, Progress, StoppingScore, scalar};
use crate::pieces::WEIGHTS_FILE;
use crate::sampler::{PanelSampler, mix};
use crate::stopwatch::StepPart;
use crate::training_panel::{HorizonTargets, TrainingPanel};
use crate::warm_start::{released_weights, weights_before};

/// The best weights so far on the early-stopping slice.
const BEST_FILE: &str = "best.safetensors";
const STATE_FILE: &str = "state.safetensors";

/// A panel with its windows to train on, one set a horizon.
type PanelWindows<'a> = (&'a TrainingPanel<'a>, Vec<WindowSet>);

/// The training of one piece, with what it trains on.
#[derive(Debug)]
pub(crate) struct Training<'a> {
    /// The run's configuration.
    pub config: &'a TrainConfig,
    /// The fold and seed.
    pub piece: &'a Piece<'a>,
    /// The rows of the run's own panel that it trains on.
    pub rows: &'a [Range<usize>],
    /// What it is called in messages.
    pub name: String,
    /// The run's own panel.
    pub own: &'a TrainingPanel<'a>,
    /// The further panels that it learns from.
    pub further: &'a [TrainingPanel<'a>],
    /// Name of the run, kept in the model file.
    pub run_name: &'a str,
    /// SHA-256 of the statistics file, kept in the model file.
    pub stats_hash: &'a str,
    /// The device, without autodiff.
    pub device: &'a Device,
}

impl Training<'_> {
    /// Trains until the steps, the time or the patience are used up, or continues a saved state.
    pub(crate) fn train(&self, resume: bool) -> anyhow::Result<()> {
        in_pool(self.device, || self.loop_of_steps(resume))
    }

    fn loop_of_steps(&self, resume: bool) -> anyhow::Result<()> {
        let (config, piece) = (self.config, self.piece);
        let (train_sets, stop_sets) = self.window_sets()?;
        let sizes: Vec<(usize, usize)> = train_sets
            .iter()
            .map(|(panel, sets)| (sets[0].len(), panel.coins()))
            .collect();
        let warm = self.warm_start()?;
        let steps = self.steps(&sizes, warm.is_some());
        let seed = mix(piece.seed, piece.fold.number as u64);
        let batches = |&(windows, coins): &(usize, usize)| (windows, config.batch_windows(coins));
        let mut sampler = PanelSampler::new(&sizes.iter().map(batches).collect::<Vec<_>>(), seed);
        let batch_windows = sampler.windows_a_step();
        let (mut network, mut optimizer, progress) = self.start(warm.as_deref(), resume)?;
        let mut monitor = Monitor::new((config, piece, &self.name), progress, steps, batch_windows);

        while !monitor.is_finished() {
            let step = monitor.begin_step();
            // Dropout draws from the device's generator, which no file holds: reseed, so that a
            // resumed run goes on exactly.
            self.device.seed(mix(seed, step));
            let (place, picked) = sampler.batch(step);
            let (panel, sets) = &train_sets[place];
            let end = |&window: &usize| sets[0].ends[window];
            let ends: Vec<usize> = picked.iter().map(end).collect();
            let windows = panel.windows.batch(&ends)?.autodiff();
            monitor.lap(StepPart::Batch);

            let precision = config.training.precision.precision();
            let outputs = precision.autocast(|| network.forward_with_scale(windows));
            let loss = panel.loss(config, outputs, sets, &picked);
            let own_loss = loss.clone().without_autodiff();
            monitor.lap(StepPart::Forward);
            let grads = GradientsParams::from_grads(loss.backward(), &network);
            monitor.lap(StepPart::Backward);
            let (grads, grad_norm) = clip_grad_norm(&network, grads, config.optimizer.max_norm());
            let learning_rate = config.optimizer.learning_rate_at(step, steps);
            network = optimizer.step(learning_rate, network, grads);
            monitor.lap(StepPart::Optimizer);
            monitor.end_step(own_loss);

            // Only here does the loop wait for the device.
            if monitor.is_time_to_look() {
                let losses = monitor.losses(grad_norm)?;
                let look = self.look(&network.valid(), &stop_sets)?;
                if monitor.record(losses, learning_rate, look)? {
                    self.save(&network.valid(), BEST_FILE, monitor.progress.step)?;
                }
            }
            let is_interrupted = piece.interrupted.load(Ordering::Relaxed);
            if is_interrupted || monitor.is_time_to_save() {
                save_state(&piece.dir, &network.valid(), &optimizer, &monitor.save())?;
            }
            if is_interrupted && !monitor.is_finished() {
                return Err(monitor.interrupted());
            }
        }
        monitor.finish();

        let network = match monitor.progress.best_score {
            Some(_) => self.load(&piece.dir.join(BEST_FILE))?,
            None => network.valid(),
        };
        self.save(&network, WEIGHTS_FILE, monitor.progress.step)
    }

    /// The windows to train on, of the run's own panel first where it has any, and those of the run's
    /// own that early stopping looks at; one set a horizon, of which there is one at least.
    fn window_sets(&self) -> anyhow::Result<(Vec<PanelWindows<'_>>, Vec<WindowSet>)> {
        let Piece { fold, further, .. } = self.piece;
        let training = &self.config.training;
        let mut all = vec![(self.own, self.own.window_sets(self.rows, training.stride))];
        for (panel, rows) in self.further.iter().zip(*further) {
            let rows = std::slice::from_ref(&rows.fold.train);
            all.push((panel, panel.window_sets(rows, training.stride)));
        }
        all.retain(|(_, sets)| !sets[0].is_empty());
        if all.is_empty() {
            return Err(anyhow!(
                "{}: no training windows of {} bars",
                self.name,
                self.config.shared.features.lookback_bars
            )
            .hint(
                "more candles, fewer folds, a shorter features.lookback_bars, or a \
                 larger features.max_filled_share; --dry-run shows what was dropped and \
                 why",
            ));
        }
        let stride = (fold.stop.len() / training.stop_windows.max(1)).max(1);
        let stop = std::slice::from_ref(&fold.stop);
        Ok((all, self.own.window_sets(stop, stride)))
    }

    /// Steps of a training on panels of so many windows and coins, from nothing or from other
    /// weights.
    fn steps(&self, panels: &[(usize, usize)], is_warm: bool) -> u64 {
        match self.config.training.warm_steps {
            Some(steps) if is_warm => steps,
            _ => self.config.steps(panels),
        }
    }

    /// Writes weights into the piece's folder.
    fn save(&self, network: &Network, file: &str, step: u64) -> anyhow::Result<()> {
        Ok(save_weights(
            network,
            &self.piece.dir.join(file),
            &self.metadata(step)?,
        )?)
    }

    /// The weights to go on from, if the run does not begin every fold from nothing.
    fn warm_start(&self) -> anyhow::Result<Option<PathBuf>> {
        let training = &self.config.training;
        let before = match &training.warm_start {
            Some(run) => weights_before(run, self.piece)?,
            None => None,
        };
        match (before, &training.begin_with) {
            (None, Some(run)) => released_weights(run, self.piece).map(Some),
            (before, _) => Ok(before),
        }
    }

    /// A fresh network (or one with the weights of `warm`), optimizer and progress, or the saved
    /// ones.
    fn start(
        &self,
        warm: Option<&Path>,
        resume: bool,
    ) -> anyhow::Result<(Network, AdamW, Progress)> {
        fs::create_dir_all(&self.piece.dir)
            .with_context(|| format!("cannot make {}", self.piece.dir.display()))?;
        self.device
            .seed(mix(self.piece.seed, self.piece.fold.number as u64));
        let device = self.device.clone().autodiff();
        let (config, shape) = (&self.config.network, self.config.shape());
        let network = match warm {
            None => config.init(shape, &device)?,
            Some(path) => load_weights(config, shape, path, &device)?.0,
        };
        let optimizer = self.config.optimizer.adamw().init()?;
        if !self.piece.dir.join(STATE_FILE).exists() {
            Monitor::begin_metrics(&self.piece.dir, None)?;
            return Ok((network, optimizer, Progress::default()));
        }
        if !resume {
            return Err(anyhow!(
                "{} holds a training that was broken off",
                self.piece.dir.display()
            )
            .hint("--resume continues it; --run OTHER starts elsewhere"));
        }
        let (network, optimizer, metadata) = load_state(&self.piece.dir, network, optimizer)?;
        let progress = Progress::from_metadata(&metadata).with_context(|| {
            format!(
                "{}: its progress cannot be read",
                self.piece.dir.join(STATE_FILE).display()
            )
        })?;
        Monitor::begin_metrics(&self.piece.dir, Some(&progress))?;
        Ok((network, optimizer, progress))
    }

    /// Loss (of the scaled target) and pooled Pearson on the early-stopping slice, means over
    /// horizons.
    fn look(&self, network: &Network, sets: &[WindowSet]) -> anyhow::Result<StoppingScore> {
        let ends = &sets[0].ends; // there is one horizon at least
        if ends.is_empty() {
            return Ok(StoppingScore::default());
        }
        let (coins, horizons) = (self.own.coins(), self.own.horizons.len());
        let (outputs, log_scale) = forecast_with_scale(network, &self.own.windows, ends)?;
        let of_horizon = |(place, horizon): (usize, &HorizonTargets<'_>)| {
            let counts = &sets[place].counts;
            let counted = (0..counts.len()).filter(|&pair| counts[pair]);
            let (forecasts, realized): (Vec<f64>, Vec<f64>) = counted
                .map(|pair| {
                    let (row, coin) = (ends[pair / coins], pair % coins);
                    let output = outputs[pair * horizons + place];
                    (
                        horizon.scales.in_unit_of_target(row, coin, output),
                        horizon.targets.value(row, coin),
                    )
                })
                .unzip();
            pearson(&forecasts, &realized)
        };
        let pearsons = self.own.horizons.iter().enumerate().filter_map(of_horizon);
        let pearsons: Vec<f64> = pearsons.collect();
        let all: Vec<usize> = (0..ends.len()).collect();
        let device = self.device.clone().autodiff();
        let tensor = |values: Vec<f32>| {
            let values = TensorData::new(values, [ends.len(), coins * horizons]);
            Tensor::from_data(values, &device)
        };
        let outputs = (tensor(outputs), log_scale.map(tensor));
        let loss = self.own.loss(self.config, outputs, sets, &all);
        let loss = scalar(loss.without_autodiff())?;
        let mean = pearsons.iter().sum::<f64>() / pearsons.len() as f64;
        Ok(StoppingScore {
            loss: Some(loss),
            pearson: (!pearsons.is_empty()).then_some(mean),
        })
    }

    /// What stands in a model file beside the weights.
    fn metadata(&self, step: u64) -> anyhow::Result<BTreeMap<String, String>> {
        let (dataset, fold) = (self.piece.dataset, self.piece.fold);
        let mut origin = Origin::new(dataset, fold, &fold.stop, ("network", &self.config.network))?;
        if self.config.training.is_warm() {
            // The weights that it went on from may have seen all that comes before the fold.
            origin.seen_until_ms = origin
                .seen_until_ms
                .max(dataset.panel.time_ms(fold.score.start));
        }
        let mut metadata: BTreeMap<String, String> = [
            ("run", self.run_name.to_owned()),
            ("fold", self.piece.fold.number.to_string()),
            ("seed", self.piece.seed.to_string()),
            ("step", step.to_string()),
            ("stats_sha256", self.stats_hash.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        metadata.extend(origin.to_metadata());
        Ok(metadata)
    }

    /// Weights of this piece from a file, for inference.
    fn load(&self, path: &Path) -> anyhow::Result<Network> {
        let (config, shape) = (&self.config.network, self.config.shape());
        Ok(load_weights(config, shape, path, self.device)?.0)
    }
}
