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

/// Values of all coins at some rows of a panel, `[rows, coins]` row-major; NaN where unknown.
type Formula = Box<dyn Fn(&Panel, Range<usize>) -> Vec<f64> + Send + Sync>;

/// A naive forecast of a target, known at t.
pub struct Control {
    /// Its column in the forecast table.
    pub column: ControlColumn,
    formula: Formula,
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
            formula: Box::new(formula),
        }
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

    /// Its values at `rows`, `[rows, coins]` row-major; NaN where unknown.
    pub fn values(&self, panel: &Panel, rows: Range<usize>) -> Vec<f64> {
        (self.formula)(panel, rows)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}
