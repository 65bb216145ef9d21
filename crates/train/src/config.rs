//! What a training run is configured with, beside the sections that all forecasters share.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use cli::{ConfigTable, WithHint};
use dataset::{Config, InputNorm, RunConfig};
use model::{AdamWConfig, Loss, Mixing, NetworkConfig, NetworkShape, WindowNorm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::loss_check::check_loss;
use crate::precision::PrecisionChoice;
use crate::residuals::Residuals;

/// What `run.kind` says of a run of `train`.
pub(crate) const KIND: &str = "network";

/// Everything that decides a run's result: the content of its `run.toml`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainConfig {
    /// `[run]`
    pub run: RunConfig,
    /// `[data]`, `[universe]`, `[features]`, `[target]`, `[split]`, `[normalize]`
    #[serde(flatten)]
    pub shared: Config,
    /// `[network]`
    pub network: NetworkConfig,
    /// `[optimizer]`
    pub optimizer: OptimizerConfig,
    /// `[training]`
    pub training: TrainingConfig,
}

/// The `[optimizer]` section: AdamW (Loshchilov and Hutter 2019) and its learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The highest learning rate of the schedule.
    pub learning_rate: f64,
    /// Course of the learning rate after the warm-up.
    pub schedule: Schedule,
    /// Share of all steps over which the learning rate rises linearly from 0.
    pub warm_up_share: f64,
    /// For `optimizer.schedule = "cosine"`: the learning rate of the last step, as a share of the
    /// highest.
    pub final_share: f64,
    /// Decoupled weight decay. The default is PyTorch's for AdamW.
    pub weight_decay: f64,
    /// Gradients are scaled down to this global norm.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<f32>")]
    pub clip_norm: Option<f32>,
}

/// Course of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It stays at its highest.
    Constant,
    /// It falls along half a cosine wave.
    Cosine,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            warm_up_share: 0.1,
            final_share: 0.01,
            weight_decay: 0.01,
            clip_norm: Some(1.0),
        }
    }
}

impl OptimizerConfig {
    /// The learning rate of step `step` (from 0) of `steps`.
    pub fn learning_rate_at(&self, step: u64, steps: u64) -> f64 {
        let share = (step + 1) as f64 / steps.max(1) as f64;
        if share < self.warm_up_share {
            return self.learning_rate * share / self.warm_up_share;
        }
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => {
                let gone = (share - self.warm_up_share)
                    / (1.0 - self.warm_up_share).max(f64::MIN_POSITIVE);
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * gone.min(1.0)).cos());
                self.learning_rate * (self.final_share + (1.0 - self.final_share) * wave)
            }
        }
    }

    /// The global norm that gradients are scaled down to.
    pub fn max_norm(&self) -> f32 {
        self.clip_norm.unwrap_or(f32::INFINITY)
    }

    /// The optimizer's own settings.
    pub fn adamw(&self) -> AdamWConfig {
        AdamWConfig {
            weight_decay: self.weight_decay,
            ..AdamWConfig::default()
        }
    }
}

/// The `[training]` section: how long a network is trained, on what, and which weights are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// How many seeds each fold is trained with, 1 to N. Their forecasts are averaged.
    pub seeds: u64,
    /// About so many pairs of a time and a coin in a step. A window has all coins at one time, so
    /// that a step takes as many windows as make so many pairs, at least one. The default are 32
    /// windows of 20 coins.
    pub batch_pairs: usize,
    /// Number of steps. Without it there are as many as `training.epochs` make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Passes over the training windows.
    pub epochs: f64,
    /// A run whose weights folds go on from: those of the fold before and the same seed, as with
    /// `--warm-start`. Without it every fold begins from nothing, as the first fold always does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "path")]
    pub warm_start: Option<PathBuf>,
    /// A finished run whose weights every fold begins with that does not go on from a fold before, as
    /// `quarterhour retrain --warm-start` has it. It is refused where that run has seen a fold's scored
    /// time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "path")]
    pub begin_with: Option<PathBuf>,
    /// Steps of a fold that goes on from another. Without it there are as many as from nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_steps: Option<u64>,
    /// A fold and seed stops after this many seconds of training, wherever its schedule is. Without
    /// it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_secs: Option<u64>,
    /// Only every n-th bar ends a training window, as neighbours are nearly the same.
    pub stride: usize,
    /// What is minimized. The squared error was found much less stable on returns.
    pub loss: Loss,
    /// Where the residuals come from that a volatility is published by.
    #[serde(skip_serializing_if = "Residuals::is_default")]
    pub residuals: Residuals,
    /// The numbers that products are made of on the CPU.
    #[serde(skip_serializing_if = "PrecisionChoice::is_default")]
    pub precision: PrecisionChoice,
    /// For `target.fit = "parts"`: how much the market's part counts beside the coins' own parts.
    pub market_weight: f64,
    /// Which weights of a training are kept.
    pub selection: WeightSelection,
    /// Number of steps between two evaluations on the early-stopping slice.
    pub evaluate_every: u64,
    /// Training stops after this many evaluations without a better one, unless
    /// `training.selection` is `last`.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<u64>")]
    pub patience: Option<u64>,
    /// Where the early-stopping slice has more windows than this, evenly spaced ones are evaluated,
    /// fewer than twice as many.
    pub stop_windows: usize,
    /// Seconds between two saved states.
    pub save_every_secs: u64,
}

