//! Bins and classes of one forecaster's volatilities.

use statistics::classification::precision_recall_curve;
use statistics::{average_ranks, percentile_interval, quantile};

use super::day_draws::DayDraws;
use super::forecast::{AboveForecast, LevelForecast, REGIMES, RegimeForecast, RegimeRow};
use super::report::{AboveScore, CallScore, ClassScore, LevelBin, ProbabilityBin, RegimeScore};
use crate::common_rows::CommonRows;

/// Bins of the level, and of a probability.
const BINS: usize = 10;

/// Shares of the rows below each of the quantiles of errors.
const SHARES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// The scored rows, and the draws of their days.
pub(super) struct Details<'a> {
    pub common: &'a CommonRows<'a>,
    pub days: &'a DayDraws,
}

/// Shares of a class that its calls find.
const RECALLS: usize = 20;

/// The calls that find a twentieth of a class, two twentieths and so on.
fn calls(probability: &[f64], is_class: &[bool]) -> Vec<CallScore> {
    let curve = precision_recall_curve(probability, is_class);
    let found = |twentieths: usize| {
        let least = twentieths as f64 / RECALLS as f64;
        let place = curve.partition_point(|point| point.recall < least - 1e-12);
        let point = curve.get(place)?;
        Some(CallScore {
            threshold: point.threshold,
            precision: point.precision,
            recall: point.recall,
        })
    };
    (1..=RECALLS).filter_map(found).collect()
}

