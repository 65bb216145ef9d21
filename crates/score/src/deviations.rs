//! The means that closes are compared with: names and lengths of the columns of
//! [`Rows::deviations`](crate::Rows::deviations).

/// Lengths of the means in minutes.
pub const DEVIATION_MINUTES: [u32; 3] = [30, 60, 240];

/// Names of the columns.
pub const DEVIATION_COLUMNS: [&str; 3] = ["deviation_30m", "deviation_60m", "deviation_240m"];

/// A mean of fewer bars is the close itself.
const LEAST_BARS: i64 = 2;

/// True where a mean of so many minutes has at least two bars of `bar_ms`, and no part of one.
pub(crate) fn has_mean(minutes: u32, bar_ms: i64) -> bool {
    let span_ms = i64::from(minutes) * 60_000;
    bar_ms > 0 && span_ms % bar_ms == 0 && span_ms / bar_ms >= LEAST_BARS
}
