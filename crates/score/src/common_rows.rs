//! What all forecasters are scored on: the rows with their folds, times, days and coins.

use std::collections::BTreeMap;

use rayon::prelude::*;
use statistics::{
    ConfidenceInterval, FoldSpan, RowSpans, Series, average_ranks, draw, draw_mean, enough_blocks,
    pearson, percentile_interval,
};

use crate::Options;
use crate::controls::rows_of_coins;
use crate::daily::Days;
use crate::rows::Rows;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The scored rows that all forecasters share, with their folds, times, days and coins.
pub(crate) struct CommonRows<'a> {
    pub rows: &'a Rows,
    pub options: &'a Options,
    pub spans: RowSpans,
    /// Timestamps of each fold.
    pub fold_lengths: Vec<usize>,
    /// Rows of each coin, per fold.
    coins: Vec<Vec<Vec<usize>>>,
    /// Ranks of what was realized, within the fold.
    pub realized_ranks: Vec<f64>,
    /// Shortest mean block length.
    pub floor: usize,
    /// Mean block length of one day, as [`day_block`].
    pub day: usize,
    /// The UTC days of the rows.
    pub days: Days,
}

impl<'a> CommonRows<'a> {
    pub fn new(rows: &'a Rows, options: &'a Options) -> Self {
        let spans = RowSpans::new(&rows.fold, &rows.time_ms);
        let floor = options.floor_bars(rows);
        Self {
            rows,
            options,
            fold_lengths: spans.folds.iter().map(|fold| fold.times.len()).collect(),
            coins: spans
                .folds
                .iter()
                .map(|fold| rows_of_coins(rows, fold.rows.clone()))
                .collect(),
            realized_ranks: fold_ranks(&spans, &rows.realized),
            floor,
            day: day_block(rows, &spans),
            days: Days::new(rows, &spans),
            spans,
        }
    }

    /// Each coin's correlation over time, mean over folds.
    pub fn per_coin(&self, forecast: &[f64]) -> BTreeMap<String, Option<f64>> {
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

    /// Bootstrap intervals of [`CommonRows::per_coin`]: every coin on the same drawn timestamps.
    pub fn coin_intervals(
        &self,
        forecast: &[f64],
        block: usize,
    ) -> BTreeMap<String, Option<ConfidenceInterval>> {
        let mut intervals: BTreeMap<String, Option<ConfidenceInterval>> = self
            .rows
            .symbols
            .iter()
            .map(|symbol| (symbol.clone(), None))
            .collect();
        if !enough_blocks(&self.fold_lengths, block, self.floor) {
            return intervals;
        }
        let spans = one_row_a_time(&self.spans);
        let mut time_of_row = vec![0; self.rows.len()];
        for (time, rows) in self.spans.times.iter().enumerate() {
            time_of_row[rows.clone()].fill(time);
        }
        let series_of = |coin: usize| {
            let mut x = vec![f64::NAN; self.spans.times.len()];
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
            Series::new(&spans, &x, &y, self.floor)
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
fn one_row_a_time(spans: &RowSpans) -> RowSpans {
    let fold = |fold: &FoldSpan| FoldSpan {
        rows: fold.times.clone(),
        ..fold.clone()
    };
    let times = (0..spans.times.len()).map(|time| time..time + 1);
    RowSpans {
        folds: spans.folds.iter().map(fold).collect(),
        times: times.collect(),
    }
}

/// A day's bars, but not less than the reach and not more than half the longest fold.
fn day_block(rows: &Rows, spans: &RowSpans) -> usize {
    let day = usize::try_from(DAY_MS / rows.bar_ms)
        .unwrap_or(1)
        .max(rows.reach_bars);
    let longest = spans
        .folds
        .iter()
        .map(|fold| fold.times.len())
        .max()
        .unwrap_or(0);
    day.min(longest / 2).max(1)
}

/// Ranks within each fold.
pub(crate) fn fold_ranks(spans: &RowSpans, values: &[f64]) -> Vec<f64> {
    spans
        .folds
        .par_iter()
        .flat_map(|fold| average_ranks(&values[fold.rows.clone()]))
        .collect()
}

/// Mean over the folds in which a correlation is defined.
pub(crate) fn mean_defined(folds: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = folds.iter().flatten().copied().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}
