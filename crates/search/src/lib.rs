//! `quarterhour search`: values for a config's keys, found without fooling oneself.
//!
//! Optuna samples and prunes, in a Python process of its own (`worker.py`); this crate fits what it asks
//! for, fold by fold, by processes of the program's own subcommands. Trials are chosen on the first folds alone; the
//! best few are then scored once on the folds held back.

mod command;
mod folds;
mod judge;
mod log;
mod luck;
mod report;
mod settings;
mod space;
mod study;
mod text;
mod trial;
mod worker;

pub use command::{Args, run};
