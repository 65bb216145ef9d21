//! Scores forecasters on the rows they share.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::accuracy::{directional_accuracy, mean_absolute_error, root_mean_squared_error};
use crate::bootstrap::{Series, draw, enough_blocks, percentile_interval};
use crate::concentration::Concentration;
use crate::controls::{is_control, is_unknown, rows_of_coins};
use crate::correlation::{average_ranks, pearson, weighted_pearson};
use crate::cross_section::{ic_per_timestamp, summarize_ic};
use crate::ic_a_day::{Days, Part};
use crate::ranks::Ranks;
use crate::report::{Concentrations, Interval, Report, Score};
use crate::resampling::{Bootstrap, compared_pairs, draw_mean};
use crate::rows::{FoldSpan, Forecaster, Layout, Rows};
use crate::shuffled::Shuffled;
use crate::variants::Variant;
use crate::{Error, Options};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Scores every forecaster, and every difference between one that is no control and any other.
///
/// The result depends on the rows, the forecasts and the options alone, not on the number of
/// threads.
///
/// # Errors
/// Where the rows are inconsistent ([`Rows::checked`]), the options out of range
/// ([`Options::validate`]), there is no forecaster, or a forecaster has not exactly one finite
/// forecast a row.
pub fn score(rows: &Rows, forecasters: &[Forecaster], options: &Options) -> Result<Report, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;

    let ground = Ground::new(rows, options);
    let scored = Scored::all(&ground, forecasters);
    let pairs = compared_pairs(&scored);
    let bootstrap = Bootstrap::new(&ground, &scored, &pairs);
    let ranks = Ranks::new(&ground, forecasters);
    let shuffled = shuffled_base(forecasters).map(|base| Shuffled::new(&ground, base));

    let with_intervals = |(index, forecaster): (usize, &Forecaster)| Score {
        coin_intervals: match is_control(&forecaster.name, forecaster.run.as_deref()) {
            true => BTreeMap::new(),
            false => ground.coin_intervals(&forecaster.forecast, scored[index].score.block_bars),
        },
        ..ranks.added_to(bootstrap.score(&scored, index), index)
    };
    Ok(Report {
        rows: rows.len(),
        times: ground.layout.times.len(),
        folds: ground.layout.folds.len(),
        fold_numbers: ground.layout.folds.iter().map(|fold| fold.number).collect(),
        coins: rows.symbol.iter().collect::<BTreeSet<_>>().len(),
        bar_ms: rows.bar_ms,
        reach_bars: rows.reach_bars,
        draws: options.draws,
        confidence: options.confidence,
        seed: options.seed,
        floor_bars: ground.floor,
        trailing_volatility: rows.trailing_volatility.is_some(),
        forecasters: forecasters.iter().enumerate().map(with_intervals).collect(),
        differences: pairs
            .iter()
            .map(|pair| ranks.added_to_difference(bootstrap.difference(&scored, *pair), *pair))
            .collect(),
        shuffled,
    })
}

/// Whose days are shuffled: the first forecaster that is no control, else the last return.
pub(crate) fn shuffled_base(forecasters: &[Forecaster]) -> Option<&Forecaster> {
    let model = forecasters
        .iter()
        .find(|one| !is_control(&one.name, one.run.as_deref()));
    model.or_else(|| forecasters.iter().find(|one| one.name == "last_return"))
}

pub(crate) fn check_forecasters(rows: &Rows, forecasters: &[Forecaster]) -> Result<(), Error> {
    if forecasters.is_empty() {
        return Err(Error::NoForecasters);
    }
    for Forecaster { name, forecast, .. } in forecasters {
        if forecast.len() != rows.len() {
            return Err(Error::Length {
                column: format!("forecast of {name}"),
                found: forecast.len(),
                expected: rows.len(),
            });
        }
        if let Some(row) = forecast.iter().position(|value| !value.is_finite()) {
            let column = format!("forecast of {name}");
            return Err(rows.value(&column, row, forecast[row], "a finite number"));
        }
    }
    Ok(())
}

/// What is the same for all forecasters.
pub(crate) struct Ground<'a> {
    pub rows: &'a Rows,
    pub options: &'a Options,
    pub layout: Layout,
    /// Timestamps of each fold.
    pub fold_lengths: Vec<usize>,
    /// Rows of each coin, per fold.
    coins: Vec<Vec<Vec<usize>>>,
    /// Ranks of what was realized, within the fold.
    realized_ranks: Vec<f64>,
    /// Shortest mean block length.
    pub floor: usize,
    /// Mean block length of one day, as [`day_block`].
    pub day: usize,
    /// The UTC days of the rows.
    pub days: Days,
}

