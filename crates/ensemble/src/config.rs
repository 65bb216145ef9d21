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

impl EnsembleConfig {
    /// What `run.kind` says.
    pub const KIND: &str = "ensemble";
}

/// The `[ensemble]` section: how several runs become one forecaster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnsembleOptions {
    /// How the members' weights come about.
    pub method: Method,
    /// For `ensemble.method = "stacked"`: what the members' weights are drawn to.
    pub prior: Prior,
    /// For `ensemble.method = "stacked"`: how many independent events `ensemble.prior` counts for
    /// against those of the folds before. Times whose targets overlap are one event. Four folds of
    /// five days of minutes, with targets of 15 minutes, are 1,900 events, so that with the default
    /// the fit and the average have about the same say; `configs/ensemble.toml` has what was
    /// measured.
    pub prior_events: f64,
    /// For `ensemble.method = "ic_a_day"`: how many of its standard errors over days are taken off
    /// what a member was worth, beside the others, on earlier days. A member that was worth less
    /// has no weight.
    pub standard_errors: f64,
    /// For `ensemble.method = "ic_a_day"`: how many days count beside those of the folds before, on
    /// which the coins' own parts of every member have an IC of 0.03, a good one. So members have
    /// the same say while little is known of them, and the more days are known the more these
    /// decide. With 0 only the days of the folds before count.
    pub prior_days: f64,
    /// For `ensemble.method = "qlike"`: how many days before the fold count.
    #[serde(skip_serializing_if = "is_default_recent")]
    pub recent_days: f64,
    /// For `ensemble.method = "ic_a_day"`: a control of the target that is a member too, such as
    /// `"negated_deviation_30m"`, beside which the runs have to show what they are worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Folders of the member runs, as seen from this run's folder. Those that the command line
    /// names take their place.
    pub members: Vec<String>,
}

/// How the members' weights come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// They are fitted on the out-of-sample forecasts of the folds before, by squared errors of
    /// returns as they are.
    Stacked,
    /// They are fitted on the out-of-sample forecasts of the days of the folds before, in what the
    /// metric IC a day is measured in: each day counts once, returns are entered a bar later, in
    /// units of the coin's trailing volatility, and clipped at 5. In the first fold the first
    /// member stands alone.
    #[serde(rename = "ic_a_day")]
    IcADay,
    /// Each member has the same say: it is divided by the scale that its forecasts had in the folds
    /// before.
    Average,
    /// The plain mean of the forecasts as they are: for targets whose forecasts have a level, such as
    /// the logarithm of volatility.
    Mean,
    /// A mean of forecasts of `target.kind = "volatility"` in which a member's say follows from the
    /// QLIKE that it had on the last `ensemble.recent_days` of the folds before. In the first fold it is
    /// the plain mean.
    Qlike,
}

/// What weights are drawn to that are fitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Prior {
    /// The plain average of the members.
    #[default]
    Average,
    /// Nothing: the forecast is 0 until earlier folds show that a member is worth something, and
    /// 0 it is in the first fold.
    Zero,
}

impl Prior {
    /// The weight of each of so many members.
    pub fn weight(self, members: usize) -> f64 {
        match self {
            Self::Average => 1.0 / members as f64,
            Self::Zero => 0.0,
        }
    }
}

impl Method {
    /// Its name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stacked => "stacked",
            Self::IcADay => "ic_a_day",
            Self::Average => "average",
            Self::Mean => "mean",
            Self::Qlike => "qlike",
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

/// A season: long enough that a dozen weeks decide, short enough that the regime is the present one.
const RECENT_DAYS: f64 = 90.0;

/// Returns true for what is not written, so that the configs of older runs stay the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_default_recent(days: &f64) -> bool {
    *days == RECENT_DAYS
}

impl Default for EnsembleOptions {
    fn default() -> Self {
        Self {
            method: Method::Stacked,
            prior: Prior::default(),
            prior_events: 2000.0,
            standard_errors: 1.0,
            prior_days: 30.0,
            recent_days: RECENT_DAYS,
            rule: None,
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
        if !(self.standard_errors >= 0.0 && self.standard_errors.is_finite()) {
            return Err(anyhow!(
                "ensemble.standard_errors = {}: expected a number of at least 0",
                self.standard_errors
            )
            .hint("--set ensemble.standard_errors=1"));
        }
        if !(self.prior_days >= 0.0 && self.prior_days.is_finite()) {
            return Err(anyhow!(
                "ensemble.prior_days = {}: expected a number of at least 0",
                self.prior_days
            )
            .hint("--set ensemble.prior_days=30"));
        }
        if !(self.recent_days > 0.0 && self.recent_days.is_finite()) {
            return Err(anyhow!(
                "ensemble.recent_days = {}: expected a number above 0",
                self.recent_days
            )
            .hint("--set ensemble.recent_days=90"));
        }
        if self.prior != Prior::default() && self.method != Method::Stacked {
            return Err(anyhow!(
                "ensemble.prior = \"zero\" beside ensemble.method = \"{}\": expected \"stacked\", as no \
                 other method draws weights to a prior",
                self.method.name()
            )
            .hint("--set ensemble.prior=average, or --set ensemble.method=stacked"));
        }
        if let (Some(rule), Method::Stacked | Method::Average | Method::Mean | Method::Qlike) =
            (&self.rule, self.method)
        {
            return Err(anyhow!(
                "ensemble.rule = \"{rule}\" beside ensemble.method = \"{}\": expected \"ic_a_day\", as \
                 a rule's forecasts are in no unit of returns",
                self.method.name()
            )
            .hint("--set ensemble.method=ic_a_day"));
        }
        Ok(())
    }
}
