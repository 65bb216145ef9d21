//! XGBoost behind the seam that folds grow their trees through.

use super::{RowFeed, XgbBooster, XgbLibrary, XgbTable, check_model};
use crate::Error;
use crate::rows::{ChunkReader, RowChunk, TreeRows};
use crate::tree_library::{
    GrowingTrees, ImportanceOf, Predict, RowsToBin, TreeLibrary, TreeModel, TreeTables,
};

impl TreeLibrary for XgbLibrary {
    fn bin(
        &'static self,
        rows: &RowsToBin<'_>,
        parameters: &str,
        seen: &mut dyn FnMut(usize, &RowChunk<'_>),
    ) -> anyhow::Result<Box<dyn TreeTables>> {
        let number = |key: &str, default: u32| {
            let words = parameters.split_whitespace();
            let mut values = words.filter_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            values
                .next_back()
                .and_then(|text| text.parse().ok())
                .unwrap_or(default)
        };
        let settings = (number("max_bin", 256), number("nthread", 0));
        let panels: Vec<&TreeRows<'_>> = rows.train.iter().map(|panel| &panel.rows).collect();
        let mut feed = ChunkFeed::new(panels, rows.names.len(), seen);
        let train = XgbTable::new(self, &mut feed, &rows.names, settings, None)?;
        let mut validation = None;
        if rows.validation.len() > 0 {
            let mut unseen = |_: usize, _: &RowChunk<'_>| {};
            let mut feed = ChunkFeed::new(vec![rows.validation], rows.names.len(), &mut unseen);
            let table = XgbTable::new(self, &mut feed, &rows.names, settings, Some(&train))?;
            validation = Some(table);
        }
        Ok(Box::new(XgbTables { train, validation }))
    }

    fn read(&'static self, model: &str) -> Result<Box<dyn TreeModel>, Error> {
        Ok(Box::new(XgbBooster::from_model(self, model)?))
    }

    fn check(&self, model: &str) -> Result<(), String> {
        check_model(model)
    }
}

/// The rows of one panel after the other.
struct ChunkFeed<'a, 'b> {
    panels: Vec<&'a TreeRows<'a>>,
    columns: usize,
    panel: usize,
    reader: Option<ChunkReader<'a>>,
    /// Told of every row on the first way through.
    seen: &'b mut dyn FnMut(usize, &RowChunk<'_>),
    is_first: bool,
    values: Vec<f32>,
}

impl<'a, 'b> ChunkFeed<'a, 'b> {
    fn new(
        panels: Vec<&'a TreeRows<'a>>,
        columns: usize,
        seen: &'b mut dyn FnMut(usize, &RowChunk<'_>),
    ) -> Self {
        Self {
            panels,
            columns,
            panel: 0,
            reader: None,
            seen,
            is_first: true,
            values: Vec::new(),
        }
    }
}

impl RowFeed for ChunkFeed<'_, '_> {
    fn columns(&self) -> usize {
        self.columns
    }

    fn restart(&mut self) {
        // The library begins with a restart, before it has read anything.
        self.is_first &= self.panel == 0;
        self.panel = 0;
        self.reader = None;
    }

    fn next_rows(&mut self) -> anyhow::Result<Option<&[f32]>> {
        while let Some(&rows) = self.panels.get(self.panel) {
            let reader = self.reader.get_or_insert_with(|| ChunkReader::new(rows));
            match reader.next_chunk()? {
                None => {
                    self.panel += 1;
                    self.reader = None;
                }
                Some(chunk) if chunk.cells.is_empty() => {}
                Some(chunk) => {
                    if self.is_first {
                        (self.seen)(self.panel, &chunk);
                    }
                    self.values.clear();
                    self.values.extend_from_slice(chunk.values);
                    return Ok(Some(&self.values));
                }
            }
        }
        Ok(None)
    }
}

/// The tables of the training rows and of those that are held back.
struct XgbTables {
    train: XgbTable,
    validation: Option<XgbTable>,
}

impl TreeTables for XgbTables {
    fn has_validation(&self) -> bool {
        self.validation.is_some()
    }

    fn set_labels(&mut self, train: &[f32], validation: &[f32]) -> Result<(), Error> {
        self.train.set_label(train)?;
        match &mut self.validation {
            Some(table) => table.set_label(validation),
            None => Ok(()),
        }
    }

    /// Does nothing: the library computes by itself what a model says that is to be continued.
    fn begin_from(&mut self, _train: &[f64], _validation: &[f64]) -> Result<(), Error> {
        Ok(())
    }

    fn grow(
        self: Box<Self>,
        continued: Option<&str>,
        parameters: &str,
    ) -> Result<Box<dyn GrowingTrees>, Error> {
        let booster = XgbBooster::new(self.train, self.validation, continued, parameters)?;
        Ok(Box::new(booster))
    }
}

impl GrowingTrees for XgbBooster {
    fn update(&mut self) -> Result<bool, Error> {
        Self::update(self)?;
        Ok(true)
    }

    /// Computed here, as the library tells its own losses in a text for people.
    fn validation_loss(&self) -> Result<f64, Error> {
        let (labels, forecasts) = self.validation()?;
        let classes = forecasts.len() / labels.len().max(1);
        let loss = |(label, said): (&f32, &[f64])| match said {
            [forecast] => (forecast - f64::from(*label)).powi(2),
            probabilities => {
                let of_class = probabilities.get(*label as usize).copied();
                -of_class.unwrap_or(0.0).max(f64::from(f32::EPSILON)).ln()
            }
        };
        let losses = labels.iter().zip(forecasts.chunks_exact(classes.max(1)));
        Ok(losses.map(loss).sum::<f64>() / labels.len() as f64)
    }

    fn validation_forecasts(&self) -> Result<Vec<f64>, Error> {
        Ok(self.validation()?.1)
    }

    fn to_model(&self, rounds: usize) -> Result<String, Error> {
        Self::to_model(self, rounds)
    }

    fn into_tables(self: Box<Self>) -> Option<Box<dyn TreeTables>> {
        let (train, validation) = Self::into_tables(*self);
        let tables = XgbTables {
            train: train?,
            validation,
        };
        Some(Box::new(tables))
    }
}

impl TreeModel for XgbBooster {
    fn features(&self) -> Result<usize, Error> {
        Self::features(self)
    }

    fn predict(
        &self,
        rows: &[f32],
        kind: Predict,
        rounds: Option<usize>,
    ) -> Result<Vec<f64>, Error> {
        Self::predict(self, rows, kind, rounds)
    }

    fn importance(&self, kind: ImportanceOf) -> Result<Vec<f64>, Error> {
        Self::importance(self, kind)
    }

    fn to_model(&self, rounds: usize) -> Result<String, Error> {
        Self::to_model(self, rounds)
    }
}
