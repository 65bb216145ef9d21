//! Coefficients, their file, and forecasts.

use std::ops::Range;
use std::path::Path;

use dataset::{FeatureMatrix, FeatureSet, Features, Panel, format_time};
use market::Interval;
use run::Explanation;
use serde::{Deserialize, Serialize};

use crate::coefficients::{Coefficients, Part};
use crate::terms::{FeatureIndices, Term};
use crate::units::units;
use crate::{Error, RidgeOptions};

/// Version of the file.
const FORMAT: u32 = 1;

/// Coefficients of all refits of a span: all that a forecast needs beside candles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RidgeModel {
    pub(crate) format: u32,
    /// Version of the feature set `relative`.
    pub(crate) feature_version: u32,
    pub(crate) interval: Interval,
    pub(crate) horizon_bars: usize,
    pub(crate) options: RidgeOptions,
    pub(crate) own_terms: Vec<Term>,
    pub(crate) market_terms: Vec<Term>,
    /// In order of time.
    pub(crate) refits: Vec<Refit>,
}

/// Coefficients from one time to the next refit's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refit {
    /// First open time that they are for, UTC ms; every target that they know was known by then.
    pub from_ms: i64,
    /// Number of rows and coins that they were fitted to.
    pub rows: u64,
    /// Of the coins' own parts, by term. Of 32 bits, which JSON holds exactly.
    pub own: Vec<f32>,
    /// Of the market's part, by term.
    pub market: Vec<f32>,
    /// What the market's part is multiplied with, from 0 to 1, by what it was worth before.
    pub market_share: f32,
}

impl RidgeModel {
    pub(crate) fn new(
        interval: Interval,
        horizon_bars: usize,
        options: RidgeOptions,
        refits: Vec<Refit>,
    ) -> Self {
        let features = Features::all(FeatureSet::RELATIVE);
        Self {
            format: FORMAT,
            feature_version: features.set().version(),
            interval,
            horizon_bars,
            options,
            own_terms: Term::own(&features.names()),
            market_terms: Term::market(&features.names()),
            refits,
        }
    }

    /// The refits, in order of time.
    pub fn refits(&self) -> &[Refit] {
        &self.refits
    }

    /// The coefficients for forecasts at these open times, UTC ms, half-open.
    pub(crate) fn of_times(&self, times: Range<i64>) -> Self {
        let after = self
            .refits
            .partition_point(|refit| refit.from_ms <= times.start);
        let refits = self.refits.iter().skip(after.saturating_sub(1));
        let refits = refits.take_while(|refit| refit.from_ms < times.end);
        Self {
            refits: refits.cloned().collect(),
            ..self.clone()
        }
    }

    /// How many rows up to t, its own included, a forecast at t is a function of.
    pub fn history_bars(&self) -> usize {
        self.features().warm_up_bars()
    }

    pub(crate) fn features(&self) -> Features {
        Features::all(FeatureSet::RELATIVE).of_bars(self.interval)
    }

    /// The forecasts of all coins at some rows of a panel, `[rows, coins]`, in the target's unit: a
    /// coin's own part and the market's, each times the coin's trailing volatility. Where there is
    /// none, the reason.
    ///
    /// A forecast is a function of exactly its last [`RidgeModel::history_bars`] rows, bit for bit.
    pub fn forecast(&self, panel: &Panel, rows: &[usize]) -> Vec<Result<f64, String>> {
        let mut forecasts = Vec::with_capacity(rows.len() * panel.coins());
        for stretch in rows.chunk_by(|before, row| before + 1 == *row) {
            let span = stretch[0]..stretch[stretch.len() - 1] + 1;
            let features = self.features().compute(panel, span.clone());
            let units = units(panel, span, self.horizon_bars);
            for (i, (&row, units)) in stretch.iter().zip(units.chunks(panel.coins())).enumerate() {
                forecasts.extend(self.of_row(panel, row, &features, i, units));
            }
        }
        forecasts
    }

    /// The forecasts at one row of the panel, which is row `i` of the features.
    fn of_row(
        &self,
        panel: &Panel,
        row: usize,
        features: &FeatureMatrix,
        i: usize,
        units: &[f64],
    ) -> Vec<Result<f64, String>> {
        let at = match self.at_time(panel.time_ms(row)) {
            Ok(at) => at,
            Err(reason) => return vec![Err(reason); panel.coins()],
        };
        at.forecasts(&cells(panel, row, (features, i)), units)
    }

