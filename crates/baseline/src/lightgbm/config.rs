//! The `[lightgbm]` section.

use std::collections::BTreeMap;

use anyhow::anyhow;
use cli::WithHint;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Library, VERSION};
use crate::growth::check_numbers;
use crate::{GrowthConfig, Inputs, StoppingProtocol, Validation};

/// Its name in configs.
const SECTION: &str = "lightgbm";

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
    /// With `target.kind = "regime"` it is `multiclass` whatever stands here.
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

/// Parameters whose models [`check_text`](super::check_text) does not know.
const UNREAD: [&str; 2] = ["linear_tree", "categorical_feature"];

impl LightGbmConfig {
    /// What it says of how trees grow.
    pub(crate) fn growth(&self) -> GrowthConfig {
        GrowthConfig {
            features: self.features,
            lookbacks: self.lookbacks.clone(),
            protocol: self.protocol,
            validation: self.validation,
            rounds: self.rounds,
            patience: self.patience,
            shap_rows: self.shap_rows.unwrap_or(0),
        }
    }

    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// A key, the value found and what is expected.
    #[expect(clippy::too_many_lines, reason = "one entry a key")]
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        let is_share = |value: f64| value > 0.0 && value <= 1.0;
        // LightGBM counts in 32 bits with a sign.
        let is_int = |value: u32| i32::try_from(value).is_ok();
        let to_int = "from 0 to 2147483647";
        check_numbers(
            SECTION,
            &[
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
            ],
        )
    }

    /// What of it a model's forecasts may depend on: all but how many threads there are.
    pub(crate) fn of_forecasts(&self) -> Self {
        Self {
            num_threads: None,
            ..self.clone()
        }
    }

    /// LightGBM only warns of a parameter that it does not know; here a typo is an error.
    pub(crate) fn check_more(&self, library: &Library) -> anyhow::Result<()> {
        let names = library.parameter_names()?;
        for (key, value) in &self.more {
            let Some(name) = names.get(key) else {
                return Err(anyhow!(
                    "lightgbm.more.{key}: LightGBM {} has no such parameter",
                    VERSION
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
    /// model from them. `classes` is the number of classes, where these are forecast.
    pub(crate) fn parameters(&self, classes: Option<usize>) -> anyhow::Result<String> {
        let [objective, metric] = match classes {
            None => [
                format!("objective={}", self.objective),
                "metric=l2".to_owned(),
            ],
            Some(classes) => [
                format!("objective=multiclass num_class={classes}"),
                "metric=multi_logloss".to_owned(),
            ],
        };
        let mut parameters = vec![
            objective,
            metric,
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
