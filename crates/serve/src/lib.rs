//! `quarterhour serve`: a page that a person looks at and an interface that programs call, over the
//! ledger that a watch writes.
//!
//! The ledger is only read. One thread reads it again when it has changed and hands out a
//! snapshot; every request is answered from the last one, so that no number of
//! requests reaches the ledger. `POST /predict` forecasts by the code of `quarterhour predict`.

mod access;
mod command;
mod forms;
mod guard;
mod html;
mod json;
mod live_score;
mod metrics;
mod models;
mod openapi;
mod poll;
mod predict_route;
mod problem;
mod promise;
mod report;
mod request_counts;
mod router;
mod routes;
mod run_facts;
mod server;
mod sessions;
mod site;
mod snapshot;
mod upload;

pub use command::{Args, run};
pub use openapi::openapi_json;
