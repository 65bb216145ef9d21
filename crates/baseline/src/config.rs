//! The whole config of a run.

use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use cli::{ConfigTable, WithHint};
use dataset::{Config, Dataset, Fit, Fold, Origin, RunConfig, TabularFeatures, Task};
use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lightgbm::LightGbmConfig;
use crate::xgboost::XgboostConfig;
use crate::{GrowthConfig, Inputs, Loaded, StoppingProtocol, TreeKind, Validation};

/// The `[baseline]` section: which library grows the trees of `quarterhour baseline`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BaselineOptions {
    /// The library, which has a section of its own for its settings.
    pub trees: TreeKind,
}

impl BaselineOptions {
    /// Returns true for the default, which old runs do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// All sections that `baseline` reads: the content of a run's run.toml.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineConfig {
    /// What wrote the run.
    pub run: RunConfig,
    /// The shared sections.
    #[serde(flatten)]
    pub shared: Config,
    /// `[baseline]`
    #[serde(skip_serializing_if = "BaselineOptions::is_default")]
    pub baseline: BaselineOptions,
    /// The section of the library.
    #[serde(flatten)]
    pub trees: TreesConfig,
}

/// The section of the library that grows the trees, by its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TreesConfig {
    /// `[lightgbm]`
    LightGbm(LightGbmConfig),
    /// `[xgboost]`
    XgBoost(XgboostConfig),
}

impl BaselineConfig {
    /// Types and checks all sections, for the library that [`BaselineOptions::trees`] names.
    ///
    /// # Errors
    /// A usage error that names the section, the key, the value found and what is expected.
    pub fn new(table: &ConfigTable, loaded: Loaded) -> anyhow::Result<Self> {
        let shared: Config = table.parse()?;
        shared.validate().map_err(cli::usage)?;
        let trees = match loaded {
            Loaded::LightGbm(library) => {
                let config: LightGbmConfig = table.section("lightgbm")?;
                config.validate().map_err(cli::usage)?;
                config.check_more(library).map_err(cli::usage)?;
                TreesConfig::LightGbm(config)
            }
            Loaded::XgBoost(_) => {
                let config: XgboostConfig = table.section("xgboost")?;
                config.validate().map_err(cli::usage)?;
                TreesConfig::XgBoost(config)
            }
        };
        let run: RunConfig = table.section("run")?;
        let mut config = Self {
            run: match run == RunConfig::default() {
                true => RunConfig {
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..run
                },
                false => run,
            },
            shared,
            baseline: table.section("baseline")?,
            trees,
        };
        config.validate().map_err(cli::usage)?;
        config.set_name();
        Ok(config)
    }

    fn validate(&self) -> anyhow::Result<()> {
        let share = self.shared.split.early_stopping_share;
        let (growth, section) = (self.trees.growth(), self.kind().name());
        growth.validate(section, share)?;
        if self.classes().is_none() {
            return Ok(());
        }
        if !self.shared.panels.is_empty() {
            let panels = self.shared.panels.len();
            return Err(anyhow!(
                "target.kind = \"regime\" with {panels} [[panel]] sections: expected none, as classes \
                 begin elsewhere in another panel"
            )
            .hint("take the sections out of the config file"));
        }
        let (validation, fit) = (growth.validation, self.shared.target.fit);
        if validation != Validation::L2 || fit != Fit::Whole {
            return Err(anyhow!(
                "target.kind = \"regime\" with {section}.validation = {validation:?} and \
                 target.fit = {fit:?}: expected \"l2\", which is the log loss of classes, and \"whole\""
            )
            .hint(format!("--set {section}.validation=l2 --set target.fit=whole")));
        }
        Ok(())
    }

    /// Which library grows the trees.
    pub fn kind(&self) -> TreeKind {
        match self.trees {
            TreesConfig::LightGbm(_) => TreeKind::LightGbm,
            TreesConfig::XgBoost(_) => TreeKind::XgBoost,
        }
    }

    /// Number of classes that trees forecast the probabilities of; None where they forecast the
    /// target itself.
    pub(crate) fn classes(&self) -> Option<usize> {
        let target = self.shared.target.init(self.shared.data.interval);
        (target.task() == Task::Regime).then(|| self.shared.regime.classes().len())
    }

    /// Names the run in tables, so that an optimistic score or a control is never taken for
    /// something else.
    pub(crate) fn set_name(&mut self) {
        let protocol = match self.trees.growth().protocol {
            StoppingProtocol::Seed => "_seed",
            StoppingProtocol::Honest | StoppingProtocol::Blocks => "",
        };
        let name = self.kind().name();
        self.run.kind = name.to_owned();
        self.run.forecaster = format!("{name}{protocol}{}", self.shared.target.name_suffix());
    }

    /// What the trees see.
    pub fn features(&self) -> TabularFeatures {
        self.features_of(self.shared.data.interval)
    }

    /// What the trees see of a panel of bars of that length.
    pub fn features_of(&self, interval: Interval) -> TabularFeatures {
        let chosen = self.shared.features.chosen(interval);
        let growth = self.trees.growth();
        match growth.features {
            Inputs::Row => TabularFeatures::new(chosen, &[]),
            Inputs::Windows => TabularFeatures::new(chosen, &growth.lookbacks),
        }
    }

    /// The library's parameters in its own words.
    ///
    /// # Errors
    /// A value that is no word.
    pub(crate) fn parameters(&self) -> anyhow::Result<String> {
        match &self.trees {
            TreesConfig::LightGbm(config) => config.parameters(self.classes()),
            TreesConfig::XgBoost(config) => Ok(config.parameters(self.classes())),
        }
    }

    /// The content of `run.toml`.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

impl TreesConfig {
    /// What it says of how trees grow.
    pub(crate) fn growth(&self) -> GrowthConfig {
        match self {
            Self::LightGbm(config) => config.growth(),
            Self::XgBoost(config) => config.growth(),
        }
    }

    /// Sets what decides early stopping.
    pub(crate) fn set_protocol(&mut self, protocol: StoppingProtocol) {
        match self {
            Self::LightGbm(config) => config.protocol = protocol,
            Self::XgBoost(config) => config.protocol = protocol,
        }
    }

    /// What is kept of a training with its model, which looked at the rows `seen`.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub(crate) fn origin(
        &self,
        dataset: &Dataset,
        fold: &Fold,
        seen: &Range<usize>,
    ) -> anyhow::Result<Origin> {
        let origin = match self {
            Self::LightGbm(config) => {
                Origin::new(dataset, fold, seen, ("lightgbm", &config.of_forecasts()))
            }
            Self::XgBoost(config) => {
                Origin::new(dataset, fold, seen, ("xgboost", &config.of_forecasts()))
            }
        };
        Ok(origin?)
    }

    /// Checks that the model in `file` was trained with this config, wherever forecasts depend on
    /// it.
    ///
    /// # Errors
    /// As [`Origin::check`].
    pub(crate) fn check(
        &self,
        origin: &Origin,
        shared: &Config,
        file: &Path,
    ) -> anyhow::Result<()> {
        match self {
            Self::LightGbm(config) => {
                origin.check(shared, ("lightgbm", &config.of_forecasts()), file)?;
            }
            Self::XgBoost(config) => {
                origin.check(shared, ("xgboost", &config.of_forecasts()), file)?;
            }
        }
        Ok(())
    }
}
