//! From candles to coefficients: moments day by day, then one small system a refit.

use std::ops::Range;

use dataset::{Dataset, FeatureSet, Features, Fold, Targets, format_time};
use market::Symbol;
use rayon::prelude::*;
use statistics::{ForecastSums, NormalEquations};

use crate::terms::{FeatureIndices, Term};
use crate::units::{RowTargets, units};
use crate::{Error, Refit, RidgeModel, RidgeOptions};

const DAY_MS: i64 = 86_400_000;

/// Days whose features are computed at once: enough to make the two days before them cheap.
const DAYS_AT_ONCE: usize = 16;

/// The moments of every day of a data set.
#[derive(Debug, Clone)]
pub struct RidgeFit {
    options: RidgeOptions,
    /// In order of time.
    days: Vec<DayMoments>,
    /// Those of further panels.
    further: Vec<DayMoments>,
}

/// The rows whose targets became known in the same day.
#[derive(Debug, Clone)]
struct DayMoments {
    /// Number of the day since 1970: the next one's refit is the first that knows these rows.
    number: i64,
    rows: Range<usize>,
    own: NormalEquations,
    market: NormalEquations,
}

impl RidgeFit {
    /// Sums the moments of all rows of a data set once, for the fits of any of its folds.
    ///
    /// # Errors
    /// A bad option, or another feature set than `relative`.
    pub fn new(dataset: &Dataset, options: RidgeOptions) -> Result<Self, Error> {
        let further = further_targets(dataset);
        Self::of_targets(dataset, &dataset.targets, further, options)
    }

    /// Coefficients for the scored rows of one fold, one for each of its refits.
    ///
    /// They know only targets that were known before the UTC day in which the refit begins, the
    /// embargo included. With `target.shuffle_seed` only those of the first refit are there: later
    /// targets are not in another order.
    ///
    /// # Errors
    /// A bad option, another feature set than `relative`, or no row to fit to.
    pub fn fit(dataset: &Dataset, fold: &Fold, options: RidgeOptions) -> Result<RidgeModel, Error> {
        let folds = dataset.further_folds(fold);
        let further = folds.iter();
        let further = further.map(|fold| (&fold.panel.dataset, &*fold.targets));
        let targets = dataset.fitted_targets(fold);
        Self::of_targets(dataset, &targets, further, options)?.fold(dataset, fold)
    }

    /// As [`RidgeFit::new`], of the features of the set `relative` beside whichever set the data set
    /// has for others.
    ///
    /// # Errors
    /// A bad option.
    pub(crate) fn beside(dataset: &Dataset, options: RidgeOptions) -> Result<Self, Error> {
        options.validate()?;
        let further = further_targets(dataset);
        Ok(Self::of_moments(
            dataset,
            &dataset.targets,
            further,
            options,
        ))
    }

