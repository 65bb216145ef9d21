//! What trees are fitted to.

use serde::{Deserialize, Serialize};

/// What trees are fitted to (`target.fit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TargetPart {
    /// The target as it is.
    Whole,
    /// What is left of each coin's target without the market's.
    Own,
    /// The mean over the coins that have a target.
    Market,
}

impl TargetPart {
    /// Whether it is all there is.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// Its name in messages and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Own => "own",
            Self::Market => "market",
        }
    }
}
