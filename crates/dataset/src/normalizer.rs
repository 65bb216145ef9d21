//! Statistics of the training rows, and what makes features comparable with them.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use storage::Array;

use crate::{
    Error, FeatureMatrix, FeatureSet, Features, InputNorm, NormalizeConfig, Panel, TargetScale,
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
    /// One entry a coin, in the order of the universe.
    pub coins: Vec<CoinStats>,
}

/// The statistics of one coin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoinStats {
    /// The coin.
    pub symbol: String,
    /// Observed training rows.
    pub rows: usize,
    /// Mean of each feature.
    pub mean: Vec<f32>,
    /// Standard deviation of each feature; 1 where a feature is constant.
    pub std: Vec<f32>,
    /// Standard deviation of the target, `None` without training rows.
    pub target_std: Option<f32>,
    /// What targets are divided by while training and forecasts multiplied with.
    pub target_scale: f32,
    /// The same two of every further horizon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<TargetStats>,
}

/// The statistics of one coin's targets at one horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetStats {
    /// Standard deviation of the target, `None` without training rows.
    pub target_std: Option<f32>,
    /// What targets are divided by while training and forecasts multiplied with.
    pub target_scale: f32,
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
        Ok(Self {
            run: run.to_owned(),
            fold,
            feature_set: chosen.set(),
            feature_version: chosen.set().version(),
            features: chosen.names().into_iter().map(str::to_owned).collect(),
            fit_from_ms: panel.time_ms(train.start),
            fit_until_ms: panel.time_ms(train.end),
            clip: config.clip,
            target_center: 0.0,
            coins,
        })
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
        for coin in &self.coins {
            let key = |name: &str| format!("{name} of {}", coin.symbol);
            for (name, values) in [("mean", &coin.mean), ("std", &coin.std)] {
                if values.len() != self.features.len() {
                    let expected = format!("{}, one a feature", self.features.len());
                    return wrong(
                        &format!("the number of entries in {}", key(name)),
                        &values.len(),
                        &expected,
                    );
                }
            }
            if let Some(mean) = coin.mean.iter().find(|mean| !mean.is_finite()) {
                return wrong(&key("mean"), mean, "finite numbers");
            }
            if let Some(std) = coin.std.iter().find(|std| !is_positive(**std)) {
                return wrong(&key("std"), std, "numbers above 0");
            }
            let first = (coin.target_std, coin.target_scale);
            let further = coin.further.iter();
            let further = further.map(|stats| (stats.target_std, stats.target_scale));
            for (std, scale) in std::iter::once(first).chain(further) {
                if let Some(std) = std.filter(|std| !is_positive(*std)) {
                    return wrong(&key("target_std"), &std, "a number above 0");
                }
                if !is_positive(scale) {
                    return wrong(&key("target_scale"), &scale, "a number above 0");
                }
            }
        }
        Ok(())
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

    /// (x - mean) / std, cut off at `clip`; only then does a missing value become the mean over the
    /// coins that have one at that row, so that it says nothing of its own and leaves the
    /// market's mean as it is; 0, the mean of training, where no coin has one. Row-major
    /// `[rows, coins x features]` like the input, in its place.
    pub fn apply(&self, features: FeatureMatrix) -> Array<f32> {
        let mut values = features.values;
        let stats: Vec<(f64, f64)> = self
            .coins
            .iter()
            .enumerate()
            .flat_map(|(coin, stats)| {
                let known = self.knows(coin);
                // An unknown coin's channels become missing, so that they hold the mean like any
                // missing value.
                stats.mean.iter().zip(&stats.std).map(move |(&mean, &std)| {
                    (
                        f64::from(mean),
                        if known { f64::from(std) } else { f64::NAN },
                    )
                })
            })
            .collect();
        values
            .par_chunks_mut(stats.len().max(1))
            .with_min_len(1024)
            .for_each(|row| {
                for (value, &(mean, std)) in row.iter_mut().zip(&stats) {
                    let normalized = ((f64::from(*value) - mean) / std) as f32;
                    *value = normalized.clamp(-self.clip, self.clip);
                }
                if row.iter().any(|value| value.is_nan()) {
                    fill_with_market(row, self.features.len());
                }
            });
        values
    }
}

