//! A target outside the list: how far the price will move, whichever way. As a file in
//! `src/targets/` with a line in `list.rs` it would be one that `target.kind` can name.

use dataset::{CandleTable, Column, Control, ControlSign, Earned, Panel, Target, Targets, Task};
use market::{Interval, Symbol};

/// Root mean square of the log returns of the next bars.
#[derive(Debug, Clone, Copy)]
struct Volatility {
    reach_bars: usize,
}

impl Volatility {
    /// That of the bars after a row; NaN where a candle is missing.
    fn after(self, panel: &Panel, row: usize, coin: usize) -> f64 {
        let last = row + self.reach_bars;
        if last >= panel.rows() || !(row..=last).all(|row| panel.is_observed(row, coin)) {
            return f64::NAN;
        }
        let close = |row| panel.value(Column::Close, row, coin);
        let squares = (row..last).map(|row| (close(row + 1) / close(row)).ln().powi(2));
        (squares.sum::<f64>() / self.reach_bars as f64).sqrt()
    }
}

impl Target for Volatility {
    fn name(&self) -> &'static str {
        "volatility"
    }
    fn formula(&self) -> &'static str {
        "root mean square of the h log returns after t"
    }
    fn description(&self) -> &'static str {
        "How far the price will move, whichever way."
    }
    fn reach_bars(&self) -> usize {
        self.reach_bars
    }
    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }
    fn unit(&self) -> &'static str {
        "log return of a bar"
    }
    fn task(&self) -> Task {
        Task::Level
    }
    fn earned(&self) -> Earned {
        Earned::Nothing
    }
    fn compute(&self, panel: &Panel) -> Targets {
        Targets::of_each(panel, |row, coin| self.after(panel, row, coin))
    }
    /// What it was over as many bars before.
    fn controls(&self) -> Vec<Control> {
        let target = *self;
        let before = move |panel: &Panel, row: usize, coin| {
            let from = row.checked_sub(target.reach_bars);
            from.map_or(f64::NAN, |from| target.after(panel, from, coin))
        };
        vec![Control::of_each(
            "last_volatility",
            ControlSign::AsIs,
            before,
        )]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut candles = CandleTable::default();
    for (minute, close) in [100.0, 101.0, 100.0, 100.0, 100.0].into_iter().enumerate() {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[Column::Close as usize] = close;
        candles.push_row(minute as i64 * 60_000, row);
    }
    let coins = [(Symbol::new("BTCUSDT")?, candles)];
    let panel = Panel::build(&coins, Interval::ONE_MINUTE, (0, 300_000), 0, &[]);
    let target = Volatility { reach_bars: 2 };
    let (found, control) = (target.compute(&panel), &target.controls()[0]);
    // One percent up and down again, then nothing; the last two rows have no two bars ahead.
    assert!((found.value(0, 0) - 1.01_f64.ln()).abs() < 1e-12 && found.value(2, 0) == 0.0);
    assert!(found.value(3, 0).is_nan() && control.values(&panel, 2..3) == [found.value(0, 0)]);
    println!("{found:?}");
    Ok(())
}