    fn of_targets<'a>(
        dataset: &Dataset,
        targets: &Targets,
        further: impl Iterator<Item = (&'a Dataset, &'a Targets)>,
        options: RidgeOptions,
    ) -> Result<Self, Error> {
        options.validate()?;
        let set = dataset.config.features.set;
        if set != FeatureSet::RELATIVE {
            let found = set.to_string();
            return Err(Error::FeatureSet { found });
        }
        Ok(Self::of_moments(dataset, targets, further, options))
    }

    fn of_moments<'a>(
        dataset: &Dataset,
        targets: &Targets,
        further: impl Iterator<Item = (&'a Dataset, &'a Targets)>,
        options: RidgeOptions,
    ) -> Self {
        Self {
            options,
            days: days(dataset, targets),
            further: further
                .flat_map(|(dataset, targets)| days(dataset, targets))
                .collect(),
        }
    }

    /// [`RidgeFit::fit`] with the moments that are there; not for shuffled targets.
    ///
    /// # Errors
    /// No row to fit to.
    pub fn fold(&self, dataset: &Dataset, fold: &Fold) -> Result<RidgeModel, Error> {
        let panel = &dataset.panel;
        let refitted = match dataset.config.target.shuffle_seed {
            None => fold.fits(),
            Some(_) => &fold.fits()[..1], // a fold has one fit at least
        };
        let day = |fit: &Fold| panel.time_ms(fit.score.start).div_euclid(DAY_MS);
        let horizon_bars = dataset.config.horizon_bars();
        let from = fold.train.start;
        let refits = self.refits(horizon_bars, from, refitted.iter().map(day));
        let first_ms = day(fold) * DAY_MS;
        if refits.first().is_none_or(|refit| refit.from_ms > first_ms) {
            let before = format_time(first_ms);
            let fold = fold.number;
            return Err(Error::NoRows { fold, before });
        }
        let interval = panel.interval();
        Ok(RidgeModel::new(
            interval,
            horizon_bars,
            self.options,
            refits,
        ))
    }

    /// The coefficients of every UTC day of the panel before which a target was known, each fitted
    /// on all days before it.
    pub(crate) fn every_day(&self, dataset: &Dataset) -> RidgeModel {
        let panel = &dataset.panel;
        let day = |row: usize| panel.time_ms(row).div_euclid(DAY_MS);
        let days = day(0)..=day(panel.rows().saturating_sub(1));
        let horizon_bars = dataset.config.horizon_bars();
        let refits = self.refits(horizon_bars, 0, days);
        RidgeModel::new(panel.interval(), horizon_bars, self.options, refits)
    }

    /// The coefficients of some days, in their order, each of the days with rows at `from` or after
    /// that come before it; none of a day without.
    fn refits(
        &self,
        horizon_bars: usize,
        from: usize,
        numbers: impl Iterator<Item = i64>,
    ) -> Vec<Refit> {
        let mut walk = WalkState::new(self.options, horizon_bars);
        let mut refits = Vec::new();
        let own = self.days.iter().filter(|day| day.rows.start >= from);
        let mut days: Vec<&DayMoments> = own.chain(&self.further).collect();
        days.sort_by_key(|day| day.number);
        let mut days = days.chunk_by(|a, b| a.number == b.number).peekable();
        for number in numbers {
            // Chunks are never empty.
            while let Some(panels) = days.next_if(|panels| panels[0].number < number) {
                walk.add(panels);
            }
            refits.extend(walk.refit(number));
        }
        refits
    }
}

/// The further panels of a data set with their targets.
fn further_targets(dataset: &Dataset) -> impl Iterator<Item = (&Dataset, &Targets)> {
    let panels = dataset.further.iter().map(|panel| &panel.dataset);
    panels.map(|dataset| (dataset, &dataset.targets))
}

/// The moments of all days of a panel.
fn days(dataset: &Dataset, targets: &Targets) -> Vec<DayMoments> {
    let spans = day_spans(dataset);
    let of_days = |spans| of_days(dataset, targets, spans);
    spans.chunks(DAYS_AT_ONCE).flat_map(of_days).collect()
}

/// The rows of each day in which targets became known: those entered a bar later, and the embargo
/// after them.
fn day_spans(dataset: &Dataset) -> Vec<(i64, Range<usize>)> {
    let (panel, config) = (&dataset.panel, &dataset.config);
    // The target at the next row needs the close of so many bars after this one.
    let reach = 1 + config.reach_bars() + config.embargo_bars();
    let number = |row: usize| (panel.time_ms(row + reach + 1) - 1).div_euclid(DAY_MS);
    let mut spans: Vec<(i64, Range<usize>)> = Vec::new();
    for row in 0..panel.rows().saturating_sub(reach) {
        match spans.last_mut() {
            Some((day, rows)) if *day == number(row) => rows.end = row + 1,
            _ => spans.push((number(row), row..row + 1)),
        }
    }
    spans
}

