//! XGBoost through its C interface: the few calls that training and forecasting need, safe and
//! freed when dropped.
//!
//! The library is loaded at run time from the one that the Python package `xgboost-cpu` ships
//! ([`XgbLibrary::open`]). C interface: <https://xgboost.readthedocs.io/en/stable/c.html>.

mod booster;
mod check;
mod config;
mod feed;
mod functions;
mod growing;
mod library;
mod package;
mod table;

pub use booster::XgbBooster;
use check::check_model;
pub use config::XgboostConfig;
pub use feed::RowFeed;
pub use library::XgbLibrary;
pub(crate) use package::VERSION;
pub use table::XgbTable;
