//! The sections of a config.

/// The sections that some binary of this project reads; any other is an error.
pub const SECTIONS: &[&str] = &[
    "run",
    "data",
    "universe",
    "panel",
    "features",
    "target",
    "split",
    "normalize",
    "intervals",
    "regime",
    "network",
    "optimizer",
    "training",
    "baseline",
    "lightgbm",
    "xgboost",
    "ridge",
    "volatility",
    "ensemble",
    "trading",
    "portfolio",
    "watch",
    "alerts",
    "replay",
];
