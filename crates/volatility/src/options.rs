//! The `[volatility]` section.

use dataset::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::models::{Model, ModelSettings};
use crate::terms::{self, TERMS};
use crate::{Error, GarchOptions, ModelKind};

/// The `[volatility]` section: which classical model forecasts the target `volatility`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityOptions {
    /// The model. `split.refit_every` says how often it is fitted anew; without it there is one fit
    /// a fold.
    pub model: ModelKind,
    /// What `volatility.model = "log_har"` regresses on and `"term"` takes as it is, by name; `[]` is
    /// the model's own choice. A name begins with `l` for a logarithm of a volatility per day, then
    /// `rv` by returns, `pk` by Parkinson's range, `gk` by Garman and Klass's, `rs` by Rogers and
    /// Satchell's, `ab` by the mean size of returns or `neg` by falling prices, then the days, as in `lrv7`, or the hours, as in `lrv2h`. `day_` is of candles of a
    /// day made of the shorter bars, `market_` the mean over the coins. `level` and `lrv_level` are the
    /// levels of `har_range` and `har_intraday`, `lrv_long_level` that of up to two years of days,
    /// `lsame7`, `lsame22` and `lsame3w` are of the hours of the day that are to be forecast, on the last 7 or 22
    /// days or in the last 3 weeks,
    /// `downside` the share of falling prices in the last day's variance, `quarticity` the last day's,
    /// `lgarch` the volatility that a GARCH model of the coin's last year expects of the next 7 days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
    /// Which errors of training rows make the correction of levels, the intervals and the
    /// probabilities.
    #[serde(skip_serializing_if = "ResidualSource::is_default")]
    pub residuals: ResidualSource,
    /// `[volatility.garch]`: for `volatility.model = "garch"`.
    pub garch: GarchOptions,
}

/// Which errors of training rows a forecast is published with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResidualSource {
    /// Each row's by a fit that did not see its block of days: they are as large as those of new rows.
    #[default]
    OutOfBlock,
    /// Those of the fit to all training rows, which are a little too small.
    Training,
}

impl ResidualSource {
    /// Returns true for the default, which old files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// No variance depends on more of the past.
const MOST_ORDERS: usize = 5;

impl VolatilityOptions {
    /// The model that they name, under the config.
    pub(crate) fn init(&self, config: &Config) -> Box<dyn Model> {
        self.model.init(&ModelSettings {
            terms: &self.terms,
            garch: &self.garch,
            config,
        })
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Option`] or [`Error::Terms`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        self.check_terms()?;
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

    fn check_terms(&self) -> Result<(), Error> {
        let most = match self.model.name() {
            "log_har" => TERMS.len(),
            "term" => 1,
            _ => 0,
        };
        let unknown = self.terms.iter().find(|name| terms::named(name).is_none());
        let known = || TERMS.iter().map(|term| term.name);
        let (found, expected) = match unknown {
            Some(name) => (name.clone(), known().collect::<Vec<_>>().join(", ")),
            None if self.terms.len() > most => (
                self.terms.join(", "),
                format!("{most} terms at most for volatility.model = {}", self.model),
            ),
            None => return Ok(()),
        };
        Err(Error::Terms { found, expected })
    }
}
