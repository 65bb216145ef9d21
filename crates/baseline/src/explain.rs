//! Why trees forecast what they do, and their forecasts of rows of features that somebody has.

use dataset::{Panel, TargetScale, TargetScales};
use market::Symbol;
use run::{
    Contribution, Explanation, ExplanationMethod, ForecastResult, RowForecaster,
    TRAILING_VOLATILITY,
};

use crate::rows::RowChunk;
use crate::saved::{SavedModel, UNKNOWN_COIN};
use crate::trees::target_scales;

impl SavedModel {
    /// What pushed the forecast of each coin at a row of a panel; None for a coin without one. Trees that
    /// learn classes explain the score of the highest one.
    pub(crate) fn explanations(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Vec<Option<Explanation>>> {
        let std = self.record.target_std_of(panel.symbols());
        let scales = target_scales(&self.config, &std, panel);
        let explained = self.answers((panel, &[row]), &std, |chunk| {
            self.explanations_of(chunk, &scales)
        })?;
        Ok(explained.into_iter().map(Result::ok).collect())
    }

    fn explanations_of(
        &self,
        chunk: &RowChunk<'_>,
        scales: &TargetScales,
    ) -> anyhow::Result<Vec<Explanation>> {
        let names = self.features.names();
        let classes = self.record.classes.as_ref();
        let values = match classes {
            None => self
                .trees
                .forecast_contributions(chunk, scales, self.config.target.fit)?,
            Some(levels) => {
                let count = levels.classes.len();
                self.trees.contributions(chunk.values, Some(count))?
            }
        };
        let highest = classes.and_then(|levels| levels.classes.last());
        let explained = |(added, features): (&[f64], &[f32])| {
            let named = names.iter().zip(features).zip(added);
            let contributions = named.map(|((name, &value), &added)| {
                Contribution::new(name.as_str(), f64::from(value), added)
            });
            let base = added.last().copied().unwrap_or(0.0);
            let method = ExplanationMethod::Shap;
            let explanation = Explanation::of_forecast(method, base, contributions.collect());
            match highest {
                None => explanation,
                Some(class) => Explanation {
                    of: format!("score of the class {class}, before it is a probability"),
                    ..explanation
                },
            }
        };
        let rows = values.chunks_exact(names.len() + 1);
        let rows = rows.zip(chunk.values.chunks_exact(names.len().max(1)));
        Ok(rows.map(explained).collect())
    }

    /// Whether forecasts are made in units of the coin's volatility.
    fn is_scaled(&self) -> bool {
        self.config.normalize.target == TargetScale::Trailing && self.record.classes.is_none()
    }
}

impl RowForecaster for SavedModel {
    fn names(&self) -> Vec<String> {
        let mut names = self.features.names();
        names.extend(self.is_scaled().then(|| TRAILING_VOLATILITY.to_owned()));
        names
    }

    fn forecast_rows(
        &self,
        symbols: &[Symbol],
        values: &[f64],
    ) -> anyhow::Result<Vec<ForecastResult>> {
        let features = self.features.names().len();
        let rows = values.chunks_exact(features + usize::from(self.is_scaled()));
        let (mut known, mut scales, mut cells) = (Vec::new(), Vec::new(), Vec::new());
        let std = self.record.target_std_of(symbols);
        for (coin, row) in rows.enumerate() {
            let scale = match self.is_scaled() {
                true => row[features] as f32,
                false => 1.0,
            };
            scales.push(scale);
            if std[coin].is_some() && scale.is_finite() {
                known.extend(row[..features].iter().map(|&value| value as f32));
                cells.push((0, coin));
            }
        }
        let chunk = RowChunk {
            values: &known,
            cells: &cells,
        };
        let forecasts = match &self.record.classes {
            None => {
                let scales = TargetScales::fixed(scales);
                self.trees
                    .forecasts(&chunk, &scales, self.config.target.fit)?
            }
            Some(classes) => {
                let probabilities = self.trees.probabilities(&known)?;
                classes.levels(symbols, &cells, &probabilities)
            }
        };
        let mut answers: Vec<ForecastResult> = std
            .iter()
            .map(|std| match std {
                None => Err(UNKNOWN_COIN.to_owned()),
                Some(_) => Err(format!("{TRAILING_VOLATILITY} is unknown")),
            })
            .collect();
        for ((_, coin), forecast) in cells.into_iter().zip(forecasts) {
            answers[coin] = Ok(forecast);
        }
        Ok(answers)
    }
}
