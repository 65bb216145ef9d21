//! Expected returns: forecasts through a line of each coin that is fitted on earlier folds alone.

use serde::Serialize;
use statistics::{LineFit, LineSums, fit_line, shrunk, variance_between};

use super::line::Calibration;
use super::pairs::{Pairs, ReturnPart};
use crate::daily::{DAY_MS, MOST, block_days};
use crate::rows::Rows;

/// Clusters of days that a coin's own line needs.
const LEAST_CLUSTERS: usize = 5;

/// What is known of forecasts before a fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldCalibration {
    /// The fold that it is for; None: the times after all folds.
    pub fold: Option<u32>,
    /// The line of all coins together; None where nothing is known yet.
    pub pooled: Option<LineFit>,
    /// Standard deviation of the coins' true slopes, as far as errors do not explain it.
    pub slope_spread: f64,
    /// The same of the intercepts.
    pub intercept_spread: f64,
    /// The coins, in the order of [`Rows::symbols`].
    pub coins: Vec<CoinCalibration>,
}

/// What is known of a coin's forecasts before a fold.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct CoinCalibration {
    /// Its own line; None where it has too few days.
    pub own: Option<LineFit>,
    /// That line drawn to the pooled one by its errors, or the pooled one; None where there is none.
    pub shrunk: Option<Calibration>,
}

impl FoldCalibration {
    /// What a coin's forecast beside the others' is traded as: its slope, and no intercept. 0 where
    /// the forecasts of all coins, or of this one, were wrong so far; None where nothing is known.
    pub fn slope(&self, coin: usize) -> Option<f64> {
        let all = self.pooled?.slope;
        let own = self.coins.get(coin)?.shrunk?.slope;
        Some(if all > 0.0 { own.max(0.0) } else { 0.0 })
    }

    /// `days`: for each coin the sums of each cluster of days.
    fn new(fold: Option<u32>, days: &[Vec<LineSums>]) -> Self {
        let clusters = days.iter().map(Vec::len).max().unwrap_or(0);
        let mut all = vec![LineSums::default(); clusters];
        for coin in days {
            for (all, own) in all.iter_mut().zip(coin) {
                all.add(own);
            }
        }
        let pooled = fit_line(&all);
        let own: Vec<Option<LineFit>> = days.iter().map(|days| own_line(days)).collect();
        let lines = || own.iter().flatten();
        let slopes = lines().map(|line| (line.slope, line.slope_error));
        let intercepts = lines().map(|line| (line.intercept, line.intercept_error));
        let between = [slopes.collect(), intercepts.collect()].map(true_variance);
        let coin = |own: &Option<LineFit>| CoinCalibration {
            own: *own,
            shrunk: pooled.map(|pooled| drawn(own.unwrap_or(pooled), pooled, between)),
        };
        Self {
            fold,
            pooled,
            slope_spread: between[0].sqrt(),
            intercept_spread: between[1].sqrt(),
            coins: own.iter().map(coin).collect(),
        }
    }
}

/// A coin's own line, if it has days enough.
fn own_line(days: &[LineSums]) -> Option<LineFit> {
    let known = days.iter().filter(|sums| **sums != LineSums::default());
    (known.count() >= LEAST_CLUSTERS).then(|| fit_line(days))?
}

/// The variance that estimates have beside their errors; an estimate without an error is none.
fn true_variance(estimates: Vec<(f64, f64)>) -> f64 {
    let noisy: Vec<(f64, f64)> = estimates
        .into_iter()
        .filter(|(_, error)| *error > 0.0)
        .collect();
    variance_between(&noisy)
}

/// A line drawn to the pooled one; `between` are the true variances of slopes and intercepts.
fn drawn(own: LineFit, pooled: LineFit, between: [f64; 2]) -> Calibration {
    Calibration {
        slope: shrunk(own.slope, own.slope_error, pooled.slope, between[0]),
        intercept: shrunk(
            own.intercept,
            own.intercept_error,
            pooled.intercept,
            between[1],
        ),
    }
}

