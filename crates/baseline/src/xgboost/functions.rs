//! The C functions that are used, by their names in `xgboost/c_api.h`.
#![expect(unsafe_code, reason = "function pointers of a C library")]

use std::ffi::{c_char, c_float, c_int, c_void};

use super::package::PACKAGE;
use crate::c_library::{Handle, c_functions};

/// Hands the next rows to a proxy; 1 while there are some.
pub(super) type NextRows = unsafe extern "C" fn(*mut c_void) -> c_int;

/// Begins with the first rows again.
pub(super) type FirstRows = unsafe extern "C" fn(*mut c_void);

c_functions! {
    package: PACKAGE;
    last_error: XGBGetLastError;
    XGBSetGlobalConfig(*const c_char);
    XGProxyDMatrixCreate(*mut Handle);
    XGProxyDMatrixSetDataDense(Handle, *const c_char);
    XGQuantileDMatrixCreateFromCallback(
        *mut c_void, Handle, Handle, FirstRows, NextRows, *const c_char, *mut Handle
    );
    XGDMatrixCreateFromMat(*const c_float, u64, u64, c_float, *mut Handle);
    XGDMatrixSetFloatInfo(Handle, *const c_char, *const c_float, u64);
    XGDMatrixFree(Handle);
    XGBoosterCreate(*const Handle, u64, *mut Handle);
    XGBoosterSetParam(Handle, *const c_char, *const c_char);
    XGBoosterLoadModelFromBuffer(Handle, *const c_void, u64);
    XGBoosterSaveModelToBuffer(Handle, *const c_char, *mut u64, *mut *const c_char);
    XGBoosterUpdateOneIter(Handle, c_int, Handle);
    XGBoosterBoostedRounds(Handle, *mut c_int);
    XGBoosterGetNumFeature(Handle, *mut u64);
    XGBoosterSetStrFeatureInfo(Handle, *const c_char, *const *const c_char, u64);
    XGBoosterGetStrFeatureInfo(Handle, *const c_char, *mut u64, *mut *const *const c_char);
    XGBoosterSlice(Handle, c_int, c_int, c_int, *mut Handle);
    XGBoosterPredictFromDMatrix(
        Handle, Handle, *const c_char, *mut *const u64, *mut u64, *mut *const c_float
    );
    XGBoosterFeatureScore(
        Handle, *const c_char, *mut u64, *mut *const *const c_char, *mut u64, *mut *const u64,
        *mut *const c_float
    );
    XGBoosterFree(Handle);
}
