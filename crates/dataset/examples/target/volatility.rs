//! A target of one's own: how far the price will move, whichever way.

use dataset::{Column, Control, ControlSign, Panel, Payoff, Target, Targets, Task};

/// Root mean square of the log returns of so many next bars.
#[derive(Debug, Clone, Copy)]
pub struct Volatility(pub usize);

impl Volatility {
    /// That of the bars after a row; NaN where a candle is missing.
    fn after(self, panel: &Panel, row: usize, coin: usize) -> f64 {
        let last = row + self.0;
        if last >= panel.rows() || !(row..=last).all(|row| panel.is_observed(row, coin)) {
            return f64::NAN;
        }
        let close = |row| panel.value(Column::Close, row, coin);
        let squares = (row..last).map(|row| (close(row + 1) / close(row)).ln().powi(2));
        (squares.sum::<f64>() / self.0 as f64).sqrt()
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
        self.0
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
    fn earned(&self) -> Payoff {
        Payoff::Nothing
    }
    fn compute(&self, panel: &Panel) -> Targets {
        Targets::of_each(panel, |row, coin| self.after(panel, row, coin))
    }
    /// What it was over as many bars before.
    fn controls(&self) -> Vec<Control> {
        let target = *self;
        let before = move |panel: &Panel, row: usize, coin| {
            let from = row.checked_sub(target.0);
            from.map_or(f64::NAN, |from| target.after(panel, from, coin))
        };
        vec![Control::of_each("before", ControlSign::AsIs, before)]
    }
}
