//! The C functions that are used, by their names in `c_api.h`.
#![expect(unsafe_code, reason = "function pointers of a C library")]

use std::ffi::{c_char, c_double, c_int, c_void};

use super::package::PACKAGE;
use crate::Error;
use crate::c_library::{Handle, c_functions};

c_functions! {
    package: PACKAGE;
    last_error: LGBM_GetLastError;
    LGBM_RegisterLogCallback(unsafe extern "C" fn(*const c_char));
    LGBM_DumpParamAliases(i64, *mut i64, *mut c_char);
    LGBM_GetSampleCount(i32, *const c_char, *mut c_int);
    LGBM_SampleIndices(i32, *const c_char, *mut c_void, *mut i32);
    LGBM_DatasetCreateFromSampledColumn(
        *mut *mut c_double, *mut *mut c_int, i32, *const c_int, i32, i32, i64, *const c_char, *mut Handle
    );
    LGBM_DatasetCreateByReference(Handle, i64, *mut Handle);
    LGBM_DatasetPushRows(Handle, *const c_void, c_int, i32, i32, i32);
    LGBM_DatasetSetField(Handle, *const c_char, *const c_void, c_int, c_int);
    LGBM_DatasetSetFeatureNames(Handle, *const *const c_char, c_int);
    LGBM_DatasetFree(Handle);
    LGBM_BoosterCreate(Handle, *const c_char, *mut Handle);
    LGBM_BoosterLoadModelFromString(*const c_char, *mut c_int, *mut Handle);
    LGBM_BoosterMerge(Handle, Handle);
    LGBM_BoosterAddValidData(Handle, Handle);
    LGBM_BoosterUpdateOneIter(Handle, *mut c_int);
    LGBM_BoosterGetCurrentIteration(Handle, *mut c_int);
    LGBM_BoosterGetNumFeature(Handle, *mut c_int);
    LGBM_BoosterGetEvalCounts(Handle, *mut c_int);
    LGBM_BoosterGetEval(Handle, c_int, *mut c_int, *mut c_double);
    LGBM_BoosterGetNumPredict(Handle, c_int, *mut i64);
    LGBM_BoosterGetPredict(Handle, c_int, *mut i64, *mut c_double);
    LGBM_BoosterPredictForMat(
        Handle, *const c_void, c_int, i32, i32, c_int, c_int, c_int, c_int, *const c_char, *mut i64, *mut c_double
    );
    LGBM_BoosterCalcNumPredict(Handle, c_int, c_int, c_int, c_int, *mut i64);
    LGBM_BoosterSaveModelToString(Handle, c_int, c_int, c_int, i64, *mut i64, *mut c_char);
    LGBM_BoosterFeatureImportance(Handle, c_int, c_int, *mut c_double);
    LGBM_BoosterFree(Handle);
}

/// What it logs, it also returns as an error.
unsafe extern "C" fn ignore(_message: *const c_char) {}

impl Functions {
    /// Keeps the library from printing.
    pub(super) fn silence(&self) -> Result<(), Error> {
        // SAFETY: the callback does nothing.
        self.check("LGBM_RegisterLogCallback", unsafe {
            (self.LGBM_RegisterLogCallback)(ignore)
        })
    }
}
