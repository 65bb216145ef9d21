//! Cargo unifies build dependencies only where a build script exists.
fn main() {}
