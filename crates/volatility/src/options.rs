//! The `[volatility]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, GarchOptions, ModelKind};

/// The `[volatility]` section: which classical model forecasts the target `volatility`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityOptions {
    /// The model. `split.refit_every` says how often it is fitted anew; without it there is one fit
    /// a fold.
    pub model: ModelKind,
    /// `[volatility.garch]`: for `volatility.model = "garch"`.
    pub garch: GarchOptions,
}

/// No variance depends on more of the past.
const MOST_ORDERS: usize = 5;

impl VolatilityOptions {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Option`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let GarchOptions {
            arch_order,
            garch_order,
            least_returns,
            ..
        } = self.garch;
        let orders = (1, MOST_ORDERS);
        let values = [
            ("volatility.garch.arch_order", arch_order, orders),
            (
                "volatility.garch.garch_order",
                garch_order,
                (0, MOST_ORDERS),
            ),
            (
                "volatility.garch.least_returns",
                least_returns,
                (100, 100_000),
            ),
        ];
        let is_wrong =
            |(_, value, (least, most)): &(_, usize, (usize, usize))| value < least || value > most;
        match values.into_iter().find(is_wrong) {
            Some((key, found, (least, most))) => Err(Error::Option {
                key,
                found,
                least,
                most,
            }),
            None => Ok(()),
        }
    }
}
