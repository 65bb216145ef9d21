//! The page of timing: what is saved within each deadline, and by which coin.

use rules::{DeadlineReport, TimingReport};

use super::charts::{self, ChartSeries, Point, SeriesRoles};
use super::document::figures_section;
use crate::document::{Block, Document, Grid, Section};
use crate::picture::Chart;
use crate::text::format::grouped;
use crate::text::{
    timing_groups, timing_headline, timing_labels, timing_notes, timing_titles, timing_verdict,
    within,
};

/// Savings by timing as one HTML file that needs nothing else. `command` makes the page again.
pub fn timing_html(report: &TimingReport, command: &str) -> String {
    let verdict = timing_verdict(report).into_iter().map(Block::Verdict);
    Document::new("Timing of trades that happen anyway")
        .openings(verdict)
        .opening(Block::Chart(savings_chart(report)))
        .opening(Block::Text(timing_headline(report)))
        .sections(report.deadlines.iter().map(|one| savings(report, one)))
        .section(coins(report))
        .section(figures_section(timing_notes(report), command))
        .html()
}

fn savings(report: &TimingReport, deadline: &DeadlineReport) -> Section {
    let mut grid = Grid::grouped("", timing_titles(report));
    let labels = timing_labels(deadline).into_iter();
    for (label, score) in labels.zip(&deadline.forecasters) {
        let cells = timing_groups(report, score);
        match score.run.is_some() {
            true => grid.row(label, cells),
            false => grid.soft_row(label, cells),
        }
    }
    Section::new(format!("Saved {}", within(report, deadline)))
        .text(format!(
            "{} buys and as many sells on {} days.",
            grouped(deadline.orders),
            deadline.days
        ))
        .table(grid)
}

/// Each forecaster's saving within each deadline.
fn savings_chart(report: &TimingReport) -> Chart {
    let names: Vec<String> = report
        .deadlines
        .iter()
        .map(|deadline| within(report, deadline))
        .collect();
    let Some(first) = report.deadlines.first() else {
        return Chart::default();
    };
    let mut kinds = SeriesRoles::default();
    let labelled = timing_labels(first)
        .into_iter()
        .zip(&first.forecasters)
        .enumerate();
    let series: Vec<ChartSeries<Point>> = labelled
        .map(|(place, (label, score))| {
            let scores = report
                .deadlines
                .iter()
                .map(|deadline| deadline.forecasters[place].saved);
            ChartSeries {
                label,
                role: kinds.next(score.run.is_some()),
                points: scores
                    .map(|saved| (saved.mean_bps, saved.interval_bps))
                    .collect(),
            }
        })
        .collect();
    let caption = caption(&names, &series);
    let unit = ("saved (basis points)", 1.0);
    Chart::new(charts::groups(
        "Saved within each deadline",
        &names,
        &series,
        unit,
    ))
    .caption(caption)
}

/// What the first forecaster saves within each deadline.
fn caption(names: &[String], series: &[ChartSeries<Point>]) -> String {
    let Some(first) = series.first() else {
        return String::new();
    };
    let told = |(name, point): (&String, &Point)| {
        let value = point.0.map(|value| format!("{value:+.2}"));
        format!("{} {name}", value.unwrap_or_else(|| "unknown".to_owned()))
    };
    let all: Vec<String> = names.iter().zip(&first.points).map(told).collect();
    format!(
        "Basis points of the price that timing by {} saves: {}; above 0 is cheaper than trading evenly, grey are controls.",
        first.label,
        all.join(", ")
    )
}

/// Each coin's saving by the first run.
fn coins(report: &TimingReport) -> Section {
    let of_first = |deadline: &DeadlineReport| {
        let coins = deadline.forecasters.first().map(|score| &score.coins);
        let names: Vec<String> = coins
            .into_iter()
            .flat_map(|coins| coins.keys().cloned())
            .collect();
        let savings = coins.into_iter().flat_map(|coins| coins.values());
        let points: Vec<Point> = savings
            .map(|saving| (saving.mean_bps, saving.interval_bps))
            .collect();
        let first = timing_labels(deadline).into_iter().next();
        let label = first.unwrap_or_default();
        let is = |wanted: fn([f64; 2]) -> bool| {
            let ends = points.iter().filter_map(|(_, ends)| *ends);
            ends.filter(|ends| wanted(*ends)).count()
        };
        let caption = format!(
            "Of {} coins timing by {label} {} saves by the interval on {} and costs on {}; coins move together, so these are no \
             independent results.",
            names.len(),
            within(report, deadline),
            is(|[low, _]| low > 0.0),
            is(|[_, high]| high < 0.0),
        );
        let series = ChartSeries {
            label: format!("{label}, {}", within(report, deadline)),
            role: SeriesRoles::default().next(true),
            points,
        };
        let svg = charts::rows("Saved by coin", &names, &[series], "saved (basis points)");
        Block::Chart(Chart::new(svg).caption(caption))
    };
    let has_coins = report.deadlines.iter().any(|one| {
        one.forecasters
            .first()
            .is_some_and(|score| !score.coins.is_empty())
    });
    match has_coins {
        true => Section::new("Coin by coin").blocks(report.deadlines.iter().map(of_first)),
        false => Section::new("Coin by coin"),
    }
}
