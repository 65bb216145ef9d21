//! The trees of a fold: of the whole target, or of a coin's own part and of the market's.

use std::path::Path;

use anyhow::{anyhow, bail};
use cli::WithHint;
use dataset::{Config, Fit, Panel, TargetScale, TargetScales};

use crate::part::TargetPart;
use crate::record::FoldRecord;
use crate::rows::RowChunk;
use crate::tree_library::{TreeLibrary, TreeModel};
use crate::{ImportanceOf, Predict};

/// Largest forecast of trees that can be true, in the unit that they were trained in: that of the
/// target, or its standard deviations. Returns are far below 1; the limit is as high as it is so
/// that no honest model of a target in a large unit, such as dollars of a whole market, is refused.
const LARGEST_FORECAST: f64 = 1e12;

/// The trees that make a forecast.
#[derive(Debug)]
pub(crate) struct Trees {
    /// Of the whole target, or of the coins' own parts.
    pub coins: Box<dyn TreeModel>,
    /// `target.fit = "parts"` and `"scaled_parts"`: of the market's part.
    pub market: Option<Box<dyn TreeModel>>,
}

impl Trees {
    /// Reads the models of the whole target, or of the coins' own parts and then the market's.
    pub fn from_models(
        library: &'static dyn TreeLibrary,
        models: &[(TargetPart, String)],
    ) -> anyhow::Result<Self> {
        let mut boosters = models.iter().map(|(_, model)| library.read(model));
        let Some(coins) = boosters.next() else {
            bail!("no model to forecast with")
        };
        Ok(Self {
            coins: coins?,
            market: boosters.next().transpose()?,
        })
    }

    /// Checks that the trees forecast numbers within reason, on rows of `features` small, large and missing
    /// values; `folder` is where they came from.
    pub fn probe(&self, folder: &Path, features: usize) -> anyhow::Result<()> {
        let values = [0.0, 3.0, -3.0, f32::MAX, f32::MIN, f32::NAN];
        let rows: Vec<f32> = values
            .into_iter()
            .flat_map(|value| std::iter::repeat_n(value, features))
            .collect();
        for booster in [Some(&self.coins), self.market.as_ref()]
            .into_iter()
            .flatten()
        {
            let forecasts = booster.predict(&rows, Predict::Value, None)?;
            let is_absurd =
                |forecast: &&f64| forecast.is_nan() || forecast.abs() > LARGEST_FORECAST;
            if let Some(found) = forecasts.iter().find(is_absurd) {
                return Err(anyhow!(
                    "{}: a trial row is forecast as {found:?}, expected a number from \
                     -{LARGEST_FORECAST:?} to {LARGEST_FORECAST:?}",
                    folder.display()
                )
                .hint("the trees are damaged; put back the run's own files, or train again"));
            }
        }
        Ok(())
    }

    /// The trees of a part, and how many of them are kept.
    pub fn to_continue(
        &self,
        record: &FoldRecord,
        part: TargetPart,
    ) -> Option<(&dyn TreeModel, usize)> {
        match part {
            TargetPart::Whole | TargetPart::Own => Some((&*self.coins, record.best_iteration)),
            TargetPart::Market => Some((self.market.as_deref()?, record.market?.best_iteration)),
        }
    }

    /// The forecasts of some rows, in the target's unit.
    ///
    /// With parts, all coins that are forecast at a time must be among the rows, one after the
    /// other: each gets its own part less the mean of theirs, and the mean of what the market's
    /// trees say of each of them. These means are of what `fit` makes parts of: of forecasts in the
    /// target's unit, or with [`Fit::ScaledParts`] of forecasts in units of the scales.
    pub fn forecasts(
        &self,
        rows: &RowChunk<'_>,
        scales: &TargetScales,
        fit: Fit,
    ) -> anyhow::Result<Vec<f64>> {
        self.in_unit_of_target(Predict::Value, rows, scales, fit)
    }

    /// SHAP contributions to [`Trees::forecasts`]: one a feature, then the expected value,
    /// `[rows, features + 1]`. Those of a row add up to its forecast, as a forecast is a sum of what
    /// trees say.
    pub fn forecast_contributions(
        &self,
        rows: &RowChunk<'_>,
        scales: &TargetScales,
        fit: Fit,
    ) -> anyhow::Result<Vec<f64>> {
        self.in_unit_of_target(Predict::Contributions, rows, scales, fit)
    }