impl<'a> Ground<'a> {
    pub fn new(rows: &'a Rows, options: &'a Options) -> Self {
        let layout = Layout::new(rows);
        let floor = rows.reach_bars.max(options.floor_bars);
        Self {
            rows,
            options,
            fold_lengths: layout.folds.iter().map(|fold| fold.times.len()).collect(),
            coins: layout
                .folds
                .iter()
                .map(|fold| rows_of_coins(rows, fold.rows.clone()))
                .collect(),
            realized_ranks: fold_ranks(&layout, &rows.realized),
            floor,
            day: day_block(rows, &layout),
            days: Days::new(rows, &layout),
            layout,
        }
    }

    /// Mean over folds of a correlation of two columns, given the fold's rows.
    fn mean_over_folds(
        &self,
        of_fold: impl Fn(std::ops::Range<usize>) -> Option<f64>,
    ) -> Option<f64> {
        let folds: Vec<Option<f64>> = self
            .layout
            .folds
            .iter()
            .map(|fold| of_fold(fold.rows.clone()))
            .collect();
        mean_defined(&folds)
    }

    /// Each coin's correlation over time, mean over folds.
    fn per_coin(&self, forecast: &[f64]) -> BTreeMap<String, Option<f64>> {
        let of_fold = |coins: &Vec<Vec<usize>>, coin: usize| {
            let rows = coins.get(coin)?;
            let pick = |values: &[f64]| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
            pearson(&pick(forecast), &pick(&self.rows.realized))
        };
        let of_coin = |(coin, symbol): (usize, &String)| {
            let folds: Vec<_> = self
                .coins
                .iter()
                .map(|coins| of_fold(coins, coin))
                .collect();
            (symbol.clone(), mean_defined(&folds))
        };
        self.rows.symbols.iter().enumerate().map(of_coin).collect()
    }

    /// Bootstrap intervals of [`Ground::per_coin`]: every coin on the same drawn timestamps.
    fn coin_intervals(&self, forecast: &[f64], block: usize) -> BTreeMap<String, Option<Interval>> {
        let mut intervals: BTreeMap<String, Option<Interval>> = self
            .rows
            .symbols
            .iter()
            .map(|symbol| (symbol.clone(), None))
            .collect();
        if !enough_blocks(&self.fold_lengths, block, self.floor) {
            return intervals;
        }
        let layout = one_row_a_time(&self.layout);
        let mut time_of_row = vec![0; self.rows.len()];
        for (time, rows) in self.layout.times.iter().enumerate() {
            time_of_row[rows.clone()].fill(time);
        }
        let series_of = |coin: usize| {
            let mut x = vec![f64::NAN; self.layout.times.len()];
            let mut y = x.clone();
            for &row in self
                .coins
                .iter()
                .filter_map(|coins| coins.get(coin))
                .flatten()
            {
                (x[time_of_row[row]], y[time_of_row[row]]) =
                    (forecast[row], self.rows.realized[row]);
            }
            Series::new(&layout, &x, &y, self.floor)
        };
        let coins: Vec<usize> = (0..self.rows.symbols.len()).collect();
        for batch in coins.chunks(COINS_AT_ONCE) {
            let series: Vec<Series> = batch.par_iter().map(|&coin| series_of(coin)).collect();
            let series: Vec<&Series> = series.iter().collect();
            let drawn = draw(
                &series,
                &self.fold_lengths,
                block,
                self.options.seed,
                self.options.draws,
            );
            for (&coin, draws) in batch.iter().zip(&drawn) {
                let means: Vec<f64> = draws
                    .iter()
                    .map(|folds| draw_mean(folds.iter().copied()))
                    .collect();
                let interval = percentile_interval(&means, self.options.confidence);
                intervals.insert(self.rows.symbols[coin].clone(), interval);
            }
        }
        intervals
    }
}

/// Coins whose sums are held at once.
const COINS_AT_ONCE: usize = 32;

/// The layout of one row a timestamp.
fn one_row_a_time(layout: &Layout) -> Layout {
    let fold = |fold: &FoldSpan| FoldSpan {
        rows: fold.times.clone(),
        ..fold.clone()
    };
    let times = (0..layout.times.len()).map(|time| time..time + 1);
    Layout {
        folds: layout.folds.iter().map(fold).collect(),
        times: times.collect(),
    }
}

