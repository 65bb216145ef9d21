//! A table in LightGBM's own form: every value as the number of its bin.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::{CString, c_int, c_void};

use super::Library;
use super::library::c_text;
use super::package::PACKAGE;
use crate::Error;
use crate::c_library::Handle;

const FLOAT32: c_int = 0;
const FLOAT64: c_int = 1;

/// What LightGBM takes for 0 and leaves out of its samples.
const ZERO: f64 = 1e-35;

/// A binned table, filled row by row: the raw one is never held.
#[derive(Debug)]
pub struct BinnedTable {
    pub(super) library: &'static Library,
    pub(super) handle: Handle,
    rows: usize,
    columns: usize,
    pushed: usize,
}

impl BinnedTable {
    /// Which of `rows` rows LightGBM finds its bins on: ascending, all of them where there are few.
    ///
    /// # Errors
    /// More rows than a C int counts, parameters that LightGBM refuses.
    pub fn sampled_rows(
        library: &'static Library,
        rows: usize,
        parameters: &str,
    ) -> Result<Vec<usize>, Error> {
        let total = int32("rows", rows)?;
        let parameters = c_text("parameters", parameters)?;
        let functions = &library.functions;
        let mut count: c_int = 0;
        // SAFETY: the text ends in 0 and outlives the call.
        let returned =
            unsafe { (functions.LGBM_GetSampleCount)(total, parameters.as_ptr(), &raw mut count) };
        functions.check("LGBM_GetSampleCount", returned)?;
        let mut indices = vec![0i32; usize::try_from(count).unwrap_or(0)];
        let mut length = 0i32;
        // SAFETY: `indices` has room for as many as the library said.
        let returned = unsafe {
            let out = indices.as_mut_ptr().cast::<c_void>();
            (functions.LGBM_SampleIndices)(total, parameters.as_ptr(), out, &raw mut length)
        };
        functions.check("LGBM_SampleIndices", returned)?;
        indices.truncate(usize::try_from(length).unwrap_or(0));
        Ok(indices
            .into_iter()
            .map(|index| index.max(0) as usize)
            .collect())
    }

    /// An empty table for `rows` rows with the bins of `sample`, the rows that
    /// [`BinnedTable::sampled_rows`] names: row-major `[sampled rows, columns]`, NaN where missing.
    ///
    /// # Errors
    /// As [`BinnedTable::sampled_rows`].
    pub fn new(
        library: &'static Library,
        sample: &[f32],
        names: &[String],
        rows: usize,
        parameters: &str,
    ) -> Result<Self, Error> {
        let columns = names.len();
        let sampled = sample.len() / columns.max(1);
        let is_kept = |value: f64| value.is_nan() || value.abs() > ZERO;
        // Zeros are left out, as LightGBM itself does when it is given a whole matrix.
        let mut values: Vec<Vec<f64>> = (0..columns).map(|_| Vec::with_capacity(sampled)).collect();
        let mut indices: Vec<Vec<c_int>> =
            (0..columns).map(|_| Vec::with_capacity(sampled)).collect();
        for (index, row) in sample.chunks_exact(columns.max(1)).enumerate() {
            for (column, &value) in row
                .iter()
                .enumerate()
                .filter(|(_, value)| is_kept(f64::from(**value)))
            {
                values[column].push(f64::from(value));
                indices[column].push(index as c_int);
            }
        }
        let counts: Vec<c_int> = values.iter().map(|values| values.len() as c_int).collect();
        let mut value_pointers: Vec<*mut f64> = values.iter_mut().map(Vec::as_mut_ptr).collect();
        let mut index_pointers: Vec<*mut c_int> = indices.iter_mut().map(Vec::as_mut_ptr).collect();
        let parameters = c_text("parameters", parameters)?;
        let functions = &library.functions;
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: `counts[c]` values and indices stand behind the pointers of column c, all outlive
        // the call.
        let returned = unsafe {
            (functions.LGBM_DatasetCreateFromSampledColumn)(
                value_pointers.as_mut_ptr(),
                index_pointers.as_mut_ptr(),
                int32("columns", columns)?,
                counts.as_ptr(),
                int32("sampled rows", sampled)?,
                int32("rows", rows)?,
                rows as i64,
                parameters.as_ptr(),
                &raw mut handle,
            )
        };
        functions.check("LGBM_DatasetCreateFromSampledColumn", returned)?;
        let binned = Self {
            library,
            handle,
            rows,
            columns,
            pushed: 0,
        };
        let names: Vec<CString> = names
            .iter()
            .map(|name| c_text("feature name", name))
            .collect::<Result<_, _>>()?;
        let pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: as many texts as the table has columns.
        let returned = unsafe {
            (functions.LGBM_DatasetSetFeatureNames)(
                binned.handle,
                pointers.as_ptr(),
                int32("columns", columns)?,
            )
        };
        functions.check("LGBM_DatasetSetFeatureNames", returned)?;
        Ok(binned)
    }

