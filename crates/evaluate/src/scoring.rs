//! Scores forecasters on the rows they share.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::accuracy::{directional_accuracy, mean_absolute_error, root_mean_squared_error};
use crate::bootstrap::{Draws, Series, draw, enough_blocks, percentile_interval};
use crate::controls::{is_control, rows_of_coins};
use crate::correlation::{average_ranks, pearson, weighted_pearson};
use crate::cross_section::{ic_per_timestamp, rank_ic_per_timestamp, summarize_ic};
use crate::report::{Difference, Interval, Report, Score};
use crate::rows::{FoldSpan, Forecaster, Layout, Rows};
use crate::variants::Variant;
use crate::{Error, Options};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Scores every forecaster, and every difference between one that is no control and any other.
///
/// The result depends on the rows, the forecasts and the options alone, not on the number of threads.
///
/// # Errors
/// Where the rows are inconsistent ([`Rows::checked`]), the options out of range ([`Options::validate`]), there is no
/// forecaster, or a forecaster has not exactly one finite forecast a row.
pub fn score(rows: &Rows, forecasters: &[Forecaster], options: &Options) -> Result<Report, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;

    let ground = Ground::new(rows, options);
    let score_one = |forecaster: &Forecaster| Scored::new(&ground, forecaster);
    let scored: Vec<Scored> = forecasters.par_iter().map(score_one).collect();
    let pairs = compared_pairs(&scored);
    let bootstrap = Bootstrap::new(&ground, &scored, &pairs);

    let with_intervals = |index: usize| bootstrap.score(&scored, index);
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
        forecasters: (0..scored.len()).map(with_intervals).collect(),
        differences: pairs.iter().map(|pair| bootstrap.difference(&scored, *pair)).collect(),
    })
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
struct Ground<'a> {
    rows: &'a Rows,
    options: &'a Options,
    layout: Layout,
    /// Timestamps of each fold.
    fold_lengths: Vec<usize>,
    /// Rows of each coin, per fold.
    coins: Vec<Vec<Vec<usize>>>,
    /// Ranks of what was realized, within the fold.
    realized_ranks: Vec<f64>,
    /// Shortest mean block length.
    floor: usize,
    /// Mean block length of one day, as [`day_block`].
    day: usize,
}

impl<'a> Ground<'a> {
    fn new(rows: &'a Rows, options: &'a Options) -> Self {
        let layout = Layout::new(rows);
        let floor = rows.reach_bars.max(options.floor_bars);
        Self {
            rows,
            options,
            fold_lengths: layout.folds.iter().map(|fold| fold.times.len()).collect(),
            coins: layout.folds.iter().map(|fold| rows_of_coins(rows, fold.rows.clone())).collect(),
            realized_ranks: fold_ranks(&layout, &rows.realized),
            floor,
            day: day_block(rows, &layout),
            layout,
        }
    }

