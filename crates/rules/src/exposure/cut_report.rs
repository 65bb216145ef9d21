//! What calling High by a cut costs, fold by fold, beside always calling it and never.

use score::{ForecastColumn, RegimeForecast, Rows};
use serde::Serialize;

use super::book::Market;
use super::cut::{AlarmCosts, Cut, outcome};
use super::figures::{BookDraws, ExposureValue};

/// The cut of each fold of one run, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutReport {
    /// The forecaster.
    pub forecaster: String,
    /// Its run.
    pub run: Option<String>,
    /// Each fold, in order.
    pub folds: Vec<FoldCut>,
    /// All folds together, each by its own cut.
    pub all: CallFigures,
    /// Cost a row minus that of always calling High.
    pub minus_always: ExposureValue,
    /// Cost a row minus that of never calling it.
    pub minus_never: ExposureValue,
}

/// The cut of a fold, which earlier folds decide, and what it costs there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FoldCut {
    /// Number of the fold.
    pub fold: u32,
    /// The cut.
    pub cut: Cut,
    /// What came of it.
    #[serde(flatten)]
    pub figures: CallFigures,
}

/// What came of calls of High.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CallFigures {
    /// Rows whose class came.
    pub rows: usize,
    /// Share of them that were High.
    pub high: f64,
    /// Share of them at which High was called.
    pub called: f64,
    /// Share of the High rows that were called; None where there are none.
    pub recall: Option<f64>,
    /// Share of the calls that were High; None where there are none.
    pub precision: Option<f64>,
    /// Mean cost of a row.
    pub cost: f64,
    /// The same of calling High at every row.
    pub cost_always: f64,
    /// The same of never calling it.
    pub cost_never: f64,
}

/// Counts of rows by what was called and what came.
#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    hits: f64,
    misses: f64,
    alarms: f64,
    others: f64,
}

/// Whether High is called at each row, by the cut of its fold; None where its class is unknown.
pub(super) fn calls(
    rows: &Rows,
    regimes: &RegimeForecast,
    cuts: &[(u32, Cut)],
) -> Vec<Option<bool>> {
    let call = |row: usize| {
        let probability = regimes.probability[2][row];
        let (_, cut) = cuts.iter().find(|(fold, _)| *fold == rows.fold[row])?;
        probability
            .is_finite()
            .then_some(probability >= cut.probability)
    };
    (0..rows.len()).map(call).collect()
}

/// The cuts of a run; None where it publishes no classes.
pub(super) fn cut_report(
    (market, draws): (&Market<'_>, &BookDraws),
    forecaster: &ForecastColumn,
    costs: AlarmCosts,
) -> Option<CutReport> {
    let rows = market.rows;
    let regimes = forecaster.level.as_ref()?.regimes.as_ref()?;
    let cuts = costs.fold_cuts(rows, regimes);
    let called = calls(rows, regimes, &cuts);
    let count = |own: &mut dyn Iterator<Item = usize>| {
        own.fold(Calls::default(), |counts, row| {
            match (called[row], outcome(rows, regimes, row)) {
                (Some(is_called), Some(outcome)) => counts.with(is_called, outcome.is_high),
                _ => counts,
            }
        })
    };
    let of_fold = |&(fold, cut): &(u32, Cut)| {
        let mut own = (0..rows.len()).filter(|row| rows.fold[*row] == fold);
        Some(FoldCut {
            fold,
            cut,
            figures: count(&mut own).figures(costs)?,
        })
    };
    let by_time: Vec<Calls> = (market.times.iter())
        .map(|rows| count(&mut rows.iter().copied()))
        .collect();
    let all = by_time
        .iter()
        .fold(Calls::default(), |sum, one| sum.plus(one));
    let all_figures = all.figures(costs)?;
    let minus = |other: fn(&CallFigures) -> f64| {
        let difference = |calls: Calls| {
            let figures = calls.figures(costs);
            figures.map_or(f64::NAN, |figures| figures.cost - other(&figures))
        };
        draws.value(difference(all), |places: &Vec<usize>| {
            let drawn = places.iter().map(|&place| &by_time[place]);
            difference(drawn.fold(Calls::default(), |sum, one| sum.plus(one)))
        })
    };
    Some(CutReport {
        forecaster: forecaster.name.clone(),
        run: forecaster.run.clone(),
        folds: cuts.iter().filter_map(of_fold).collect(),
        all: all_figures,
        minus_always: minus(|figures| figures.cost_always),
        minus_never: minus(|figures| figures.cost_never),
    })
}

impl Calls {
    fn with(mut self, is_called: bool, is_high: bool) -> Self {
        let place = match (is_called, is_high) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.misses,
            (true, false) => &mut self.alarms,
            (false, false) => &mut self.others,
        };
        *place += 1.0;
        self
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            alarms: self.alarms + other.alarms,
            others: self.others + other.others,
        }
    }

    /// None where there are no rows.
    fn figures(&self, costs: AlarmCosts) -> Option<CallFigures> {
        let (high, called) = (self.hits + self.misses, self.hits + self.alarms);
        let rows = called + self.misses + self.others;
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Some(CallFigures {
            rows: rows as usize,
            high: share(high, rows)?,
            called: share(called, rows)?,
            recall: share(self.hits, high),
            precision: share(self.hits, called),
            cost: (costs.miss * self.misses + costs.alarm * self.alarms) / rows,
            cost_always: costs.alarm * (rows - high) / rows,
            cost_never: costs.miss * high / rows,
        })
    }
}
