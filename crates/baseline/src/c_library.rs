//! What the C interfaces of both libraries have in common: functions by name that return 0 or -1,
//! a last error, texts that end in 0.

use std::ffi::CString;

use crate::{Error, Package};

/// A data set or a booster of a library.
pub(crate) type Handle = *mut std::ffi::c_void;

/// Declares `Functions`: the named functions of a library, each of which returns 0, or -1 with an
/// error that the function after `last_error` tells.
macro_rules! c_functions {
    (
        package: $package:expr;
        last_error: $last_error:ident;
        $($name:ident($($argument:ty),*);)*
    ) => {
        /// The functions, by name; each returns 0, or -1 with [`Functions::check`]'s error.
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the library's own names")]
        pub(super) struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) -> std::ffi::c_int,)*
            $last_error: unsafe extern "C" fn() -> *const std::ffi::c_char,
        }

        impl Functions {
            /// Looks up all functions.
            pub(super) fn load(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: the types are those of the C header of the version that is loaded, and
                // the library is never unloaded.
                unsafe {
                    Ok(Self {
                        $($name: *library.get(concat!(stringify!($name), "\0").as_bytes())?,)*
                        $last_error: *library.get(concat!(stringify!($last_error), "\0").as_bytes())?,
                    })
                }
            }

            /// Turns a function's return value into a result.
            pub(super) fn check(
                &self,
                function: &'static str,
                returned: std::ffi::c_int,
            ) -> Result<(), crate::Error> {
                if returned == 0 {
                    return Ok(());
                }
                // SAFETY: the library returns a string of its own that lives until this thread's
                // next failing call.
                let message = unsafe { std::ffi::CStr::from_ptr((self.$last_error)()) };
                let message = message.to_string_lossy();
                // Addresses of the library's own code say nothing to anyone here.
                let words = message.split("\nStack trace").next().unwrap_or_default();
                Err(crate::Error::Call {
                    package: &$package,
                    function,
                    message: words.trim_end().to_owned(),
                })
            }
        }
    };
}

pub(crate) use c_functions;

/// A text for a library.
pub(crate) fn c_text(
    package: &'static Package,
    what: &'static str,
    text: &str,
) -> Result<CString, Error> {
    CString::new(text).map_err(|error| Error::Call {
        package,
        function: what,
        message: format!("the text holds a 0 byte, at {}", error.nul_position()),
    })
}