/// The moments of consecutive days.
fn of_days(dataset: &Dataset, targets: &Targets, spans: &[(i64, Range<usize>)]) -> Vec<DayMoments> {
    let (panel, config) = (&dataset.panel, &dataset.config);
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Vec::new();
    };
    let (start, coins) = (first.1.start, panel.coins());
    let chosen = Features::all(FeatureSet::RELATIVE).of_bars(panel.interval());
    let names = chosen.names();
    // Terms are of the set's own features.
    let places = |terms: &[Term]| FeatureIndices::of(terms, &names).ok();
    let (Some(own), Some(market)) = (places(&Term::own(&names)), places(&Term::market(&names)))
    else {
        return Vec::new();
    };
    let features = chosen.compute(panel, start..last.1.end);
    let units = units(panel, start..last.1.end, config.horizon_bars());
    let is_trained = |symbol: &Symbol| config.universe.is_trained(symbol.as_str());
    let is_trained: Vec<bool> = panel.symbols().iter().map(is_trained).collect();
    let of_day = |(number, rows): &(i64, Range<usize>)| {
        let (mut terms, mut of_market) = (vec![0.0; own.len()], vec![0.0; market.len()]);
        let mut day = DayMoments {
            number: *number,
            rows: rows.clone(),
            own: NormalEquations::new(own.len()),
            market: NormalEquations::new(market.len()),
        };
        for row in rows.clone() {
            let at = (row - start) * coins;
            let target = RowTargets::at(targets, row, &units[at..at + coins]);
            let mut has_market = false;
            for coin in (0..coins).filter(|&coin| is_trained[coin]) {
                let cell = features.cell(row - start, coin);
                let is_known = panel.is_observed(row, coin) && !target.own[coin].is_nan();
                if is_known && own.values(cell, &mut terms) {
                    day.own.add(&terms, target.own[coin]);
                    has_market |= market.values(cell, &mut of_market);
                }
            }
            if has_market {
                day.market.add(&of_market, target.market);
            }
        }
        day
    };
    spans.par_iter().map(of_day).collect()
}

/// What is known after some days.
struct WalkState {
    options: RidgeOptions,
    horizon_bars: f64,
    last_day: Option<i64>,
    all: NormalEquations,
    recent: NormalEquations,
    market: NormalEquations,
    reversal: Vec<f64>,
    worth: ForecastSums,
}

impl WalkState {
    fn new(options: RidgeOptions, horizon_bars: usize) -> Self {
        let names = Features::all(FeatureSet::RELATIVE).names();
        let (own, market) = (Term::own(&names), Term::market(&names));
        Self {
            options,
            horizon_bars: horizon_bars as f64,
            last_day: None,
            all: NormalEquations::new(own.len()),
            recent: NormalEquations::new(own.len()),
            market: NormalEquations::new(market.len()),
            reversal: market.iter().map(Term::reversal).collect(),
            worth: ForecastSums::default(),
        }
    }

    /// Adds a day of each panel that has it, after judging by them the market's part as it was before.
    fn add(&mut self, panels: &[&DayMoments]) {
        if self.market.rows > 0.0 {
            let coefficients = self.market_coefficients();
            for day in panels {
                self.worth.join(day.market.worth(&coefficients));
            }
        }
        for day in panels {
            let days = self.last_day.map_or(0, |last| day.number - last);
            self.recent
                .scale(0.5f64.powf(days as f64 / self.options.half_life_days));
            self.last_day = Some(day.number);
            self.all.join(&day.own);
            self.recent.join(&day.own);
            self.market.join(&day.market);
        }
    }

    fn market_coefficients(&self) -> Vec<f64> {
        let penalty = self.options.market_penalty * self.horizon_bars;
        self.market
            .ridge(penalty, &self.market.mean_squares(), &self.reversal)
    }

    /// The coefficients of a day; None before any row.
    fn refit(&self, number: i64) -> Option<Refit> {
        if self.all.rows == 0.0 {
            return None;
        }
        let penalty = self.options.penalty * self.horizon_bars;
        let squares = self.all.mean_squares();
        let lasting = self.all.ridge(penalty, &squares, &vec![0.0; squares.len()]);
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        let share = self
            .worth
            .share(self.options.market_trust, self.horizon_bars);
        Some(Refit {
            from_ms: number * DAY_MS,
            rows: self.all.rows as u64,
            own: single(self.recent.ridge(penalty, &squares, &lasting)),
            market: single(self.market_coefficients()),
            market_share: share as f32,
        })
    }
}