impl Details<'_> {
    /// Realized against forecast volatility in bins of equal count.
    pub fn bins(&self, level: &LevelForecast) -> Vec<LevelBin> {
        let (realized, count) = (&self.common.rows.realized, level.volatility.len());
        let bin = |rank: f64| (((rank - 0.5) / count as f64 * BINS as f64) as usize).min(BINS - 1);
        let bins: Vec<usize> = average_ranks(&level.volatility)
            .into_iter()
            .map(bin)
            .collect();
        let of_bin = |bin: usize| {
            let terms = |row: usize| {
                (bins[row] == bin).then(|| [1.0, level.volatility[row], realized[row].exp()])
            };
            let [rows, forecast, came] = self.total(terms);
            (rows > 0.0).then(|| LevelBin {
                rows: rows as usize,
                forecast: forecast / rows,
                realized: came / rows,
                interval: self.interval(terms),
            })
        };
        (0..BINS).filter_map(of_bin).collect()
    }

    /// Quantiles of the log of realized over forecast volatility.
    pub fn errors(&self, level: &LevelForecast) -> Vec<[f64; 2]> {
        let pairs = self.common.rows.realized.iter().zip(&level.volatility);
        quantiles(pairs.map(|(log, said)| log - said.ln()).collect(), &SHARES)
    }

    /// The classes in detail; None where no row has one.
    pub fn regimes(&self, regimes: &RegimeForecast) -> Option<RegimeScore> {
        let realized = &self.common.rows.realized;
        let rows: Vec<Option<RegimeRow>> = (0..realized.len())
            .map(|row| regimes.row(row, realized[row]))
            .collect();
        let mut confusion = [[0; 3]; 3];
        for row in rows.iter().flatten() {
            confusion[row.realized][row.forecast] += 1;
        }
        let places = regimes.places().iter();
        let classes = places.map(|&class| self.class(&rows, &confusion, class));
        rows.iter().any(Option::is_some).then(|| RegimeScore {
            confusion,
            classes: classes.collect(),
        })
    }

    fn class(
        &self,
        rows: &[Option<RegimeRow>],
        confusion: &[[usize; 3]; 3],
        class: usize,
    ) -> ClassScore {
        let hits = confusion[class][class] as f64;
        let came: usize = confusion[class].iter().sum();
        let said: usize = confusion.iter().map(|row| row[class]).sum();
        let all: usize = confusion.iter().flatten().sum();
        let share = |of: usize| (of > 0).then(|| hits / of as f64);
        let known = || rows.iter().flatten();
        let probability: Vec<f64> = known().map(|row| row.probability[class]).collect();
        let is_class: Vec<bool> = known().map(|row| row.realized == class).collect();
        ClassScore {
            name: REGIMES[class],
            rows: came,
            share: came as f64 / all as f64,
            precision: share(said),
            recall: share(came),
            f1: 2.0 * hits / (came + said).max(1) as f64,
            auc: statistics::classification::auc(&probability, &is_class),
            reliability: self.reliability(rows, class),
            precision_recall: calls(&probability, &is_class),
        }
    }

    /// How well a probability of coming above a level says that it does; None where no row has one.
    pub fn above(&self, forecast: &AboveForecast) -> Option<AboveScore> {
        let (realized, log_level) = (&self.common.rows.realized, forecast.level.ln());
        let row = |place: usize| -> Option<(f64, bool)> {
            let probability = forecast.probability[place];
            let is_above = realized[place] > log_level;
            probability.is_finite().then_some((probability, is_above))
        };
        let came = |is_above: bool| f64::from(u8::from(is_above));
        let error = |place: usize| {
            let (probability, is_above) = row(place)?;
            Some([1.0, probability, (probability - came(is_above)).powi(2)])
        };
        let [rows, probability, squared] = self.total(error);
        if rows == 0.0 {
            return None;
        }
        let (said, is_above): (Vec<f64>, Vec<bool>) = (0..realized.len()).filter_map(row).unzip();
        let share = is_above.iter().filter(|one| **one).count() as f64 / rows;
        let skill = 1.0 - squared / rows / (share * (1.0 - share));
        Some(AboveScore {
            level: forecast.level,
            rows: rows as usize,
            share,
            probability: probability / rows,
            brier: squared / rows,
            brier_interval: self.interval(error),
            brier_skill: skill.is_finite().then_some(skill),
            auc: statistics::classification::auc(&said, &is_above),
            reliability: self.probability_bins(|place| {
                let (probability, is_above) = row(place)?;
                Some((probability, came(is_above)))
            }),
        })
    }

    /// How often a class comes, by its probability.
    fn reliability(&self, rows: &[Option<RegimeRow>], class: usize) -> Vec<ProbabilityBin> {
        self.probability_bins(|place| {
            let row = rows[place]?;
            let came = f64::from(u8::from(row.realized == class));
            Some((row.probability[class], came))
        })
    }

    /// Rows by tenths of a probability, with how often what it is of came; of a row without one it is None.
    fn probability_bins(&self, of: impl Fn(usize) -> Option<(f64, f64)>) -> Vec<ProbabilityBin> {
        let of_bin = |bin: usize| {
            let terms = |place: usize| {
                let (probability, came) = of(place)?;
                let is_in = ((probability * BINS as f64) as usize).min(BINS - 1) == bin;
                is_in.then_some([1.0, probability, came])
            };
            let [rows, probability, came] = self.total(terms);
            (rows > 0.0).then(|| ProbabilityBin {
                rows: rows as usize,
                probability: probability / rows,
                share: came / rows,
                interval: self.interval(terms),
            })
        };
        (0..BINS).filter_map(of_bin).collect()
    }

    fn total(&self, terms: impl Fn(usize) -> Option<[f64; 3]>) -> [f64; 3] {
        (0..self.common.rows.len())
            .filter_map(terms)
            .fold([0.0; 3], |sum, own| {
                [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2]]
            })
    }

    /// The interval of the mean of the third term, the first of which is 1.
    fn interval(&self, terms: impl Fn(usize) -> Option<[f64; 3]>) -> Option<[f64; 2]> {
        let of_time = |time: &std::ops::Range<usize>| {
            let own = time.clone().filter_map(&terms);
            own.fold([0.0; 2], |sum, own| [sum[0] + own[0], sum[1] + own[2]])
        };
        let of = |[count, sum]: &[f64; 2]| Some(sum / count);
        let summed = self.days.summed(&self.common.spans, of_time, of);
        percentile_interval(&summed.draws?, self.common.options.confidence)
    }
}

/// Each share with the quantile of some values in any order.
pub(super) fn quantiles(mut values: Vec<f64>, shares: &[f64]) -> Vec<[f64; 2]> {
    values.sort_unstable_by(f64::total_cmp);
    let of = |&share: &f64| Some([share, quantile(&values, share)?]);
    shares.iter().filter_map(of).collect()
}
