//! How good a trial's forecasts are beside those of the config as it is, day by day.

use std::collections::BTreeMap;

use dataset::ForecastTable;
use run::{NamedTable, join};
use score::{
    Better, ForecastColumn, LevelForecast, Options, Quantity, Rows, daily_scores, days_of,
    mean_over_days,
};
use serde::Serialize;
use statistics::ConfidenceInterval;

/// What trials are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Mean over days of the correlation of returns with forecasts.
    IcADay,
    /// Mean over days of the QLIKE of the variance.
    Qlike,
}

impl Measure {
    /// That of a quantity.
    pub fn of(quantity: Quantity) -> Self {
        match quantity == Quantity::LogVolatility {
            true => Self::Qlike,
            false => Self::IcADay,
        }
    }

    /// Its name in tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::IcADay => "IC a day",
            Self::Qlike => "QLIKE",
        }
    }

    /// Which values are good ones.
    pub fn better(self) -> Better {
        match self {
            Self::IcADay => Better::Higher,
            Self::Qlike => Better::Lower,
        }
    }

    /// How the scores that trials are chosen by differ from those in tables, as a line of text; empty
    /// where they do not.
    pub fn as_chosen(self) -> &'static str {
        match self {
            Self::IcADay => "",
            Self::Qlike => {
                "Trials are chosen without the first of these folds, by variances multiplied by what was \
                 missing in the folds before; the table has forecasts as they are published.\n"
            }
        }
    }

    /// What a difference is multiplied by, so that more is better.
    pub fn sign(self) -> f64 {
        match self.better() {
            Better::Lower => -1.0,
            Better::Higher | Better::CloserTo(_) => 1.0,
        }
    }

    /// The first fold is not scored where forecasts are corrected by what came in earlier folds.
    pub fn first_scored(self) -> usize {
        match self {
            Self::IcADay => 1,
            Self::Qlike => 2,
        }
    }
}

/// Scores of a trial and of the config as it is, on the rows that both have.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub measure: Measure,
    rows: Rows,
    /// The base's, of each day of the rows.
    base: Vec<Option<f64>>,
    /// The trial's.
    trial: Vec<Option<f64>>,
}

/// A mean over days with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct DayMean {
    pub value: Option<f64>,
    pub interval: Option<ConfidenceInterval>,
}

impl Comparison {
    /// Of pieces of runs: volatilities are corrected by what came in the folds before, whose first is
    /// not scored.
    ///
    /// # Errors
    /// Tables without common rows, or of different targets.
    pub fn of_pieces(base: &ForecastTable, trial: &ForecastTable) -> anyhow::Result<Self> {
        Self::new(base, trial, true)
    }

    /// Of runs that are joined, whose volatilities are as they were published.
    ///
    /// # Errors
    /// As [`Comparison::of_pieces`].
    pub fn of_runs(base: &ForecastTable, trial: &ForecastTable) -> anyhow::Result<Self> {
        Self::new(base, trial, false)
    }

    fn new(base: &ForecastTable, trial: &ForecastTable, is_raw: bool) -> anyhow::Result<Self> {
        let named = |name, table| NamedTable {
            name,
            run: Some(name),
            table,
        };
        let mut joined = join(&[named("base", base), named("trial", trial)])?;
        let measure = Measure::of(joined.rows.quantity);
        if measure == Measure::Qlike && is_raw {
            for forecaster in &mut joined.forecasters {
                correct(&joined.rows, forecaster);
            }
            let first = joined.rows.fold.first().copied().unwrap_or_default();
            let scored: Vec<usize> = (0..joined.rows.len())
                .filter(|&row| joined.rows.fold[row] > first)
                .collect();
            joined.rows = joined.rows.take(&scored);
            for forecaster in &mut joined.forecasters {
                take(forecaster, &scored);
            }
        }
        let of = |place: usize| daily_scores(&joined.rows, &joined.forecasters[place]);
        let (base, trial) = match joined.rows.is_empty() {
            true => (Vec::new(), Vec::new()),
            false => (of(0), of(1)),
        };
        Ok(Self {
            measure,
            rows: joined.rows,
            base,
            trial,
        })
    }

    /// The trial's mean over all days; None where no day has a score.
    pub fn value(&self) -> Option<f64> {
        mean(self.trial.iter().flatten().copied())
    }

    /// The trial's gain over the base on each day that both have a score on, more being better, by the
    /// number of the day.
    pub fn gains(&self) -> BTreeMap<i64, f64> {
        let days = days_of(&self.rows).into_iter();
        let gains = days.zip(self.differences());
        gains.filter_map(|(day, gain)| Some((day, gain?))).collect()
    }

