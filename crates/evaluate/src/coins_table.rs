//! The coins one by one, as text.

use terminal::Table;

use crate::break_even::{BreakEven, break_even};
use crate::controls::is_control;
use crate::format::{correlation, grouped, interval};
use crate::report::{Report, Score};
use crate::{Error, Forecaster, Options, Rows};

impl Report {
    /// The report with the fee that each coin could bear, as by [`break_even`], of every forecaster
    /// that is no control. It is meant for targets that are the return between two prices.
    ///
    /// # Errors
    /// As [`break_even`].
    pub fn with_break_even(
        mut self,
        rows: &Rows,
        forecasters: &[Forecaster],
        options: &Options,
    ) -> Result<Self, Error> {
        for (score, forecaster) in self.forecasters.iter_mut().zip(forecasters) {
            if !is_control(&score.name, score.run.as_deref()) {
                score.break_even = Some(break_even(rows, forecaster, options)?);
            }
        }
        Ok(self)
    }

    /// Each coin's correlation over time: one table a forecaster with what else is known of its
    /// coins, one for controls.
    pub fn coins_table(&self) -> String {
        let labels = self.labels();
        let labelled = || labels.iter().zip(&self.forecasters);
        let is_control = |score: &Score| is_control(&score.name, score.run.as_deref());
        let mut sections = vec![
            "Each coin over time, mean over folds (a single coin's score is mostly noise)\n"
                .to_owned(),
        ];
        let models = labelled().filter(|(_, score)| !is_control(score));
        sections.extend(models.map(|(label, score)| self.coins_of(label, score)));
        if self
            .forecasters
            .iter()
            .any(|score| score.break_even.is_some())
        {
            sections.push(BREAK_EVEN.to_owned());
        }
        let controls: Vec<(&String, &Score)> = labelled()
            .filter(|(_, score)| is_control(score) && score.value("pearson").is_some())
            .collect();
        let title = std::iter::once("Pearson of controls".to_owned());
        let mut table = Table::new(title.chain(controls.iter().map(|(label, _)| (*label).clone())));
        for symbol in self
            .forecasters
            .first()
            .into_iter()
            .flat_map(|score| score.coins.keys())
        {
            table.push(
                symbol,
                controls
                    .iter()
                    .map(|(_, score)| correlation(score.coins.get(symbol).copied().flatten())),
            );
        }
        if !controls.is_empty() {
            sections.push(table.render());
        }
        sections.join("\n")
    }

    fn coins_of(&self, label: &str, score: &Score) -> String {
        let fees = score.break_even.as_ref();
        let mut header = vec![
            label.to_owned(),
            "Pearson".to_owned(),
            self.interval_title(),
        ];
        if fees.is_some() {
            header.extend([
                "break-even fee bps".to_owned(),
                self.interval_title(),
                "trades".to_owned(),
            ]);
        }
        let mut table = Table::new(header);
        for (symbol, pearson) in &score.coins {
            let ends = score.coin_intervals.get(symbol).copied().flatten();
            let fees =
                fees.map(|fees| fee_cells(fees.coins.get(symbol).copied().unwrap_or_default()));
            table.push(
                symbol,
                [correlation(*pearson), interval(ends)]
                    .into_iter()
                    .chain(fees.into_iter().flatten()),
            );
        }
        if let Some(fees) = fees {
            table.push(
                "all trades",
                [String::new(), String::new()]
                    .into_iter()
                    .chain(fee_cells(fees.all)),
            );
        }
        table.render()
    }
}

const BREAK_EVEN: &str = concat!(
    "  break-even fee  what a fill may cost, in basis points, for the coin's positions to earn nothing: bought or sold\n",
    "                  by the forecast's sign, entered one bar later, held for the horizon, one at a time; only on\n",
    "                  forecasts as large as the largest tenth of the coin's in earlier folds\n",
);

fn fee_cells(found: BreakEven) -> [String; 3] {
    let fee = found
        .fee_bps
        .map_or_else(|| "-".to_owned(), |fee| format!("{fee:+.2}"));
    let ends = found.interval.map_or_else(
        || "-".to_owned(),
        |[low, high]| format!("{low:+.2} to {high:+.2}"),
    );
    [fee, ends, grouped(found.trades)]
}
