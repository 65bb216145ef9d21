//! Where folds and timestamps begin and end among rows that are sorted by them.

use std::ops::Range;

/// Ranges of consecutive rows with the same time, in order.
///
/// # Examples
/// ```
/// assert_eq!(statistics::timestamp_groups(&[7, 7, 8]), [0..2, 2..3]);
/// ```
pub fn timestamp_groups(time_ms: &[i64]) -> Vec<Range<usize>> {
    let mut start = 0;
    let chunks = time_ms.chunk_by(|left, right| left == right);
    chunks
        .map(|chunk| {
            start += chunk.len();
            start - chunk.len()..start
        })
        .collect()
}

/// One fold's place in the rows and in the list of timestamps.
#[derive(Debug, Clone)]
pub struct FoldSpan {
    /// The fold, counted from 1.
    pub number: u32,
    /// Its rows.
    pub rows: Range<usize>,
    /// Its timestamps, as places in [`RowSpans::times`].
    pub times: Range<usize>,
}

/// Where the folds and timestamps of rows begin and end.
#[derive(Debug, Clone)]
pub struct RowSpans {
    /// In the order of the rows.
    pub folds: Vec<FoldSpan>,
    /// Rows of every timestamp, over all folds.
    pub times: Vec<Range<usize>>,
}

impl RowSpans {
    /// The layout of rows that are sorted by fold and time.
    ///
    /// # Shapes
    /// `fold` and `time_ms` have one entry a row.
    pub fn new(fold: &[u32], time_ms: &[i64]) -> Self {
        let mut folds = Vec::new();
        let mut times = Vec::new();
        let mut start = 0;
        for chunk in fold.chunk_by(|left, right| left == right) {
            let span = start..start + chunk.len();
            let first_time = times.len();
            let groups = timestamp_groups(&time_ms[span.clone()]);
            times.extend(
                groups
                    .iter()
                    .map(|group| start + group.start..start + group.end),
            );
            start = span.end;
            folds.push(FoldSpan {
                number: chunk[0], // chunk_by never yields an empty chunk
                rows: span,
                times: first_time..times.len(),
            });
        }
        Self { folds, times }
    }

    /// Times of the first and the last row of each fold, of the same `time_ms` as the layout.
    pub fn fold_spans_ms(&self, time_ms: &[i64]) -> Vec<[i64; 2]> {
        let spans = self.folds.iter().filter_map(|fold| {
            let times = time_ms.get(fold.rows.clone())?;
            Some([*times.first()?, *times.last()?])
        });
        spans.collect()
    }
}
