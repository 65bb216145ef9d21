//! `quarterhour serve`: a page that a person looks at and an interface that programs call, over the
//! ledger that a watch writes.
//!
//! The ledger is only read, but for the pause of a watch, which a request may set. One thread reads it
//! again when it has changed and hands out a snapshot; every request is answered from the last one, so
//! that no number of requests reaches the ledger. `POST /predict` forecasts by the code of `quarterhour
//! predict`, and `GET /why` asks the model what pushed a forecast.

mod access;
mod assets;
mod command;
mod day;
mod equity;
mod explained;
mod forecasts;
mod forms;
mod guard;
mod health_command;
mod html;
mod json;
mod lingering;
mod live_score;
mod metrics;
mod models;
mod network;
mod openapi;
mod pause;
mod poll;
mod predict_route;
mod problem;
mod promise;
mod query;
mod report;
mod request_counts;
mod router;
mod routes;
mod run_facts;
mod server;
mod sessions;
mod site;
mod snapshot;
mod turn;
mod upload;
mod why;

pub use command::{Args, run, run_until};
pub use health_command::HealthArgs;
