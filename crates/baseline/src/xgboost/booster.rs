//! Trees that are being grown, or were read from a model file.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::{CStr, CString, c_char, c_int};

use super::library::{XgbLibrary, c_text};
use super::package::PACKAGE;
use super::table::{OwnHandle, XgbTable};
use crate::c_library::Handle;
use crate::{Error, ImportanceOf, Predict};

/// A model, with the tables it is grown on while it is grown.
#[derive(Debug)]
pub struct XgbBooster {
    library: &'static XgbLibrary,
    handle: Handle,
    /// Read by the library until the booster is freed; those of the training rows first.
    tables: Vec<XgbTable>,
}

impl XgbBooster {
    /// A model to be grown on `train`, after the trees of the model `continued` if one is given, and
    /// looked at on `validation`. `parameters` are words of the form `key=value`.
    ///
    /// # Errors
    /// Parameters that XGBoost refuses, text that is no model.
    pub fn new(
        train: XgbTable,
        validation: Option<XgbTable>,
        continued: Option<&str>,
        parameters: &str,
    ) -> Result<Self, Error> {
        let library = train.library;
        let tables: Vec<XgbTable> = [Some(train), validation].into_iter().flatten().collect();
        let handles: Vec<Handle> = tables.iter().map(|table| table.handle).collect();
        let mut booster = Self::of_tables(library, &handles)?;
        booster.tables = tables;
        if let Some(model) = continued {
            booster.load(model)?;
        }
        for word in parameters.split_whitespace() {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            booster.set(key, value)?;
        }
        if let Some(train) = booster.tables.first() {
            booster.set_names(train.names())?;
        }
        Ok(booster)
    }

    /// Writes the names of the features into the model.
    fn set_names(&self, names: &[CString]) -> Result<(), Error> {
        let field = c_text("field", "feature_name")?;
        let pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let functions = &self.library.functions;
        // SAFETY: as many texts as are counted, all of which end in 0.
        let returned = unsafe {
            (functions.XGBoosterSetStrFeatureInfo)(
                self.handle,
                field.as_ptr(),
                pointers.as_ptr(),
                pointers.len() as u64,
            )
        };
        functions.check("XGBoosterSetStrFeatureInfo", returned)
    }

    /// A model as [`XgbBooster::to_model`] wrote it.
    ///
    /// # Errors
    /// Text that is no model.
    pub fn from_model(library: &'static XgbLibrary, model: &str) -> Result<Self, Error> {
        let booster = Self::of_tables(library, &[])?;
        booster.load(model)?;
        Ok(booster)
    }

    fn of_tables(library: &'static XgbLibrary, tables: &[Handle]) -> Result<Self, Error> {
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: as many handles as are counted, all alive.
        let returned = unsafe {
            (library.functions.XGBoosterCreate)(
                tables.as_ptr(),
                tables.len() as u64,
                &raw mut handle,
            )
        };
        library.functions.check("XGBoosterCreate", returned)?;
        Ok(Self {
            library,
            handle,
            tables: Vec::new(),
        })
    }

    fn load(&self, model: &str) -> Result<(), Error> {
        let functions = &self.library.functions;
        // SAFETY: as many bytes as are counted stand behind the pointer.
        let returned = unsafe {
            (functions.XGBoosterLoadModelFromBuffer)(
                self.handle,
                model.as_ptr().cast(),
                model.len() as u64,
            )
        };
        functions.check("XGBoosterLoadModelFromBuffer", returned)
    }

    fn set(&self, key: &str, value: &str) -> Result<(), Error> {
        let functions = &self.library.functions;
        let (key, value) = (c_text("parameter", key)?, c_text("parameter", value)?);
        // SAFETY: both texts end in 0.
        let returned =
            unsafe { (functions.XGBoosterSetParam)(self.handle, key.as_ptr(), value.as_ptr()) };
        functions.check("XGBoosterSetParam", returned)
    }

    /// The training and the validation table, for another model; this one is freed. None where it
    /// was not grown here.
    pub fn into_tables(mut self) -> (Option<XgbTable>, Option<XgbTable>) {
        let mut tables = std::mem::take(&mut self.tables).into_iter();
        // The library frees the booster before anyone can free the tables that it reads.
        drop(self);
        (tables.next(), tables.next())
    }

