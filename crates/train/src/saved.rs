//! Saved networks with what belongs to them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use cli::WithHint;
use dataset::{
    CandleTable, Column, Config, Eligibility, Normalizer, Panel, RunDir, TargetConfig,
    TargetScales, TimeSpan, check_columns,
};
use market::Symbol;
use model::{Device, MatrixValues, Network, Windows, embed, forecast};
use run::{Drift, Embeddings, Explanation, ForecastResult, Forecaster};
use storage::Array;

use crate::drift::drifts;

/// Why a coin that training did not see has no forecast.
const UNKNOWN_COIN: &str = "the coin had no training rows in which its target varies";

/// The networks of one fold, one a seed; their forecasts are averaged.
#[derive(Debug)]
pub struct SavedNetworks {
    /// The run's shared sections, with the horizon that is asked for.
    pub(crate) config: Config,
    /// Statistics of the training rows.
    normalizer: Normalizer,
    /// Every horizon of the networks: the config at it, with the statistics of its targets.
    horizons: Vec<(Config, Normalizer)>,
    networks: Vec<Network>,
    device: Device,
    sha256: String,
}

impl SavedNetworks {
    /// The networks of a run with their device.
    ///
    /// # Errors
    /// Statistics that lack a horizon of the config.
    pub(crate) fn new(
        config: &Config,
        normalizer: Normalizer,
        (networks, device): (Vec<Network>, Device),
        sha256: String,
    ) -> anyhow::Result<Self> {
        let at = |horizon: &TimeSpan| -> anyhow::Result<(Config, Normalizer)> {
            let mut own = config.clone();
            own.target = own.target.at_horizon(*horizon);
            Ok((own, of_horizon(&normalizer, &config.target, *horizon)?))
        };
        let horizons = config.target.all_horizons().iter().map(at);
        Ok(Self {
            horizons: horizons.collect::<anyhow::Result<_>>()?,
            config: config.clone(),
            normalizer,
            networks,
            device,
            sha256,
        })
    }
}

impl Forecaster for SavedNetworks {
    fn history_bars(&self) -> usize {
        self.config.history_bars()
    }

    fn columns(&self) -> Vec<Column> {
        self.config.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(check_columns(&self.config, coins)?)
    }

    fn fold(&self) -> Option<usize> {
        Some(self.normalizer.fold)
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        self.asked(self.forecast_horizons(panel, rows)?)
    }

    fn forecast_horizons(
        &self,
        panel: &Panel,
        rows: &[usize],
    ) -> anyhow::Result<Vec<Vec<ForecastResult>>> {
        self.answers_of(panel, rows, &self.windows(panel))
    }

    fn embed(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Option<Embeddings>> {
        let Some(first) = self.networks.first() else {
            return Ok(None);
        };
        let windows = self.windows(panel);
        let run = |network| embed(network, &windows, rows, &mut |_| {});
        let eligibility = Eligibility::at(panel, &self.config.features, rows);
        let is_known = |row: usize, coin: usize| {
            self.normalizer.knows(coin) && eligibility.refusal(row, coin).is_none()
        };
        let of_row = |&row: &usize| (0..panel.coins()).map(move |coin| (row, coin));
        Ok(Some(Embeddings {
            width: first.embedding_width(),
            has_coins: first.embeddings() == panel.coins(),
            is_known: (rows.iter().flat_map(of_row))
                .map(|(row, coin)| is_known(row, coin))
                .collect(),
            networks: self.networks.iter().map(run).collect::<Result<_, _>>()?,
        }))
    }

    fn drift(&self, panel: &Panel, row: usize) -> Vec<Option<Drift>> {
        let lookback = self.config.features.lookback_bars;
        let rows = (row + 1).saturating_sub(lookback)..row + 1;
        let features = self.config.chosen_features().compute(panel, rows);
        drifts(&features, &self.normalizer, lookback)
    }

    fn explain(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        self.occlusion(panel, row).map(Some)
    }
}

impl SavedNetworks {
    /// Of the answers of every horizon, those of the one that is asked for.
    pub(crate) fn asked(
        &self,
        mut answers: Vec<Vec<ForecastResult>>,
    ) -> anyhow::Result<Vec<ForecastResult>> {
        let asked = self.config.target.horizon;
        let all = self.config.target.all_horizons();
        let place = all.iter().position(|horizon| *horizon == asked);
        match place.filter(|place| *place < answers.len()) {
            Some(place) => Ok(answers.swap_remove(place)),
            None => bail!("the networks have no horizon {asked}"),
        }
    }

