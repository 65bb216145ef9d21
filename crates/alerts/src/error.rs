//! Everything that can go wrong before the first alert.

/// An error of this crate; [`Error::hint`] is the way out. It never holds the address.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key of the config with a value that makes no sense.
    #[error("alerts.{key} is {found}, expected {expected}")]
    Config {
        /// The key in its section.
        key: &'static str,
        /// The value, or what may be said of it.
        found: String,
        /// What would be right.
        expected: &'static str,
    },

    /// The thread or its HTTP client could not be made.
    #[error("alerts cannot be sent: {reason}")]
    Setup {
        /// Message of the system.
        reason: String,
    },
}

impl Error {
    /// The way out: what to change.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config { key: "url", .. } => Some(
                "set it by the variable QUARTERHOUR_ALERTS_URL or in the config file".to_owned(),
            ),
            Self::Config { key, .. } => Some(format!(
                "correct it in the config file or with --set alerts.{key}=..."
            )),
            Self::Setup { .. } => None,
        }
    }
}
