//! LightGBM through its C interface: the few calls that training and forecasting need, safe and
//! freed when dropped.
//!
//! The library is loaded at run time from the one that the Python package ships
//! ([`Library::open`]), so that building needs neither CMake nor a C++ compiler. C interface:
//! <https://lightgbm.readthedocs.io/en/latest/C-API.html>.

mod binned_table;
mod booster;
mod config;
mod functions;
mod growing;
mod library;
mod package;
mod text;

pub use binned_table::BinnedTable;
pub use booster::Booster;
pub use config::LightGbmConfig;
pub use library::Library;
pub use package::VERSION;
use text::check_text;
