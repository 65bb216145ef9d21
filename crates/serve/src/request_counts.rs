//! Requests that were answered, by path and status.

use axum::http::StatusCode;
use prometheus::{IntCounterVec, Opts};

/// Requests by path and status, so far.
#[derive(Debug, Clone)]
pub struct RequestCounts {
    counts: IntCounterVec,
    /// Paths that are counted by name.
    paths: Vec<&'static str>,
}

impl RequestCounts {
    /// No request yet; those of these paths are counted by name, unless a part of the path is a name itself.
    ///
    /// # Errors
    /// A name that Prometheus does not take.
    pub fn new(paths: impl Iterator<Item = &'static str>) -> prometheus::Result<Self> {
        let paths = paths.filter(|path| !path.contains('{')).collect::<Vec<_>>();
        let opts = Opts::new(
            "quarterhour_http_requests_total",
            "Requests by path and status",
        );
        let counts = IntCounterVec::new(opts, &["path", "status"])?;
        // There from the beginning, so that a rate can be told from nothing.
        for path in &paths {
            counts.with_label_values(&[*path, "200"]);
        }
        Ok(Self { counts, paths })
    }

    /// Counts one; a path that is not known is `other`.
    pub fn count(&self, path: &str, status: StatusCode) {
        let known = self.paths.contains(&path);
        let path = if known { path } else { "other" };
        self.counts
            .with_label_values(&[path, status.as_str()])
            .inc();
    }

    /// What a registry of metrics takes.
    pub fn counter(&self) -> IntCounterVec {
        self.counts.clone()
    }
}
