//! Rows for the trees, in chunks: the raw matrix is never held as a whole.

use std::borrow::Cow;
use std::rc::Rc;

use dataset::{Dataset, FeatureRows, TargetScales, Targets, WindowSet};

use crate::part::TargetPart;

/// The (time, coin) pairs of a window set, with what the trees see of them.
#[derive(Debug)]
pub(crate) struct TreeRows<'a> {
    pub dataset: &'a Dataset,
    pub features: &'a FeatureRows,
    pub set: WindowSet,
}

/// Rows of one panel with what trees are fitted to.
#[derive(Debug)]
pub(crate) struct LabelledRows<'a> {
    pub rows: TreeRows<'a>,
    pub targets: &'a Targets,
    pub scales: Rc<TargetScales>,
}

/// Some of the rows.
pub(crate) struct RowChunk<'a> {
    /// Row-major `[rows, features]`.
    pub values: &'a [f32],
    /// Panel row and coin of each row.
    pub cells: &'a [(usize, usize)],
}

impl LabelledRows<'_> {
    /// What the trees of a part are fitted to at every row.
    pub fn labels(&self, part: TargetPart) -> Vec<f32> {
        let targets = match part {
            TargetPart::Whole => Cow::Borrowed(self.targets),
            TargetPart::Own => Cow::Owned(self.targets.parts().0),
            TargetPart::Market => Cow::Owned(self.targets.parts().1),
        };
        self.rows.targets(&targets, &self.scales)
    }
}

impl TreeRows<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.set.counts.iter().filter(|&&counts| counts).count()
    }

    /// Hands out all rows in order of time and coin, as many at once as are worth computing at
    /// once.
    pub fn for_each_chunk(
        &self,
        mut each: impl FnMut(&RowChunk<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let panel = &self.dataset.panel;
        let (mut values, mut cells) = (Vec::new(), Vec::new());
        let mut place = 0;
        while let Some(&start) = self.set.ends.get(place) {
            let end = panel
                .rows()
                .min(start + self.features.features().chunk_rows(panel));
            let matrix = self.features.read(panel, start..end)?;
            values.clear();
            cells.clear();
            while let Some(&row) = self.set.ends.get(place).filter(|&&row| row < end) {
                let counts = &self.set.counts[place * panel.coins()..(place + 1) * panel.coins()];
                for coin in (0..panel.coins()).filter(|&coin| counts[coin]) {
                    values.extend_from_slice(matrix.cell(row - start, coin));
                    cells.push((row, coin));
                }
                place += 1;
            }
            each(&RowChunk {
                values: &values,
                cells: &cells,
            })?;
        }
        Ok(())
    }

    /// The targets of all rows in units of `scales`, in the same order.
    fn targets(&self, targets: &Targets, scales: &TargetScales) -> Vec<f32> {
        let coins = self.dataset.panel.coins();
        let of_place = |place: usize| {
            let (row, coin) = (self.set.ends[place / coins], place % coins);
            (targets.value(row, coin) / f64::from(scales.at(row, coin))) as f32
        };
        (0..self.set.counts.len())
            .filter(|&place| self.set.counts[place])
            .map(of_place)
            .collect()
    }

    /// The times of all rows, in the same order.
    pub fn times(&self) -> Vec<i64> {
        let coins = self.dataset.panel.coins();
        let of_place = |place: usize| self.dataset.panel.time_ms(self.set.ends[place / coins]);
        (0..self.set.counts.len())
            .filter(|&place| self.set.counts[place])
            .map(of_place)
            .collect()
    }
}
