//! What every binary shares: the config file with its overrides, lists of folds, errors and exit
//! codes, progress.

mod config;
mod error;
mod exclusive;
mod exit;
mod folds;
mod lock;
mod output;
mod process;
mod renamed;
mod secret;
mod section_list;
mod sections;
mod span;
mod suggestion;
mod text;

pub use config::{ConfigArgs, ConfigTable, flattened};
pub use error::{HintOf, WithHint, hints, is_usage, usage};
pub use exit::{finish, parse, terminal_size};
pub use folds::folds;
pub use lock::{FileLock, hold, wait_for};
pub use output::{
    Diverted, Stderr, divert_output, hint, note, print, progress_bar, warn, warn_with_hints,
};
pub use process::{arguments, cpu_seconds_of_children, peak_memory, watch_for_interrupt};
pub use secret::{has_secrets, shown_override};
pub use sections::SECTIONS;
pub use span::SpanArgs;
pub use suggestion::{did_you_mean, most_alike};
pub use text::quoted;
