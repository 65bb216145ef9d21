//! The `[lightgbm]` section, and the whole config of a run.

use std::collections::BTreeMap;

use anyhow::anyhow;
use cli::{ConfigTable, WithHint};
use dataset::{Config, RunConfig, TabularFeatures};
use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Library;

/// What `run.kind` says of a run of `baseline`.
pub(crate) const KIND: &str = "lightgbm";

/// All sections that `baseline` reads: the content of a run's run.toml.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineConfig {
    /// What wrote the run.
    pub run: RunConfig,
    /// The shared sections.
    #[serde(flatten)]
    pub shared: Config,
    /// `[lightgbm]`
    pub lightgbm: LightGbmConfig,
}

/// The `[lightgbm]` section: what the trees see, when they stop growing, and LightGBM's own
/// parameters, which bear LightGBM's names and are handed on as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LightGbmConfig {
    /// What the trees see of a row.
    pub features: Inputs,
    /// For `lightgbm.features = "windows"`: the mean and the standard deviation over each of these
    /// many bars. They are counts and no times, as the columns are named after them. The default,
    /// in minutes, are a quarter of an hour, an hour, four hours and the network's whole window.
    pub lookbacks: Vec<usize>,
    /// What decides early stopping; `--protocol` overrides it.
    pub protocol: StoppingProtocol,
    /// What early stopping looks at.
    pub validation: Validation,
    /// Most trees of a fold; with `target.fit = "parts"` of each part.
    pub rounds: usize,
    /// Trees stop growing after this many rounds without a better validation. `"off"` keeps all
    /// rounds, and `split.early_stopping_share = 0` then leaves all of the training time to train
    /// on.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<usize>")]
    pub patience: Option<usize>,
    /// Rows of each fold that SHAP contributions are computed for. A row takes a hundredth of a
    /// second with a few hundred trees, so that many more would cost more than the training.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<usize>")]
    pub shap_rows: Option<usize>,
    /// LightGBM's `objective`: `regression` is the squared error, `regression_l1` the absolute one.
    pub objective: String,
    /// Share of each tree that is added.
    pub learning_rate: f64,
    /// Most leaves of a tree. The default makes small trees, as returns are nearly all noise.
    pub num_leaves: u32,
    /// Least rows of a leaf. The default makes full leaves, as returns are nearly all noise.
    pub min_data_in_leaf: u32,
    /// Share of the features that each tree may use.
    pub feature_fraction: f64,
    /// Share of the rows that each tree is grown on, drawn anew every `bagging_freq` rounds.
    pub bagging_fraction: f64,
    /// Rounds from one draw of rows to the next.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<u32>")]
    pub bagging_freq: Option<u32>,
    /// L2 penalty of leaf values.
    pub lambda_l2: f64,
    /// Most bins of a feature.
    pub max_bin: u32,
    /// Seed of all random draws.
    pub seed: u32,
    /// Number of threads. Without it there are as many as the machine has cores.
    #[serde(
        deserialize_with = "above_zero",
        skip_serializing_if = "Option::is_none"
    )]
    pub num_threads: Option<u32>,
    /// Whether the model is the same whatever the number of threads.
    pub deterministic: bool,
    /// Any other parameters of LightGBM, by its names.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub more: BTreeMap<String, toml::Value>,
}

/// The records of older versions' models have 0 where there is no number now.
fn above_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|number| *number > 0))
}

impl Default for LightGbmConfig {
    fn default() -> Self {
        Self {
            features: Inputs::Windows,
            lookbacks: vec![15, 60, 240, 512],
            protocol: StoppingProtocol::Honest,
            validation: Validation::L2,
            rounds: 10_000,
            patience: Some(50),
            shap_rows: Some(50),
            objective: "regression".to_owned(),
            learning_rate: 0.05,
            num_leaves: 31,
            min_data_in_leaf: 500,
            feature_fraction: 1.0,
            bagging_fraction: 1.0,
            bagging_freq: None,
            lambda_l2: 0.0,
            max_bin: 255,
            seed: 1,
            num_threads: None,
            deterministic: true,
            more: BTreeMap::new(),
        }
    }
}

