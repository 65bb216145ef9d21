//! What several panels show together: plain values that become one JSON object or tables.

use serde::Serialize;

use crate::report::{Concentrations, Interval};

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
    /// anew for each version of the score: [`AcrossFigure::against`] names it.
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
    /// How much of the first forecaster's score lies in how little time.
    pub concentration: Concentrations,
}

/// One forecaster's score, or its difference from another, in four versions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcrossFigures {
    /// The forecaster, or the one that is subtracted.
    pub name: String,
    /// Entry one bar later.
    pub delayed: AcrossFigure,
    /// Entry one bar later, market-neutral.
    pub delayed_neutral: AcrossFigure,
    /// The pooled Pearson correlation.
    pub pearson: AcrossFigure,
    /// Market-neutral.
    pub neutral: AcrossFigure,
}

impl AcrossFigures {
    /// The four versions, in the order of the tables.
    pub(crate) fn versions(&self) -> [&AcrossFigure; 4] {
        [
            &self.delayed,
            &self.delayed_neutral,
            &self.pearson,
            &self.neutral,
        ]
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
    /// Mean over folds.
    pub value: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<Interval>,
    /// The lowest and the highest fold.
    pub folds: Option<[f64; 2]>,
}
