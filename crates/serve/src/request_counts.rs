//! Requests that were answered, by path and status.

use axum::http::StatusCode;
use prometheus::{IntCounterVec, Opts};

/// Paths that are counted by name.
const PATHS: [&str; 13] = [
    "/",
    "/events",
    "/forecasts",
    "/positions",
    "/equity",
    "/score",
    "/health",
    "/metrics",
    "/openapi.json",
    "/predict",
    "/why",
    "/watch",
    "/login",
];

/// Requests by path and status, so far.
#[derive(Debug, Clone)]
pub struct RequestCounts(IntCounterVec);

impl RequestCounts {
    /// No request yet.
    ///
    /// # Errors
    /// A name that Prometheus does not take.
    pub fn new() -> prometheus::Result<Self> {
        let opts = Opts::new(
            "quarterhour_http_requests_total",
            "Requests by path and status",
        );
        let counts = IntCounterVec::new(opts, &["path", "status"])?;
        // There from the beginning, so that a rate can be told from nothing.
        for path in PATHS {
            counts.with_label_values(&[path, "200"]);
        }
        Ok(Self(counts))
    }

    /// Counts one; a path that is not known is `other`.
    pub fn count(&self, path: &str, status: StatusCode) {
        let path = PATHS
            .into_iter()
            .find(|known| *known == path)
            .unwrap_or("other");
        self.0.with_label_values(&[path, status.as_str()]).inc();
    }

    /// What a registry of metrics takes.
    pub fn counter(&self) -> IntCounterVec {
        self.0.clone()
    }
}
