//! What a metric is computed from.

use std::ops::Range;

use statistics::{InformationCoefficient, minus, pearson, rank_ic_per_timestamp, summarize_ic};

use crate::common_rows::{CommonRows, fold_ranks, mean_defined};
use crate::controls::{is_unknown, rows_of_coins};
use crate::daily::IcVariant;
use crate::levels::{LevelForecast, LevelRows, SummedValues};
use crate::metrics::estimate::Estimate;
use crate::ranks::{RankSeries, Ranks};
use crate::ratio::RatioSeries;
use crate::resampling::{Bootstrap, ForecasterSeries, fold_differences};
use crate::rows::{ForecastColumn, Rows};
use crate::variants::Variant;

/// The series and draws of all forecasters that are scored together.
pub(crate) struct SharedDraws<'a> {
    pub scored: &'a [ForecasterSeries],
    pub bootstrap: &'a Bootstrap<'a>,
    pub ranks: &'a Ranks,
}

/// One forecaster's forecasts on the rows that are scored.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    common: &'a CommonRows<'a>,
    forecaster: &'a ForecastColumn,
    /// The draws, and the forecaster's place among them.
    drawn: Option<(&'a SharedDraws<'a>, usize)>,
    /// The rows of forecasts of volatility, with the draws of their days.
    level: Option<&'a LevelRows<'a>>,
}

impl<'a> Sample<'a> {
    /// One of the forecasters that are prepared.
    pub(crate) fn drawn(
        common: &'a CommonRows<'a>,
        forecaster: &'a ForecastColumn,
        prepared: &'a SharedDraws<'a>,
        place: usize,
    ) -> Self {
        Self {
            common,
            forecaster,
            drawn: Some((prepared, place)),
            level: None,
        }
    }

    /// Forecasts without draws: their metrics have no interval.
    pub(crate) fn alone(common: &'a CommonRows<'a>, forecaster: &'a ForecastColumn) -> Self {
        Self {
            common,
            forecaster,
            drawn: None,
            level: None,
        }
    }

    /// Forecasts of log volatility, with what their metrics share.
    pub(crate) fn of_level(
        common: &'a CommonRows<'a>,
        forecaster: &'a ForecastColumn,
        level: &'a LevelRows<'a>,
    ) -> Self {
        Self {
            level: Some(level),
            ..Self::alone(common, forecaster)
        }
    }