    /// The answers of every horizon at some rows of a panel, by its windows.
    pub(crate) fn answers_of(
        &self,
        panel: &Panel,
        rows: &[usize],
        windows: &Windows,
    ) -> anyhow::Result<Vec<Vec<ForecastResult>>> {
        let run = |network| forecast(network, windows, rows, &mut |_| {});
        let outputs: Vec<Vec<f32>> = self.networks.iter().map(run).collect::<Result<_, _>>()?;
        let eligibility = Eligibility::at(panel, &self.config.features, rows);
        let answers = |place| self.answers(panel, rows, (place, &outputs), &eligibility);
        Ok((0..self.horizons.len()).map(answers).collect())
    }

    /// The normalized features of a panel, as windows.
    fn windows(&self, panel: &Panel) -> Windows {
        let (matrix, channels) = self.matrix(panel);
        self.windows_of(Arc::new(matrix), channels)
    }

    /// Windows of a matrix of normalized features, which has so many channels.
    pub(crate) fn windows_of(&self, matrix: Arc<dyn MatrixValues>, channels: usize) -> Windows {
        let lookback = self.config.features.lookback_bars;
        Windows::new(matrix, channels, lookback, &self.device)
    }

    /// The normalized features of a panel, `[rows, channels]`, and the number of channels.
    pub(crate) fn matrix(&self, panel: &Panel) -> (Array<f32>, usize) {
        let features = self
            .config
            .chosen_features()
            .compute(panel, 0..panel.rows());
        let channels = features.channels();
        (self.normalizer.apply(features), channels)
    }

    /// The answers at one horizon, given every network's outputs, `[rows, coins * horizons]`.
    fn answers(
        &self,
        panel: &Panel,
        rows: &[usize],
        (place, outputs): (usize, &[Vec<f32>]),
        eligibility: &Eligibility,
    ) -> Vec<ForecastResult> {
        let (coins, count) = (panel.coins(), self.horizons.len());
        let (config, normalizer) = &self.horizons[place];
        let scales = TargetScales::new(config, normalizer.target_scales(), panel)
            .with_center(f64::from(normalizer.target_center));
        let mut sums = vec![0.0; rows.len() * coins];
        for outputs in outputs {
            let outputs = outputs.iter().skip(place).step_by(count);
            for (pair, (sum, output)) in sums.iter_mut().zip(outputs).enumerate() {
                *sum += scales.in_unit_of_target(rows[pair / coins], pair % coins, *output);
            }
        }
        let answer = |(pair, sum): (usize, f64)| {
            let (row, coin) = (rows[pair / coins], pair % coins);
            let unknown = (!normalizer.knows(coin)).then(|| UNKNOWN_COIN.to_owned());
            match unknown.or_else(|| eligibility.refusal(row, coin)) {
                Some(refusal) => Err(refusal),
                None => Ok(sum / self.networks.len() as f64),
            }
        };
        sums.into_iter().enumerate().map(answer).collect()
    }
}

/// The statistics in a folder.
pub(crate) fn read_stats(folder: &Path) -> anyhow::Result<Normalizer> {
    let path = folder.join(RunDir::STATS_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Normalizer::from_json(&text, &path)?)
}

/// The statistics with those of the targets of one of the horizons of `target`.
///
/// # Errors
/// Statistics that lack it.
pub(crate) fn of_horizon(
    stats: &Normalizer,
    target: &TargetConfig,
    horizon: TimeSpan,
) -> anyhow::Result<Normalizer> {
    let place = target.all_horizons().iter().position(|h| *h == horizon);
    let found = place.and_then(|place| stats.clone().of_horizon(place));
    found.ok_or_else(|| {
        anyhow!(
            "{} of fold {} has no targets of the horizon {horizon}",
            RunDir::STATS_FILE,
            stats.fold
        )
        .hint("put back the run's own stats.json, or train again")
    })
}
