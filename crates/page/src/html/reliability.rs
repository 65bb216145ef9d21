//! The page's section on calibration: what was expected against what was realized.

use maud::{Markup, html};
use plotters::prelude::*;
use score::{CalibrationReport, CalibrationScore, ForecastColumn, ReliabilityBin, calibration};

use super::charts::{ChartSeries, INK, SeriesRoles, legend, padded, quiet, svg, tick};
use super::content::{Page, models};
use super::document::{PageRow, chart, section, table};
use crate::text::{
    bin_cells, bin_header, calibration_label, calibration_notes, line_cells, line_header,
};

/// The section; empty for targets that are no returns, and where nothing can be expected.
pub(super) fn reliability(page: &Page<'_>) -> Markup {
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
        .map_or_else(Markup::default, |report| shown(&report))
}

fn shown(report: &CalibrationReport) -> Markup {
    let header = std::iter::once(String::new()).chain(line_header(report));
    let lines = report
        .scores
        .iter()
        .map(|score| PageRow::new(calibration_label(report, score), line_cells(score)));
    section(
        "Expected against realized",
        &html! {
            p {
                "What forecasts led to expect by the folds before, in bins of equal count, and what was realized, entered a \
                bar later, before any cost. On the diagonal as much came as was expected."
            }
            (chart(diagram(report)))
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
            (chart(coin_diagram(&label, score)))
            (table(header(), coins))
        }
    }
}

/// A point of a diagram in basis points: expected, realized, and the interval of the latter.
type DiagramPoint = (f64, f64, Option<[f64; 2]>);

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
            kind: roles.next(true),
            points: diagram_points(&score.bins),
        })
        .collect();
    drawn("Expected against realized return", &series, true)
}

/// One point for each coin and bin, without intervals.
fn coin_diagram(label: &str, score: &CalibrationScore) -> String {
    let bins = score.by_coin.iter().map(|coin| coin.bins.len()).max();
    let mut roles = SeriesRoles::default();
    let series: Vec<ChartSeries<DiagramPoint>> = (0..bins.unwrap_or(0))
        .map(|bin| ChartSeries {
            label: format!("bin {}", bin + 1),
            kind: roles.next(true),
            points: (score.by_coin.iter())
                .filter_map(|coin| coin.bins.get(bin))
                .flat_map(|bin| diagram_points(std::slice::from_ref(bin)))
                .collect(),
        })
        .collect();
    drawn(
        &format!("{label}: expected against realized return of each coin"),
        &series,
        false,
    )
}

/// Realized over expected with the diagonal; intervals only where they are asked for.
fn drawn(title: &str, series: &[ChartSeries<DiagramPoint>], has_intervals: bool) -> String {
    let points = || series.iter().flat_map(|one| &one.points);
    if points().next().is_none() {
        return String::new();
    }
    let (left, right) = padded(points().map(|point| point.0));
    let (low, high) = padded(points().flat_map(|(_, realized, ends)| {
        let ends = ends.filter(|_| has_intervals).unwrap_or([*realized; 2]);
        [*realized, ends[0], ends[1]]
    }));
    svg(title, 420, |area| {
        let area = legend(area, series)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(30)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(left..right, low..high)?;
        quiet(&mut chart.configure_mesh())
            .x_labels(9)
            .y_labels(7)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .x_desc("expected (basis points)")
            .y_desc("realized (basis points)")
            .draw()?;
        let (from, until) = (left.max(low), right.min(high));
        let diagonal = [(from, from), (until, until)];
        chart.draw_series(DashedLineSeries::new(diagonal, 6, 4, INK.stroke_width(1)))?;
        for one in series {
            let colour = one.kind.colour();
            for (expected, realized, ends) in &one.points {
                if let Some([low, high]) = ends.filter(|_| has_intervals) {
                    let whisker = [(*expected, low), (*expected, high)];
                    chart.draw_series(LineSeries::new(whisker, colour.stroke_width(2)))?;
                }
                chart.draw_series([Circle::new((*expected, *realized), 4, colour.filled())])?;
            }
        }
        Ok(())
    })
}
