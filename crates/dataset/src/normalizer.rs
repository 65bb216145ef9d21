//! Statistics of the training rows, and what makes features comparable with them.

mod channel;
mod moments;
mod ranks;
mod stats;

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use storage::Array;

use self::channel::{Channel, fill_with_market};
use self::moments::{RunningMoments, for_each_coin, target_moments};
use self::ranks::{FeatureKnots, are_knots, knots_of};
pub use self::stats::{CoinStats, TargetStats, target_std};
use self::stats::{KNOTS_EXPECTED, mean_and_std, target_stats};
use crate::{
    Error, FeatureMatrix, FeatureSet, Features, InputNorm, NormalizeConfig, NormalizeMethod, Panel,
    Targets,
};

/// Means and standard deviations fitted on training rows: the content of `stats.json`.
///
/// Coins without a single training row have `None`: they cannot be normalized and are not forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalizer {
    /// The run that fitted it.
    pub run: String,
    /// The fold it was fitted for.
    pub fold: usize,
    /// Name of the feature set.
    pub feature_set: FeatureSet,
    /// Version of the feature set's formulas.
    pub feature_version: u32,
    /// Names of the features, in order.
    pub features: Vec<String>,
    /// Open time of the first row fitted on, UTC ms.
    pub fit_from_ms: i64,
    /// Open time of the first row no longer fitted on, UTC ms.
    pub fit_until_ms: i64,
    /// Values are cut off at this many standard deviations.
    pub clip: f32,
    /// What is subtracted from targets before they are divided by their scale: the mean of all
    /// training targets where these are logarithms of volatilities, 0 for others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub target_center: f32,
    /// For `normalize.method = "rank"` with `normalize.inputs = "pooled"`: quantiles of each feature in
    /// the training rows of all coins, `[features][knots]`, at evenly spaced shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knots: FeatureKnots,
    /// One entry a coin, in the order of the universe.
    pub coins: Vec<CoinStats>,
}

/// What statistics are fitted on.
#[derive(Debug, Clone)]
pub struct TrainingRows<'a> {
    /// Which rows are observed.
    pub panel: &'a Panel,
    /// The features of all rows.
    pub features: &'a FeatureMatrix,
    /// The targets of all rows.
    pub targets: &'a Targets,
    /// The training rows.
    pub train: Range<usize>,
}

impl Normalizer {
    /// Fits on the observed rows of `train`.
    ///
    /// # Errors
    /// Not one coin has a target in these rows.
    pub fn fit(
        config: &NormalizeConfig,
        chosen: &Features,
        on: &TrainingRows<'_>,
        (run, fold): (&str, usize),
    ) -> Result<Self, Error> {
        let TrainingRows {
            panel,
            features,
            targets,
            train,
        } = on;
        let of_targets = target_stats(config, targets, train.clone());
        let mut coins: Vec<CoinStats> = Vec::with_capacity(panel.coins());
        let mut pooled = vec![RunningMoments::default(); features.per_coin()];
        let of_inputs = input_moments(on);
        let of_coins = panel.symbols().iter().zip(of_targets).zip(of_inputs);
        for ((symbol, target), (rows, moments)) in of_coins {
            for (pooled, own) in pooled.iter_mut().zip(&moments) {
                *pooled = pooled.joined(*own);
            }
            let (mean, std) = mean_and_std(&moments);
            coins.push(CoinStats {
                symbol: symbol.to_string(),
                rows,
                mean,
                std,
                knots: Vec::new(),
                target_std: target.target_std,
                target_scale: target.target_scale,
                further: Vec::new(),
            });
        }
        if coins.iter().all(|coin| coin.target_std.is_none()) {
            return Err(Error::TooFewRows {
                what: format!("statistics of fold {fold}: training rows with a target that varies"),
                found: 0,
                expected: 2,
                hint: "more candles, or fewer folds (--set split.folds=N)".to_owned(),
            });
        }
        if config.inputs == InputNorm::Pooled {
            for coin in &mut coins {
                (coin.mean, coin.std) = mean_and_std(&pooled);
            }
        }
        let mut normalizer = Self {
            run: run.to_owned(),
            fold,
            feature_set: chosen.set(),
            feature_version: chosen.set().version(),
            features: chosen.names().into_iter().map(str::to_owned).collect(),
            fit_from_ms: panel.time_ms(train.start),
            fit_until_ms: panel.time_ms(train.end),
            clip: config.clip,
            target_center: 0.0,
            knots: Vec::new(),
            coins,
        };
        if config.method == NormalizeMethod::Rank {
            normalizer.fit_knots(config.inputs, on);
        }
        Ok(normalizer)
    }