    /// An empty table for `rows` rows with the same bins: validation rows.
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn with_same_bins(&self, rows: usize) -> Result<Self, Error> {
        let functions = &self.library.functions;
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: our own handle is alive.
        let returned = unsafe {
            (functions.LGBM_DatasetCreateByReference)(self.handle, rows as i64, &raw mut handle)
        };
        functions.check("LGBM_DatasetCreateByReference", returned)?;
        Ok(Self {
            library: self.library,
            handle,
            rows,
            columns: self.columns,
            pushed: 0,
        })
    }

    /// Number of rows that the table is for.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bins the next rows, row-major `[rows, columns]`.
    ///
    /// # Errors
    /// More rows than the table is for.
    pub fn push(&mut self, values: &[f32]) -> Result<(), Error> {
        let count = values.len() / self.columns.max(1);
        if count == 0 {
            return Ok(());
        }
        if self.pushed + count > self.rows {
            let message = format!(
                "row {} of a table for {} rows",
                self.pushed + count,
                self.rows
            );
            return Err(Error::Call {
                package: &PACKAGE,
                function: "LGBM_DatasetPushRows",
                message,
            });
        }
        let functions = &self.library.functions;
        // SAFETY: `count * columns` values stand behind the pointer, and they fit.
        let returned = unsafe {
            (functions.LGBM_DatasetPushRows)(
                self.handle,
                values.as_ptr().cast(),
                FLOAT32,
                int32("rows", count)?,
                int32("columns", self.columns)?,
                int32("row", self.pushed)?,
            )
        };
        functions.check("LGBM_DatasetPushRows", returned)?;
        self.pushed += count;
        Ok(())
    }

    /// What the rows are trained on or compared with, once all are pushed.
    ///
    /// # Errors
    /// Another number of labels than rows.
    pub fn set_label(&mut self, label: &[f32]) -> Result<(), Error> {
        self.set_field("label", label.as_ptr().cast(), label.len(), FLOAT32)
    }

    /// Where boosting begins: what the model to be continued says of each row.
    ///
    /// # Errors
    /// Another number of scores than rows.
    pub fn set_init_score(&mut self, score: &[f64]) -> Result<(), Error> {
        self.set_field("init_score", score.as_ptr().cast(), score.len(), FLOAT64)
    }

    fn set_field(
        &mut self,
        name: &'static str,
        data: *const c_void,
        length: usize,
        kind: c_int,
    ) -> Result<(), Error> {
        if length != self.rows || self.pushed != self.rows {
            let message = format!(
                "{length} values of `{name}` for {} of {} rows",
                self.pushed, self.rows
            );
            return Err(Error::Call {
                package: &PACKAGE,
                function: "LGBM_DatasetSetField",
                message,
            });
        }
        let functions = &self.library.functions;
        let field = c_text("field", name)?;
        // SAFETY: `length` values of `kind` stand behind the pointer.
        let returned = unsafe {
            (functions.LGBM_DatasetSetField)(
                self.handle,
                field.as_ptr(),
                data,
                int32("values", length)?,
                kind,
            )
        };
        functions.check("LGBM_DatasetSetField", returned)
    }
}

impl Drop for BinnedTable {
    fn drop(&mut self) {
        // SAFETY: nobody else frees our handle; a failure to free has no remedy.
        unsafe { (self.library.functions.LGBM_DatasetFree)(self.handle) };
    }
}

/// A count as C has it.
pub(super) fn int32(what: &'static str, count: usize) -> Result<i32, Error> {
    i32::try_from(count).map_err(|_| Error::TooMany {
        package: &PACKAGE,
        what,
        found: count,
    })
}