/// A day's bars, but not less than the reach and not more than half the longest fold.
fn day_block(rows: &Rows, layout: &Layout) -> usize {
    let day = usize::try_from(DAY_MS / rows.bar_ms)
        .unwrap_or(1)
        .max(rows.reach_bars);
    let longest = layout
        .folds
        .iter()
        .map(|fold| fold.times.len())
        .max()
        .unwrap_or(0);
    day.min(longest / 2).max(1)
}

/// Ranks within each fold.
fn fold_ranks(layout: &Layout, values: &[f64]) -> Vec<f64> {
    layout
        .folds
        .par_iter()
        .flat_map(|fold| average_ranks(&values[fold.rows.clone()]))
        .collect()
}

/// One forecaster's scores before the bootstrap, and what the bootstrap needs of it.
pub(crate) struct Scored {
    pub score: Score,
    /// One series for each of [`Variant::ALL`].
    pub series: Vec<Series>,
    /// The IC of every day for each of [`Part::ALL`].
    pub days: [Vec<Option<f64>>; Part::ALL.len()],
}

impl Scored {
    /// All forecasters, in the order given.
    pub fn all(ground: &Ground, forecasters: &[Forecaster]) -> Vec<Self> {
        forecasters
            .par_iter()
            .map(|forecaster| Self::new(ground, forecaster))
            .collect()
    }

    fn new(ground: &Ground, forecaster: &Forecaster) -> Self {
        let Ground { rows, layout, .. } = ground;
        let forecast = forecaster.forecast.as_slice();
        let series_of = |variant: &Variant| {
            let (x, y) = variant.columns(rows, layout, forecast);
            Series::new(layout, &x, &y, ground.floor)
        };
        let series: Vec<Series> = Variant::ALL.par_iter().map(series_of).collect();
        let mean = |variant: Variant| mean_defined(&series[variant as usize].folds);
        let concentration =
            |variant: Variant| Concentration::of(rows, layout, &series[variant as usize]);

        let days = Part::ALL.map(|part| ground.days.ics(rows, layout, forecast, part));
        let [ic_a_day, ic_a_day_raw] = days
            .each_ref()
            .map(|days| ground.days.summary(days, ground.options));
        let ranks = fold_ranks(layout, forecast);
        let raw = &series[Variant::Raw as usize];
        let score = Score {
            name: forecaster.name.clone(),
            run: forecaster.run.clone(),
            ic_a_day,
            ic_a_day_raw,
            pearson: mean(Variant::Raw),
            interval: None,
            folds: raw.folds.clone(),
            fold_intervals: Vec::new(),
            interval_day: None,
            block_bars: raw.block,
            block_bars_day: ground.day,
            weighted: ground.mean_over_folds(|range| {
                weighted_pearson(
                    &forecast[range.clone()],
                    &rows.realized[range.clone()],
                    &rows.weight[range],
                )
            }),
            scaled: mean(Variant::Scaled),
            scaled_interval: None,
            neutral: mean(Variant::Neutral),
            neutral_interval: None,
            delayed: mean(Variant::Delayed),
            delayed_interval: None,
            delayed_neutral: mean(Variant::DelayedNeutral),
            delayed_neutral_interval: None,
            rank_correlation: ground.mean_over_folds(|range| {
                pearson(&ranks[range.clone()], &ground.realized_ranks[range])
            }),
            ic: summarize_ic(&ic_per_timestamp(&layout.times, forecast, &rows.realized)),
            rank_ic: None,
            rank_ic_interval: None,
            rank_ic_delayed: None,
            rank_ic_delayed_interval: None,
            rank_ic_std: None,
            rank_icir: None,
            mae: mean_absolute_error(forecast, &rows.realized).filter(|_| !is_unknown(forecaster)),
            rmse: root_mean_squared_error(forecast, &rows.realized)
                .filter(|_| !is_unknown(forecaster)),
            directional_accuracy: directional_accuracy(forecast, &rows.realized),
            coins: ground.per_coin(forecast),
            coin_intervals: BTreeMap::new(),
            concentration: Concentrations {
                delayed: concentration(Variant::Delayed),
                delayed_neutral: concentration(Variant::DelayedNeutral),
                pearson: concentration(Variant::Raw),
                neutral: concentration(Variant::Neutral),
            },
            break_even: None,
        };
        Self {
            score,
            series,
            days,
        }
    }
}

/// Mean over the folds in which a correlation is defined.
pub(crate) fn mean_defined(folds: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = folds.iter().flatten().copied().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}