/// What the trees see of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// The features of the row alone.
    Row,
    /// The features of the row, and their statistics over the windows that end there.
    Windows,
}

/// What decides early stopping.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum StoppingProtocol {
    /// The last part of the training time, which is not trained on.
    Honest,
    /// Four blocks of the training time, each forecast by trees that were grown on the others: the
    /// number of trees, up to `lightgbm.rounds`, with the least mean error is then grown on all of
    /// it. It takes `split.early_stopping_share = 0`, and `lightgbm.patience` decides nothing.
    Blocks,
    /// The scored fold itself, as many published results have it: optimistic, for comparison with
    /// them only.
    Seed,
}

/// What early stopping looks at, on the validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Validation {
    /// Mean squared error; lower is better.
    #[serde(rename = "l2")]
    L2,
    /// Pearson correlation over all rows.
    #[serde(rename = "pearson")]
    Pearson,
    /// Mean over timestamps of Spearman's correlation across coins.
    #[serde(rename = "rank_ic")]
    RankIc,
}

/// Parameters that have a key of their own, which `more` may not set.
const OWN: [(&str, &str); 16] = [
    ("objective", "objective"),
    ("learning_rate", "learning_rate"),
    ("num_leaves", "num_leaves"),
    ("min_data_in_leaf", "min_data_in_leaf"),
    ("feature_fraction", "feature_fraction"),
    ("bagging_fraction", "bagging_fraction"),
    ("bagging_freq", "bagging_freq"),
    ("lambda_l2", "lambda_l2"),
    ("max_bin", "max_bin"),
    ("seed", "seed"),
    ("num_threads", "num_threads"),
    ("deterministic", "deterministic"),
    ("num_iterations", "rounds"),
    ("early_stopping_round", "patience"),
    ("metric", "validation"),
    ("verbosity", "nothing: it stays quiet"),
];

/// Parameters whose models [`crate::lightgbm::check_text`] does not know.
const UNREAD: [&str; 2] = ["linear_tree", "categorical_feature"];

impl BaselineConfig {
    /// Types and checks all sections.
    ///
    /// # Errors
    /// A usage error that names the section, the key, the value found and what is expected.
    pub fn new(table: &ConfigTable, library: &Library) -> anyhow::Result<Self> {
        let run: RunConfig = table.section("run")?;
        let mut config = Self {
            run: if run == RunConfig::default() {
                RunConfig {
                    kind: KIND.to_owned(),
                    forecaster: "lightgbm".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                }
            } else {
                run
            },
            shared: table.parse()?,
            lightgbm: table.section("lightgbm")?,
        };
        config.shared.validate().map_err(cli::usage)?;
        config
            .lightgbm
            .validate(config.shared.split.early_stopping_share)
            .map_err(cli::usage)?;
        config.lightgbm.check_more(library).map_err(cli::usage)?;
        config.set_name();
        Ok(config)
    }

    /// Names the run in tables, so that an optimistic score or a control is never taken for
    /// something else.
    pub(crate) fn set_name(&mut self) {
        let protocol = if self.lightgbm.protocol == StoppingProtocol::Seed {
            "_seed"
        } else {
            ""
        };
        self.run.kind = KIND.to_owned();
        self.run.forecaster = format!("lightgbm{protocol}{}", self.shared.target.name_suffix());
    }

    /// What the trees see.
    pub fn features(&self) -> TabularFeatures {
        self.features_of(self.shared.data.interval)
    }

