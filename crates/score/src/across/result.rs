//! What several panels show together: plain values that become one JSON object or tables.

use serde::Serialize;
use serde::ser::SerializeMap;
use statistics::ConfidenceInterval;

use crate::metrics::{ByMetric, Metric, MetricEntry, Value};
use crate::report::Concentrations;

/// The first forecaster's scores and differences on every panel, and their means over panels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Across {
    /// In the order given.
    pub panels: Vec<PanelSpan>,
    /// Bootstrap draws on each panel.
    pub draws: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Seed of the first panel's draws; every further panel has the next one.
    pub seed: u64,
    /// Scores of every forecaster, controls last.
    pub scores: Vec<AcrossFigures>,
    /// The first forecaster minus each other one that has a score somewhere.
    pub differences: Vec<AcrossFigures>,
    /// The first forecaster minus the control with the highest mean over panels, which is chosen
    /// anew for each metric: [`AcrossFigure::against`] names it.
    pub best_control: AcrossFigures,
    /// The first forecaster's days in other orders: the mean over orders, and as its interval the
    /// lowest to the highest.
    pub shuffled: AcrossFigures,
}

/// A panel's rows in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelSpan {
    /// Its name.
    pub name: String,
    /// Runs that were scored on it, in the order of the forecasters.
    pub runs: Vec<String>,
    /// Scored (time, symbol) pairs.
    pub rows: usize,
    /// Scored timestamps.
    pub times: usize,
    /// Number of coins among the rows.
    pub coins: usize,
    /// Numbers of the scored folds.
    pub fold_numbers: Vec<u32>,
    /// The first and the last scored time, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// How much of the first forecaster's scores lies in how little time.
    pub concentration: Concentrations,
}

/// One forecaster's scores, or their differences from another's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcrossFigures {
    /// The forecaster, or the one that is subtracted.
    pub name: String,
    /// True for a control, and for the difference from one.
    #[serde(skip)]
    pub is_control: bool,
    /// The figure of each metric that forecasters are compared by.
    #[serde(flatten)]
    pub figures: ByMetric<AcrossFigure>,
}

impl AcrossFigures {
    /// The figure of a metric; None where it is not compared.
    pub fn figure(&self, metric: &str) -> Option<&AcrossFigure> {
        self.figures.get(metric)
    }
}

impl MetricEntry for AcrossFigure {
    fn write<M: SerializeMap>(&self, metric: &Metric, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(metric.name, self)
    }
}

/// One figure on every panel, and its mean over panels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcrossFigure {
    /// What is subtracted; None for a score, and where no control has one.
    pub against: Option<String>,
    /// In the order of the panels.
    pub panels: Vec<PanelFigure>,
    /// Mean over panels, undefined where a panel's is; its folds are those of all panels.
    pub all: PanelFigure,
}

/// One figure on one panel: what is undefined is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct PanelFigure {
    /// The value itself.
    pub value: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<ConfidenceInterval>,
    /// The value in units of its standard error, of metrics that have one; None over all panels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t: Option<f64>,
    /// The lowest and the highest fold.
    pub folds: Option<[f64; 2]>,
}

impl PanelFigure {
    /// What tables print of it.
    pub fn summary(&self) -> Value {
        Value {
            value: self.value,
            interval: self.interval,
            t: self.t,
        }
    }
}

impl AcrossFigure {
    /// A figure that is undefined on every panel.
    pub(super) fn unknown(panels: usize) -> Self {
        Self {
            against: None,
            panels: vec![PanelFigure::default(); panels],
            all: PanelFigure::default(),
        }
    }
}
