//! Alerts to one webhook: Slack, Discord, a Telegram bot, ntfy, or plain JSON.
//!
//! - [`AlertsConfig`]: the section `[alerts]`.
//! - [`Alerts`]: takes alerts without waiting, and delivers them from a thread of its own.
//!
//! The address is a secret: no message, log line or debug output of this crate holds it.

mod alert;
mod alerts;
mod config;
mod delivery;
mod endpoint;
mod error;
mod limiter;
mod secret;
mod template;

pub use alert::{Alert, AlertKind, Delivered};
pub use alerts::Alerts;
pub use config::AlertsConfig;
pub use error::Error;
pub use secret::SecretUrl;
pub use template::Template;

#[cfg(test)]
mod tests;