    /// Adds the quantiles that features are ranked by: those of all coins, or each coin's own.
    fn fit_knots(&mut self, inputs: InputNorm, on: &TrainingRows<'_>) {
        match inputs {
            InputNorm::Pooled => self.knots = input_knots(on, &(0..self.coins.len())),
            InputNorm::Training | InputNorm::Window => {
                for (place, coin) in self.coins.iter_mut().enumerate() {
                    coin.knots = input_knots(on, &(place..place + 1));
                }
            }
        }
    }

    /// Sets what is subtracted from targets to their mean at the training rows, all coins together.
    pub(crate) fn center_targets(&mut self, targets: &Targets, train: Range<usize>) {
        let moments = target_moments(targets, train).into_iter();
        let pooled = moments.fold(RunningMoments::default(), RunningMoments::joined);
        self.target_center = pooled.mean as f32;
    }

    /// Adds the statistics of a further horizon's targets at the training rows.
    pub(crate) fn add_horizon(
        &mut self,
        config: &NormalizeConfig,
        targets: &Targets,
        train: Range<usize>,
    ) {
        let stats = target_stats(config, targets, train);
        for (coin, stats) in self.coins.iter_mut().zip(stats) {
            coin.further.push(stats);
        }
    }

    /// The same with the targets' statistics of the horizon at this place in `target.horizons`;
    /// None where there are not so many.
    pub fn of_horizon(mut self, place: usize) -> Option<Self> {
        for coin in &mut self.coins {
            if let Some(further) = place.checked_sub(1) {
                let stats = coin.further.get(further)?;
                (coin.target_std, coin.target_scale) = (stats.target_std, stats.target_scale);
            }
            coin.further.clear();
        }
        Some(self)
    }

    /// Reads statistics as [`Normalizer::to_json`] wrote them.
    ///
    /// # Errors
    /// Text that is something else, or numbers that nothing can be normalized with; `origin` names
    /// where it came from.
    pub fn from_json(text: &str, origin: &std::path::Path) -> Result<Self, Error> {
        let stats: Self = serde_json::from_str(text)
            .map_err(|error| Error::file(origin, format!("not statistics of a run: {error}")))?;
        let hint = "put back the run's own stats.json, or train again";
        stats
            .validate()
            .map_err(|reason| Error::refused(origin, reason, hint))?;
        Ok(stats)
    }