    /// Grows the trees of one more round.
    ///
    /// # Errors
    /// What XGBoost says; a model that is not being grown.
    pub fn update(&mut self) -> Result<(), Error> {
        let Some(train) = self.tables.first() else {
            return Err(not_grown("XGBoosterUpdateOneIter"));
        };
        let functions = &self.library.functions;
        let round = self.rounds()?;
        // SAFETY: both handles are alive.
        let returned = unsafe {
            (functions.XGBoosterUpdateOneIter)(self.handle, round as c_int, train.handle)
        };
        functions.check("XGBoosterUpdateOneIter", returned)
    }

    /// Number of rounds, continued ones included.
    ///
    /// # Errors
    /// What XGBoost says.
    pub fn rounds(&self) -> Result<usize, Error> {
        let functions = &self.library.functions;
        let mut rounds: c_int = 0;
        // SAFETY: the handle is alive; the function writes one int.
        let returned = unsafe { (functions.XGBoosterBoostedRounds)(self.handle, &raw mut rounds) };
        functions.check("XGBoosterBoostedRounds", returned)?;
        Ok(usize::try_from(rounds).unwrap_or(0))
    }

    /// Number of features.
    ///
    /// # Errors
    /// What XGBoost says.
    pub fn features(&self) -> Result<usize, Error> {
        let functions = &self.library.functions;
        let mut features = 0u64;
        // SAFETY: the handle is alive; the function writes one number.
        let returned =
            unsafe { (functions.XGBoosterGetNumFeature)(self.handle, &raw mut features) };
        functions.check("XGBoosterGetNumFeature", returned)?;
        Ok(features as usize)
    }

    /// The validation rows' labels and current forecasts, one a row, or of classes one a row and
    /// class.
    ///
    /// # Errors
    /// What XGBoost says; a model without validation rows.
    pub fn validation(&self) -> Result<(&[f32], Vec<f64>), Error> {
        let Some(table) = self.tables.get(1) else {
            return Err(not_grown("XGBoosterPredictFromDMatrix"));
        };
        let forecasts = self.predict_table(table.handle, Predict::Value, None)?;
        Ok((table.labels(), forecasts))
    }

    /// Computes rows, row-major `[rows, features]`, by the trees of the first `rounds` rounds (None:
    /// all).
    ///
    /// # Errors
    /// Rows of another width than the model's.
    pub fn predict(
        &self,
        rows: &[f32],
        kind: Predict,
        rounds: Option<usize>,
    ) -> Result<Vec<f64>, Error> {
        let table = OwnHandle::of_rows(self.library, rows, self.features()?)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.predict_table(table.handle, kind, rounds)
    }

    fn predict_table(
        &self,
        table: Handle,
        kind: Predict,
        rounds: Option<usize>,
    ) -> Result<Vec<f64>, Error> {
        let kind = match kind {
            Predict::Value => 0,
            Predict::RawScore => 1,
            Predict::Contributions => 2,
        };
        let config = format!(
            "{{\"type\": {kind}, \"training\": false, \"iteration_begin\": 0, \
             \"iteration_end\": {}, \"strict_shape\": true}}",
            rounds.unwrap_or(0)
        );
        let config = c_text("config", &config)?;
        let functions = &self.library.functions;
        let (mut shape, mut dimensions) = (std::ptr::null(), 0u64);
        let mut values = std::ptr::null();
        // SAFETY: both handles are alive.
        let returned = unsafe {
            (functions.XGBoosterPredictFromDMatrix)(
                self.handle,
                table,
                config.as_ptr(),
                &raw mut shape,
                &raw mut dimensions,
                &raw mut values,
            )
        };
        functions.check("XGBoosterPredictFromDMatrix", returned)?;
        // SAFETY: the library keeps the shape, and as many values as it says, until the next call.
        let values = unsafe {
            let shape = slice(shape, dimensions as usize);
            slice(values, shape.iter().product::<u64>() as usize)
        };
        Ok(values.iter().map(|&value| f64::from(value)).collect())
    }

    /// The importance of every feature.
    ///
    /// # Errors
    /// What XGBoost says.
    pub fn importance(&self, kind: ImportanceOf) -> Result<Vec<f64>, Error> {
        let names = self.feature_names()?;
        let mut all = vec![0.0; self.features()?];
        for (name, score) in self.scores(kind)? {
            // A model without names has `f` and the place.
            let named = names.iter().position(|own| *own == name);
            let place = named.or_else(|| name.strip_prefix('f')?.parse().ok());
            if let Some(own) = place.and_then(|place| all.get_mut(place)) {
                *own = score;
            }
        }
        Ok(all)
    }

