//! Runs, parameters, metrics and artifacts to an MLflow server by its REST interface, and its model registry.
//!
//! Tracking is a copy: a run's own files hold everything. A server that is down, hangs or answers
//! nonsense delays nothing while the run works, and costs one warning at its end.

mod address;
mod artifacts;
mod batch;
mod client;
mod error;
mod message;
mod models;
mod names;
mod sender;
mod settings;
mod tracker;
mod wire;
mod worker;

pub use error::{Cause, Error, UnloggedCounts};
pub use models::ModelRegistryClient;
pub use settings::TrackingSettings;
pub use tracker::Tracker;
