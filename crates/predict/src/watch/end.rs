//! When a watch ends by itself.

use anyhow::anyhow;
use cli::WithHint;
use dataset::parse_time;

/// When a watch ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEnd {
    /// Once the exchange's clock shows this, UTC ms.
    Until(i64),
    /// After the bar that is closed when it begins.
    OneBar,
}

impl WatchEnd {
    /// The end that `--until` names; without it there is none.
    ///
    /// # Errors
    /// A text that is no time.
    pub fn until(text: Option<&str>) -> anyhow::Result<Self> {
        let Some(text) = text else {
            return Ok(Self::Until(i64::MAX));
        };
        parse_time(text).map(Self::Until).map_err(|error| {
            cli::usage(anyhow!("--until: {error}").hint("--until 2024-05-01T12:00 for instance"))
        })
    }
}