    /// What the trees say of some rows, `[rows, columns]`, as forecasts are made of it.
    fn in_unit_of_target(
        &self,
        kind: Predict,
        rows: &RowChunk<'_>,
        scales: &TargetScales,
        fit: Fit,
    ) -> anyhow::Result<Vec<f64>> {
        let mut own = self.coins.predict(rows.values, kind, None)?;
        let columns = (own.len() / rows.cells.len().max(1)).max(1);
        let to_unit_of_target = |values: &mut [f64]| {
            let cells = values.chunks_exact_mut(columns).zip(rows.cells);
            cells.for_each(|(values, &(row, coin))| {
                let scale = f64::from(scales.at(row, coin));
                values.iter_mut().for_each(|value| *value *= scale);
            });
        };
        let Some(market) = &self.market else {
            to_unit_of_target(&mut own);
            return Ok(own);
        };
        let mut market = market.predict(rows.values, kind, None)?;
        if fit != Fit::ScaledParts {
            to_unit_of_target(&mut own);
            to_unit_of_target(&mut market);
        }
        let mut start = 0;
        for of_time in rows.cells.chunk_by(|a, b| a.0 == b.0) {
            let end = start + of_time.len();
            for column in 0..columns {
                let places = || (start * columns + column..end * columns).step_by(columns);
                let mean = |values: &[f64]| {
                    places().map(|place| values[place]).sum::<f64>() / of_time.len() as f64
                };
                let shift = mean(&market) - mean(&own);
                places().for_each(|place| own[place] += shift);
            }
            start = end;
        }
        if fit == Fit::ScaledParts {
            to_unit_of_target(&mut own);
        }
        Ok(own)
    }

    /// The probability of each class, `[rows, classes]`, of trees that forecast classes.
    pub fn probabilities(&self, values: &[f32]) -> anyhow::Result<Vec<f64>> {
        Ok(self.coins.predict(values, Predict::Value, None)?)
    }

    /// SHAP contributions of some rows: one a feature, then the expected value. Of trees that
    /// forecast `classes` they are those of the highest class, before probabilities are made of
    /// them. With parts they are
    /// those of both kinds of trees together, as they are of the coin alone, before means over
    /// coins are taken.
    pub fn contributions(
        &self,
        values: &[f32],
        classes: Option<usize>,
    ) -> anyhow::Result<Vec<f64>> {
        let mut contributions = self.coins.predict(values, Predict::Contributions, None)?;
        if let Some(classes) = classes {
            let columns = self.coins.features()? + 1;
            let rows = contributions.chunks_exact(columns * classes);
            let highest = rows.flat_map(|row| &row[columns * (classes - 1)..]);
            return Ok(highest.copied().collect());
        }
        if let Some(market) = &self.market {
            let market = market.predict(values, Predict::Contributions, None)?;
            contributions
                .iter_mut()
                .zip(market)
                .for_each(|(own, market)| *own += market);
        }
        Ok(contributions)
    }

    /// The share that each feature has in the importance of all, at most 1 in sum. With parts it is
    /// the mean of both kinds of trees: their losses have no common scale.
    pub fn importance(&self, kind: ImportanceOf) -> anyhow::Result<Vec<f64>> {
        let mut shares = shares(self.coins.importance(kind)?);
        if let Some(market) = &self.market {
            let market = self::shares(market.importance(kind)?);
            shares
                .iter_mut()
                .zip(market)
                .for_each(|(own, market)| *own = (*own + market) / 2.0);
        }
        Ok(shares)
    }
}

/// What the trees' targets are divided by: 1, or with `normalize.target = "trailing"` each coin's
/// volatility at the row.
pub(crate) fn target_scales(
    config: &Config,
    target_std: &[Option<f32>],
    panel: &Panel,
) -> TargetScales {
    let is_trailing = config.normalize.target == TargetScale::Trailing;
    let fixed = target_std
        .iter()
        .map(|std| std.filter(|_| is_trailing).unwrap_or(1.0))
        .collect();
    TargetScales::new(config, fixed, panel)
}

