//! An ensemble's forecasts of the rows of tables.

use anyhow::Context;
use score::Rows;
use statistics::timestamp_groups;

use crate::daily::units;
use crate::{FoldWeights, Method, combine, combine_in_units};

/// The forecast of every row by the weights of its fold; `forecasts` is `[members][rows]`.
///
/// # Errors
/// A fold without weights; for `ic_a_day`, rows without trailing volatility.
pub fn combined(
    rows: &Rows,
    forecasts: &[&[f64]],
    folds: &[FoldWeights],
    method: Method,
) -> anyhow::Result<Vec<f64>> {
    let mut combined = Vec::with_capacity(rows.len());
    for time in timestamp_groups(&rows.time_ms) {
        let number = rows.fold[time.start];
        let fold = folds.iter().find(|fold| fold.fold == number);
        let fold = fold.with_context(|| format!("fold {number} has no weights"))?;
        let members: Vec<&[f64]> = forecasts
            .iter()
            .map(|forecasts| &forecasts[time.clone()])
            .collect();
        combined.extend(match method {
            Method::Stacked | Method::Average | Method::Mean | Method::Qlike => {
                combine(&fold.weights, &members)
            }
            Method::IcADay => combine_in_units(&fold.weights, &members, &units(rows)?[time]),
        });
    }
    Ok(combined)
}
