//! The report as text for a terminal, at most 150 columns wide.

use score::{Metric, Quantity, Report, ReportSection};
use terminal::Table;

use crate::text::format::{
    concentration_titles, correlation, grouped, interval, interval_title, legend_line,
    metric_cells, metric_header, narrow_warning, price_metrics, shares, wrapped,
};
use crate::text::intervals_table::intervals_sections;
use crate::text::levels_table::level_sections;
use crate::text::notes::notes;
use crate::text::score_sections::{
    difference_sections, legend, scores_cells, scores_heading, scores_table, values_section,
};
use crate::text::verdict::verdicts;

/// Everything a reader of the score needs: scores with intervals, folds, differences, further
/// scores and notes.
pub fn score_table(report: &Report) -> String {
    let labels = report.labels();
    let mut sections = match report.quantity {
        Quantity::Return => return_sections(report, &labels),
        Quantity::LogVolatility => level_sections(report, &labels),
    };
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

fn return_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let mut sections = vec![
        scores_section(report, labels),
        scores_legend(report),
        folds_section(report, labels),
    ];
    sections.extend(difference_sections(report, labels));
    sections.push(
        verdicts(report, labels)
            .iter()
            .map(|sentence| wrapped(sentence))
            .collect(),
    );
    sections.push(concentration_section(report, labels));
    sections.extend(prices_sections(report, labels));
    sections.push(values_section(
        report,
        labels,
        ("Further scores", ReportSection::Further),
    ));
    sections.push(blocks_section(report, labels));
    sections.extend(intervals_sections(report, labels));
    sections.push(notes(report, labels));
    sections
}

fn scores_section(report: &Report, labels: &[String]) -> String {
    let mut table = scores_table(report, "forecaster", None);
    for (label, score) in labels.iter().zip(&report.forecasters) {
        table.push(label, scores_cells(report, |metric| score.metric(metric)));
    }
    if let Some(shuffled) = &report.shuffled {
        table.push(
            &shuffled.label(),
            scores_cells(report, |metric| shuffled.value(metric)),
        );
    }
    let heading = scores_heading(report);
    format!("{heading}\n\n{}", table.render())
}

fn scores_legend(report: &Report) -> String {
    let others = [
        (
            "t",
            "the value in units of its standard error, as if days were independent unless their returns overlap",
        ),
        (
            "shuffled",
            "the first forecaster's days in other orders: the mean, and the lowest to the highest order; the size of a score of nothing",
        ),
        (
            "negated_deviation_60m",
            "minus (ln close - its mean over the last 60 minutes), as it is: nothing is fitted",
        ),
        (
            "-",
            "undefined: a constant side, too few rows, or nothing to compare with",
        ),
    ];
    let others = others.map(|(word, meaning)| legend_line(word, meaning));
    format!(
        "{}{}",
        legend(report, ReportSection::Scores),
        others.concat()
    )
}

/// How much of each score lies in how little time, and a warning where it is much.
fn concentration_section(report: &Report, labels: &[String]) -> String {
    let title = "Share of the covariance in the best day | best 1 % of hours";
    let mut table = Table::new(std::iter::once("").chain(concentration_titles(&report.metrics)));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        table.push(label, score.concentration.versions().map(shares));
    }
    let mut text = format!("{title}\n\n{}", table.render());
    for (label, score) in labels.iter().zip(&report.forecasters) {
        if !score.is_control() {
            text.extend(
                narrow_warning(label, &score.concentration, &report.metrics)
                    .map(|warning| wrapped(&warning)),
            );
        }
    }
    text
}

fn folds_section(report: &Report, labels: &[String]) -> String {
    let header = report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"));
    let mut table = Table::new(std::iter::once("Pearson of each fold".to_owned()).chain(header));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        table.push(label, score.folds.iter().map(|fold| correlation(*fold)));
    }
    table.render()
}

/// Scores of prices, where the prices are known: those with an interval, then the others.
fn prices_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let ends = interval_title(report.confidence);
    let section = |title: &str, metrics: Vec<&Metric>| {
        let header = metrics.iter().map(|metric| metric_header(metric, &ends));
        let mut table = Table::grouped(title, header);
        for (label, score) in labels.iter().zip(&report.forecasters) {
            let cells = metrics.iter();
            let cells = cells.flat_map(|metric| metric_cells(metric, score.metric(metric.name)));
            table.push(label, cells);
        }
        let legend = metrics.iter();
        let legend = legend.map(|metric| legend_line(metric.title, metric.legend));
        format!("{}\n{}", table.render(), legend.collect::<String>())
    };
    match price_metrics(report) {
        Some([first, others]) => vec![
            section("Scores of prices", first),
            section("Further scores of prices", others),
        ],
        None => Vec::new(),
    }
}

fn blocks_section(report: &Report, labels: &[String]) -> String {
    let interval_title = interval_title(report.confidence);
    let mut table = Table::new([
        "Pearson by block length",
        "bars",
        &interval_title,
        "one day",
        &interval_title,
    ]);
    let scored = labels
        .iter()
        .zip(&report.forecasters)
        .filter(|(_, score)| score.value("pearson").is_some());
    for (label, score) in scored.clone() {
        let (block, day) = (grouped(score.block_bars), grouped(score.block_bars_day));
        table.push(
            label,
            [
                block,
                interval(score.interval("pearson")),
                day,
                interval(score.interval_day),
            ],
        );
    }
    if scored.count() == 0 {
        String::new()
    } else {
        table.render()
    }
}