impl TrainingConfig {
    /// Whether fits begin with weights that were trained before.
    pub(crate) fn is_warm(&self) -> bool {
        self.warm_start.is_some() || self.begin_with.is_some()
    }
}

/// Which weights of a training are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WeightSelection {
    /// Those with the highest pooled Pearson correlation on the early-stopping slice.
    Pearson,
    /// Those with the lowest loss on the early-stopping slice.
    Loss,
    /// The last ones: the schedule decides. No early-stopping slice is needed.
    Last,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            seeds: 1,
            batch_pairs: 640,
            steps: None,
            epochs: 2.0,
            warm_start: None,
            begin_with: None,
            warm_steps: None,
            max_secs: None,
            stride: 1,
            loss: Loss::L1,
            residuals: Residuals::EarlierFolds,
            precision: PrecisionChoice::F32,
            market_weight: 1.0,
            selection: WeightSelection::Pearson,
            evaluate_every: 100,
            patience: Some(10),
            stop_windows: 1_000,
            save_every_secs: 60,
        }
    }
}

/// No count of steps, looks or seconds is larger.
const MOST: u64 = 1_000_000_000;

impl TrainConfig {
    /// Types and checks all sections.
    ///
    /// # Errors
    /// A usage error that names the section, the key, the value found and what is expected.
    pub fn new(table: &ConfigTable) -> anyhow::Result<Self> {
        let run: RunConfig = table.section("run")?;
        let mut config = Self {
            run: if run == RunConfig::default() {
                RunConfig {
                    kind: KIND.to_owned(),
                    forecaster: "network".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                }
            } else {
                run
            },
            shared: Config {
                data: table.section("data")?,
                universe: table.section("universe")?,
                panels: table.sections("panel")?,
                features: table.section("features")?,
                target: table.section("target")?,
                split: table.section("split")?,
                normalize: table.section("normalize")?,
                intervals: table.section("intervals")?,
                regime: table.section("regime")?,
            },
            network: table.section("network")?,
            optimizer: table.section("optimizer")?,
            training: table.section("training")?,
        };
        config.shared.validate().map_err(cli::usage)?;
        if config.shared.normalize.inputs == InputNorm::Window {
            config.network.input_norm = WindowNorm::Window;
        }
        let is_uncertain = config.network.log_scale;
        check_loss(config.training.loss, is_uncertain, &config.shared).map_err(cli::usage)?;
        config.network.log_scale = config.training.loss == Loss::Gaussian;
        config
            .network
            .validate()
            .context("section [network]")
            .map_err(cli::usage)?;
        config.validate().map_err(cli::usage)?;
        config.check_mixing().map_err(cli::usage)?;
        config.run.kind = KIND.to_owned();
        config.run.forecaster = format!("network{}", config.shared.target.name_suffix());
        Ok(config)
    }