fn shares(values: Vec<f64>) -> Vec<f64> {
    let total: f64 = values.iter().sum();
    values
        .into_iter()
        .map(|value| if total > 0.0 { value / total } else { 0.0 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BinnedTable, Booster, Library};

    /// Trees of one feature that say something like `slope` times it.
    fn booster(library: &'static Library, slope: f32) -> Box<dyn TreeModel> {
        let parameters = "objective=regression metric=l2 min_data_in_leaf=1 num_leaves=8 num_iterations=20 verbosity=-1";
        let values: Vec<f32> = (0..60).map(|row| row as f32).collect();
        let labels: Vec<f32> = values.iter().map(|value| slope * value).collect();
        let mut table = BinnedTable::new(
            library,
            &values,
            &["x".to_owned()],
            values.len(),
            parameters,
        )
        .unwrap();
        table.push(&values).unwrap();
        table.set_label(&labels).unwrap();
        let mut booster = Booster::new(table, None, None, parameters).unwrap();
        (0..20).for_each(|_| _ = booster.update().unwrap());
        Box::new(booster)
    }

    #[test]
    fn own_parts_sum_to_nothing_and_the_market_is_one() {
        let Some(library) = ::tests::available(Library::open()) else {
            return;
        };
        let trees = Trees {
            coins: booster(library, 1.0),
            market: Some(booster(library, -3.0)),
        };
        let (values, cells) = ([5.0, 20.0, 50.0, 8.0], [(3, 0), (3, 1), (3, 4), (7, 1)]);
        let alone =
            |booster: &dyn TreeModel| booster.predict(&values, Predict::Value, None).unwrap();
        let (own, market) = (
            alone(&*trees.coins),
            alone(trees.market.as_deref().unwrap()),
        );
        let scales = TargetScales::fixed(vec![1.0; 10]);
        let forecasts = trees
            .forecasts(
                &RowChunk {
                    values: &values,
                    cells: &cells,
                },
                &scales,
                Fit::Parts,
            )
            .unwrap();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(
            (mean(&forecasts[..3]) - mean(&market[..3])).abs() < 1e-9,
            "{forecasts:?}"
        );
        assert!(
            (forecasts[2] - forecasts[0] - (own[2] - own[0])).abs() < 1e-9
                && own[2] - own[0] > 10.0
        );
        assert!(
            (forecasts[3] - market[3]).abs() < 1e-9,
            "a coin alone is the market"
        );
        let whole = Trees {
            coins: booster(library, 1.0),
            market: None,
        };
        assert_eq!(
            whole
                .forecasts(
                    &RowChunk {
                        values: &values,
                        cells: &cells
                    },
                    &scales,
                    Fit::Whole,
                )
                .unwrap(),
            own
        );
    }

    /// In units of the scales own parts sum to nothing and all coins have one market; in the
    /// target's unit a coin follows the market in proportion to its scale.
    #[test]
    fn scaled_parts_have_their_means_before_they_are_scaled() {
        let Some(library) = ::tests::available(Library::open()) else {
            return;
        };
        let trees = Trees {
            coins: booster(library, 1.0),
            market: Some(booster(library, -3.0)),
        };
        let (values, cells) = ([5.0, 20.0, 50.0], [(3, 0), (3, 1), (3, 2)]);
        let alone =
            |booster: &dyn TreeModel| booster.predict(&values, Predict::Value, None).unwrap();
        let (own, market) = (
            alone(&*trees.coins),
            alone(trees.market.as_deref().unwrap()),
        );
        let mean = |values: &[f64]| values.iter().sum::<f64>() / 3.0;
        let scale = [0.5, 2.0, 8.0];
        let of_fit = |fit: Fit| {
            let rows = RowChunk {
                values: &values,
                cells: &cells,
            };
            let scales = TargetScales::fixed(scale.map(|scale| scale as f32).to_vec());
            trees.forecasts(&rows, &scales, fit).unwrap()
        };
        for (coin, forecast) in of_fit(Fit::ScaledParts).into_iter().enumerate() {
            let expected = scale[coin] * (own[coin] - mean(&own) + mean(&market));
            assert!((forecast - expected).abs() < 1e-9, "{forecast} {expected}");
        }
        let of_parts = of_fit(Fit::Parts);
        let scaled = |values: &[f64]| -> Vec<f64> {
            let pairs = values.iter().zip(scale);
            pairs.map(|(value, scale)| value * scale).collect()
        };
        assert!(
            (mean(&of_parts) - mean(&scaled(&market))).abs() < 1e-9,
            "{of_parts:?}"
        );
    }

    #[test]
    fn forecasts_beyond_reason_are_refused() {
        let Some(library) = ::tests::available(Library::open()) else {
            return;
        };
        let probed = |slope: f32| {
            let (coins, market) = (booster(library, 1.0), Some(booster(library, slope)));
            Trees { coins, market }.probe(Path::new("run"), 1)
        };
        // A target in a large unit: up to 5.9e11.
        probed(1e10).unwrap();
        let said = probed(1e30).unwrap_err().to_string();
        assert!(
            said.starts_with("run: a trial row is forecast as ")
                && said.contains("expected a number from -1000000000000.0 to 1000000000000.0"),
            "{said}"
        );
    }
}
