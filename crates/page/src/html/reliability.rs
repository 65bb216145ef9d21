//! The page's section on calibration: what was expected against what was realized.

use maud::{Markup, html};
use score::{CalibrationReport, CalibrationScore, ForecastColumn, ReliabilityBin, calibration};

use super::captions;
use super::charts::{ChartSeries, SeriesRoles};
use super::content::{Page, models};
use super::diagonal_chart::{DiagramPoint, diagonal_chart};
use super::document::{PageRow, chart, part, table};
use crate::document::Section;
use crate::text::{
    bin_cells, bin_header, calibration_label, calibration_notes, line_cells, line_header,
};

/// The section; empty for targets that are no returns, and where nothing can be expected.
pub(super) fn reliability(page: &Page<'_>) -> Section {
    let forecasters: Vec<ForecastColumn> = models(page)
        .map(|place| page.forecasters[place].clone())
        .collect();
    let known = match page.is_return {
        true => calibration(page.rows, &forecasters, page.options).ok(),
        false => None,
    };
    let has_bins =
        |report: &CalibrationReport| report.scores.iter().any(|score| !score.bins.is_empty());
    known
        .filter(has_bins)
        .map_or_else(|| Section::new(""), |report| shown(&report))
}

fn shown(report: &CalibrationReport) -> Section {
    let header = std::iter::once(String::new()).chain(line_header(report));
    let lines = report
        .scores
        .iter()
        .map(|score| PageRow::new(calibration_label(report, score), line_cells(score)));
    part(
        "Expected against realized",
        html! {
            p {
                "What forecasts led to expect by the folds before, in bins of equal count, and what was realized, entered a \
                bar later, before any cost. On the diagonal as much came as was expected."
            }
            (chart(diagram(report), &captions::expected(report)))
            (table(header, lines))
            @for score in &report.scores { (bins(report, score)) }
            ul { @for note in calibration_notes(report) { li { (note) } } }
        },
    )
}

/// The bins of one forecaster and part, and those of each coin.
fn bins(report: &CalibrationReport, score: &CalibrationScore) -> Markup {
    let label = calibration_label(report, score);
    let header = || std::iter::once(String::new()).chain(bin_header(report));
    let numbered = |bins: &[ReliabilityBin], name: &str| -> Vec<PageRow> {
        let bins = bins.iter().enumerate();
        bins.map(|(number, bin)| PageRow::new(format!("{name}{}", number + 1), bin_cells(bin)))
            .collect()
    };
    let coins = score
        .by_coin
        .iter()
        .flat_map(|coin| numbered(&coin.bins, &format!("{} ", coin.symbol)));
    html! {
        details {
            summary { (label) ", bin by bin" }
            (table(header(), numbered(&score.bins, "")))
        }
        details {
            summary { (label) ", coin by coin" }
            (chart(
                coin_diagram(&label, score),
                "One point a coin and bin, without intervals: how far coins scatter around the diagonal.",
            ))
            (table(header(), coins))
        }
    }
}

/// What stands at the axes.
const RETURN_AXES: [&str; 2] = ["expected (basis points)", "realized (basis points)"];

/// Points in basis points.
fn diagram_points(bins: &[ReliabilityBin]) -> Vec<DiagramPoint> {
    let ends = |bin: &ReliabilityBin| bin.interval.map(|ends| ends.map(|end| end * 1e4));
    bins.iter()
        .map(|bin| (bin.expected * 1e4, bin.realized * 1e4, ends(bin)))
        .collect()
}

/// All coins together: a line for each forecaster and part.
fn diagram(report: &CalibrationReport) -> String {
    let mut roles = SeriesRoles::default();
    let series: Vec<ChartSeries<DiagramPoint>> = (report.scores.iter())
        .map(|score| ChartSeries {
            label: calibration_label(report, score),
            role: roles.next(true),
            points: diagram_points(&score.bins),
        })
        .collect();
    diagonal_chart(
        "Expected against realized return",
        &series,
        RETURN_AXES,
        true,
    )
}

/// One point for each coin and bin, without intervals.
fn coin_diagram(label: &str, score: &CalibrationScore) -> String {
    let bins = score.by_coin.iter().map(|coin| coin.bins.len()).max();
    let mut roles = SeriesRoles::default();
    let series: Vec<ChartSeries<DiagramPoint>> = (0..bins.unwrap_or(0))
        .map(|bin| ChartSeries {
            label: format!("bin {}", bin + 1),
            role: roles.next(true),
            points: (score.by_coin.iter())
                .filter_map(|coin| coin.bins.get(bin))
                .flat_map(|bin| diagram_points(std::slice::from_ref(bin)))
                .collect(),
        })
        .collect();
    diagonal_chart(
        &format!("{label}: expected against realized return of each coin"),
        &series,
        RETURN_AXES,
        false,
    )
}