    /// The scored rows, sorted by fold, time and symbol.
    pub fn rows(&self) -> &'a Rows {
        self.common.rows
    }

    /// The forecast of each row.
    pub fn forecast(&self) -> &'a [f64] {
        &self.forecaster.forecast
    }

    /// Rows of each timestamp.
    pub fn times(&self) -> &'a [Range<usize>] {
        &self.common.spans.times
    }

    /// Whose forecasts they are.
    pub(crate) fn forecaster(&self) -> &'a ForecastColumn {
        self.forecaster
    }

    /// Confidence of the intervals.
    pub(crate) fn confidence(&self) -> f64 {
        self.common.options.confidence
    }

    /// True for a control of what the rows do not know.
    pub fn is_unknown(&self) -> bool {
        is_unknown(self.forecaster)
    }

    /// What the forecaster publishes of the level; None where forecasts are no log volatilities.
    pub fn level(&self) -> Option<&'a LevelForecast> {
        self.forecaster.level.as_ref()
    }

    /// A value of sums over times, with the draws of whole days: `of_time` are the sums of a time,
    /// given its rows.
    pub(crate) fn summed<const N: usize>(
        &self,
        of_time: impl Fn(&Range<usize>) -> [f64; N],
        of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
    ) -> Estimate {
        let Some(LevelRows { days, .. }) = self.level else {
            return Estimate::default();
        };
        let SummedValues {
            value,
            folds,
            draws,
        } = days.summed(&self.common.spans, of_time, of);
        Estimate {
            value,
            t: None,
            folds,
            draws,
        }
    }

    /// What the metrics of volatility share; None where forecasts are no log volatilities.
    pub(crate) fn level_rows(&self) -> Option<&'a LevelRows<'a>> {
        self.level
    }

    /// The closes that returns begin at; None where forecasts are not scored as prices, and for a
    /// control of what the rows do not know.
    pub fn closes(&self) -> Option<&'a [f64]> {
        let close = self.common.rows.close.as_deref();
        close.filter(|_| !self.is_unknown())
    }

    /// Rows of each coin, in order of time.
    pub fn coins(&self) -> Vec<Vec<usize>> {
        rows_of_coins(self.common.rows, 0..self.common.rows.len())
    }

    /// A sum over rows divided by another, with their folds and draws: `terms` are the two values of
    /// a row, None where it does not count.
    pub fn ratio_of_sums(&self, terms: impl Fn(usize) -> Option<[f64; 2]>) -> Estimate {
        let series = RatioSeries::new(self.common, terms);
        Estimate {
            value: series.value,
            t: None,
            draws: self.drawn.and_then(|_| series.draws(self.common)),
            folds: series.folds,
        }
    }

    /// Share of the rows that count of which something is true.
    pub fn share_of(
        &self,
        counts: impl Fn(usize) -> bool,
        is_true: impl Fn(usize) -> bool,
    ) -> Estimate {
        let hit = |row| f64::from(u8::from(is_true(row)));
        self.ratio_of_sums(|row| counts(row).then(|| [hit(row), 1.0]))
    }

    /// Mean over the folds in which a value is defined, given each fold's rows.
    pub fn fold_mean(&self, of_fold: impl Fn(Range<usize>) -> Option<f64>) -> Estimate {
        let folds: Vec<Option<f64>> = self
            .common
            .spans
            .folds
            .iter()
            .map(|fold| of_fold(fold.rows.clone()))
            .collect();
        Estimate {
            value: mean_defined(&folds),
            folds,
            ..Estimate::default()
        }
    }

    /// Ranks of forecasts within their fold, and those of what was realized.
    pub(crate) fn fold_ranks(&self) -> (Vec<f64>, &'a [f64]) {
        let ranks = fold_ranks(&self.common.spans, self.forecast());
        (ranks, &self.common.realized_ranks)
    }

    /// Mean over folds of a pooled correlation.
    pub(crate) fn pooled(&self, variant: Variant) -> Estimate {
        let Some((prepared, place)) = self.drawn else {
            let (x, y) = variant.columns(self.rows(), &self.common.spans, self.forecast());
            return self.fold_mean(|fold| pearson(&x[fold.clone()], &y[fold]));
        };
        let series = &prepared.scored[place].series[variant as usize];
        Estimate {
            value: mean_defined(&series.folds),
            folds: series.folds.clone(),
            draws: prepared.bootstrap.score_draws(series.block, place, variant),
            t: None,
        }
    }

    /// The pooled correlation minus that of another forecaster, on the same draws.
    pub(crate) fn pooled_minus(&self, other: &Self, variant: Variant) -> Estimate {
        let (Some((prepared, a)), Some((_, b))) = (self.drawn, other.drawn) else {
            return Estimate::default();
        };
        let folds = fold_differences(prepared.scored, (a, b), variant);
        let draws = prepared
            .bootstrap
            .difference_draws(prepared.scored, (a, b), variant);
        Estimate {
            value: mean_defined(&folds),
            folds,
            draws,
            t: None,
        }
    }

    /// Spearman's correlation across coins over all times, in one of the two versions: against
    /// what is realized, and against the same with entry one bar later.
    pub(crate) fn rank_summary(&self, version: usize) -> InformationCoefficient {
        match self.drawn {
            Some((prepared, place)) => prepared.ranks.summary(place, version),
            None => {
                let realized = RankSeries::realized(self.common)[version];
                summarize_ic(&rank_ic_per_timestamp(
                    self.times(),
                    self.forecast(),
                    realized,
                ))
            }
        }
    }

    /// The mean of [`Sample::rank_summary`].
    pub(crate) fn rank_ic(&self, version: usize) -> Estimate {
        let value = self.rank_summary(version).mean;
        let drawn = self.drawn;
        Estimate::resampled(
            value,
            drawn.map(|(prepared, place)| prepared.ranks.score(place, version)),
        )
    }

    /// The rank IC minus that of another forecaster, on the same draws.
    pub(crate) fn rank_ic_minus(&self, other: &Self, version: usize) -> Estimate {
        let mean = |sample: &Self| sample.rank_summary(version).mean;
        let value = mean(self).zip(mean(other)).map(|(a, b)| a - b);
        let places = self.drawn.zip(other.drawn);
        let drawn =
            places.map(|((prepared, a), (_, b))| prepared.ranks.difference((a, b), version));
        Estimate::resampled(value, drawn)
    }

    /// The IC of every UTC day.
    pub(crate) fn days(&self, part: IcVariant) -> Vec<Option<f64>> {
        match self.drawn {
            Some((prepared, place)) => prepared.scored[place].days[part as usize].clone(),
            None => self
                .common
                .days
                .ics(self.rows(), &self.common.spans, self.forecast(), part),
        }
    }

    /// The mean over days.
    pub(crate) fn ic_a_day(&self, part: IcVariant) -> Estimate {
        self.day_mean(&self.days(part))
    }

    /// The IC a day minus that of another forecaster, day by day.
    pub(crate) fn ic_a_day_minus(&self, other: &Self, part: IcVariant) -> Estimate {
        self.day_mean(&minus(&self.days(part), &other.days(part)))
    }

    fn day_mean(&self, days: &[Option<f64>]) -> Estimate {
        let found = self.common.days.mean(days);
        Estimate {
            value: found.mean,
            t: found.t,
            folds: self.common.days.fold_means(days),
            draws: self
                .drawn
                .and_then(|_| self.common.days.draws(days, self.common.options)),
        }
    }
}
