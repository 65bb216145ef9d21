//! Rows as XGBoost asks for them: piece by piece, several times from the first one on.
#![expect(unsafe_code, reason = "is called by a C library")]

use std::ffi::{c_int, c_void};

use super::functions::Functions;
use super::library::c_text;
use crate::c_library::Handle;

/// Rows of a table, which can be read from the first one on as often as is wished.
pub trait RowFeed {
    /// Number of features.
    fn columns(&self) -> usize;

    /// Begins with the first row again.
    fn restart(&mut self);

    /// The next rows, row-major `[rows, columns]`, which stay where they are until the next call;
    /// None after the last.
    ///
    /// # Errors
    /// Rows that cannot be read.
    fn next_rows(&mut self) -> anyhow::Result<Option<&[f32]>>;
}

/// A feed on its way through the library, with what went wrong on it.
pub(super) struct FeedCall<'a> {
    pub feed: &'a mut dyn RowFeed,
    pub functions: &'a Functions,
    /// The library reads each piece by it.
    pub proxy: Handle,
    pub error: Option<anyhow::Error>,
}

impl FeedCall<'_> {
    fn next(&mut self) -> anyhow::Result<bool> {
        let columns = self.feed.columns();
        let Some(rows) = self.feed.next_rows()? else {
            return Ok(false);
        };
        let array = format!(
            "{{\"data\": [{}, true], \"shape\": [{}, {columns}], \"typestr\": \"<f4\", \"version\": 3}}",
            rows.as_ptr().addr(),
            rows.len() / columns.max(1)
        );
        let array = c_text("rows", &array)?;
        // SAFETY: the proxy is alive, and the rows stay until the next call.
        let returned =
            unsafe { (self.functions.XGProxyDMatrixSetDataDense)(self.proxy, array.as_ptr()) };
        self.functions
            .check("XGProxyDMatrixSetDataDense", returned)?;
        Ok(true)
    }
}

/// Hands the next rows to the proxy; 1 while there are some. An error ends the rows.
pub(super) unsafe extern "C" fn next_rows(call: *mut c_void) -> c_int {
    // SAFETY: the library hands back what it was given, on the thread that gave it, while it is
    // alive.
    let call = unsafe { &mut *call.cast::<FeedCall<'_>>() };
    match call.next() {
        Ok(has_rows) => c_int::from(has_rows),
        Err(error) => {
            call.error.get_or_insert(error);
            0
        }
    }
}

/// Begins with the first rows again.
pub(super) unsafe extern "C" fn first_rows(call: *mut c_void) {
    // SAFETY: as in `next_rows`.
    let call = unsafe { &mut *call.cast::<FeedCall<'_>>() };
    call.feed.restart();
}
