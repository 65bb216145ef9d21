//! Where High is called, and what that costs, as text.

use rules::{AlarmCosts, CallFigures, CutReport, ExposureReport, ExposureValue};
use terminal::Table;

use crate::text::format::{dash, grouped, number, wrapped};

/// Titles of the columns of [`cut_rows`].
pub(crate) const CUT_COLUMNS: [&str; 9] = [
    "cut",
    "rows",
    "High",
    "called",
    "recall",
    "precision",
    "cost a row",
    "always",
    "never",
];

/// The cuts of every run with what they cost; nothing where mistakes about High have no costs.
pub(crate) fn cut_tables(report: &ExposureReport) -> String {
    let Some(costs) = report.options.alarm_costs else {
        return String::new();
    };
    let of_run = |cuts: &CutReport| {
        let title = format!("{}: P(High)", cuts.forecaster);
        let header: Vec<String> = CUT_COLUMNS.map(str::to_owned).to_vec();
        let mut table = Table::new(std::iter::once(title).chain(header));
        for (name, cells) in cut_rows(cuts) {
            table.push(&name, cells);
        }
        format!("{}{}\n", table.render(), wrapped(&cut_verdict(cuts)))
    };
    let tables: String = report.cuts.iter().map(of_run).collect();
    format!("{}\n{tables}", wrapped(&cut_headline(costs)))
}

/// What the cuts are.
pub(crate) fn cut_headline(costs: AlarmCosts) -> String {
    format!(
        "A High that is not called costs {}, a call after which none comes {}. High is called where its probability is at or \
         above the cut that cost least over the outcomes known before the fold; the first fold has none, and takes the cut \
         that right probabilities need, {:.3}.",
        costs.miss,
        costs.alarm,
        costs.alarm / (costs.miss + costs.alarm)
    )
}

/// Each fold of a run and all of them, under [`CUT_COLUMNS`].
pub(crate) fn cut_rows(cuts: &CutReport) -> Vec<(String, Vec<String>)> {
    let cells = |cut: String, figures: &CallFigures| {
        let share = |value: f64| format!("{:.1} %", value * 100.0);
        let known = |value: Option<f64>| value.map_or_else(dash, share);
        vec![
            cut,
            grouped(figures.rows),
            share(figures.high),
            share(figures.called),
            known(figures.recall),
            known(figures.precision),
            number(Some(figures.cost), 3),
            number(Some(figures.cost_always), 3),
            number(Some(figures.cost_never), 3),
        ]
    };
    let folds = cuts.folds.iter().map(|fold| {
        let cut = format!("{:.3}", fold.cut.probability);
        (format!("fold {}", fold.fold), cells(cut, &fold.figures))
    });
    let all = ("all".to_owned(), cells(dash(), &cuts.all));
    folds.chain([all]).collect()
}

/// The cost of all folds beside those of always and never calling.
pub(crate) fn cut_verdict(cuts: &CutReport) -> String {
    let difference = |found: ExposureValue| {
        let ends = found.interval.map_or_else(String::new, |[low, high]| {
            format!(" ({low:.3} to {high:.3})")
        });
        format!("{}{ends}", number(found.value, 3))
    };
    format!(
        "Cost a row minus that of always calling: {}; of never calling: {}.",
        difference(cuts.minus_always),
        difference(cuts.minus_never)
    )
}