    fn differences(&self) -> Vec<Option<f64>> {
        let pairs = self.base.iter().zip(&self.trial);
        let gain = |(base, trial): (&Option<f64>, &Option<f64>)| {
            Some(self.measure.sign() * (trial.as_ref()? - base.as_ref()?))
        };
        pairs.map(gain).collect()
    }

    /// The base's mean with its interval.
    pub fn base_mean(&self, options: &Options) -> DayMean {
        self.day_mean(&self.base, options)
    }

    /// The trial's.
    pub fn trial_mean(&self, options: &Options) -> DayMean {
        self.day_mean(&self.trial, options)
    }

    /// That of the gains.
    pub fn gain(&self, options: &Options) -> DayMean {
        self.day_mean(&self.differences(), options)
    }

    fn day_mean(&self, days: &[Option<f64>], options: &Options) -> DayMean {
        if self.rows.is_empty() {
            return DayMean {
                value: None,
                interval: None,
            };
        }
        let found = mean_over_days(&self.rows, days, options);
        DayMean {
            value: found.value,
            interval: found.interval,
        }
    }
}

/// The mean; None of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

/// Multiplies each fold's variances by the mean ratio of realized to forecast variance in the folds
/// before it, of the rows whose targets were known when it began: exp of a forecast logarithm is too
/// low on average.
fn correct(rows: &Rows, forecaster: &mut ForecastColumn) {
    let mut level = LevelForecast::uncorrected(&forecaster.forecast);
    let reach_ms = rows.reach_bars as i64 * rows.bar_ms;
    let ratio = |row: usize| (2.0 * (rows.realized[row] - forecaster.forecast[row])).exp();
    let mut start = 0;
    while start < rows.len() {
        let fold = rows.fold[start];
        let end = start + rows.fold[start..].partition_point(|&other| other == fold);
        let is_known = |row: &usize| rows.time_ms[*row] + reach_ms <= rows.time_ms[start];
        if let Some(factor) = mean((0..start).filter(is_known).map(ratio)) {
            for variance in &mut level.variance[start..end] {
                *variance *= factor;
            }
        }
        start = end;
    }
    forecaster.level = Some(level);
}

/// Keeps some rows of what is scored by variance alone.
fn take(forecaster: &mut ForecastColumn, rows: &[usize]) {
    let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
    if let Some(level) = &forecaster.level {
        forecaster.level = Some(LevelForecast {
            volatility: of(&level.volatility),
            variance: of(&level.variance),
            regimes: None,
            bounds_80: None,
            bounds_95: None,
            above: Vec::new(),
        });
    }
    forecaster.forecast = of(&forecaster.forecast);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Two folds of two days each, one coin, a reach of one day.
    fn rows(realized: &[f64]) -> Rows {
        let days = realized.len();
        Rows {
            quantity: Quantity::LogVolatility,
            time_ms: (0..days as i64).map(|day| day * 86_400_000).collect(),
            symbol: vec![0; days],
            fold: (0..days as u32).map(|day| 1 + day / 3).collect(),
            realized: realized.to_vec(),
            realized_delayed: vec![f64::NAN; days],
            close: None,
            controls: Vec::new(),
            volatility: vec![f64::NAN; days],
            trailing_volatility: None,
            weight: vec![1.0; days],
            symbols: vec!["BTCUSDT".to_owned()],
            bar_ms: 86_400_000,
            reach_bars: 1,
        }
    }

    #[test]
    fn a_fold_is_corrected_by_what_was_known_when_it_began() {
        // Variances 4 and 9 came where 1 was forecast; the target of day 2 is known on day 3.
        let rows = rows(&[2.0_f64.ln(), 3.0_f64.ln(), 1.0_f64.ln(), 5.0, 5.0, 5.0]);
        let mut forecaster = ForecastColumn::control("trial", vec![0.0; 6]);
        correct(&rows, &mut forecaster);
        let variance = forecaster.level.unwrap().variance;
        let expected = [1.0, 1.0, 1.0, 14.0 / 3.0, 14.0 / 3.0, 14.0 / 3.0];
        for (found, expected) in variance.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{variance:?}");
        }
        // With a reach of two days that of day 2 is not.
        let rows = Rows {
            reach_bars: 2,
            ..rows
        };
        let mut forecaster = ForecastColumn::control("trial", vec![0.0; 6]);
        correct(&rows, &mut forecaster);
        let variance = forecaster.level.unwrap().variance;
        assert!((variance[3] - 6.5).abs() < 1e-12, "{variance:?}");
    }
}
