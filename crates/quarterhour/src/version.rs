//! What `--version` prints.

/// The version, and the git commit where the binary was built from a repository.
pub const VERSION: &str = if env!("QUARTERHOUR_COMMIT").is_empty() {
    env!("CARGO_PKG_VERSION")
} else {
    concat!(
        env!("CARGO_PKG_VERSION"),
        " (",
        env!("QUARTERHOUR_COMMIT"),
        ")"
    )
};