    /// The names of the features; none where the model has none.
    fn feature_names(&self) -> Result<Vec<String>, Error> {
        let field = c_text("field", "feature_name")?;
        let functions = &self.library.functions;
        let (mut length, mut names) = (0u64, std::ptr::null());
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (functions.XGBoosterGetStrFeatureInfo)(
                self.handle,
                field.as_ptr(),
                &raw mut length,
                &raw mut names,
            )
        };
        functions.check("XGBoosterGetStrFeatureInfo", returned)?;
        // SAFETY: the library keeps so many texts until the next call.
        Ok(unsafe { texts(names, length) })
    }

    /// The importance of the features that any split uses, by their names.
    fn scores(&self, kind: ImportanceOf) -> Result<Vec<(String, f64)>, Error> {
        let kind = match kind {
            ImportanceOf::Split => "weight",
            ImportanceOf::Gain => "total_gain",
        };
        let config = c_text("config", &format!("{{\"importance_type\": \"{kind}\"}}"))?;
        let functions = &self.library.functions;
        let (mut names_length, mut dimensions) = (0u64, 0u64);
        let mut names: *const *const c_char = std::ptr::null();
        let (mut shape, mut scores) = (std::ptr::null(), std::ptr::null());
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (functions.XGBoosterFeatureScore)(
                self.handle,
                config.as_ptr(),
                &raw mut names_length,
                &raw mut names,
                &raw mut dimensions,
                &raw mut shape,
                &raw mut scores,
            )
        };
        functions.check("XGBoosterFeatureScore", returned)?;
        // SAFETY: the library keeps the names and as many scores until the next call.
        let (names, scores) = unsafe {
            let names = texts(names, names_length);
            (names, slice(scores, names_length as usize))
        };
        let scores = scores.iter().map(|&score| f64::from(score));
        Ok(names.into_iter().zip(scores).collect())
    }

    /// The trees of the first `rounds` rounds as JSON, what the Python package's `save_model` writes.
    ///
    /// # Errors
    /// What XGBoost says.
    pub fn to_model(&self, rounds: usize) -> Result<String, Error> {
        let functions = &self.library.functions;
        if rounds != self.rounds()? {
            let mut handle: Handle = std::ptr::null_mut();
            // SAFETY: the handle is alive.
            let returned = unsafe {
                (functions.XGBoosterSlice)(self.handle, 0, rounds as c_int, 1, &raw mut handle)
            };
            functions.check("XGBoosterSlice", returned)?;
            let first = Self {
                library: self.library,
                handle,
                tables: Vec::new(),
            };
            return first.to_model(rounds);
        }
        let config = c_text("config", "{\"format\": \"json\"}")?;
        let (mut length, mut bytes) = (0u64, std::ptr::null());
        // SAFETY: the handle is alive.
        let returned = unsafe {
            (functions.XGBoosterSaveModelToBuffer)(
                self.handle,
                config.as_ptr(),
                &raw mut length,
                &raw mut bytes,
            )
        };
        functions.check("XGBoosterSaveModelToBuffer", returned)?;
        // SAFETY: the library keeps so many bytes until the next call.
        let bytes = unsafe { slice(bytes.cast::<u8>(), length as usize) };
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Drop for XgbBooster {
    fn drop(&mut self) {
        // SAFETY: nobody else frees our handle; it goes before the tables that it reads.
        unsafe { (self.library.functions.XGBoosterFree)(self.handle) };
    }
}

/// Values of the library; none where it names no place.
///
/// # Safety
/// So many values stand behind the pointer while the slice is read, unless it is null.
unsafe fn slice<'a, T>(values: *const T, count: usize) -> &'a [T] {
    match values.is_null() || count == 0 {
        true => &[],
        // SAFETY: as the caller says.
        false => unsafe { std::slice::from_raw_parts(values, count) },
    }
}

/// Texts of the library.
///
/// # Safety
/// So many texts that end in 0 stand behind the pointer.
unsafe fn texts(texts: *const *const c_char, count: u64) -> Vec<String> {
    // SAFETY: as the caller says.
    let texts = unsafe { slice(texts, count as usize) };
    let owned = |text: &*const c_char| {
        // SAFETY: as the caller says.
        let text = unsafe { CStr::from_ptr(*text) };
        text.to_string_lossy().into_owned()
    };
    texts.iter().map(owned).collect()
}

fn not_grown(function: &'static str) -> Error {
    Error::Call {
        package: &PACKAGE,
        function,
        message: "the model has no rows to be grown on or looked at on".to_owned(),
    }
}
