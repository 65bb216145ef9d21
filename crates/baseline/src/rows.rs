//! Rows for the trees, in chunks: the raw matrix is never held as a whole.

use std::borrow::Cow;
use std::rc::Rc;

use dataset::{Dataset, FeatureRows, Fit, TargetScales, Targets, WindowSet};
use run::RegimeEdges;

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
    /// Where classes begin, if trees learn the class of a target and not the target.
    pub edges: Option<Rc<RegimeEdges>>,
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
        if let Some(edges) = &self.edges {
            return self.rows.labels(|row, coin| {
                let class = edges.class_of(coin, self.targets.value(row, coin));
                class.map_or(f32::NAN, |class| class as f32)
            });
        }
        let of_parts = || match self.rows.dataset.config.target.fit {
            Fit::Whole | Fit::Parts => self.targets.parts(),
            Fit::ScaledParts => self.scales.parts(self.targets),
        };
        let targets = match part {
            TargetPart::Whole => Cow::Borrowed(self.targets),
            TargetPart::Own => Cow::Owned(of_parts().0),
            TargetPart::Market => Cow::Owned(of_parts().1),
        };
        self.rows.labels(|row, coin| {
            (targets.value(row, coin) / f64::from(self.scales.at(row, coin))) as f32
        })
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
        let mut reader = ChunkReader::new(self);
        while let Some(chunk) = reader.next_chunk()? {
            each(&chunk)?;
        }
        Ok(())
    }

    /// A value of each row and coin, in the same order.
    fn labels(&self, of: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let coins = self.dataset.panel.coins();
        (0..self.set.counts.len())
            .filter(|&place| self.set.counts[place])
            .map(|place| of(self.set.ends[place / coins], place % coins))
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

/// Reads rows chunk by chunk, in order of time and coin.
pub(crate) struct ChunkReader<'a> {
    rows: &'a TreeRows<'a>,
    /// Place among the window ends of the next one.
    place: usize,
    values: Vec<f32>,
    cells: Vec<(usize, usize)>,
}

impl<'a> ChunkReader<'a> {
    /// Begins with the first row.
    pub fn new(rows: &'a TreeRows<'a>) -> Self {
        Self {
            rows,
            place: 0,
            values: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// As many further rows as are worth computing at once, which may be none of a chunk; None after
    /// the last.
    pub fn next_chunk(&mut self) -> anyhow::Result<Option<RowChunk<'_>>> {
        let TreeRows {
            dataset,
            features,
            set,
        } = self.rows;
        let panel = &dataset.panel;
        let Some(&start) = set.ends.get(self.place) else {
            return Ok(None);
        };
        let end = panel
            .rows()
            .min(start + features.features().chunk_rows(panel));
        let matrix = features.read(panel, start..end)?;
        self.values.clear();
        self.cells.clear();
        while let Some(&row) = set.ends.get(self.place).filter(|&&row| row < end) {
            let counts = &set.counts[self.place * panel.coins()..(self.place + 1) * panel.coins()];
            for coin in (0..panel.coins()).filter(|&coin| counts[coin]) {
                self.values
                    .extend_from_slice(matrix.cell(row - start, coin));
                self.cells.push((row, coin));
            }
            self.place += 1;
        }
        Ok(Some(RowChunk {
            values: &self.values,
            cells: &self.cells,
        }))
    }
}
