//! `quarterhour ensemble`.

mod errors;
mod run;
mod support;
