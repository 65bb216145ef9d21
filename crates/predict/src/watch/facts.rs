//! What a person should know of the model and the thresholds of a watch.

use std::path::{Path, PathBuf};

use dataset::{Config, Payoff, TimeSpan, format_time};
use trading::ModelStatus;

use super::SignalPolicy;
use crate::Checkpoint;

/// What is fixed about the run that is watched with.
#[derive(Debug, Clone)]
pub struct ModelFacts {
    /// Name of the run's folder.
    pub run: String,
    /// The run's folder.
    pub folder: PathBuf,
    /// The first time that none of the model's fits has seen, UTC ms; None where its files do not say.
    pub fitted_until_ms: Option<i64>,
    /// How often the run is fitted again; None where its config does not say.
    pub refit_every: Option<TimeSpan>,
    /// Length of a scored fold, where the config names one.
    scored_for: Option<TimeSpan>,
    /// How far ahead is forecast, in bars.
    pub horizon_bars: usize,
    /// Whether a position can earn what is forecast: nobody trades on a volatility.
    is_traded: bool,
}

impl ModelFacts {
    /// Those of a loaded run.
    pub fn new(run: &Path, checkpoint: &Checkpoint) -> Self {
        Self::of(run, &checkpoint.config, checkpoint.fitted_until_ms)
    }

    /// Those of a run with this config, whose newest fit has seen nothing from `fitted_until_ms` (UTC) on;
    /// None where its files do not say.
    pub fn of(run: &Path, config: &Config, fitted_until_ms: Option<i64>) -> Self {
        let earned = config.target.init(config.data.interval).earned();
        Self {
            run: run_name(run),
            folder: run.to_owned(),
            fitted_until_ms,
            refit_every: config.split.refit_every,
            scored_for: config.split.test,
            horizon_bars: config.horizon_bars(),
            is_traded: earned != Payoff::Nothing,
        }
    }

    /// The model as the ledger's status names it.
    pub fn status(&self, checkpoint: &Checkpoint, now_ms: i64) -> ModelStatus {
        let next_ms = |until_ms: i64| Some(until_ms.saturating_add(self.refit_every?.ms()));
        let secs = |ms: i64| ms as f64 / 1000.0;
        ModelStatus {
            run: self.run.clone(),
            registered: checkpoint.registered.clone(),
            forecaster: checkpoint.label(),
            fitted_until: self.fitted_until_ms,
            age_secs: self.fitted_until_ms.map(|until_ms| secs(now_ms - until_ms)),
            refit_every_secs: self.refit_every.map(|every| secs(every.ms())),
            next_refit: self.fitted_until_ms.and_then(next_ms),
            is_rule: checkpoint.is_rule(),
            is_in_sample: checkpoint.is_in_sample,
        }
    }

    /// Warnings as of `now_ms`: thresholds that are missing, were tuned at other costs or for another
    /// time than is forecast, and a model that is older than its cadence.
    pub fn warnings(&self, policy: &SignalPolicy, now_ms: i64) -> Vec<String> {
        let mut warnings = Vec::new();
        let charged = policy.trading.costs;
        match &policy.thresholds {
            None if !self.is_traded => {}
            None => warnings.push(format!(
                "no thresholds: nothing is traded; `quarterhour thresholds {}` makes them",
                cli::quoted(self.folder.display())
            )),
            Some(thresholds) => {
                let tuned = thresholds.costs;
                if tuned != charged {
                    warnings.push(format!(
                        "thresholds were tuned at other costs than those charged: {} + {} bp a fill, \
                         {} + {} bp are charged (trading.costs)",
                        tuned.fee_bps, tuned.slippage_bps, charged.fee_bps, charged.slippage_bps
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
        warnings.extend(self.age_warning(now_ms));
        warnings
    }

    /// A run without a cadence is held to what was scored: no older model than a fold is long.
    fn age_warning(&self, now_ms: i64) -> Option<String> {
        let until_ms = self.fitted_until_ms?;
        let (cadence, said) = match (self.refit_every, self.scored_for) {
            (Some(every), _) => (
                every,
                format!(
                    "its cadence: fitted until {} UTC, split.refit_every is {every}",
                    format_time(until_ms)
                ),
            ),
            (None, Some(test)) => (
                test,
                format!(
                    "any that was scored: fitted until {} UTC, split.test is {test}",
                    format_time(until_ms)
                ),
            ),
            (None, None) => return None,
        };
        (now_ms - until_ms > cadence.ms()).then(|| format!("the model is older than {said}"))
    }
}

/// Name of a run's folder.
pub fn run_name(run: &Path) -> String {
    let absolute = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let name = absolute.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use rules::{Costs, Thresholds};
    use trading::TradingConfig;

    use super::*;
    use crate::WatchConfig;

    const DAY_MS: i64 = 86_400_000;

    fn facts() -> ModelFacts {
        ModelFacts {
            run: "run".to_owned(),
            folder: "run".into(),
            fitted_until_ms: Some(10 * DAY_MS),
            refit_every: Some(TimeSpan::hours(7 * 24)),
            scored_for: None,
            horizon_bars: 15,
            is_traded: true,
        }
    }

    fn warnings(
        facts: &ModelFacts,
        fee_bps: f64,
        thresholds: Option<Thresholds>,
        days: i64,
    ) -> Vec<String> {
        let trading = TradingConfig {
            costs: Costs {
                fee_bps,
                slippage_bps: 1.0,
            },
            ..TradingConfig::default()
        };
        let policy = SignalPolicy::new(trading, &WatchConfig::default(), thresholds, 60_000);
        facts.warnings(&policy, days * DAY_MS)
    }

    #[test]
    fn missing_thresholds_are_warned_of_where_a_position_can_earn_something() {
        let of_a_return = facts();
        assert_eq!(
            warnings(&of_a_return, 10.0, None, 17),
            ["no thresholds: nothing is traded; `quarterhour thresholds run` makes them"]
        );
        let of_a_volatility = ModelFacts {
            is_traded: false,
            ..of_a_return
        };
        assert_eq!(
            warnings(&of_a_volatility, 10.0, None, 17),
            Vec::<String>::new()
        );
    }

    #[test]
    fn other_costs_and_an_old_model_are_warned_of() {
        let facts = facts();
        let text = "protocol = \"seed\"\nhold_bars = 15\ntuned = [\"\", \"\"]\n\
                    [costs]\nfee_bps = 10.0\nslippage_bps = 1.0\n";
        let warnings = |fee_bps: f64, days: i64| {
            let thresholds = Thresholds::from_toml(text).unwrap();
            warnings(&facts, fee_bps, Some(thresholds), days)
        };
        assert_eq!(warnings(10.0, 17), Vec::<String>::new());
        let costs = &warnings(5.0, 17)[0];
        assert!(
            costs.contains("10 + 1 bp a fill, 5 + 1 bp are charged"),
            "{costs}"
        );
        let old = &warnings(10.0, 18)[0];
        assert!(
            old.contains("older than its cadence: fitted until 1970-01-11"),
            "{old}"
        );
        let without = ModelFacts {
            refit_every: None,
            scored_for: Some(TimeSpan::hours(14 * 24)),
            ..facts.clone()
        };
        assert_eq!(without.age_warning(24 * DAY_MS), None);
        assert_eq!(
            without.age_warning(25 * DAY_MS).unwrap(),
            "the model is older than any that was scored: fitted until 1970-01-11 00:00 UTC, split.test is 14d"
        );
    }
}
