//! Trees that are being grown, or were read from a model file.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::c_int;

use super::binned_table::int32;
use super::library::{c_text, text};
use super::package::PACKAGE;
use super::{BinnedTable, Library};
use crate::c_library::Handle;
use crate::{Error, ImportanceOf, Predict};

const FLOAT32: c_int = 0;
/// Index of the validation rows among a booster's tables; 0 are the training rows.
const VALIDATION: c_int = 1;

/// The library's number of what is computed for each row.
fn code_of(kind: Predict) -> c_int {
    match kind {
        Predict::Value => 0,
        Predict::RawScore => 1,
        Predict::Contributions => 3,
    }
}

/// The library's number of what an importance counts.
fn code_of_importance(kind: ImportanceOf) -> c_int {
    match kind {
        ImportanceOf::Split => 0,
        ImportanceOf::Gain => 1,
    }
}

/// A model, with the tables it is grown on while it is grown.
#[derive(Debug)]
pub struct Booster {
    library: &'static Library,
    handle: Handle,
    /// Read by the library until the booster is freed.
    tables: Vec<BinnedTable>,
}

impl Booster {
    /// A model to be grown on `train`, after the trees of `continued` if there are any, and looked
    /// at on `validation`, if that is given.
    ///
    /// To continue, the tables need the init score that `continued` gives their rows.
    ///
    /// # Errors
    /// Parameters that LightGBM refuses.
    pub fn new(
        train: BinnedTable,
        validation: Option<BinnedTable>,
        continued: Option<&Self>,
        parameters: &str,
    ) -> Result<Self, Error> {
        let library = train.library;
        let functions = &library.functions;
        let parameters = c_text("parameters", parameters)?;
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: the table is alive and stays so as long as the booster.
        let returned = unsafe {
            (functions.LGBM_BoosterCreate)(train.handle, parameters.as_ptr(), &raw mut handle)
        };
        functions.check("LGBM_BoosterCreate", returned)?;
        let mut booster = Self {
            library,
            handle,
            tables: vec![train],
        };
        if let Some(other) = continued {
            // SAFETY: both are alive; the trees are copied.
            let returned = unsafe { (functions.LGBM_BoosterMerge)(booster.handle, other.handle) };
            functions.check("LGBM_BoosterMerge", returned)?;
        }
        if let Some(validation) = validation {
            // SAFETY: as for the training table.
            let returned =
                unsafe { (functions.LGBM_BoosterAddValidData)(booster.handle, validation.handle) };
            functions.check("LGBM_BoosterAddValidData", returned)?;
            booster.tables.push(validation);
        }
        Ok(booster)
    }

    /// The training and the validation table, for another model; this one is freed. None where it
    /// was not grown here.
    pub fn into_tables(mut self) -> (Option<BinnedTable>, Option<BinnedTable>) {
        let mut tables = std::mem::take(&mut self.tables).into_iter();
        // The library frees the booster before anyone can free the tables that it reads.
        drop(self);
        (tables.next(), tables.next())
    }

    /// A model as [`Booster::to_model`] wrote it.
    ///
    /// # Errors
    /// Text that is no model.
    pub fn from_model(library: &'static Library, model: &str) -> Result<Self, Error> {
        let functions = &library.functions;
        let model = c_text("model", model)?;
        let mut handle: Handle = std::ptr::null_mut();
        let mut iterations: c_int = 0;
        // SAFETY: the text ends in 0.
        let returned = unsafe {
            (functions.LGBM_BoosterLoadModelFromString)(
                model.as_ptr(),
                &raw mut iterations,
                &raw mut handle,
            )
        };
        functions.check("LGBM_BoosterLoadModelFromString", returned)?;
        Ok(Self {
            library,
            handle,
            tables: Vec::new(),
        })
    }

