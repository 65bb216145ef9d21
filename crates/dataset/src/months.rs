//! The rows of a panel by UTC month.

use std::ops::Range;

use crate::{Panel, format_time};

const DAY_MS: i64 = 86_400_000;

/// The rows of each UTC month, such as `2024-05`, in order of time.
pub fn months(panel: &Panel, rows: Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut months: Vec<(String, Range<usize>)> = Vec::new();
    let days: Vec<i64> = rows
        .clone()
        .map(|row| panel.time_ms(row).div_euclid(DAY_MS))
        .collect();
    let mut start = rows.start;
    for day in days.chunk_by(|one, next| one == next) {
        // Chunks are never empty, and a time begins with its year and month.
        let month = format_time(day[0] * DAY_MS)[..7].to_owned();
        let end = start + day.len();
        match months.last_mut() {
            Some((last, rows)) if *last == month => rows.end = end,
            _ => months.push((month, start..end)),
        }
        start = end;
    }
    months
}
