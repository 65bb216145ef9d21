//! The features of a set that a config asks for, and their computation.

use std::ops::Range;

use market::Interval;
use rayon::prelude::*;
use storage::Scratch;

use super::group::{Group, GroupChoice};
use super::time::{TimeFeature, time_features};
use super::{FeatureMatrix, FeatureSet, single};
use crate::{FeatureShuffle, Panel};

/// The features of a set, or of some of its groups, in order.
///
/// Row t of every feature is a function of exactly the last [`Features::warm_up_bars`] rows, all
/// closed by t.
#[derive(Debug, Clone)]
pub struct Features {
    set: FeatureSet,
    chosen: GroupChoice,
    /// Features of the time, after those of the set.
    time: Vec<&'static TimeFeature>,
}

impl Features {
    /// All features of a set, of bars of one minute.
    pub fn all(set: FeatureSet) -> Self {
        Self::of_groups(set, (&[], &[]))
    }

    /// All features of a set with those of its optional groups, of bars of one minute.
    pub fn with_optional_groups(set: FeatureSet) -> Self {
        let optional = set.formulas().optional_groups().iter();
        let names: Vec<String> = optional.map(|one| one.group.name.to_owned()).collect();
        Self::of_groups(set, (&[], &names))
    }

    /// The features of the groups named and of the optional groups named, in the set's order; no
    /// names stand for all groups, and for no optional one. The config has checked them.
    pub(super) fn of_groups(set: FeatureSet, (names, optional): (&[String], &[String])) -> Self {
        let formulas = set.formulas();
        let is_in = |names: &[String], group: &Group| names.iter().any(|name| name == group.name);
        let groups = formulas.groups().iter();
        let groups = groups.filter(|group| names.is_empty() || is_in(names, group));
        let further = formulas.optional_groups().iter().map(|one| &one.group);
        let further = further.filter(|group| is_in(optional, group));
        Self::new(set, groups.chain(further).collect(), Interval::ONE_MINUTE)
    }

    /// The same of bars of `interval`: windows in time have other numbers of bars.
    pub fn of_bars(self, interval: Interval) -> Self {
        Self::new(self.set, self.chosen.groups, interval)
    }

    fn new(set: FeatureSet, groups: Vec<&'static Group>, interval: Interval) -> Self {
        let formulas = set.formulas();
        let own = formulas.warm_up_bars(interval);
        let of_groups = groups.iter().map(|group| group.features.len());
        let chosen = GroupChoice {
            features: formulas.features().len() + of_groups.sum::<usize>(),
            warm_up_bars: groups
                .iter()
                .map(|group| group.warm_up_on(interval))
                .fold(own, usize::max),
            interval,
            groups,
        };
        Self {
            set,
            chosen,
            time: Vec::new(),
        }
    }

    /// The same with the features of the time that bars of their interval have.
    pub fn with_time(self) -> Self {
        Self {
            time: time_features(self.chosen.interval),
            ..self
        }
    }

    /// The set they belong to.
    pub fn set(&self) -> FeatureSet {
        self.set
    }

