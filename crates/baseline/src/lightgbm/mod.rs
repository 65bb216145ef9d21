//! LightGBM through its C interface: the few calls that training and forecasting need, safe and
//! freed when dropped.
//!
//! The library is loaded at run time from the one that the Python package ships
//! ([`Library::open`]), so that building needs neither CMake nor a C++ compiler. C interface:
//! <https://lightgbm.readthedocs.io/en/latest/C-API.html>.

mod binned_table;
mod booster;
mod functions;
mod library;
mod text;

pub use binned_table::BinnedTable;
pub use booster::{Booster, ImportanceOf, Predict};
pub use library::{Library, VERSION};
pub(crate) use text::check_text;
