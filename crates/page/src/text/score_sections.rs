//! Sections that reports of returns and of volatilities share.

use score::{Difference, Quantity, Report, ReportSection, Value};
use terminal::Table;

use crate::text::format::{
    counted, interval_title, legend_line, metric_cells, metric_header, metric_value, t,
};

/// The title of the column of Diebold and Mariano's t.
pub(crate) const T_TITLE: &str = "DM t of QLIKE";

/// The heading above the scores: what they are of.
pub(super) fn scores_heading(report: &Report) -> String {
    format!(
        "Scores: {}, {}, {}, {}",
        counted(report.rows, "row"),
        counted(report.times, "time"),
        counted(report.coins, "coin"),
        counted(report.folds, "fold"),
    )
}

/// A table with the metrics that forecasters are compared by, each with its interval, and one column
/// more where it has a title.
pub(super) fn scores_table(report: &Report, label: &str, last: Option<&str>) -> Table {
    let ends = interval_title(report.confidence);
    let metrics = report.metrics_at(ReportSection::Scores);
    let metrics = metrics.map(|metric| metric_header(metric, &ends));
    Table::grouped(
        label,
        metrics.chain(last.map(|title| vec![title.to_owned()])),
    )
}

/// The cells of [`scores_table`].
pub(super) fn scores_cells(report: &Report, of: impl Fn(&str) -> Value) -> Vec<String> {
    report
        .metrics_at(ReportSection::Scores)
        .flat_map(|metric| metric_cells(metric, of(metric.name)))
        .collect()
}

/// The words of a place's columns.
pub(super) fn legend(report: &Report, place: ReportSection) -> String {
    report
        .metrics_at(place)
        .map(|metric| legend_line(metric.title, metric.legend))
        .collect()
}

/// One section for every forecaster that others are subtracted from.
pub(super) fn difference_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let label = |name: &str, run: &Option<String>| report.label_of(labels, name, run.as_deref());
    let same = |left: &&Difference, right: &&Difference| {
        (&left.a, &left.a_run) == (&right.a, &right.a_run)
    };
    let differences: Vec<&Difference> = report.differences.iter().collect();
    let t_title = (report.quantity == Quantity::LogVolatility).then_some(T_TITLE);
    let mut sections = Vec::new();
    for group in differences.chunk_by(|left, right| same(left, right)) {
        let Some(first) = group.first() else { continue };
        let name = format!("{} minus", label(&first.a, &first.a_run));
        let mut table = scores_table(report, &name, t_title);
        for difference in group {
            let name = label(&difference.b, &difference.b_run);
            let cells = scores_cells(report, |metric| difference.metric(metric));
            let t_of_losses = t_title.map(|_| t(difference.qlike_t));
            table.push(name, cells.into_iter().chain(t_of_losses));
        }
        sections.push(table.render());
    }
    sections
}

/// The values of the metrics of a place, with their legend.
pub(super) fn values_section(
    report: &Report,
    labels: &[String],
    (title, place): (&str, ReportSection),
) -> String {
    let titles = report.metrics_at(place);
    let titles = titles.map(|metric| vec![metric.title.to_owned()]);
    let mut table = Table::grouped(title, titles);
    for (label, score) in labels.iter().zip(&report.forecasters) {
        let cells = report
            .metrics_at(place)
            .map(|metric| metric_value(metric, score.value(metric.name)));
        table.push(label, cells);
    }
    format!("{}\n{}", table.render(), legend(report, place))
}
