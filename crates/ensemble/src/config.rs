//! The `[ensemble]` section, and the whole config of a run.

use anyhow::anyhow;
use cli::{ConfigTable, WithHint};
use dataset::{Config, RunConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The content of an ensemble's run.toml.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnsembleConfig {
    /// What wrote the run.
    pub run: RunConfig,
    /// The shared sections of the first member.
    #[serde(flatten)]
    pub shared: Config,
    /// `[ensemble]`
    pub ensemble: EnsembleOptions,
}

/// The `[ensemble]` section: how several runs become one forecaster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnsembleOptions {
    /// How the members' weights come about.
    pub method: Method,
    /// For `ensemble.method = "stacked"`: how many independent events the plain average counts for
    /// against those of the folds before. Times whose targets overlap are one event. Four folds of
    /// five days of minutes, with targets of 15 minutes, are 1,900 events, so that with the default
    /// the fit and the average have about the same say; `configs/ensemble.toml` has what was
    /// measured.
    pub prior_events: f64,
    /// Folders of the member runs, as seen from this run's folder. Those that the command line
    /// names take their place.
    pub members: Vec<String>,
}

/// How the members' weights come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// They are fitted on the out-of-sample forecasts of the folds before.
    Stacked,
    /// Each member has the same say: it is divided by the scale that its forecasts had in the folds
    /// before.
    Average,
}

impl Method {
    /// Its name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stacked => "stacked",
            Self::Average => "average",
        }
    }
}

impl EnsembleConfig {
    /// The content of `run.toml`.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

impl Default for EnsembleOptions {
    fn default() -> Self {
        Self {
            method: Method::Stacked,
            prior_events: 2000.0,
            members: Vec::new(),
        }
    }
}

impl EnsembleOptions {
    /// The section of a config, checked.
    ///
    /// # Errors
    /// A usage error that names the key, the value found and what is expected.
    pub fn new(table: &ConfigTable) -> anyhow::Result<Self> {
        let options: Self = table.section("ensemble")?;
        options.validate().map_err(cli::usage)?;
        Ok(options)
    }

    fn validate(&self) -> anyhow::Result<()> {
        if !(self.prior_events > 0.0 && self.prior_events.is_finite()) {
            return Err(anyhow!(
                "ensemble.prior_events = {}: expected a number above 0",
                self.prior_events
            )
            .hint(
                "--set ensemble.prior_events=2000, or --set ensemble.method=average for \
                 no fit at all",
            ));
        }
        Ok(())
    }
}
