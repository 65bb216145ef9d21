//! Controls: naive forecasts that any forecaster must beat.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Panel;

/// A column of the forecast table that controls are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlColumn {
    /// Name of the column.
    #[serde(rename = "column")]
    pub name: String,
    /// Which forecasts it makes.
    pub sign: ControlSign,
}

/// Which forecasts a [`ControlColumn`] makes. The negative of the column `x` is the control
/// `negated_x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlSign {
    /// The column itself.
    AsIs,
    /// The negative of the column.
    Negated,
    /// Both of them.
    Both,
}

/// Targets of a fold's usable training rows, one list a coin, in order of time.
pub type TrainingTargets = Vec<Vec<f64>>;

/// Values of all coins at some rows of a panel.
type RowFormula = dyn Fn(&Panel, Range<usize>) -> Vec<f64> + Send + Sync;

/// How a control is computed.
enum Formula {
    /// Values of all coins at some rows of a panel, `[rows, coins]` row-major; NaN where unknown.
    OfRows(Box<RowFormula>),
    /// One value a coin for all rows of a fold, `[coins]`; NaN where unknown.
    OfTraining(fn(&TrainingTargets) -> Vec<f64>),
}

/// A naive forecast of a target, known at t.
pub struct Control {
    /// Its column in the forecast table.
    pub column: ControlColumn,
    formula: Formula,
    history_bars: Option<usize>,
}

impl Control {
    /// A control of that name. `formula` computes it for all coins at some rows of a panel, `[rows,
    /// coins]` row-major, in the unit of the target; NaN where it is unknown.
    pub fn new(
        name: impl Into<String>,
        sign: ControlSign,
        formula: impl Fn(&Panel, Range<usize>) -> Vec<f64> + Send + Sync + 'static,
    ) -> Self {
        Self {
            column: ControlColumn {
                name: name.into(),
                sign,
            },
            formula: Formula::OfRows(Box::new(formula)),
            history_bars: None,
        }
    }

    /// A control of that name with one value a coin, `[coins]`, from the targets of the fold's
    /// training rows.
    pub fn of_training(
        name: impl Into<String>,
        sign: ControlSign,
        value: fn(&TrainingTargets) -> Vec<f64>,
    ) -> Self {
        Self {
            column: ControlColumn {
                name: name.into(),
                sign,
            },
            formula: Formula::OfTraining(value),
            history_bars: None,
        }
    }

    /// The same, known to be a function of exactly so many bars up to t, that of t included.
    pub fn with_history_bars(self, bars: usize) -> Self {
        Self {
            history_bars: Some(bars),
            ..self
        }
    }

    /// How many bars up to t its value at t is a function of, to the last bit; None where it does
    /// not say.
    pub fn history_bars(&self) -> Option<usize> {
        self.history_bars
    }

    /// A control of that name with the value that `value` has for a row and coin of a panel.
    pub fn of_each(
        name: impl Into<String>,
        sign: ControlSign,
        value: impl Fn(&Panel, usize, usize) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, sign, move |panel, rows| {
            let cells = rows.flat_map(|row| (0..panel.coins()).map(move |coin| (row, coin)));
            cells.map(|(row, coin)| value(panel, row, coin)).collect()
        })
    }

    /// Returns true for one whose values come from a fold's training rows.
    pub fn needs_training(&self) -> bool {
        matches!(self.formula, Formula::OfTraining(_))
    }

    /// Its values at `rows`, `[rows, coins]` row-major; NaN where unknown, and everywhere for one
    /// that needs a fold's training rows.
    pub fn values(&self, panel: &Panel, rows: Range<usize>) -> Vec<f64> {
        self.values_in_fold(panel, rows, &vec![Vec::new(); panel.coins()])
    }

    /// As [`Control::values`], with the targets of the fold's training rows.
    pub fn values_in_fold(
        &self,
        panel: &Panel,
        rows: Range<usize>,
        training: &TrainingTargets,
    ) -> Vec<f64> {
        match &self.formula {
            Formula::OfRows(formula) => formula(panel, rows),
            Formula::OfTraining(value) => value(training).repeat(rows.len()),
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}