/// Puts the mean over the coins that have a feature in the place of those that lack it.
fn fill_with_market(row: &mut [f32], features: usize) {
    for feature in 0..features {
        let known = || {
            row.iter()
                .skip(feature)
                .step_by(features)
                .filter(|value| !value.is_nan())
        };
        let mean = known().sum::<f32>() / known().count().max(1) as f32;
        for value in row
            .iter_mut()
            .skip(feature)
            .step_by(features)
            .filter(|value| value.is_nan())
        {
            *value = mean;
        }
    }
}

/// Standard deviation of each coin's targets at `rows`; `None` where there are none or they do not
/// vary.
pub fn target_std(targets: &Targets, rows: Range<usize>) -> Vec<Option<f32>> {
    let moments = target_moments(targets, rows).into_iter();
    moments.map(RunningMoments::known_std).collect()
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

/// Rows of all coins that are looked at before the next ones: few enough for the processor's cache.
const ROWS_AT_ONCE: usize = 2048;

/// Hands each coin its rows in order, and all coins the same rows at about the same time: a row of all
/// coins is one stretch of memory, or of a file.
fn for_each_coin<T: Send>(
    of_coins: &mut [T],
    rows: Range<usize>,
    add: impl Fn(&mut T, usize, usize) + Sync,
) {
    for start in rows.clone().step_by(ROWS_AT_ONCE) {
        let rows = start..rows.end.min(start + ROWS_AT_ONCE);
        let of_coins = of_coins.par_iter_mut().enumerate();
        of_coins.for_each(|(coin, of_coin)| {
            rows.clone().for_each(|row| add(of_coin, row, coin));
        });
    }
}

/// Mean and standard deviation of each feature, in 32 bits.
fn mean_and_std(features: &[RunningMoments]) -> (Vec<f32>, Vec<f32>) {
    let of = |moments: &RunningMoments| (moments.mean as f32, constant_is_one(moments.std()));
    features.iter().map(of).unzip()
}

/// Returns true for what is not written, so that files of older versions stay the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// What is divided by: 1 where nothing varies.
fn constant_is_one(std: f64) -> f32 {
    if std > 0.0 { std as f32 } else { 1.0 }
}

/// Standard deviation of each coin's targets at `rows`, and what they are divided by.
fn target_stats(
    config: &NormalizeConfig,
    targets: &Targets,
    rows: Range<usize>,
) -> Vec<TargetStats> {
    let moments = target_moments(targets, rows);
    let pooled = (moments.iter()).fold(RunningMoments::default(), |pooled, of| pooled.joined(*of));
    let scale = |of: &RunningMoments| match config.target {
        TargetScale::Pooled => pooled.std() as f32,
        TargetScale::Coin | TargetScale::Trailing if of.std() > 0.0 => of.std() as f32,
        TargetScale::Coin | TargetScale::Trailing => 1.0,
    };
    let stats = |of: &RunningMoments| TargetStats {
        target_std: of.known_std(),
        target_scale: scale(of),
    };
    moments.iter().map(stats).collect()
}

/// The moments of each coin's targets at `rows`.
fn target_moments(targets: &Targets, rows: Range<usize>) -> Vec<RunningMoments> {
    let mut of_coins = vec![RunningMoments::default(); targets.coins()];
    for_each_coin(&mut of_coins, rows, |moments, row, coin| {
        moments.add(targets.value(row, coin));
    });
    of_coins
}

/// Count, mean and sum of squared deviations.
#[derive(Debug, Clone, Copy, Default)]
struct RunningMoments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl RunningMoments {
    /// Takes in a value, if it is one (Welford 1962): one pass, no cancellation.
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1.0;
        let before = self.mean;
        self.mean += (value - before) / self.count;
        self.squares += (value - before) * (value - self.mean);
    }

    fn joined(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let shift = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + shift * other.count / count,
            squares: self.squares
                + other.squares
                + shift * shift * self.count * other.count / count,
        }
    }

    /// The standard deviation, where values vary.
    fn known_std(self) -> Option<f32> {
        (self.count > 1.0 && self.std() > 0.0).then(|| self.std() as f32)
    }

    /// Standard deviation of the population; 0 without values.
    fn std(self) -> f64 {
        if self.count > 0.0 {
            (self.squares / self.count).sqrt()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests;