    /// Mean over folds of a correlation of two columns, given the fold's rows.
    fn mean_over_folds(&self, of_fold: impl Fn(std::ops::Range<usize>) -> Option<f64>) -> Option<f64> {
        let folds: Vec<Option<f64>> = self.layout.folds.iter().map(|fold| of_fold(fold.rows.clone())).collect();
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
            let folds: Vec<_> = self.coins.iter().map(|coins| of_fold(coins, coin)).collect();
            (symbol.clone(), mean_defined(&folds))
        };
        self.rows.symbols.iter().enumerate().map(of_coin).collect()
    }

    /// Bootstrap intervals of [`Ground::per_coin`]: every coin on the same drawn timestamps.
    fn coin_intervals(&self, forecast: &[f64], block: usize) -> BTreeMap<String, Option<Interval>> {
        let mut intervals: BTreeMap<String, Option<Interval>> =
            self.rows.symbols.iter().map(|symbol| (symbol.clone(), None)).collect();
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
            for &row in self.coins.iter().filter_map(|coins| coins.get(coin)).flatten() {
                (x[time_of_row[row]], y[time_of_row[row]]) = (forecast[row], self.rows.realized[row]);
            }
            Series::new(&layout, &x, &y, self.floor)
        };
        let coins: Vec<usize> = (0..self.rows.symbols.len()).collect();
        for batch in coins.chunks(COINS_AT_ONCE) {
            let series: Vec<Series> = batch.par_iter().map(|&coin| series_of(coin)).collect();
            let series: Vec<&Series> = series.iter().collect();
            let drawn = draw(&series, &self.fold_lengths, block, self.options.seed, self.options.draws);
            for (&coin, draws) in batch.iter().zip(&drawn) {
                let means: Vec<f64> = draws.iter().map(|folds| draw_mean(folds.iter().copied())).collect();
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
    let fold = |fold: &FoldSpan| FoldSpan { rows: fold.times.clone(), ..fold.clone() };
    let times = (0..layout.times.len()).map(|time| time..time + 1);
    Layout { folds: layout.folds.iter().map(fold).collect(), times: times.collect() }
}

/// A day's bars, but not less than the reach and not more than half the longest fold.
fn day_block(rows: &Rows, layout: &Layout) -> usize {
    let day = usize::try_from(DAY_MS / rows.bar_ms).unwrap_or(1).max(rows.reach_bars);
    let longest = layout.folds.iter().map(|fold| fold.times.len()).max().unwrap_or(0);
    day.min(longest / 2).max(1)
}

/// Ranks within each fold.
fn fold_ranks(layout: &Layout, values: &[f64]) -> Vec<f64> {
    layout.folds.par_iter().flat_map(|fold| average_ranks(&values[fold.rows.clone()])).collect()
}

/// One forecaster's scores before the bootstrap, and what the bootstrap needs of it.
struct Scored {
    score: Score,
    /// One series for each of [`Variant::ALL`].
    series: Vec<Series>,
}

impl Scored {
    fn new(ground: &Ground, forecaster: &Forecaster) -> Self {
        let Ground { rows, layout, .. } = ground;
        let forecast = forecaster.forecast.as_slice();
        let series_of = |variant: &Variant| {
            let (x, y) = variant.columns(rows, layout, forecast);
            Series::new(layout, &x, &y, ground.floor)
        };
        let series: Vec<Series> = Variant::ALL.par_iter().map(series_of).collect();
        let mean = |variant: Variant| mean_defined(&series[variant as usize].folds);

        let ranks = fold_ranks(layout, forecast);
        let rank_ic = summarize_ic(&rank_ic_per_timestamp(&layout.times, forecast, &rows.realized));
        let raw = &series[Variant::Raw as usize];
        let score = Score {
            name: forecaster.name.clone(),
            run: forecaster.run.clone(),
            pearson: mean(Variant::Raw),
            interval: None,
            folds: raw.folds.clone(),
            fold_intervals: Vec::new(),
            interval_day: None,
            block_bars: raw.block,
            block_bars_day: ground.day,
            weighted: ground.mean_over_folds(|range| {
                weighted_pearson(&forecast[range.clone()], &rows.realized[range.clone()], &rows.weight[range])
            }),
            scaled: mean(Variant::Scaled),
            scaled_interval: None,
            neutral: mean(Variant::Neutral),
            neutral_interval: None,
            delayed: mean(Variant::Delayed),
            delayed_interval: None,
            delayed_neutral: mean(Variant::DelayedNeutral),
            delayed_neutral_interval: None,
            rank_correlation: ground
                .mean_over_folds(|range| pearson(&ranks[range.clone()], &ground.realized_ranks[range])),
            ic: summarize_ic(&ic_per_timestamp(&layout.times, forecast, &rows.realized)),
            rank_ic: rank_ic.mean,
            rank_ic_std: rank_ic.std,
            rank_icir: rank_ic.icir,
            mae: mean_absolute_error(forecast, &rows.realized),
            rmse: root_mean_squared_error(forecast, &rows.realized),
            directional_accuracy: directional_accuracy(forecast, &rows.realized),
            coins: ground.per_coin(forecast),
            coin_intervals: match is_control(&forecaster.name, forecaster.run.as_deref()) {
                true => BTreeMap::new(),
                false => ground.coin_intervals(forecast, raw.block),
            },
        };
        Self { score, series }
    }
}

/// Mean over the folds in which a correlation is defined.
fn mean_defined(folds: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = folds.iter().flatten().copied().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}

/// Mean over one draw's folds that are not NaN; NaN if all are.
fn draw_mean(folds: impl Iterator<Item = f64>) -> f64 {
    let defined = folds.filter(|value| !value.is_nan());
    let (count, sum) = defined.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / count as f64
}

/// Which forecasters are compared: each that is no control with each after it that is none, and with each control that
/// has a score.
fn compared_pairs(scored: &[Scored]) -> Vec<(usize, usize)> {
    let control = |index: &usize| is_control(&scored[*index].score.name, scored[*index].score.run.as_deref());
    let (controls, models): (Vec<usize>, Vec<usize>) = (0..scored.len()).partition(control);
    let mut pairs = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let others = models[place + 1..].iter();
        let scored_controls = controls.iter().filter(|control| scored[**control].score.pearson.is_some());
        pairs.extend(others.chain(scored_controls).map(|other| (*model, *other)));
    }
    pairs
}

/// Versions of the score in which two forecasters are compared.
const COMPARED: [Variant; 3] = [Variant::Raw, Variant::Neutral, Variant::Delayed];

/// All draws that the intervals need, by mean block length, forecaster and version of the score.
struct Bootstrap<'a> {
    ground: &'a Ground<'a>,
    draws: BTreeMap<(usize, usize, Variant), Draws>,
}

