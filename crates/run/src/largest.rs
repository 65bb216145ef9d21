//! The coins of the largest turnover.

use dataset::{Column, Panel};
use score::Rows;

/// How many are named.
const NAMED: usize = 10;

/// Names of the ten coins with the largest turnover over the scored days, largest first; none where the
/// candles have no volumes.
pub(crate) fn largest_coins(panel: &Panel, rows: &Rows) -> Vec<String> {
    let from = rows.time_ms.iter().min().copied().unwrap_or_default();
    let until = rows.time_ms.iter().max().copied().unwrap_or_default();
    let is_scored = |row: &usize| (from..=until).contains(&panel.time_ms(*row));
    let scored: Vec<usize> = (0..panel.rows()).filter(is_scored).collect();
    let mut coins: Vec<(f64, String)> = (0..panel.coins())
        .map(|coin| {
            (
                turnover(panel, coin, &scored),
                panel.symbols()[coin].to_string(),
            )
        })
        .filter(|(turnover, symbol)| *turnover > 0.0 && rows.symbols.contains(symbol))
        .collect();
    coins.sort_by(|a, b| b.0.total_cmp(&a.0));
    coins.truncate(NAMED);
    coins.into_iter().map(|(_, symbol)| symbol).collect()
}

/// Sum of close times volume over the bars that have both.
fn turnover(panel: &Panel, coin: usize, rows: &[usize]) -> f64 {
    let of_row = |&row: &usize| {
        let value = |column| panel.value(column, row, coin);
        value(Column::Close) * value(Column::Volume)
    };
    rows.iter()
        .filter(|row| panel.is_observed(**row, coin))
        .map(of_row)
        .filter(|value| value.is_finite())
        .sum()
}
