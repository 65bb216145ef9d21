//! A control of the target as a model.

use dataset::Control;

use super::model::{Model, ModelSettings};
use crate::observations::Observations;
use crate::training::Training;
use crate::{Error, Parameters};

/// A naive forecast, as it is.
#[derive(Debug)]
pub(super) struct AsControl {
    description: &'static str,
    control: Option<Control>,
}

impl AsControl {
    /// The target's control of that name.
    pub fn new(settings: &ModelSettings<'_>, name: &str, description: &'static str) -> Self {
        Self {
            description,
            control: settings.control(name),
        }
    }

    /// Its values at some rows, `[rows, coins]`; NaN where unknown.
    pub fn values(&self, seen: &Observations<'_>, rows: &[usize]) -> Vec<f64> {
        let (Some(control), Some(first), Some(last)) = (&self.control, rows.first(), rows.last())
        else {
            return vec![f64::NAN; rows.len() * seen.coins()];
        };
        let values = control.values(seen.panel(), *first..last + 1);
        let coins = seen.coins();
        let of_row = |row: &usize| &values[(row - first) * coins..(row - first + 1) * coins];
        rows.iter().flat_map(of_row).copied().collect()
    }
}

impl Model for AsControl {
    fn description(&self) -> &'static str {
        self.description
    }

    fn is_corrected(&self) -> bool {
        false
    }

    fn history_bars(&self) -> usize {
        let bars = self.control.as_ref().and_then(Control::history_bars);
        bars.unwrap_or(1)
    }

    fn fit(&self, _: &Training<'_>) -> Result<Parameters, Error> {
        Ok(Parameters::default())
    }

    fn forecast(&self, _: (&Parameters, i64), seen: &Observations<'_>, rows: &[usize]) -> Vec<f64> {
        self.values(seen, rows)
    }
}