impl<'a> Bootstrap<'a> {
    fn new(ground: &'a Ground<'a>, scored: &[Scored], pairs: &[(usize, usize)]) -> Self {
        let mut needed: BTreeMap<usize, BTreeSet<(usize, Variant)>> = BTreeMap::new();
        for (index, one) in scored.iter().enumerate() {
            for (series, variant) in one.series.iter().zip(Variant::ALL) {
                needed.entry(series.block).or_default().insert((index, variant));
            }
            needed.entry(ground.day).or_default().insert((index, Variant::Raw));
        }
        for (a, b) in pairs {
            for variant in COMPARED {
                let wanted = needed.entry(paired_block(scored, (*a, *b), variant)).or_default();
                wanted.extend([(*a, variant), (*b, variant)]);
            }
        }
        let mut draws = BTreeMap::new();
        for (block, wanted) in needed {
            let defined = |(index, variant): &(usize, Variant)| {
                scored[*index].series[*variant as usize].folds.iter().any(Option::is_some)
            };
            let wanted: Vec<_> = wanted.into_iter().filter(defined).collect();
            if wanted.is_empty() || !enough_blocks(&ground.fold_lengths, block, ground.floor) {
                continue;
            }
            let series: Vec<&Series> =
                wanted.iter().map(|(index, variant)| &scored[*index].series[*variant as usize]).collect();
            let options = ground.options;
            let drawn = draw(&series, &ground.fold_lengths, block, options.seed, options.draws);
            let keys = wanted.iter().map(|(index, variant)| (block, *index, *variant));
            draws.extend(keys.zip(drawn));
        }
        Self { ground, draws }
    }

    fn interval(&self, block: usize, index: usize, variant: Variant) -> Option<Interval> {
        let draws = self.draws.get(&(block, index, variant))?;
        let means: Vec<f64> = draws.iter().map(|folds| draw_mean(folds.iter().copied())).collect();
        percentile_interval(&means, self.ground.options.confidence)
    }

    /// The interval of each fold, by the draws of all.
    fn fold_intervals(&self, block: usize, index: usize) -> Vec<Option<Interval>> {
        let folds = self.ground.layout.folds.len();
        let Some(draws) = self.draws.get(&(block, index, Variant::Raw)) else { return vec![None; folds] };
        let of_fold = |fold: usize| {
            let values: Vec<f64> = draws.iter().map(|folds| folds[fold]).collect();
            percentile_interval(&values, self.ground.options.confidence)
        };
        (0..folds).map(of_fold).collect()
    }

    fn score(&self, scored: &[Scored], index: usize) -> Score {
        let one = &scored[index];
        let interval = |variant: Variant| self.interval(one.series[variant as usize].block, index, variant);
        Score {
            interval: interval(Variant::Raw),
            fold_intervals: self.fold_intervals(one.score.block_bars, index),
            interval_day: self.interval(self.ground.day, index, Variant::Raw),
            scaled_interval: interval(Variant::Scaled),
            neutral_interval: interval(Variant::Neutral),
            delayed_interval: interval(Variant::Delayed),
            delayed_neutral_interval: interval(Variant::DelayedNeutral),
            ..one.score.clone()
        }
    }

    fn difference(&self, scored: &[Scored], pair: (usize, usize)) -> Difference {
        let (a, b) = (&scored[pair.0].score, &scored[pair.1].score);
        let [raw, neutral, delayed] = COMPARED.map(|variant| self.compared(scored, pair, variant));
        Difference {
            a: a.name.clone(),
            b: b.name.clone(),
            a_run: a.run.clone(),
            b_run: b.run.clone(),
            pearson: raw.0,
            interval: raw.1,
            neutral: neutral.0,
            neutral_interval: neutral.1,
            delayed: delayed.0,
            delayed_interval: delayed.1,
        }
    }

    /// Difference of two scores and its interval, over the folds in which both are defined.
    fn compared(&self, scored: &[Scored], (a, b): (usize, usize), variant: Variant) -> (Option<f64>, Option<Interval>) {
        let folds = |index: usize| scored[index].series[variant as usize].folds.iter();
        let differences: Vec<_> = folds(a).zip(folds(b)).map(|(a, b)| Some((*a)? - (*b)?)).collect();
        let block = paired_block(scored, (a, b), variant);
        let draws = |index: usize| self.draws.get(&(block, index, variant));
        let interval = draws(a).zip(draws(b)).and_then(|(a, b)| {
            let of_draw = |(a, b): (&[f64], &[f64])| draw_mean(a.iter().zip(b).map(|(a, b)| a - b));
            let means: Vec<f64> = a.iter().zip(b.iter()).map(of_draw).collect();
            percentile_interval(&means, self.ground.options.confidence)
        });
        (mean_defined(&differences), interval)
    }
}

/// Two forecasters are compared with the longer of their blocks.
fn paired_block(scored: &[Scored], (a, b): (usize, usize), variant: Variant) -> usize {
    let block = |index: usize| scored[index].series[variant as usize].block;
    block(a).max(block(b))
}
