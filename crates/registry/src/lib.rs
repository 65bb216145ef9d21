//! Which run is whose version, and which version is in production.
//!
//! One SQLite file is the truth: [`Registry`]. An [`Entry`] describes a registered run; its files are
//! hashed when it is added and checked whenever it is used. A [`ModelReference`] such as
//! `spot20@production` or `spot20@1.2.0` names an entry, and [`RunArgument`] is the one place where an
//! argument of the command line becomes the folder of a run. Where `MLFLOW_TRACKING_URI` is set, MLflow's
//! model registry is a copy: [`Mirror`].

mod argument;
mod change;
mod command;
mod describe;
mod entry;
mod error;
mod files;
mod mirror;
mod name;
mod opening;
mod rows;
mod schema;
mod store;
mod text;

pub use argument::{NamedModel, RunArgument, registry_path, run_folder};
pub use change::{Change, HistoryLine, Listed, Promotion};
pub use command::{Command, ModelsArgs, report_change};
pub use describe::describe;
pub use entry::{Entry, FileHash, NamedScore, Retraining, Verdict};
pub use error::Error;
pub use files::hash_files;
pub use mirror::Mirror;
pub use name::{Alias, ModelName, ModelReference, ModelVersion, Which};
pub use store::Registry;