/// The lines before each fold, in order of the folds, and then those after all of them.
///
/// A line is that of the return entered a bar later on the forecast, of all earlier folds. Returns
/// that reach into the fold are left out. Points have the inverse square of the trailing volatility
/// as weight, and a return is clipped at five of them, as in the IC a day. Errors take the days
/// that a return reaches over as one. A coin's slope and intercept are drawn to those of all coins
/// by empirical Bayes: as much as their errors explain the differences between coins.
///
/// # Shapes
/// `forecast`: one value a row.
pub fn calibrations(rows: &Rows, forecast: &[f64], part: ReturnPart) -> Vec<FoldCalibration> {
    let pairs = Pairs::new(rows, forecast, part);
    lines_before(rows, &pairs.forecast, &pairs.realized)
}

/// As [`calibrations`], of columns that are a part already.
pub(super) fn lines_before(
    rows: &Rows,
    forecast: &[f64],
    realized: &[f64],
) -> Vec<FoldCalibration> {
    let known_after_ms = rows.bar_ms * (rows.reach_bars as i64 + 1);
    let mut days = ClusterSums::new(rows);
    let (mut next, mut start) = (0, 0);
    let mut found = Vec::new();
    while let Some(&fold) = rows.fold.get(start) {
        // What is known at the fold's first forecast.
        let is_known = |row: usize| rows.time_ms[row] + known_after_ms <= rows.time_ms[start];
        while next < start && is_known(next) {
            days.push(next, forecast[next], realized[next]);
            next += 1;
        }
        found.push(FoldCalibration::new(Some(fold), &days.of_coins));
        start += rows.fold[start..].partition_point(|other| *other == fold);
    }
    for row in next..rows.len() {
        days.push(row, forecast[row], realized[row]);
    }
    found.push(FoldCalibration::new(None, &days.of_coins));
    found
}

/// What lines need of the rows, for each coin and cluster of days.
struct ClusterSums<'a> {
    rows: &'a Rows,
    first_ms: i64,
    cluster_ms: i64,
    of_coins: Vec<Vec<LineSums>>,
}

impl<'a> ClusterSums<'a> {
    fn new(rows: &'a Rows) -> Self {
        let first_ms = rows.time_ms.first().copied().unwrap_or_default();
        Self {
            rows,
            first_ms: first_ms.div_euclid(DAY_MS) * DAY_MS,
            cluster_ms: DAY_MS * block_days(rows.bar_ms, rows.reach_bars) as i64,
            of_coins: vec![Vec::new(); rows.symbols.len()],
        }
    }

    /// Adds a row to its coin's cluster; one of which something is not known is left out.
    fn push(&mut self, row: usize, forecast: f64, realized: f64) {
        let unit = self.rows.unit()[row];
        let cluster = (self.rows.time_ms[row] - self.first_ms) / self.cluster_ms;
        let is_known = forecast.is_finite() && realized.is_finite() && unit.is_finite();
        if let (true, Ok(cluster)) = (is_known, usize::try_from(cluster)) {
            let clusters = &mut self.of_coins[self.rows.symbol[row] as usize];
            if clusters.len() <= cluster {
                clusters.resize(cluster + 1, LineSums::default());
            }
            let clipped = realized.clamp(-MOST * unit, MOST * unit);
            clusters[cluster].push(forecast, clipped, unit.powi(-2));
        }
    }
}

/// The expected return of every row by the lines before its fold; NaN where nothing is known.
///
/// The own part is expected by its [slope](FoldCalibration::slope) alone, as it is traded: intercepts
/// of earlier folds do not hold (docs/src/results/calibration.md).
///
/// # Shapes
/// `forecast` and the result: one value a row; `before`: from [`calibrations`] of the same rows.
pub fn expected_returns(
    rows: &Rows,
    forecast: &[f64],
    part: ReturnPart,
    before: &[FoldCalibration],
) -> Vec<f64> {
    let mut expected = part.of(rows, forecast);
    for (row, value) in expected.iter_mut().enumerate() {
        let (fold, coin) = (Some(rows.fold[row]), rows.symbol[row] as usize);
        let lines = before.iter().find(|one| one.fold == fold);
        let found = lines.and_then(|lines| match part {
            ReturnPart::Own => Some(lines.slope(coin)? * *value),
            ReturnPart::Whole => Some(lines.coins.get(coin)?.shrunk?.of(*value)),
        });
        *value = found.unwrap_or(f64::NAN);
    }
    expected
}
