//! The rows that a model is fitted to.

use std::ops::Range;

use dataset::{Dataset, Targets, format_time};

use crate::Error;
use crate::observations::Observations;

const DAY_MS: i64 = 86_400_000;

/// What a model is fitted to.
#[derive(Debug)]
pub(crate) struct Training<'a> {
    pub seen: &'a Observations<'a>,
    pub targets: &'a Targets,
    /// In order of time.
    pub rows: Vec<RowCoins>,
    /// The last row whose candles are known.
    pub known_row: usize,
}

/// The coins that count at a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowCoins {
    pub row: usize,
    pub coins: Vec<usize>,
}

impl RowCoins {
    /// The pairs of the row and each of its coins.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize)> {
        self.coins.iter().map(|&coin| (self.row, coin))
    }
}

impl<'a> Training<'a> {
    /// The rows of some spans, in order of time, in which coins have all features and a target.
    pub fn of(
        dataset: &Dataset,
        (seen, targets): (&'a Observations<'a>, &'a Targets),
        spans: &[Range<usize>],
        known_row: usize,
    ) -> Self {
        let rows = spans.iter().cloned();
        Self {
            seen,
            targets,
            rows: rows
                .flat_map(|rows| trained_rows(dataset, targets, rows))
                .collect(),
            known_row,
        }
    }

    /// Number of pairs of a row and a coin.
    pub fn pairs(&self) -> usize {
        self.rows.iter().map(|row| row.coins.len()).sum()
    }

    /// The error of a model that needs more rows than these.
    pub fn too_few(&self, expected: usize) -> Error {
        Error::TooFewRows {
            before: format_time(self.seen.panel().time_ms(self.known_row)),
            found: self.pairs(),
            expected,
        }
    }

    /// The rows of one UTC day after the other.
    pub fn days(&self) -> impl Iterator<Item = &[RowCoins]> {
        let panel = self.seen.panel();
        let day = |row: &RowCoins| panel.time_ms(row.row).div_euclid(DAY_MS);
        self.rows.chunk_by(move |a, b| day(a) == day(b))
    }
}

/// Whether a row is one of those that models are fitted to: those that `split.score_every` names or,
/// without it, those that close at midnight UTC where bars are shorter than a day, as the targets of the
/// others overlap with theirs.
pub(crate) fn is_fitted(dataset: &Dataset, row: usize) -> bool {
    let (panel, split) = (&dataset.panel, &dataset.config.split);
    let ends_day = || panel.time_ms(row + 1).rem_euclid(DAY_MS) == 0;
    match split.score_every {
        Some(_) => split.is_scored(panel, row),
        None => ends_day(),
    }
}

/// The rows of a span that can be trained on. A coin without any is forecast all the same.
pub(crate) fn trained_rows(
    dataset: &Dataset,
    targets: &Targets,
    rows: Range<usize>,
) -> Vec<RowCoins> {
    let coins = dataset.panel.coins();
    let windows = dataset.fitted_windows(targets, rows, &vec![Some(1.0); coins]);
    let counts = windows.counts.chunks_exact(coins.max(1));
    let of_row = |(&row, counts): (&usize, &[bool])| RowCoins {
        row,
        coins: (0..coins).filter(|&coin| counts[coin]).collect(),
    };
    let rows = windows.ends.iter().zip(counts);
    rows.filter(|(row, _)| is_fitted(dataset, **row))
        .map(of_row)
        .collect()
}
