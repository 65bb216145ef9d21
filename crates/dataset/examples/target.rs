//! A target outside the list, in a file of its own. In `src/targets/` with a line in `list.rs` it
//! would be one that `target.kind` can name.

#[path = "target/volatility.rs"]
mod volatility;

use dataset::{CandleTable, Column, Panel, Target};
use market::{Interval, Symbol};
use volatility::Volatility;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut candles = CandleTable::default();
    for (minute, close) in [100.0, 101.0, 100.0, 100.0, 100.0].into_iter().enumerate() {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[Column::Close as usize] = close;
        candles.push_row(minute as i64 * 60_000, row);
    }
    let coins = [(Symbol::new("BTCUSDT")?, candles)];
    let panel = Panel::build(&coins, Interval::ONE_MINUTE, (0, 300_000), 0, &[]);
    let target = Volatility(2);
    let (found, control) = (target.compute(&panel), &target.controls()[0]);
    // One percent up and down again, then nothing; the last two rows have no two bars ahead.
    assert!((found.value(0, 0) - 1.01_f64.ln()).abs() < 1e-12 && found.value(2, 0) == 0.0);
    assert!(found.value(3, 0).is_nan() && control.values(&panel, 2..3) == [found.value(0, 0)]);
    println!("{found:?}");
    Ok(())
}
