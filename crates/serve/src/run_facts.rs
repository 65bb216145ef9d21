//! What is fixed about the run that is served.

use std::path::PathBuf;

use dataset::{Config, Payoff, Task, TimeSpan, format_time};
use market::Symbol;
use model::DeviceChoice;
use predict::{ForecastUnit, SignalPolicy};

/// The run, and when its forecasts are acted on.
#[derive(Debug)]
pub struct RunFacts {
    /// The run's folder.
    pub folder: PathBuf,
    /// Keys of its config that are overridden, as `key=value`.
    pub overrides: Vec<String>,
    /// The folder's name.
    pub name: String,
    /// The coins.
    pub symbols: Vec<Symbol>,
    /// Length of a bar.
    pub bar_ms: i64,
    /// How far ahead is forecast.
    pub horizon: TimeSpan,
    /// The same in bars.
    pub horizon_bars: usize,
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
    /// Open time of the first row that none of the model's fits has seen, UTC ms; None where its files
    /// do not say.
    pub seen_until_ms: Option<i64>,
    /// How often the run is fitted again; None where its config does not say.
    pub refit_every: Option<TimeSpan>,
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
        let absolute = std::path::absolute(&folder)?;
        let name = absolute.file_name().unwrap_or_default();
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            bar_ms: config.data.interval.ms(),
            horizon: config.target.horizon,
            horizon_bars: config.horizon_bars(),
            task: target.task(),
            unit: ForecastUnit::of(&config),
            is_scored: target.earned() == Payoff::FromClose,
            policy,
            pearson_forecasts,
            seen_until_ms: seen.and_then(|seen| seen.fitted_until_ms),
            refit_every: config.split.refit_every,
            symbols: config.universe.symbols,
            folder,
            overrides,
            device,
        })
    }

    /// What a person should know whatever the ledger says, as of `now_ms`.
    pub fn warnings(&self, now_ms: i64) -> Vec<String> {
        let mut warnings = Vec::new();
        let charged = self.policy.trading.costs;
        match &self.policy.thresholds {
            None => warnings.push("no thresholds: nothing is traded".to_owned()),
            Some(thresholds) => {
                let tuned = thresholds.costs;
                if tuned != charged {
                    let sum = |costs: rules::Costs| costs.fee_bps + costs.slippage_bps;
                    warnings.push(format!(
                        "costs differ: thresholds were tuned at {} bp a fill, {} bp are charged",
                        sum(tuned),
                        sum(charged)
                    ));
                }
                if thresholds.hold_bars != self.horizon_bars {
                    warnings.push(format!(
                        "positions are held for {} bars, the forecast is of {}",
                        thresholds.hold_bars, self.horizon_bars
                    ));
                }
            }
        }
        if let (Some(until_ms), Some(every)) = (self.seen_until_ms, self.refit_every)
            && now_ms - until_ms > every.ms()
        {
            warnings.push(format!(
                "the model is older than split.refit_every = {every}: fitted until {} UTC",
                format_time(until_ms)
            ));
        }
        warnings
    }
}
