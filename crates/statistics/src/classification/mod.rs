//! Scores of forecasts of classes, and of the probabilities of classes.
//!
//! Classes are numbered from 0. Probabilities are `[classes][rows]`: a slice of all rows for each
//! class, which add up to 1 at each row. What a score needs and does not find, such as a class that
//! never came, makes it `None`, never NaN. Values are those of scikit-learn.

mod calibration;
mod confusion;
mod ranking;

pub use calibration::{ReliabilityBin, brier, expected_calibration_error, log_loss, reliability};
pub use confusion::{ConfusionMatrix, likeliest};
pub use ranking::{
    PrecisionRecall, Ranking, auc, auc_one_vs_rest, average_precision, precision_recall_curve,
};
