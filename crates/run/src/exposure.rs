//! What coins bring between forecasts of their volatility.

use dataset::{Panel, log_returns};
use score::Rows;

/// What each row's coin brings until the next time of the rows (of the last one: over as long), as
/// a fraction; NaN where a bar between was not observed or jumped.
pub fn next_returns(panel: &Panel, rows: &Rows) -> Vec<f64> {
    let mut times: Vec<i64> = rows.time_ms.clone();
    times.sort_unstable();
    times.dedup();
    let bars = |time: i64| (time - panel.time_ms(0)).div_euclid(rows.bar_ms.max(1));
    let last_step = times
        .windows(2)
        .last()
        .map_or(1, |pair| bars(pair[1]) - bars(pair[0]));
    let until = |time: i64| {
        let next = times.get(times.partition_point(|other| *other <= time));
        next.map_or(bars(time) + last_step, |next| bars(*next))
    };
    let observed = panel.with_observed_returns();
    let of_coin = |symbol: &String| {
        let coin = panel
            .symbols()
            .iter()
            .position(|other| other.as_str() == symbol);
        coin.map(|coin| log_returns(&observed, coin, 0..panel.rows()))
    };
    let coins: Vec<Option<Vec<f64>>> = rows.symbols.iter().map(of_coin).collect();
    let of_row = |row: usize| {
        let time = rows.time_ms[row];
        let from = usize::try_from(bars(time) + 1).ok()?;
        let end = usize::try_from(until(time) + 1).ok()?;
        let logs = coins[rows.symbol[row] as usize].as_ref()?.get(from..end)?;
        Some(logs.iter().sum::<f64>().exp_m1())
    };
    (0..rows.len())
        .map(|row| of_row(row).unwrap_or(f64::NAN))
        .collect()
}
