//! Where XGBoost's library is looked for.

use crate::Package;

/// The version whose interface and results this crate was tested with.
pub const VERSION: &str = "3.2.0";

/// Where the library is looked for.
pub(super) static PACKAGE: Package = Package {
    name: "XGBoost",
    version: VERSION,
    variable: "XGBOOST_LIB",
    script: "scripts/get-xgboost",
    folder: "quarterhour/xgboost-3.2.0/xgboost/lib",
    files: ["libxgboost.so", "libxgboost.dylib", "xgboost.dll"],
    module: "xgboost",
    // The second has the same library where there is no graphics card, as on a Mac.
    distributions: &["xgboost-cpu", "xgboost"],
};
