//! Bins and classes of one forecaster's volatilities.

use std::ops::Range;

use statistics::{ConfidenceInterval, average_ranks, quantile};

use super::day_draws::DayDraws;
use super::forecast::{AboveForecast, LevelForecast, REGIMES, RegimeForecast};
use super::level_rows::{ClassRanking, LevelRows};
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
fn calls(class: &ClassRanking) -> Vec<CallScore> {
    let curve = class.ranking.precision_recall_curve(&class.is_class);
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
    pub fn bins(&self, level: &LevelForecast, rows: &LevelRows<'_>) -> Vec<LevelBin> {
        let count = level.volatility.len();
        let bin = |rank: f64| (((rank - 0.5) / count as f64 * BINS as f64) as usize).min(BINS - 1);
        let bins: Vec<usize> = average_ranks(&level.volatility)
            .into_iter()
            .map(bin)
            .collect();
        let of_row = |row: usize| Some((bins[row], level.volatility[row], rows.realized[row]));
        let bin = |bin: Bin| LevelBin {
            rows: bin.rows,
            forecast: bin.said,
            realized: bin.came,
            interval: bin.interval,
        };
        self.binned(of_row).map(bin).collect()
    }

    /// Quantiles of the log of realized over forecast volatility.
    pub fn errors(&self, level: &LevelForecast) -> Vec<[f64; 2]> {
        let pairs = self.common.rows.realized.iter().zip(&level.volatility);
        quantiles(pairs.map(|(log, said)| log - said.ln()).collect(), &SHARES)
    }

    /// The classes in detail; None where no row has one.
    pub fn regimes(&self, regimes: &RegimeForecast, rows: &LevelRows<'_>) -> Option<RegimeScore> {
        let mut confusion = [[0; 3]; 3];
        for row in rows.regimes.iter().flatten() {
            confusion[row.realized][row.forecast] += 1;
        }
        let places = regimes.places().iter();
        let classes = places.map(|&class| self.class(rows, &confusion, class));
        rows.regimes
            .iter()
            .any(Option::is_some)
            .then(|| RegimeScore {
                confusion,
                classes: classes.collect(),
            })
    }

    fn class(&self, rows: &LevelRows<'_>, confusion: &[[usize; 3]; 3], class: usize) -> ClassScore {
        let hits = confusion[class][class] as f64;
        let came: usize = confusion[class].iter().sum();
        let said: usize = confusion.iter().map(|row| row[class]).sum();
        let all: usize = confusion.iter().flatten().sum();
        let share = |of: usize| (of > 0).then(|| hits / of as f64);
        let ranking = rows.class(class);
        ClassScore {
            name: REGIMES[class],
            rows: came,
            share: came as f64 / all as f64,
            precision: share(said),
            recall: share(came),
            f1: 2.0 * hits / (came + said).max(1) as f64,
            auc: ranking.ranking.auc(&ranking.is_class),
            reliability: self.reliability(|place| {
                let row = rows.regimes[place].as_ref()?;
                Some((row.probability[class], row.realized == class))
            }),
            precision_recall: calls(ranking),
        }
    }

    /// The probabilities of volatilities above a level in detail; None where no row has one.
    pub fn above(&self, above: &AboveForecast) -> Option<AboveScore> {
        let realized = &self.common.rows.realized;
        let rows: Vec<Option<(f64, bool)>> = (0..realized.len())
            .map(|row| above.row(row, realized[row]))
            .collect();
        let known: Vec<(f64, bool)> = rows.iter().flatten().copied().collect();
        let count = known.len() as f64;
        let came = |&(_, came): &(f64, bool)| f64::from(u8::from(came));
        let mean = |of: &dyn Fn(&(f64, bool)) -> f64| known.iter().map(of).sum::<f64>() / count;
        let share = mean(&came);
        let reliability = self.reliability(|row| rows[row]);
        let gap = |bin: &ProbabilityBin| bin.rows as f64 * (bin.share - bin.probability).abs();
        let (probability, is_above): (Vec<f64>, Vec<bool>) = known.iter().copied().unzip();
        (count > 0.0).then(|| AboveScore {
            level: above.level,
            rows: known.len(),
            share,
            brier: mean(&|row| (row.0 - came(row)).powi(2)),
            brier_of_share: share * (1.0 - share),
            log_loss: mean(&|row| {
                let of_what_came = if row.1 { row.0 } else { 1.0 - row.0 };
                -of_what_came.max(1e-15).ln()
            }),
            ece: reliability.iter().map(gap).sum::<f64>() / count,
            auc: statistics::classification::auc(&probability, &is_above),
            reliability,
        })
    }

    /// How often it comes, by its probability, which `row` has of each row with whether it came.
    fn reliability(&self, row: impl Fn(usize) -> Option<(f64, bool)>) -> Vec<ProbabilityBin> {
        let of_row = |place: usize| {
            let (probability, came) = row(place)?;
            let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
            Some((bin, probability, f64::from(u8::from(came))))
        };
        let bin = |bin: Bin| ProbabilityBin {
            rows: bin.rows,
            probability: bin.said,
            share: bin.came,
            interval: bin.interval,
        };
        self.binned(of_row).map(bin).collect()
    }

    /// The bins that have rows: `of_row` is a row's bin, what was said and what came.
    fn binned(
        &self,
        of_row: impl Fn(usize) -> Option<(usize, f64, f64)>,
    ) -> impl Iterator<Item = Bin> {
        let CommonRows {
            rows,
            spans,
            options,
            ..
        } = self.common;
        let mut totals = [[0.0; 3]; BINS];
        for (bin, said, came) in (0..rows.len()).filter_map(&of_row) {
            let total = &mut totals[bin];
            *total = [total[0] + 1.0, total[1] + said, total[2] + came];
        }
        let add = |time: &Range<usize>, sums: &mut [[f64; 2]; BINS]| {
            for (bin, _, came) in time.clone().filter_map(&of_row) {
                sums[bin] = [sums[bin][0] + 1.0, sums[bin][1] + came];
            }
        };
        let intervals = self.days.mean_intervals(spans, add, options.confidence);
        let bins = totals.into_iter().zip(intervals);
        bins.filter(|([rows, ..], _)| *rows > 0.0)
            .map(|([rows, said, came], interval)| Bin {
                rows: rows as usize,
                said: said / rows,
                came: came / rows,
                interval,
            })
    }
}

/// Rows whose forecasts are neighbours.
struct Bin {
    rows: usize,
    /// Mean of what was said.
    said: f64,
    /// Mean of what came.
    came: f64,
    interval: Option<ConfidenceInterval>,
}

/// Each share with the quantile of some values in any order.
pub(super) fn quantiles(mut values: Vec<f64>, shares: &[f64]) -> Vec<[f64; 2]> {
    values.sort_unstable_by(f64::total_cmp);
    let of = |&share: &f64| Some([share, quantile(&values, share)?]);
    shares.iter().filter_map(of).collect()
}