    /// The coefficients for a time, UTC ms.
    ///
    /// # Errors
    /// A time that none are fitted for; a feature that the set does not have.
    pub(crate) fn at_time(&self, time_ms: i64) -> Result<Coefficients<'_>, String> {
        let after = self
            .refits
            .partition_point(|refit| refit.from_ms <= time_ms);
        let Some(refit) = after.checked_sub(1).map(|last| &self.refits[last]) else {
            let time = format_time(time_ms);
            return Err(format!("no coefficients are fitted for {time} or before"));
        };
        let names = self.features().names();
        let part = |terms, coefficients| {
            let unknown = |name: String| format!("the set relative has no feature {name}");
            let places = FeatureIndices::of(terms, &names).map_err(unknown)?;
            Ok::<_, String>(Part {
                terms,
                places,
                coefficients,
            })
        };
        Ok(Coefficients {
            own: part(&self.own_terms, &refit.own)?,
            market: part(&self.market_terms, &refit.market)?,
            market_share: f64::from(refit.market_share),
        })
    }

    /// What each term added to the forecasts of all coins at a row of a panel; None for a coin without
    /// one.
    pub(crate) fn explain(&self, panel: &Panel, row: usize) -> Vec<Option<Explanation>> {
        let Ok(at) = self.at_time(panel.time_ms(row)) else {
            return vec![None; panel.coins()];
        };
        let features = self.features().compute(panel, row..row + 1);
        let units = units(panel, row..row + 1, self.horizon_bars);
        at.explanations(&cells(panel, row, (&features, 0)), &units)
    }

    /// The file's content, JSON.
    pub fn to_json(&self) -> String {
        // Names and numbers: nothing that JSON lacks, as coefficients are finite.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads a file's content; `file` is named in errors.
    ///
    /// # Errors
    /// Text that is no such file, of another version, or whose coefficients do not fit its terms.
    pub fn from_json(text: &str, file: &Path) -> Result<Self, Error> {
        let wrong = |what: &str, found: String, expected: String| Error::File {
            file: file.to_owned(),
            what: what.to_owned(),
            found,
            expected,
        };
        let fitted: Self = serde_json::from_str(text)
            .map_err(|error| wrong("JSON", error.to_string(), "coefficients of a ridge".into()))?;
        let version = fitted.features().set().version();
        for (what, found, expected) in [
            ("format", fitted.format, FORMAT),
            ("feature_version", fitted.feature_version, version),
        ] {
            if found != expected {
                return Err(wrong(what, found.to_string(), expected.to_string()));
            }
        }
        let names = fitted.features().names();
        for terms in [&fitted.own_terms, &fitted.market_terms] {
            FeatureIndices::of(terms, &names).map_err(|name| {
                wrong("a term's feature", name, "one of the set relative".into())
            })?;
        }
        let (own, market) = (fitted.own_terms.len(), fitted.market_terms.len());
        for refit in &fitted.refits {
            let numbers = refit.own.iter().chain(&refit.market);
            let is_fitting = refit.own.len() == own && refit.market.len() == market;
            if !is_fitting || !numbers.chain([&refit.market_share]).all(|v| v.is_finite()) {
                let found = format!("{} and {}", refit.own.len(), refit.market.len());
                let expected = format!("{own} and {market} finite ones");
                return Err(wrong(
                    "the number of coefficients of a refit",
                    found,
                    expected,
                ));
            }
        }
        if !fitted.refits.is_sorted_by_key(|refit| refit.from_ms) || fitted.refits.is_empty() {
            let found = fitted.refits.len().to_string();
            return Err(wrong(
                "refits",
                found,
                "at least one, in order of time".into(),
            ));
        }
        Ok(fitted)
    }
}

/// The features of each coin at a row of the panel, which is row `i` of them; None where the coin has no
/// candle.
fn cells<'a>(
    panel: &Panel,
    row: usize,
    (features, i): (&'a FeatureMatrix, usize),
) -> Vec<Option<&'a [f32]>> {
    let cell = |coin| panel.is_observed(row, coin).then(|| features.cell(i, coin));
    (0..panel.coins()).map(cell).collect()
}