    /// The features' names, in the order of the channels.
    pub fn names(&self) -> Vec<&'static str> {
        let own = self.set.formulas().features().iter();
        let of_groups = self.chosen.groups.iter().flat_map(|group| group.features);
        own.map(|feature| feature.name)
            .chain(of_groups.copied())
            .chain(self.time.iter().map(|feature| feature.name))
            .collect()
    }

    /// The features that belong together, by a name: groups, then each feature that belongs to none,
    /// and those of the time.
    pub fn parts(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let own = self.set.formulas().features().iter();
        let own = own.map(|feature| (feature.name, vec![feature.name]));
        let groups = self.chosen.groups.iter();
        let groups = groups.map(|group| (group.name, group.features.to_vec()));
        let time: Vec<&str> = self.time.iter().map(|feature| feature.name).collect();
        let time = (!time.is_empty()).then_some(("time", time));
        own.chain(groups).chain(time).collect()
    }

    /// Number of features per coin.
    pub fn len(&self) -> usize {
        self.chosen.features + self.time.len()
    }

    /// Number of features of the time, the last ones of each coin.
    pub(super) fn of_time(&self) -> usize {
        self.time.len()
    }

    /// Returns true when the set has no features.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows, its own included, a feature row is a function of.
    pub fn warm_up_bars(&self) -> usize {
        self.chosen.warm_up_bars
    }

    /// Computes the features of all coins at `rows` of the panel: row-major `[rows, coins x
    /// features]`, channel = coin x features + feature, NaN where a feature is unknown. Row 0
    /// of the result is `rows.start`.
    ///
    /// The bits of a row do not depend on which rows are asked for.
    pub fn compute(&self, panel: &Panel, rows: Range<usize>) -> FeatureMatrix {
        self.compute_in(panel, rows, &Scratch::default())
    }

    /// [`Features::compute`] into an array in `scratch`.
    pub(crate) fn compute_in(
        &self,
        panel: &Panel,
        rows: Range<usize>,
        scratch: &Scratch,
    ) -> FeatureMatrix {
        let shape = (panel.coins(), self.len());
        let mut matrix = FeatureMatrix::zeroed_in(rows.len(), shape, scratch);
        let block_rows = block_rows(panel, self.warm_up_bars());
        let channels = matrix.channels();
        matrix
            .values
            .par_chunks_mut((block_rows * channels).max(1))
            .enumerate()
            .for_each(|(block, out)| {
                let start = rows.start + block * block_rows;
                let rows = start..rows.end.min(start + block_rows);
                self.compute_block(panel, rows, out);
            });
        if let Some(shuffle) = panel.shuffle() {
            self.exchange(shuffle, panel, rows, &mut matrix);
        }
        matrix
    }

    /// Exchanges values in the features at `rows`. Where the other value is unknown, a row keeps its
    /// own.
    fn exchange(
        &self,
        shuffle: &FeatureShuffle,
        panel: &Panel,
        rows: Range<usize>,
        matrix: &mut FeatureMatrix,
    ) {
        let names = self.names();
        let places: Vec<usize> = (0..names.len())
            .filter(|&place| shuffle.has(names[place]))
            .collect();
        if places.is_empty() {
            return;
        }
        let first = shuffle.rows().start;
        let before = self.compute(&panel.clone().without_shuffle(), shuffle.rows());
        for row in rows.clone() {
            for coin in 0..panel.coins() {
                let Some((from, other)) = shuffle.source(row, coin) else {
                    continue;
                };
                let source = before.cell(from - first, other);
                let cell = matrix.cell_mut(row - rows.start, coin);
                for &place in places.iter().filter(|&&place| !source[place].is_nan()) {
                    cell[place] = source[place];
                }
            }
        }
    }

    fn compute_block(&self, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        let formulas = self.set.formulas();
        if self.time.is_empty() {
            formulas.compute(&self.chosen, panel, rows, out);
            return;
        }
        let of_set = self.chosen.features;
        let mut own = vec![0.0; rows.len() * panel.coins() * of_set];
        formulas.compute(&self.chosen, panel, rows.clone(), &mut own);
        let channels = panel.coins() * self.len();
        for (place, (row, cells)) in rows.zip(out.chunks_exact_mut(channels)).enumerate() {
            let close_ms = panel.time_ms(row + 1);
            let times: Vec<f32> = (self.time.iter())
                .map(|feature| single(feature.at(close_ms)))
                .collect();
            for (coin, cell) in cells.chunks_exact_mut(self.len()).enumerate() {
                let start = (place * panel.coins() + coin) * of_set;
                cell[..of_set].copy_from_slice(&own[start..start + of_set]);
                cell[of_set..].copy_from_slice(&times);
            }
        }
    }
}

/// No block has more rows, however long the warm-up is.
const MOST_BLOCK_ROWS: usize = 65_536;

/// Rows that are worth computing at once: enough to make the warm-up before them cheap, few enough
/// for the cache.
pub(crate) fn block_rows(panel: &Panel, warm_up_bars: usize) -> usize {
    let for_cache = (32_768 / panel.coins().max(1)).clamp(512, 4096);
    for_cache.max(warm_up_bars.min(MOST_BLOCK_ROWS))
}
