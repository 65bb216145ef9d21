//! What the page is made of.

use registry::Listed;

use crate::forecasts::LastForecasts;
use crate::site::Site;
use crate::snapshot::Snapshot;

/// What the page is made of.
pub struct View<'a> {
    /// What is fixed.
    pub site: &'a Site,
    /// What the ledger says.
    pub snapshot: &'a Snapshot,
    /// Its last bar, with the volatilities of a model beside; None before the first bar.
    pub forecasts: Option<LastForecasts>,
    /// Versions of the model; None where a folder is served.
    pub versions: Option<Result<Vec<Listed>, registry::Error>>,
    /// Whether the run has a report.
    pub has_report: bool,
    /// The time, UTC ms.
    pub now_ms: i64,
}

impl View<'_> {
    /// What a button that changes something has beside its name: nothing where a token protects changes,
    /// else why it cannot be pressed.
    pub fn why_disabled(&self) -> Option<&'static str> {
        let why = "changes need a token: start the server with --token-file";
        (!self.site.access.has_token()).then_some(why)
    }
}
