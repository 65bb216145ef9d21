//! LightGBM behind the seam that folds grow their trees through.

use super::{BinnedTable, Booster, Library, check_text};
use crate::Error;
use crate::rows::{LabelledRows, RowChunk};
use crate::tree_library::{
    GrowingTrees, ImportanceOf, Predict, RowsToBin, TreeLibrary, TreeModel, TreeTables,
};

impl TreeLibrary for Library {
    fn bin(
        &'static self,
        rows: &RowsToBin<'_>,
        parameters: &str,
        seen: &mut dyn FnMut(usize, &RowChunk<'_>),
    ) -> anyhow::Result<Box<dyn TreeTables>> {
        let columns = rows.names.len();
        let count = rows.train_len();
        let wanted = BinnedTable::sampled_rows(self, count, parameters)?;
        let mut sample = Vec::with_capacity(wanted.len() * columns);
        let (mut next, mut first) = (0, 0);
        for_each_chunk(rows.train, |_, chunk| {
            while let Some(&row) = wanted
                .get(next)
                .filter(|&&row| row < first + chunk.cells.len())
            {
                let start = (row - first) * columns;
                sample.extend_from_slice(&chunk.values[start..start + columns]);
                next += 1;
            }
            first += chunk.cells.len();
            Ok(())
        })?;
        let mut train = BinnedTable::new(self, &sample, &rows.names, count, parameters)?;
        drop(sample);
        for_each_chunk(rows.train, |panel, chunk| {
            seen(panel, chunk);
            Ok(train.push(chunk.values)?)
        })?;
        let mut validation = None;
        if rows.validation.len() > 0 {
            let mut table = train.with_same_bins(rows.validation.len())?;
            rows.validation
                .for_each_chunk(|chunk| Ok(table.push(chunk.values)?))?;
            validation = Some(table);
        }
        Ok(Box::new(BinnedTables { train, validation }))
    }

    fn read(&'static self, model: &str) -> Result<Box<dyn TreeModel>, Error> {
        Ok(Box::new(Booster::from_model(self, model)?))
    }

    fn check(&self, model: &str) -> Result<(), String> {
        check_text(model)
    }
}

/// Hands out the rows of one panel after the other, with the place of the panel.
fn for_each_chunk(
    panels: &[LabelledRows<'_>],
    mut each: impl FnMut(usize, &RowChunk<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (place, panel) in panels.iter().enumerate() {
        panel.rows.for_each_chunk(|chunk| each(place, chunk))?;
    }
    Ok(())
}

/// The tables of the training rows and of those that are held back.
struct BinnedTables {
    train: BinnedTable,
    validation: Option<BinnedTable>,
}

impl TreeTables for BinnedTables {
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

    fn begin_from(&mut self, train: &[f64], validation: &[f64]) -> Result<(), Error> {
        self.train.set_init_score(train)?;
        match &mut self.validation {
            Some(table) => table.set_init_score(validation),
            None => Ok(()),
        }
    }

    fn grow(
        self: Box<Self>,
        continued: Option<&str>,
        parameters: &str,
    ) -> Result<Box<dyn GrowingTrees>, Error> {
        let library = self.train.library;
        let old = continued
            .map(|model| Booster::from_model(library, model))
            .transpose()?;
        let booster = Booster::new(self.train, self.validation, old.as_ref(), parameters)?;
        Ok(Box::new(booster))
    }
}

impl GrowingTrees for Booster {
    fn update(&mut self) -> Result<bool, Error> {
        Self::update(self)
    }

    fn validation_loss(&self) -> Result<f64, Error> {
        self.validation_metric()
    }

    fn validation_forecasts(&self) -> Result<Vec<f64>, Error> {
        Self::validation_forecasts(self)
    }

    fn to_model(&self, rounds: usize) -> Result<String, Error> {
        Self::to_model(self, rounds)
    }

    fn into_tables(self: Box<Self>) -> Option<Box<dyn TreeTables>> {
        let (train, validation) = Self::into_tables(*self);
        let tables = BinnedTables {
            train: train?,
            validation,
        };
        Some(Box::new(tables))
    }
}

impl TreeModel for Booster {
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
        Self::importance(self, kind, None)
    }

    fn to_model(&self, rounds: usize) -> Result<String, Error> {
        Self::to_model(self, rounds)
    }
}
