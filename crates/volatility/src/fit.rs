//! From a data set to what a model is fitted to.

use dataset::{Dataset, Fold};
use run::{OutOfBlock, TrainingBlock, training_blocks};

use crate::models::Model;
use crate::observations::Observations;
use crate::training::{Training, is_fitted, trained_rows};
use crate::{Error, ModelKind, Refit, ResidualSource, VolatilityModel, VolatilityOptions};

/// A model beside the terms of the rows of a data set that it is fitted to, for the fits of any of its folds.
#[derive(Debug)]
pub struct VolatilityFit<'a> {
    kind: ModelKind,
    model: Box<dyn Model>,
    residuals: ResidualSource,
    seen: Observations<'a>,
}

impl<'a> VolatilityFit<'a> {
    /// Computes the terms of all rows that a fit can be of, once.
    pub fn new(dataset: &'a Dataset, options: &VolatilityOptions) -> Self {
        let model = options.init(&dataset.config);
        let panel = &dataset.panel;
        let rows = (0..panel.rows()).filter(|&row| is_fitted(dataset, row));
        Self {
            kind: options.model,
            residuals: options.residuals,
            seen: Observations::of(
                (panel, dataset.config.horizon_bars()),
                rows.collect(),
                &model.terms(),
            ),
            model,
        }
    }

    /// The names of the numbers that all coins share.
    pub(crate) fn coefficients(&self) -> Vec<String> {
        self.model.coefficients()
    }

    /// What the scored rows of a fold are forecast by: one fit for each of its refits.
    ///
    /// A fit knows candles up to its first scored row, and targets that end by then. With
    /// `target.shuffle_seed` only the first is there: later targets are not in another order.
    ///
    /// # Errors
    /// Too few rows to fit to.
    pub fn fold(&self, dataset: &Dataset, fold: &Fold) -> Result<VolatilityModel, Error> {
        let fits = match dataset.config.target.shuffle_seed {
            None => fold.fits(),
            Some(_) => std::slice::from_ref(fold),
        };
        let refits = fits.iter().map(|fit| self.refit(dataset, fit));
        let refits = refits.collect::<Result<_, _>>()?;
        let interval = dataset.panel.interval();
        Ok(VolatilityModel::new(self.kind, interval, refits))
    }

    fn refit(&self, dataset: &Dataset, fit: &Fold) -> Result<Refit, Error> {
        let targets = dataset.fitted_targets(fit);
        // Nothing is stopped early: the rows held back for that count too.
        let span = fit.train.start..fit.train.end.max(fit.stop.end);
        let known = fit.score.start;
        let training = Training::of(dataset, (&self.seen, &targets), &[span], known);
        Ok(Refit {
            from_ms: dataset.panel.time_ms(known),
            rows: training.pairs(),
            parameters: self.model.fit(&training)?,
        })
    }

    /// The training rows of a fold, each forecast by a fit on the blocks that it is not in, or all by
    /// one fit on all of them, as `volatility.residuals` says.
    ///
    /// # Errors
    /// Too few rows to fit to.
    pub fn out_of_block(&self, dataset: &Dataset, fold: &Fold) -> Result<OutOfBlock, Error> {
        let targets = dataset.fitted_targets(fold);
        let (mut rows, mut forecasts) = (Vec::new(), Vec::new());
        let blocks = match self.residuals {
            ResidualSource::OutOfBlock => training_blocks(dataset, fold),
            ResidualSource::Training => {
                let train = &fold.train;
                let fitted = [train.clone(), train.end..train.end];
                let held = train.clone();
                vec![TrainingBlock { held, fitted }]
            }
        };
        for block in blocks {
            let first = block.held.start;
            let known_row = match self.residuals {
                ResidualSource::OutOfBlock => first,
                // The fit to all training rows is the one that forecasts the scored rows.
                ResidualSource::Training => fold.score.start,
            };
            let seen = (&self.seen, &*targets);
            let training = Training::of(dataset, seen, &block.fitted, known_row);
            let fitted = match self.model.fit(&training) {
                Ok(fitted) => fitted,
                // The rows around this block are too few: it has no residuals.
                Err(Error::TooFewRows { .. }) => continue,
                Err(error) => return Err(error),
            };
            let held = trained_rows(dataset, &targets, block.held);
            let ends: Vec<usize> = held.iter().map(|row| row.row).collect();
            let fitted = (&fitted, dataset.panel.time_ms(known_row));
            let all = self.model.forecast(fitted, &self.seen, &ends);
            let of_rows = all.chunks_exact(dataset.panel.coins().max(1));
            for (held, all) in held.iter().zip(of_rows) {
                rows.extend(held.cells());
                forecasts.extend(held.coins.iter().map(|&coin| all[coin]));
            }
        }
        Ok(OutOfBlock {
            rows,
            forecasts,
            is_corrected: self.model.is_corrected(),
        })
    }
}
