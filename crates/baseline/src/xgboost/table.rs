//! Rows in XGBoost's own form.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::CString;

use super::feed::{FeedCall, RowFeed, first_rows, next_rows};
use super::library::{XgbLibrary, c_text};
use super::package::PACKAGE;
use crate::Error;
use crate::c_library::Handle;

/// A table of rows, every value as the number of its bin: the raw one is never held as a whole.
#[derive(Debug)]
pub struct XgbTable {
    pub(super) library: &'static XgbLibrary,
    pub(super) handle: Handle,
    names: Vec<CString>,
    labels: Vec<f32>,
}

impl XgbTable {
    /// A table of all rows of a feed. Its bins are those of `like`, or else found on these rows, at
    /// most `max_bin` of a feature.
    ///
    /// # Errors
    /// Rows that cannot be read, what XGBoost says.
    pub fn new(
        library: &'static XgbLibrary,
        feed: &mut dyn RowFeed,
        names: &[String],
        (max_bin, threads): (u32, u32),
        like: Option<&Self>,
    ) -> anyhow::Result<Self> {
        let functions = &library.functions;
        let mut proxy: Handle = std::ptr::null_mut();
        // SAFETY: the function writes one handle.
        let returned = unsafe { (functions.XGProxyDMatrixCreate)(&raw mut proxy) };
        functions.check("XGProxyDMatrixCreate", returned)?;
        let proxy = OwnHandle {
            library,
            handle: proxy,
        };
        let config =
            format!("{{\"missing\": NaN, \"max_bin\": {max_bin}, \"nthread\": {threads}}}");
        let config = c_text("config", &config)?;
        let mut call = FeedCall {
            feed,
            functions,
            proxy: proxy.handle,
            error: None,
        };
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: the call and the proxy outlive the function, which calls back on this thread.
        let returned = unsafe {
            (functions.XGQuantileDMatrixCreateFromCallback)(
                (&raw mut call).cast(),
                proxy.handle,
                like.map_or(std::ptr::null_mut(), |like| like.handle),
                first_rows,
                next_rows,
                config.as_ptr(),
                &raw mut handle,
            )
        };
        let returned = functions.check("XGQuantileDMatrixCreateFromCallback", returned);
        if let Some(error) = call.error {
            if returned.is_ok() {
                // SAFETY: nobody else has the handle.
                unsafe { (functions.XGDMatrixFree)(handle) };
            }
            return Err(error);
        }
        returned?;
        Ok(Self {
            library,
            handle,
            names: names
                .iter()
                .map(|name| c_text("feature name", name))
                .collect::<Result<_, _>>()?,
            labels: Vec::new(),
        })
    }

    /// Names of the features.
    pub(super) fn names(&self) -> &[CString] {
        &self.names
    }

    /// What the rows are trained on or compared with.
    ///
    /// # Errors
    /// Another number of labels than rows.
    pub fn set_label(&mut self, label: &[f32]) -> Result<(), Error> {
        let field = c_text("field", "label")?;
        let functions = &self.library.functions;
        // SAFETY: as many values as are counted stand behind the pointer.
        let returned = unsafe {
            (functions.XGDMatrixSetFloatInfo)(
                self.handle,
                field.as_ptr(),
                label.as_ptr(),
                label.len() as u64,
            )
        };
        functions.check("XGDMatrixSetFloatInfo", returned)?;
        self.labels = label.to_vec();
        Ok(())
    }

    /// What the rows are compared with.
    pub(super) fn labels(&self) -> &[f32] {
        &self.labels
    }
}

impl Drop for XgbTable {
    fn drop(&mut self) {
        // SAFETY: nobody else frees our handle; a failure to free has no remedy.
        unsafe { (self.library.functions.XGDMatrixFree)(self.handle) };
    }
}

/// A table of the library that is freed when dropped.
pub(super) struct OwnHandle {
    library: &'static XgbLibrary,
    pub handle: Handle,
}

impl OwnHandle {
    /// A table of a few rows as they are, row-major `[rows, columns]`, NaN where missing.
    ///
    /// # Errors
    /// What XGBoost says.
    pub fn of_rows(
        library: &'static XgbLibrary,
        rows: &[f32],
        columns: usize,
    ) -> Result<Self, Error> {
        if columns == 0 || !rows.len().is_multiple_of(columns) {
            return Err(Error::Call {
                package: &PACKAGE,
                function: "XGDMatrixCreateFromMat",
                message: format!("{} values are no rows of {columns} features", rows.len()),
            });
        }
        let count = (rows.len() / columns) as u64;
        let mut handle: Handle = std::ptr::null_mut();
        // SAFETY: `count * columns` values stand behind the pointer; they are copied.
        let returned = unsafe {
            (library.functions.XGDMatrixCreateFromMat)(
                rows.as_ptr(),
                count,
                columns as u64,
                f32::NAN,
                &raw mut handle,
            )
        };
        library
            .functions
            .check("XGDMatrixCreateFromMat", returned)?;
        Ok(Self { library, handle })
    }
}

impl Drop for OwnHandle {
    fn drop(&mut self) {
        // SAFETY: nobody else frees our handle.
        unsafe { (self.library.functions.XGDMatrixFree)(self.handle) };
    }
}
