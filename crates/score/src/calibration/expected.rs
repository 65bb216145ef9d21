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

    /// The return that is expected of a coin for a forecast; NaN where nothing is known.
    pub fn expected(&self, coin: usize, forecast: f64) -> f64 {
        let line = self.coins.get(coin).and_then(|coin| coin.shrunk);
        line.map_or(f64::NAN, |line| line.of(forecast))
    }

    /// `days`: for each coin the sums of each cluster of days.
    fn new(fold: Option<u32>, days: &[Vec<LineSums>]) -> Self {
        let mut all = vec![LineSums::default(); days.iter().map(Vec::len).max().unwrap_or(0)];
        for coin in days {
            for (all, own) in all.iter_mut().zip(coin) {
                all.add(own);
            }
        }
        let pooled = fit_line(&all);
        let is_enough = |days: &&Vec<LineSums>| {
            let known = days.iter().filter(|sums| **sums != LineSums::default());
            known.count() >= LEAST_CLUSTERS
        };
        let own: Vec<Option<LineFit>> = (days.iter())
            .map(|days| Some(days).filter(is_enough).and_then(|days| fit_line(days)))
            .collect();
        let lines = || own.iter().flatten();
        let is_noisy = |(_, error): &(f64, f64)| *error > 0.0;
        let slopes: Vec<(f64, f64)> = lines()
            .map(|line| (line.slope, line.slope_error))
            .filter(is_noisy)
            .collect();
        let intercepts: Vec<(f64, f64)> = lines()
            .map(|line| (line.intercept, line.intercept_error))
            .filter(is_noisy)
            .collect();
        let between = [variance_between(&slopes), variance_between(&intercepts)];
        let shrunk_line = |own: &Option<LineFit>| {
            let center = pooled?;
            let line = own.map_or(
                Calibration {
                    slope: center.slope,
                    intercept: center.intercept,
                },
                |own| Calibration {
                    slope: shrunk(own.slope, own.slope_error, center.slope, between[0]),
                    intercept: shrunk(
                        own.intercept,
                        own.intercept_error,
                        center.intercept,
                        between[1],
                    ),
                },
            );
            Some(line)
        };
        let coins = own.iter().map(|own| CoinCalibration {
            own: *own,
            shrunk: shrunk_line(own),
        });
        Self {
            fold,
            pooled,
            slope_spread: between[0].sqrt(),
            intercept_spread: between[1].sqrt(),
            coins: coins.collect(),
        }
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
pub(super) fn lines_before(rows: &Rows, x: &[f64], y: &[f64]) -> Vec<FoldCalibration> {
    let unit = rows.unit();
    let block_ms = DAY_MS * block_days(rows.bar_ms, rows.reach_bars) as i64;
    let first_ms = rows
        .time_ms
        .first()
        .map_or(0, |time| time.div_euclid(DAY_MS) * DAY_MS);
    let known_after_ms = rows.bar_ms * (rows.reach_bars as i64 + 1);
    let mut days: Vec<Vec<LineSums>> = vec![Vec::new(); rows.symbols.len()];
    let mut next = 0;
    let mut found = Vec::new();
    let mut row = 0;
    while let Some(&fold) = rows.fold.get(row) {
        let start_ms = rows.time_ms[row];
        // What is known at the fold's first forecast.
        let is_known = |place: usize| {
            rows.fold[place] < fold && rows.time_ms[place] + known_after_ms <= start_ms
        };
        while next < row && is_known(next) {
            push(
                &mut days,
                rows,
                (next, (rows.time_ms[next] - first_ms) / block_ms),
                (x, y, unit),
            );
            next += 1;
        }
        found.push(FoldCalibration::new(Some(fold), &days));
        row += rows.fold[row..].partition_point(|other| *other == fold);
    }
    for place in next..rows.len() {
        push(
            &mut days,
            rows,
            (place, (rows.time_ms[place] - first_ms) / block_ms),
            (x, y, unit),
        );
    }
    found.push(FoldCalibration::new(None, &days));
    found
}

/// Adds a row to its coin's cluster of days; a row that is not known whole is left out.
fn push(
    days: &mut [Vec<LineSums>],
    rows: &Rows,
    (row, cluster): (usize, i64),
    (x, y, unit): (&[f64], &[f64], &[f64]),
) {
    let (x, y, unit) = (x[row], y[row], unit[row]);
    let (true, Ok(cluster)) = (
        x.is_finite() && y.is_finite() && unit.is_finite(),
        usize::try_from(cluster),
    ) else {
        return;
    };
    let days = &mut days[rows.symbol[row] as usize];
    if days.len() <= cluster {
        days.resize(cluster + 1, LineSums::default());
    }
    days[cluster].push(x, y.clamp(-MOST * unit, MOST * unit), unit.powi(-2));
}

/// The expected return of every row by the lines before its fold; NaN where nothing is known.
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
        let fold = Some(rows.fold[row]);
        let lines = before.iter().find(|one| one.fold == fold);
        *value = lines.map_or(f64::NAN, |lines| {
            lines.expected(rows.symbol[row] as usize, *value)
        });
    }
    expected
}
