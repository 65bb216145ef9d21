//! What a network's forecast loses without a group of features.

use std::sync::Arc;

use dataset::Panel;
use run::{Contribution, Explanation, ExplanationMethod, ForecastResult};

use crate::saved::SavedNetworks;

impl SavedNetworks {
    /// What pushed the forecast of each coin at a row of a panel: what it loses where a group of features
    /// is at its mean of training in the whole window, of all coins together, as a network may mix
    /// them. None for a coin without a forecast.
    pub(crate) fn occlusion(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Vec<Option<Explanation>>> {
        let features = self.config.chosen_features();
        let names = features.names();
        let (matrix, channels) = self.matrix(panel);
        // Normalized features have the mean 0.
        let without = |group: &[&str]| -> anyhow::Result<Vec<ForecastResult>> {
            let is_hidden: Vec<bool> = names.iter().map(|name| group.contains(name)).collect();
            let mut values = matrix.to_vec();
            for (value, hidden) in values.iter_mut().zip(is_hidden.iter().cycle()) {
                if *hidden {
                    *value = 0.0;
                }
            }
            let windows = self.windows_of(Arc::new(values), channels);
            self.asked(self.answers_of(panel, &[row], &windows)?)
        };
        let whole = without(&[])?;
        let base = without(&names)?;
        let groups = features.parts();
        let hidden: Vec<Vec<ForecastResult>> = (groups.iter())
            .map(|(_, group)| without(group))
            .collect::<anyhow::Result<_>>()?;
        let of_coin = |coin: usize| {
            let forecast = *whole[coin].as_ref().ok()?;
            let contribution = |((name, _), hidden): (&(&str, _), &Vec<ForecastResult>)| {
                let without = hidden[coin].as_ref().ok()?;
                Some(Contribution {
                    name: (*name).to_owned(),
                    value: None,
                    added: forecast - without,
                })
            };
            let contributions = groups.iter().zip(&hidden).map(contribution);
            let contributions = contributions.collect::<Option<_>>()?;
            let base = *base[coin].as_ref().ok()?;
            let method = ExplanationMethod::Occlusion;
            Some(Explanation::of_forecast(method, base, contributions))
        };
        Ok((0..panel.coins()).map(of_coin).collect())
    }
}