    /// What the trees see of a panel of bars of that length.
    pub fn features_of(&self, interval: Interval) -> TabularFeatures {
        let chosen = self.shared.features.chosen(interval);
        match self.lightgbm.features {
            Inputs::Row => TabularFeatures::new(chosen, &[]),
            Inputs::Windows => TabularFeatures::new(chosen, &self.lightgbm.lookbacks),
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

impl LightGbmConfig {
    #[expect(clippy::too_many_lines, reason = "one entry a key")]
    fn validate(&self, early_stopping_share: f64) -> anyhow::Result<()> {
        let shortest = self.lookbacks.iter().copied().min().unwrap_or(0);
        let longest = self.lookbacks.iter().copied().max().unwrap_or(0);
        let is_windows = self.features == Inputs::Windows;
        let is_share = |value: f64| value > 0.0 && value <= 1.0;
        // LightGBM counts in 32 bits with a sign.
        let is_int = |value: u32| i32::try_from(value).is_ok();
        let to_int = "from 0 to 2147483647";
        let checks = [
            (
                "lookbacks.len()",
                self.lookbacks.len() as f64,
                self.lookbacks.len() <= 100,
                "of at most 100 lookbacks",
            ),
            (
                "patience",
                self.patience.unwrap_or_default() as f64,
                self.patience.is_none_or(|rounds| rounds <= 1_000_000),
                "from 1 to 1000000, or \"off\"",
            ),
            (
                "shap_rows",
                self.shap_rows.unwrap_or_default() as f64,
                self.shap_rows.is_none_or(|rows| rows <= 1_000_000),
                "from 1 to 1000000, or \"off\"",
            ),
            (
                "min_data_in_leaf",
                f64::from(self.min_data_in_leaf),
                is_int(self.min_data_in_leaf),
                to_int,
            ),
            (
                "bagging_freq",
                f64::from(self.bagging_freq.unwrap_or_default()),
                self.bagging_freq.is_none_or(is_int),
                "from 1 to 2147483647, or \"off\"",
            ),
            ("seed", f64::from(self.seed), is_int(self.seed), to_int),
            (
                "num_threads",
                f64::from(self.num_threads.unwrap_or_default()),
                self.num_threads.is_none_or(|threads| threads <= 4096),
                "from 1 to 4096",
            ),
            (
                "lookbacks",
                shortest as f64,
                !is_windows || (shortest > 1 && longest <= 100_000),
                "of 2 to 100000 bars",
            ),
            (
                "rounds",
                self.rounds as f64,
                (1..=1_000_000).contains(&self.rounds),
                "from 1 to 1000000",
            ),
            (
                "learning_rate",
                self.learning_rate,
                self.learning_rate > 0.0,
                "above 0",
            ),
            (
                "num_leaves",
                f64::from(self.num_leaves),
                (2..=131_072).contains(&self.num_leaves),
                "from 2 to 131072",
            ),
            (
                "feature_fraction",
                self.feature_fraction,
                is_share(self.feature_fraction),
                "above 0, at most 1",
            ),
            (
                "bagging_fraction",
                self.bagging_fraction,
                is_share(self.bagging_fraction),
                "above 0, at most 1",
            ),
            (
                "lambda_l2",
                self.lambda_l2,
                self.lambda_l2 >= 0.0,
                "at least 0",
            ),
            (
                "max_bin",
                f64::from(self.max_bin),
                (2..=65_535).contains(&self.max_bin),
                "from 2 to 65535",
            ),
        ];
        for (key, found, usable, expected) in checks {
            if !(usable && found.is_finite()) {
                return Err(
                    anyhow!("lightgbm.{key} = {found}: expected a number {expected}").hint(
                        format!("change it in the config file or with --set lightgbm.{key}=VALUE"),
                    ),
                );
            }
        }
        if self.protocol == StoppingProtocol::Blocks && early_stopping_share > 0.0 {
            return Err(anyhow!(
                "split.early_stopping_share = {early_stopping_share}: expected 0 with \
                 lightgbm.protocol = \"blocks\", which holds back nothing"
            )
            .hint("--set split.early_stopping_share=0"));
        }
        if self.protocol == StoppingProtocol::Honest
            && early_stopping_share == 0.0
            && self.patience.is_some()
        {
            return Err(anyhow!(
                "the honest protocol needs an early-stopping slice, but \
                 split.early_stopping_share is 0"
            )
            .hint(
                "--set split.early_stopping_share=0.15, or --set lightgbm.patience=off, \
                 which keeps all rounds",
            ));
        }
        Ok(())
    }

    /// Rounds without a better validation after which trees stop growing; None keeps all rounds.
    pub(crate) fn patience(&self) -> Option<usize> {
        match self.protocol {
            StoppingProtocol::Honest | StoppingProtocol::Seed => self.patience,
            StoppingProtocol::Blocks => None,
        }
    }

    /// What of it a model's forecasts may depend on: all but how many threads there are.
    pub(crate) fn of_forecasts(&self) -> Self {
        Self {
            num_threads: None,
            ..self.clone()
        }
    }

    /// LightGBM only warns of a parameter that it does not know; here a typo is an error.
    fn check_more(&self, library: &Library) -> anyhow::Result<()> {
        let names = library.parameter_names()?;
        for (key, value) in &self.more {
            let Some(name) = names.get(key) else {
                return Err(anyhow!(
                    "lightgbm.more.{key}: LightGBM {} has no such parameter",
                    crate::VERSION
                )
                .hint("its documentation lists them under Parameters"));
            };
            if let Some((_, own)) = OWN.iter().find(|(own, _)| own == name) {
                return Err(anyhow!(
                    "lightgbm.more.{key} is {name} of LightGBM, which [lightgbm] has a key for"
                )
                .hint(format!("set {own} instead")));
            }
            if UNREAD.contains(&name.as_str()) && *value != toml::Value::Boolean(false) {
                return Err(anyhow!(
                    "lightgbm.more.{key} is {value}, expected none, as only the text of \
                     plain splits and leaves is checked before it is read again"
                )
                .hint(format!("leave {key} out")));
            }
            parameter_text(key, value)?;
        }
        Ok(())
    }

    /// The parameters as LightGBM's C interface takes them; the Python package trains the same
    /// model from them.
    pub fn parameters(&self) -> anyhow::Result<String> {
        let mut parameters = vec![
            format!("objective={}", self.objective),
            "metric=l2".to_owned(),
            format!("num_iterations={}", self.rounds),
            format!("learning_rate={}", self.learning_rate),
            format!("num_leaves={}", self.num_leaves),
            format!("min_data_in_leaf={}", self.min_data_in_leaf),
            format!("feature_fraction={}", self.feature_fraction),
            format!("bagging_fraction={}", self.bagging_fraction),
            format!("bagging_freq={}", self.bagging_freq.unwrap_or(0)),
            format!("lambda_l2={}", self.lambda_l2),
            format!("max_bin={}", self.max_bin),
            format!("seed={}", self.seed),
            format!("num_threads={}", self.num_threads.unwrap_or(0)),
            "verbosity=-1".to_owned(),
        ];
        if self.deterministic {
            parameters.extend(["deterministic=true", "force_row_wise=true"].map(str::to_owned));
        }
        for (key, value) in &self.more {
            parameters.push(format!("{key}={}", parameter_text(key, value)?));
        }
        Ok(parameters.join(" "))
    }
}

fn parameter_text(key: &str, value: &toml::Value) -> anyhow::Result<String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            value.to_string()
        }
        toml::Value::Array(values) => values
            .iter()
            .map(|value| parameter_text(key, value))
            .collect::<anyhow::Result<Vec<_>>>()?
            .join(","),
        toml::Value::Table(_) | toml::Value::Datetime(_) => String::new(),
    };
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(anyhow!(
            "lightgbm.more.{key} = {value}: expected a number, true, false, a word \
             or a list of these"
        )
        .hint("LightGBM's documentation lists what each parameter takes"));
    }
    Ok(text)
}
