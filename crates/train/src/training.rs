//! The training loop of one fold and seed, read top to bottom.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Fit, Origin, TargetScales, Targets, WindowSet};
use model::{
    AdamW, Device, GradientsParams, Module, Network, Tensor, TensorData, Windows, clip_grad_norm,
    forecast, load_state, load_weights, masked_loss, mean_over_horizons, parts_loss, save_state,
    save_weights,
};
use run::Piece;
use statistics::pearson;

use crate::config::TrainConfig;
use crate::monitor::{Monitor, Progress, StoppingScore, scalar};
use crate::pieces::WEIGHTS_FILE;
use crate::sampler::{Sampler, mix};
use crate::stopwatch::StepPart;
use crate::warm_start::weights_before;

/// The best weights so far on the early-stopping slice.
const BEST_FILE: &str = "best.safetensors";
const STATE_FILE: &str = "state.safetensors";

/// The training of one piece, with what it trains on.
#[derive(Debug)]
pub(crate) struct Training<'a> {
    /// The run's configuration.
    pub config: &'a TrainConfig,
    /// The fold and seed.
    pub piece: &'a Piece<'a>,
    /// What it learns at each horizon.
    pub horizons: &'a [Horizon<'a>],
    /// Name of the run, kept in the model file.
    pub run_name: &'a str,
    /// SHA-256 of the statistics file, kept in the model file.
    pub stats_hash: &'a str,
    /// Normalized features on the device.
    pub windows: &'a Windows,
    /// The device, without autodiff.
    pub device: &'a Device,
}

/// What a network learns at one horizon.
#[derive(Debug)]
pub(crate) struct Horizon<'a> {
    /// The targets, of every row and coin.
    pub targets: Cow<'a, Targets>,
    /// What they are divided by.
    pub scales: TargetScales,
    /// Standard deviation of each coin's targets in the training rows; None for a coin without any,
    /// which is not learnt.
    pub target_std: Vec<Option<f32>>,
}

impl Training<'_> {
    /// Trains until the steps, the time or the patience are used up, or continues a saved state.
    pub(crate) fn train(&self, resume: bool) -> anyhow::Result<()> {
        let (config, piece) = (self.config, self.piece);
        let (train_sets, stop_sets) = self.window_sets()?;
        let train_ends = &train_sets[0].ends; // there is one horizon at least
        let warm = self.warm_start()?;
        let steps = self.steps(train_ends.len(), warm.is_some());
        let batch_windows = config.batch_windows(piece.dataset.panel.coins());
        let seed = mix(piece.seed, piece.fold.number as u64);
        let mut sampler = Sampler::new(train_ends.len(), batch_windows, seed);
        let (mut network, mut optimizer, progress) = self.start(warm.as_deref(), resume)?;
        let mut monitor = Monitor::new(config, piece, progress, steps, batch_windows);

        while !monitor.is_finished() {
            let step = monitor.begin_step();
            // Dropout draws from the device's generator, which no file holds: reseed, so that a
            // resumed run goes on exactly.
            self.device.seed(mix(seed, step));
            let picked = sampler.batch(step);
            let ends: Vec<usize> = picked.iter().map(|&window| train_ends[window]).collect();
            let windows = self.windows.batch(&ends)?.autodiff();
            monitor.lap(StepPart::Batch);

            let loss = self.loss(network.forward(windows), &train_sets, &picked);
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

    /// The windows to train on, and those that early stopping looks at, one set a horizon; all sets
    /// have the same ends.
    fn window_sets(&self) -> anyhow::Result<(Vec<WindowSet>, Vec<WindowSet>)> {
        let Piece { dataset, fold, .. } = self.piece;
        let training = &self.config.training;
        let sets = |rows: &Range<usize>, stride: usize| {
            let set = |horizon: &Horizon<'_>| {
                let Horizon {
                    targets,
                    target_std,
                    ..
                } = horizon;
                dataset.trained_windows(targets, rows.clone(), stride, target_std)
            };
            WindowSet::aligned(self.horizons.iter().map(set).collect())
        };
        let train = sets(&fold.train, training.stride);
        if train[0].is_empty() {
            return Err(anyhow!(
                "{fold}: no training windows of {} bars",
                self.config.shared.features.lookback_bars
            )
            .hint(
                "more candles, fewer folds, a shorter features.lookback_bars, or a \
                 larger features.max_filled_share; --dry-run shows what was dropped and \
                 why",
            ));
        }
        let stride = (fold.stop.len() / training.stop_windows.max(1)).max(1);
        Ok((train, sets(&fold.stop, stride)))
    }

    /// Steps of a training on so many windows, from nothing or from other weights.
    fn steps(&self, windows: usize, is_warm: bool) -> u64 {
        match self.config.training.warm_steps {
            Some(steps) if is_warm => steps,
            _ => self.config.steps(windows, self.piece.dataset.panel.coins()),
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
        let Some(run) = &self.config.training.warm_start else {
            return Ok(None);
        };
        weights_before(run, self.piece)
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

    /// The loss, `[1]`, of the network's outputs `[windows, coins * horizons]` for some windows of
    /// the sets of each horizon: the mean over horizons, each in units of its own scales.
    fn loss(&self, outputs: Tensor<2>, sets: &[WindowSet], picked: &[usize]) -> Tensor<1> {
        mean_over_horizons(outputs, self.horizons.len(), |place, forecast| {
            self.loss_at(&self.horizons[place], forecast, &sets[place], picked)
        })
    }

    /// The loss of the forecasts of one horizon, `[windows, coins]`.
    fn loss_at(
        &self,
        horizon: &Horizon<'_>,
        forecast: Tensor<2>,
        set: &WindowSet,
        picked: &[usize],
    ) -> Tensor<1> {
        let coins = self.piece.dataset.panel.coins();
        let (mut targets, mut mask, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for &window in picked {
            for coin in 0..coins {
                let counts = set.counts[window * coins + coin];
                let scale = horizon.scales.at(set.ends[window], coin);
                let target = horizon.targets.value(set.ends[window], coin) / f64::from(scale);
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
        let unit = match self.config.shared.target.fit {
            Fit::Whole => return masked_loss(training.loss, forecast, target, mask),
            Fit::Parts => tensor(scales),
            Fit::ScaledParts => mask.ones_like(),
        };
        let market_weight = training.market_weight;
        parts_loss(training.loss, forecast, target, mask, unit, market_weight)
    }

    /// Loss (of the scaled target) and pooled Pearson on the early-stopping slice, means over
    /// horizons.
    fn look(&self, network: &Network, sets: &[WindowSet]) -> anyhow::Result<StoppingScore> {
        let ends = &sets[0].ends; // there is one horizon at least
        if ends.is_empty() {
            return Ok(StoppingScore::default());
        }
        let (coins, horizons) = (self.piece.dataset.panel.coins(), self.horizons.len());
        let outputs = forecast(network, self.windows, ends, &mut |_| {})?;
        let of_horizon = |(place, horizon): (usize, &Horizon<'_>)| {
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
        let pearsons = self.horizons.iter().enumerate().filter_map(of_horizon);
        let pearsons: Vec<f64> = pearsons.collect();
        let all: Vec<usize> = (0..ends.len()).collect();
        let outputs = Tensor::from_data(
            TensorData::new(outputs, [ends.len(), coins * horizons]),
            &self.device.clone().autodiff(),
        );
        let loss = scalar(self.loss(outputs, sets, &all).without_autodiff())?;
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
        if self.config.training.warm_start.is_some() {
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
