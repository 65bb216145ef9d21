//! The `[xgboost]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::growth::check_numbers;
use crate::{GrowthConfig, Inputs, StoppingProtocol, Validation};

/// Its name in configs.
const SECTION: &str = "xgboost";

/// The `[xgboost]` section, for `baseline.trees = "xgboost"`: what the trees see, when they stop
/// growing, and XGBoost's own parameters, which bear XGBoost's names. Trees grow on bins
/// (`tree_method = "hist"`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct XgboostConfig {
    /// What the trees see of a row.
    pub features: Inputs,
    /// For `xgboost.features = "windows"`: the mean and the standard deviation over each of these
    /// many bars.
    pub lookbacks: Vec<usize>,
    /// What decides early stopping; `--protocol` overrides it.
    pub protocol: StoppingProtocol,
    /// What early stopping looks at.
    pub validation: Validation,
    /// Most trees of a fold; with `target.fit = "parts"` of each part.
    pub rounds: usize,
    /// Trees stop growing after this many rounds without a better validation. `"off"` keeps all
    /// rounds.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<usize>")]
    pub patience: Option<usize>,
    /// Rows of each fold that SHAP contributions are computed for.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<usize>")]
    pub shap_rows: Option<usize>,
    /// XGBoost's `objective`: `reg:squarederror` is the squared error, `reg:absoluteerror` the
    /// absolute one. With `target.kind = "regime"` it is `multi:softprob` whatever stands here.
    pub objective: String,
    /// Share of each tree that is added.
    pub learning_rate: f64,
    /// Most splits from the root of a tree to a leaf.
    pub max_depth: u32,
    /// Least weight of a leaf, which is its number of rows for the squared error. The default makes
    /// full leaves, as returns are nearly all noise.
    pub min_child_weight: f64,
    /// Share of the rows that each tree is grown on.
    pub subsample: f64,
    /// Share of the features that each tree may use.
    pub colsample_bytree: f64,
    /// L2 penalty of leaf values.
    pub lambda: f64,
    /// Loss that a split must save.
    pub gamma: f64,
    /// Most bins of a feature.
    pub max_bin: u32,
    /// Seed of all random draws.
    pub seed: u32,
    /// Number of threads. Without it there are as many as the machine has cores. Forecasts are the
    /// same at the same number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nthread: Option<u32>,
}

impl Default for XgboostConfig {
    fn default() -> Self {
        Self {
            features: Inputs::Windows,
            lookbacks: vec![15, 60, 240, 512],
            protocol: StoppingProtocol::Honest,
            validation: Validation::L2,
            rounds: 10_000,
            patience: Some(50),
            shap_rows: Some(50),
            objective: "reg:squarederror".to_owned(),
            learning_rate: 0.05,
            max_depth: 5,
            min_child_weight: 500.0,
            subsample: 1.0,
            colsample_bytree: 1.0,
            lambda: 1.0,
            gamma: 0.0,
            max_bin: 256,
            seed: 1,
            nthread: None,
        }
    }
}

impl XgboostConfig {
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
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        let is_share = |value: f64| value > 0.0 && value <= 1.0;
        let share = "above 0, at most 1";
        let depth = f64::from(self.max_depth);
        let threads = self.nthread.unwrap_or(1);
        let numbers = [
            (
                "learning_rate",
                self.learning_rate,
                self.learning_rate > 0.0,
                "above 0",
            ),
            (
                "max_depth",
                depth,
                (1..=16).contains(&self.max_depth),
                "from 1 to 16",
            ),
            (
                "min_child_weight",
                self.min_child_weight,
                self.min_child_weight >= 0.0,
                "at least 0",
            ),
            ("subsample", self.subsample, is_share(self.subsample), share),
            (
                "colsample_bytree",
                self.colsample_bytree,
                is_share(self.colsample_bytree),
                share,
            ),
            ("lambda", self.lambda, self.lambda >= 0.0, "at least 0"),
            ("gamma", self.gamma, self.gamma >= 0.0, "at least 0"),
            (
                "max_bin",
                f64::from(self.max_bin),
                (2..=65_535).contains(&self.max_bin),
                "from 2 to 65535",
            ),
            (
                "seed",
                f64::from(self.seed),
                i32::try_from(self.seed).is_ok(),
                "from 0 to 2147483647",
            ),
            (
                "nthread",
                f64::from(threads),
                (1..=4096).contains(&threads),
                "from 1 to 4096",
            ),
        ];
        check_numbers(SECTION, &numbers)?;
        match self.objective.contains(char::is_whitespace) || self.objective.is_empty() {
            false => Ok(()),
            true => anyhow::bail!(
                "xgboost.objective is {:?}, expected a word such as reg:squarederror",
                self.objective
            ),
        }
    }

    /// What of it a model's forecasts may depend on. Trees are the same at the same number of
    /// threads only, but forecasts do not depend on it once they are grown.
    pub(crate) fn of_forecasts(&self) -> Self {
        Self {
            nthread: None,
            ..self.clone()
        }
    }

    /// The parameters as words `key=value`; the Python package trains the same model from them.
    /// `classes` is the number of classes, where these are forecast.
    pub(crate) fn parameters(&self, classes: Option<usize>) -> String {
        let objective = match classes {
            None => format!("objective={}", self.objective),
            Some(classes) => format!("objective=multi:softprob num_class={classes}"),
        };
        let threads = self
            .nthread
            .map_or(String::new(), |number| format!(" nthread={number}"));
        format!(
            "{objective} tree_method=hist learning_rate={} max_depth={} min_child_weight={} \
             subsample={} colsample_bytree={} lambda={} gamma={} max_bin={} seed={} \
             verbosity=0{threads}",
            self.learning_rate,
            self.max_depth,
            self.min_child_weight,
            self.subsample,
            self.colsample_bytree,
            self.lambda,
            self.gamma,
            self.max_bin,
            self.seed,
        )
    }
}
