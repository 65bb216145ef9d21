//! Where LightGBM's library is looked for.

use crate::Package;

/// The version whose interface and results this crate was tested with.
pub const VERSION: &str = "4.7.0";

/// Where the library is looked for.
pub(super) static PACKAGE: Package = Package {
    name: "LightGBM",
    version: VERSION,
    variable: "LIGHTGBM_LIB",
    script: "scripts/get-lightgbm",
    folder: "quarterhour/lightgbm-4.7.0",
    files: ["lib_lightgbm.so", "lib_lightgbm.dylib", "lib_lightgbm.dll"],
    module: "lightgbm",
    distributions: &["lightgbm"],
};
