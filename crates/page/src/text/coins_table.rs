//! The coins one by one, as text.

use score::{BreakEven, Quantity, Report, Score};
use terminal::Table;

use crate::text::format::{correlation, grouped, interval, interval_title};
use crate::text::levels_table::level_coins;

/// Each coin's correlation over time: one table a forecaster with what else is known of its
/// coins, one for controls.
pub fn coins_table(report: &Report) -> String {
    let labels = report.labels();
    if report.quantity == Quantity::LogVolatility {
        return level_coins(report, &labels);
    }
    let labelled = || labels.iter().zip(&report.forecasters);
    let mut sections = vec![
        "Each coin over time, mean over folds (a single coin's score is mostly noise)\n".to_owned(),
    ];
    let models = labelled().filter(|(_, score)| !score.is_control());
    sections.extend(models.map(|(label, score)| coins_of(report, label, score)));
    if report
        .forecasters
        .iter()
        .any(|score| score.break_even.is_some())
    {
        sections.push(BREAK_EVEN.to_owned());
    }
    let controls: Vec<(&String, &Score)> = labelled()
        .filter(|(_, score)| score.is_control() && score.value("pearson").is_some())
        .collect();
    let title = std::iter::once("Pearson of controls".to_owned());
    let mut table = Table::new(title.chain(controls.iter().map(|(label, _)| (*label).clone())));
    for symbol in report
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

fn coins_of(report: &Report, label: &str, score: &Score) -> String {
    let fees = score.break_even.as_ref();
    let mut header = vec![
        label.to_owned(),
        "Pearson".to_owned(),
        interval_title(report.confidence),
    ];
    if fees.is_some() {
        header.extend([
            "break-even fee bps".to_owned(),
            interval_title(report.confidence),
            "trades".to_owned(),
        ]);
    }
    let mut table = Table::new(header);
    for (symbol, pearson) in &score.coins {
        let ends = score.coin_intervals.get(symbol).copied().flatten();
        let fees = fees.map(|fees| fee_cells(fees.coins.get(symbol).copied().unwrap_or_default()));
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