    /// Says which key has a value that no training writes.
    fn validate(&self) -> Result<(), String> {
        let wrong = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
            Err(format!("{key} is {found}, expected {expected}"))
        };
        let is_positive = |value: f32| value.is_finite() && value > 0.0;
        if !is_positive(self.clip) {
            return wrong("clip", &self.clip, "a number above 0");
        }
        if !self.target_center.is_finite() {
            return wrong("target_center", &self.target_center, "a finite number");
        }
        if !are_knots(&self.knots, self.features.len()) {
            return Err(KNOTS_EXPECTED.to_owned());
        }
        let features = self.features.len();
        let mut coins = self.coins.iter();
        coins.try_for_each(|coin| coin.validate(features))
    }

    /// The content of `stats.json`. Every number is an f32 and reads back to the same bits.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Checks that these statistics belong to the features and the universe.
    ///
    /// # Errors
    /// [`Error::StatsMismatch`] with what differs.
    pub fn check(&self, chosen: &Features, symbols: &[market::Symbol]) -> Result<(), Error> {
        let hint = "use the run's own stats.json, or train again with this config";
        let mismatch = |what, found: String, expected: String| {
            if found == expected {
                Ok(())
            } else {
                Err(Error::StatsMismatch {
                    what,
                    found,
                    expected,
                    hint,
                })
            }
        };
        let set = chosen.set();
        mismatch("feature set", self.feature_set.to_string(), set.to_string())?;
        mismatch(
            "feature set's version",
            self.feature_version.to_string(),
            set.version().to_string(),
        )?;
        mismatch(
            "features",
            self.features.join(" "),
            chosen.names().join(" "),
        )?;
        let found: Vec<&str> = self.coins.iter().map(|coin| coin.symbol.as_str()).collect();
        let expected: Vec<&str> = symbols.iter().map(market::Symbol::as_str).collect();
        mismatch("universe", found.join(" "), expected.join(" "))
    }

    /// Standard deviation of each coin's targets in the training rows.
    pub fn target_std(&self) -> Vec<Option<f32>> {
        self.coins.iter().map(|coin| coin.target_std).collect()
    }

    /// What each coin's targets are divided by, unless it is its volatility at the row.
    pub fn target_scales(&self) -> Vec<f32> {
        self.coins.iter().map(|coin| coin.target_scale).collect()
    }

    /// Whether the coin had training rows, so that it can be normalized and forecast.
    pub fn knows(&self, coin: usize) -> bool {
        self.coins
            .get(coin)
            .is_some_and(|stats| stats.target_std.is_some())
    }

    /// (x - mean) / std, or the normal score of x's rank, cut off at `clip`; only then does a missing value become the mean over the
    /// coins that have one at that row, so that it says nothing of its own and leaves the
    /// market's mean as it is; 0, the mean of training, where no coin has one. Row-major
    /// `[rows, coins x features]` like the input, in its place.
    pub fn apply(&self, features: FeatureMatrix) -> Array<f32> {
        let mut values = features.values;
        let channels: Vec<Channel<'_>> = (0..self.coins.len())
            .flat_map(|coin| self.channels(coin))
            .collect();
        values
            .par_chunks_mut(channels.len().max(1))
            .with_min_len(1024)
            .for_each(|row| {
                for (value, channel) in row.iter_mut().zip(&channels) {
                    let normalized = channel.normalized(f64::from(*value)) as f32;
                    *value = normalized.clamp(-self.clip, self.clip);
                }
                if row.iter().any(|value| value.is_nan()) {
                    fill_with_market(row, self.features.len());
                }
            });
        values
    }

    /// What the features of one coin are normalized by. An unknown coin's become missing, so that they
    /// hold the mean like any missing value.
    fn channels(&self, coin: usize) -> impl Iterator<Item = Channel<'_>> {
        let (stats, is_known) = (&self.coins[coin], self.knows(coin));
        let knots = match stats.knots.is_empty() {
            true => &self.knots,
            false => &stats.knots,
        };
        let pairs = stats.mean.iter().zip(&stats.std).enumerate();
        pairs.map(move |(feature, (&mean, &std))| match knots.get(feature) {
            _ if !is_known => Channel::Missing,
            Some(knots) => Channel::Rank(knots),
            None => Channel::MeanStd(f64::from(mean), f64::from(std)),
        })
    }
}

/// How many observed training rows each coin has, and the moments of each feature in them.
fn input_moments(on: &TrainingRows<'_>) -> Vec<(usize, Vec<RunningMoments>)> {
    let TrainingRows {
        panel, features, ..
    } = on;
    let of_none = (0, vec![RunningMoments::default(); features.per_coin()]);
    let mut of_coins = vec![of_none; panel.coins()];
    for_each_coin(
        &mut of_coins,
        on.train.clone(),
        |(count, moments), row, coin| {
            if panel.is_observed(row, coin) {
                *count += 1;
                for (moments, &value) in moments.iter_mut().zip(features.cell(row, coin)) {
                    moments.add(f64::from(value));
                }
            }
        },
    );
    of_coins
}

/// Most values that quantiles are of; of more, evenly spaced rows are taken.
const MOST_RANKED: usize = 1_000_000;

/// Quantiles of each feature in the observed training rows of some coins.
fn input_knots(on: &TrainingRows<'_>, coins: &Range<usize>) -> FeatureKnots {
    let cells = on.train.len() * coins.len();
    let stride = cells.div_ceil(MOST_RANKED).max(1);
    let of_feature = |feature: usize| {
        let rows = on.train.clone().step_by(stride);
        let of_row = |row: usize| coins.clone().map(move |coin| (row, coin));
        let observed = rows
            .flat_map(of_row)
            .filter(|&(row, coin)| on.panel.is_observed(row, coin));
        knots_of(observed.map(|(row, coin)| on.features.cell(row, coin)[feature]))
    };
    let features = 0..on.features.per_coin();
    features.into_par_iter().map(of_feature).collect()
}

/// Returns true for what is not written, so that files of older versions stay the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

#[cfg(test)]
mod tests;
