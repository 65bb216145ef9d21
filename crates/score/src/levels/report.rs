//! What a report says of forecasts of volatility beside their metrics.

use std::collections::BTreeMap;

use serde::Serialize;
use statistics::ConfidenceInterval;

/// One forecaster's volatilities and classes in detail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelScore {
    /// Probability value of the Model Confidence Set by QLIKE: forecasters below .1 are not in the
    /// set that holds the best one with 90 % confidence. None of an oracle, which is no candidate,
    /// and without intervals.
    pub mcs_p: Option<f64>,
    /// The metrics that forecasters are compared by, in each fold.
    pub folds: BTreeMap<&'static str, Vec<Option<f64>>>,
    /// Ten bins of equal count by the forecast volatility, lowest first.
    pub bins: Vec<LevelBin>,
    /// Quantiles of the log of realized over forecast volatility: what share of the rows is below,
    /// and the quantile.
    pub errors: Vec<[f64; 2]>,
    /// The classes, where the forecaster has them.
    #[serde(flatten)]
    pub regimes: Option<RegimeScore>,
    /// The probabilities of volatilities above a level; not there where the forecaster has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<AboveScore>,
    /// Each coin, by name.
    pub coins: Vec<CoinLevel>,
}

impl LevelScore {
    /// The multiple of the forecast below which this share of the realized volatilities is; None of a share
    /// that is not among [`Self::errors`].
    pub fn quotient_at(&self, share: f64) -> Option<f64> {
        let found = self.errors.iter().find(|one| (one[0] - share).abs() < 1e-9);
        found.map(|one| one[1].exp())
    }
}

/// Rows whose forecasts are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelBin {
    /// Number of rows.
    pub rows: usize,
    /// Mean forecast volatility per day.
    pub forecast: f64,
    /// Mean realized volatility per day.
    pub realized: f64,
    /// Interval of the latter.
    pub interval: Option<ConfidenceInterval>,
}

/// One forecaster's classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegimeScore {
    /// Rows by the class that came (outer) and the likeliest class (inner): Low, Medium, High.
    pub confusion: [[usize; 3]; 3],
    /// Each class.
    pub classes: Vec<ClassScore>,
}

/// How well a class is forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScore {
    /// `Low`, `Medium` or `High`.
    pub name: &'static str,
    /// Rows that came as it.
    pub rows: usize,
    /// Their share of all.
    pub share: f64,
    /// Share of the rows forecast as it that came as it; None where none was.
    pub precision: Option<f64>,
    /// Share of the rows that came as it that were forecast as it; None where none came.
    pub recall: Option<f64>,
    /// Harmonic mean of both; 0 of a class that neither came nor was forecast.
    pub f1: f64,
    /// Area under the ROC curve of its probability.
    pub auc: Option<f64>,
    /// Its probability in bins of a tenth against how often it came.
    pub reliability: Vec<ProbabilityBin>,
    /// Precision and recall where it is called at a probability or more, from the highest probability at
    /// which a twentieth of the class is found to that at which all of it is.
    pub precision_recall: Vec<CallScore>,
}

/// A class that is called wherever its probability is high enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CallScore {
    /// Least probability at which it is called.
    pub threshold: f64,
    /// Share of the calls at which it came.
    pub precision: f64,
    /// Share of the rows that came as it that were called.
    pub recall: f64,
}

/// How well it is forecast whether the volatility will be above a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AboveScore {
    /// The level, a volatility per day.
    pub level: f64,
    /// Rows whose probability is known.
    pub rows: usize,
    /// Share of them that came above the level.
    pub share: f64,
    /// Mean of (probability - 1 if it came above the level, else 0)^2.
    pub brier: f64,
    /// The same of the share of the rows that came above as the probability of all of them, which nobody knows
    /// before.
    pub brier_of_share: f64,
    /// Mean of minus the log of the probability of what came, which counts as at least 1e-15.
    pub log_loss: f64,
    /// Mean distance of the probabilities, in bins of a tenth, from the shares that came.
    pub ece: f64,
    /// Area under the ROC curve; None where all or none came above.
    pub auc: Option<f64>,
    /// The probability in bins of a tenth against how often it came.
    pub reliability: Vec<ProbabilityBin>,
}

/// Rows whose probabilities of a class are in one tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ProbabilityBin {
    /// Number of rows.
    pub rows: usize,
    /// Mean probability.
    pub probability: f64,
    /// Share of the rows that came as the class.
    pub share: f64,
    /// Interval of the share.
    pub interval: Option<ConfidenceInterval>,
}

/// One coin's volatility over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinLevel {
    /// The coin.
    pub symbol: String,
    /// Number of rows.
    pub rows: usize,
    /// Mean realized volatility per day.
    pub realized: f64,
    /// Mean forecast volatility per day.
    pub forecast: f64,
    /// Mean QLIKE.
    pub qlike: f64,
    /// Root of the mean squared error of the volatility.
    pub rmse: f64,
    /// R2 over time; None of a constant volatility.
    pub r2: Option<f64>,
    /// Spearman's correlation over time.
    pub spearman: Option<f64>,
    /// Quantiles of the log of realized over forecast volatility: what share of the rows is below, and the
    /// quantile.
    pub errors: Vec<[f64; 2]>,
    /// Share of the rows whose class is the likeliest one; None where no classes are known.
    pub accuracy: Option<f64>,
    /// Area under the ROC curve of the probability of High.
    pub auc_high: Option<f64>,
}