    /// Grows one more tree; false where no split is worth it any more.
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn update(&mut self) -> Result<bool, Error> {
        let mut is_finished: c_int = 0;
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (self.library.functions.LGBM_BoosterUpdateOneIter)(self.handle, &raw mut is_finished)
        };
        self.library
            .functions
            .check("LGBM_BoosterUpdateOneIter", returned)?;
        Ok(is_finished == 0)
    }

    /// Number of trees, continued ones included.
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn iterations(&self) -> Result<usize, Error> {
        let functions = &self.library.functions;
        self.count(
            "LGBM_BoosterGetCurrentIteration",
            functions.LGBM_BoosterGetCurrentIteration,
        )
    }

    /// Number of features.
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn features(&self) -> Result<usize, Error> {
        self.count(
            "LGBM_BoosterGetNumFeature",
            self.library.functions.LGBM_BoosterGetNumFeature,
        )
    }

    fn count(
        &self,
        name: &'static str,
        function: unsafe extern "C" fn(Handle, *mut c_int) -> c_int,
    ) -> Result<usize, Error> {
        let mut count: c_int = 0;
        // SAFETY: the handle is alive; the function writes one int.
        self.library
            .functions
            .check(name, unsafe { function(self.handle, &raw mut count) })?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The first metric of the parameters on the validation rows.
    ///
    /// # Errors
    /// What LightGBM says; a model that is not being grown.
    pub fn validation_metric(&self) -> Result<f64, Error> {
        let functions = &self.library.functions;
        let metrics = self.count(
            "LGBM_BoosterGetEvalCounts",
            functions.LGBM_BoosterGetEvalCounts,
        )?;
        let mut values = vec![f64::NAN; metrics.max(1)];
        let mut length: c_int = 0;
        // SAFETY: there is room for as many values as there are metrics.
        let returned = unsafe {
            (functions.LGBM_BoosterGetEval)(
                self.handle,
                VALIDATION,
                &raw mut length,
                values.as_mut_ptr(),
            )
        };
        functions.check("LGBM_BoosterGetEval", returned)?;
        Ok(values[0])
    }

    /// The current forecasts of the validation rows, without predicting them anew.
    ///
    /// # Errors
    /// What LightGBM says; a model that is not being grown.
    pub fn validation_forecasts(&self) -> Result<Vec<f64>, Error> {
        let functions = &self.library.functions;
        let mut length = 0i64;
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (functions.LGBM_BoosterGetNumPredict)(self.handle, VALIDATION, &raw mut length)
        };
        functions.check("LGBM_BoosterGetNumPredict", returned)?;
        let mut values = vec![0.0; usize::try_from(length).unwrap_or(0)];
        // SAFETY: there is room for as many values as the library said.
        let returned = unsafe {
            (functions.LGBM_BoosterGetPredict)(
                self.handle,
                VALIDATION,
                &raw mut length,
                values.as_mut_ptr(),
            )
        };
        functions.check("LGBM_BoosterGetPredict", returned)?;
        Ok(values)
    }

    /// Computes rows, row-major `[rows, features]`, by the first `iterations` trees (None: all).
    ///
    /// # Errors
    /// Rows of another width than the model's.
    pub fn predict(
        &self,
        rows: &[f32],
        kind: Predict,
        iterations: Option<usize>,
    ) -> Result<Vec<f64>, Error> {
        let functions = &self.library.functions;
        let features = self.features()?;
        if features == 0 || !rows.len().is_multiple_of(features) {
            let message = format!("{} values are no rows of {features} features", rows.len());
            return Err(Error::Call {
                package: &PACKAGE,
                function: "LGBM_BoosterPredictForMat",
                message,
            });
        }
        let count = int32("rows", rows.len() / features)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let iterations = iterations.map_or(Ok(-1), |iterations| int32("iterations", iterations))?;
        let mut length = 0i64;
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (functions.LGBM_BoosterCalcNumPredict)(
                self.handle,
                count,
                code_of(kind),
                0,
                iterations,
                &raw mut length,
            )
        };
        functions.check("LGBM_BoosterCalcNumPredict", returned)?;
        let mut values = vec![0.0; usize::try_from(length).unwrap_or(0)];
        let parameters = c_text("parameters", "verbosity=-1")?;
        // SAFETY: `count * features` values stand behind `rows`, and there is room for as many as
        // the library said.
        let returned = unsafe {
            (functions.LGBM_BoosterPredictForMat)(
                self.handle,
                rows.as_ptr().cast(),
                FLOAT32,
                count,
                int32("features", features)?,
                1,
                code_of(kind),
                0,
                iterations,
                parameters.as_ptr(),
                &raw mut length,
                values.as_mut_ptr(),
            )
        };
        functions.check("LGBM_BoosterPredictForMat", returned)?;
        Ok(values)
    }

    /// The importance of every feature in the first `iterations` trees (None: all).
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn importance(
        &self,
        kind: ImportanceOf,
        iterations: Option<usize>,
    ) -> Result<Vec<f64>, Error> {
        let functions = &self.library.functions;
        let mut values = vec![0.0; self.features()?];
        let iterations = iterations.map_or(Ok(-1), |iterations| int32("iterations", iterations))?;
        // SAFETY: one value a feature.
        let returned = unsafe {
            (functions.LGBM_BoosterFeatureImportance)(
                self.handle,
                iterations,
                code_of_importance(kind),
                values.as_mut_ptr(),
            )
        };
        functions.check("LGBM_BoosterFeatureImportance", returned)?;
        Ok(values)
    }

    /// The first `iterations` trees as text, byte for byte what the Python package's `save_model`
    /// writes.
    ///
    /// # Errors
    /// What LightGBM says.
    pub fn to_model(&self, iterations: usize) -> Result<String, Error> {
        let functions = &self.library.functions;
        let iterations = int32("iterations", iterations)?;
        let split = code_of_importance(ImportanceOf::Split);
        let model = text(|size, length, out| {
            // SAFETY: `out` holds `size` bytes.
            let returned = unsafe {
                (functions.LGBM_BoosterSaveModelToString)(
                    self.handle,
                    0,
                    iterations,
                    split,
                    size,
                    length,
                    out,
                )
            };
            functions.check("LGBM_BoosterSaveModelToString", returned)
        })?;
        Ok(model + "\npandas_categorical:null\n")
    }
}

impl Drop for Booster {
    fn drop(&mut self) {
        // SAFETY: nobody else frees our handle; it goes before the tables that it reads.
        unsafe { (self.library.functions.LGBM_BoosterFree)(self.handle) };
    }
}
