//! What is fixed about the run that is served.

use std::path::PathBuf;

use dataset::{Config, Payoff, SymbolEvents, Task, TimeSpan};
use market::Symbol;
use model::DeviceChoice;
use predict::{ForecastUnit, ModelFacts, SignalPolicy};

/// The run, and when its forecasts are acted on.
#[derive(Debug)]
pub struct RunFacts {
    /// Its name and folder, and what its model has seen.
    pub model: ModelFacts,
    /// Keys of its config that are overridden, as `key=value`.
    pub overrides: Vec<String>,
    /// The coins.
    pub symbols: Vec<Symbol>,
    /// What the coins were called before, and in which unit they were counted.
    pub events: SymbolEvents,
    /// Length of a bar.
    pub bar_ms: i64,
    /// How far ahead is forecast.
    pub horizon: TimeSpan,
    /// What is forecast.
    pub task: Task,
    /// What forecasts are written in for people.
    pub unit: ForecastUnit,
    /// Whether the ledger's closes say what came of a forecast.
    pub is_scored: bool,
    /// When a forecast is acted on.
    pub policy: SignalPolicy,
    /// Number of settled forecasts that a correlation is over.
    pub pearson_forecasts: usize,
    /// What loads the run's model.
    pub device: DeviceChoice,
}

impl RunFacts {
    /// Reads them of a run's folder, with the keys of its config that are overridden; `policy` and
    /// `pearson_forecasts` are those of the watch.
    ///
    /// # Errors
    /// A folder that is no run; files that cannot be read.
    pub fn read(
        (folder, overrides): (PathBuf, Vec<String>),
        device: DeviceChoice,
        (policy, pearson_forecasts): (SignalPolicy, usize),
    ) -> anyhow::Result<Self> {
        let kinds = predict::kinds(device);
        let (_, config): (_, Config) = kinds.config(&folder, &overrides)?;
        // A run whose model does not load is served with the rule's forecasts.
        let seen = kinds.seen(&folder, (None, None)).ok();
        let target = config.target.init(config.data.interval);
        Ok(Self {
            model: ModelFacts::of(&folder, &config, seen.and_then(|seen| seen.fitted_until_ms)),
            events: SymbolEvents::of(&config.data)?,
            bar_ms: config.data.interval.ms(),
            horizon: config.target.horizon,
            task: target.task(),
            unit: ForecastUnit::of(&config),
            is_scored: target.earned() == Payoff::FromClose,
            policy,
            pearson_forecasts,
            symbols: config.universe.symbols,
            overrides,
            device,
        })
    }

    /// What a person should know whatever the ledger says, as of `now_ms`: what a watch of the run says, too.
    pub fn warnings(&self, now_ms: i64) -> Vec<String> {
        self.model.warnings(&self.policy, now_ms)
    }
}