    #[expect(clippy::too_many_lines, reason = "one entry a key")]
    fn validate(&self) -> anyhow::Result<()> {
        let (optimizer, training) = (&self.optimizer, &self.training);
        let (batch_pairs, market_weight) = (training.batch_pairs, training.market_weight);
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let is_epochs = training.epochs > 0.0 && training.epochs <= 1e6;
        let is_steps = |steps: u64| steps <= MOST;
        let is_count = |count: Option<u64>| count.is_none_or(|count| (1..=MOST).contains(&count));
        let count = |count: Option<u64>| count.unwrap_or_default() as f64;
        let checks = [
            (
                "optimizer.learning_rate",
                optimizer.learning_rate,
                optimizer.learning_rate > 0.0,
                "above 0",
            ),
            (
                "optimizer.warm_up_share",
                optimizer.warm_up_share,
                is_share(optimizer.warm_up_share),
                "from 0 to 1",
            ),
            (
                "optimizer.final_share",
                optimizer.final_share,
                is_share(optimizer.final_share),
                "from 0 to 1",
            ),
            (
                "optimizer.clip_norm",
                f64::from(optimizer.clip_norm.unwrap_or_default()),
                optimizer.clip_norm.is_none_or(|norm| norm > 0.0),
                "above 0, or \"off\"",
            ),
            (
                "training.seeds",
                training.seeds as f64,
                (1..=1000).contains(&training.seeds),
                "from 1 to 1000",
            ),
            (
                "training.batch_pairs",
                batch_pairs as f64,
                (1..=1_048_576).contains(&batch_pairs),
                "from 1 to 1048576",
            ),
            (
                "training.market_weight",
                market_weight,
                market_weight >= 0.0,
                "at least 0",
            ),
            (
                "training.epochs",
                training.epochs,
                is_epochs || training.steps.is_some(),
                "above 0, at most 1000000",
            ),
            (
                "training.stride",
                training.stride as f64,
                (1..=1_000_000).contains(&training.stride),
                "from 1 to 1000000",
            ),
            (
                "training.steps",
                count(training.steps),
                is_count(training.steps),
                "from 1 to 1000000000",
            ),
            (
                "training.warm_steps",
                count(training.warm_steps),
                is_count(training.warm_steps),
                "from 1 to 1000000000",
            ),
            (
                "training.max_secs",
                count(training.max_secs),
                is_count(training.max_secs),
                "from 1 to 1000000000",
            ),
            (
                "training.patience",
                count(training.patience),
                is_count(training.patience),
                "from 1 to 1000000000, or \"off\"",
            ),
            (
                "training.evaluate_every",
                training.evaluate_every as f64,
                (1..=MOST).contains(&training.evaluate_every),
                "from 1 to 1000000000",
            ),
            (
                "training.save_every_secs",
                training.save_every_secs as f64,
                is_steps(training.save_every_secs),
                "from 0 to 1000000000",
            ),
            (
                "training.stop_windows",
                training.stop_windows as f64,
                is_steps(training.stop_windows as u64),
                "from 0 to 1000000000",
            ),
        ];
        for (key, found, usable, expected) in checks {
            if !(usable && found.is_finite()) {
                return Err(
                    anyhow!("{key} = {found}: expected a number {expected}").hint(format!(
                        "change it in the config file or with --set {key}=VALUE"
                    )),
                );
            }
        }
        let has_slice = self.shared.split.early_stopping_share > 0.0;
        if training.selection != WeightSelection::Last && !has_slice {
            return Err(anyhow!(
                "training.selection = {:?} needs an early-stopping slice, but \
                 split.early_stopping_share is 0",
                training.selection
            )
            .hint("--set training.selection=last"));
        }
        let target = &self.shared.target;
        if target.base.is_some() && target.horizons.len() > 1 {
            return Err(anyhow!(
                "target.base with {} horizons: expected one, as a network of several has one \
                 model for all",
                target.horizons.len()
            )
            .hint("--set target.base= or a run for each horizon (target.horizon)"));
        }
        training.residuals.check(&self.shared, training.is_warm())?;
        self.optimizer.adamw().init()?;
        Ok(())
    }

    /// Checks that the network can learn from panels of other coins, if it is to.
    fn check_mixing(&self) -> anyhow::Result<()> {
        if self.shared.panels.is_empty() || self.network.mixing != Mixing::Stacked {
            return Ok(());
        }
        Err(anyhow!(
            "network.mixing = \"stacked\" has a channel for each coin of one panel, expected \
             \"shared\" or \"own\" beside [[panel]] sections"
        )
        .hint("--set network.mixing=shared, or take the [[panel]] sections out"))
    }

    /// The sizes of its networks.
    pub(crate) fn shape(&self) -> NetworkShape {
        shape_of(&self.shared)
    }

    /// Windows (all coins at one time) in a step.
    pub fn batch_windows(&self, coins: usize) -> usize {
        (self.training.batch_pairs / coins.max(1)).max(1)
    }

    /// Steps of one fold and seed with so many training windows of so many coins in each panel.
    pub fn steps(&self, panels: &[(usize, usize)]) -> u64 {
        let batches = |&(windows, coins): &(usize, usize)| {
            self.training.epochs * windows as f64 / self.batch_windows(coins) as f64
        };
        self.training
            .steps
            .unwrap_or_else(|| panels.iter().map(batches).sum::<f64>().ceil().max(1.0) as u64)
    }

    /// The content of `run.toml`.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// The sizes of the networks of a config with its universe spelled out.
pub(crate) fn shape_of(config: &Config) -> NetworkShape {
    NetworkShape {
        coins: config.universe.symbols.len(),
        features: config.chosen_features().len(),
        lookback: config.features.lookback_bars,
        horizons: config.target.all_horizons().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_then_falls() {
        let optimizer = OptimizerConfig::default();
        let rates: Vec<f64> = (0..100)
            .map(|step| optimizer.learning_rate_at(step, 100))
            .collect();
        assert!(rates[..10].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(rates[10..].windows(2).all(|pair| pair[0] > pair[1]));
        assert!((rates[9] - 1e-3).abs() < 1e-12);
        assert!((rates[99] - 1e-5).abs() < 1e-12);
    }
}
