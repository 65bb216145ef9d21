//! The first page: what forecasts, how well, beside what, and what follows.

use dataset::{TableMetadata, format_time};
use page::{Block, Grid};
use score::{Better, Metric, Quantity, Report, Score, Unit};

use super::reported_run::{ReportedRun, ScoredPart};
use crate::words::{UNKNOWN, count, counted, day, names, number, wrapped};

/// Scores of the table on the first page.
const RETURN_SCORES: [&str; 5] = ["ic_a_day", "delayed", "neutral", "pearson", "skill"];
const VOLATILITY_SCORES: [&str; 5] = [
    "qlike",
    "spearman_per_day",
    "top20_hit",
    "r2",
    "volatility_rmse",
];

/// Most scores of the table.
const MOST_SCORES: usize = 6;

/// A score of the run beside that of the best control.
pub(crate) struct Headline<'a> {
    /// The metric.
    pub metric: &'a Metric,
    /// The run's value.
    pub value: f64,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
    /// Name and value of the control that is best by it.
    pub control: Option<(&'a str, f64)>,
}

/// How far from the best value, the lower the better.
fn distance(metric: &Metric, value: f64) -> f64 {
    match metric.better {
        Better::Higher => -value,
        Better::Lower => value,
        Better::CloserTo(best) => (value - best).abs(),
    }
}

/// The scores with an interval that are told first, those known by name before others.
pub(crate) fn headlines(report: &Report) -> Vec<Headline<'_>> {
    let known = match report.quantity {
        Quantity::Return => RETURN_SCORES,
        Quantity::LogVolatility => VOLATILITY_SCORES,
    };
    let Some(own) = report.forecasters.first() else {
        return Vec::new();
    };
    let mut metrics: Vec<&Metric> = report
        .metrics
        .iter()
        .filter(|metric| metric.interval.is_some())
        .collect();
    let place = |metric: &&Metric| known.iter().position(|name| *name == metric.name);
    metrics.sort_by_key(|metric| place(metric).unwrap_or(known.len()));
    let headline = |metric: &'_ Metric| -> Option<(f64, Option<[f64; 2]>)> {
        Some((own.value(metric.name)?, own.interval(metric.name)))
    };
    let found = metrics.into_iter().filter_map(|metric| {
        let (value, interval) = headline(metric)?;
        Some(Headline {
            metric,
            value,
            interval,
            control: best_control(report, metric),
        })
    });
    found.take(MOST_SCORES).collect()
}

fn best_control<'a>(report: &'a Report, metric: &Metric) -> Option<(&'a str, f64)> {
    let controls = report.forecasters.iter().filter(|score| score.is_control());
    let known = |score: &'a Score| Some((score.name.as_str(), score.value(metric.name)?));
    controls
        .filter(|score| !score.is_unknown)
        .filter_map(known)
        .min_by(|a, b| distance(metric, a.1).total_cmp(&distance(metric, b.1)))
}

/// The blocks of the first page: what is forecast, and of each horizon and panel the verdict and the scores
/// that are decided on.
pub(crate) fn summary(run: &ReportedRun) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (place, part) in run.parts.iter().enumerate() {
        if !part.title.is_empty() {
            blocks.push(Block::Heading(part.title.clone()));
        }
        blocks.extend(verdict_of(run, part).into_iter().map(Block::Verdict));
        if place == 0 {
            blocks.push(Block::Text(what_it_is(run)));
        }
        blocks.push(Block::Table(scores_table(&part.scored.report, &run.name)));
    }
    blocks
}

fn scores_table(report: &Report, name: &str) -> Grid {
    let mut grid = Grid::grouped(
        "score",
        [
            vec![name.to_owned(), "interval".to_owned()],
            vec!["best control".to_owned(), "which".to_owned()],
        ],
    );
    for headline in headlines(report) {
        let (scale, digits, unit) = match headline.metric.unit {
            Unit::Share => (100.0, 2, " %"),
            _ => (1.0, 4, ""),
        };
        let shown = |value: f64| number(Some(scale * value), digits) + unit;
        let own = vec![
            shown(headline.value),
            headline.interval.map_or_else(
                || UNKNOWN.to_owned(),
                |[low, high]| format!("{:.digits$} to {}", scale * low, shown(high)),
            ),
        ];
        let control = headline.control.map_or_else(
            || vec![UNKNOWN.to_owned()],
            |(name, value)| vec![shown(value), name.to_owned()],
        );
        grid.row(headline.metric.title, [own, control]);
    }
    grid
}

/// What `report.html` opens with, too, beginning a line for each horizon and panel.
pub(crate) fn verdict(run: &ReportedRun) -> String {
    let of_part = |part: &ScoredPart| {
        let sentences = verdict_of(run, part).join(" ");
        match part.title.as_str() {
            "" => sentences,
            title => format!("{title}: {sentences}"),
        }
    };
    wrapped(run.parts.iter().map(of_part))
}

fn verdict_of(run: &ReportedRun, part: &ScoredPart) -> Vec<String> {
    let sentences = part.scored.verdict(&run.config);
    match sentences.is_empty() {
        true => vec![format!(
            "{} has no score that is defined on its rows.",
            run.name
        )],
        false => sentences,
    }
}

/// What is forecast, of which coins and when.
fn what_it_is(run: &ReportedRun) -> String {
    let (report, config) = (&run.first().report, &run.config);
    let metadata = TableMetadata::new(config);
    let horizons: Vec<String> = config
        .target
        .all_horizons()
        .iter()
        .map(ToString::to_string)
        .collect();
    let span = match (report.fold_spans_ms.first(), report.fold_spans_ms.last()) {
        (Some([from_ms, _]), Some([_, until_ms])) => {
            format!("{} to {}", format_time(*from_ms), format_time(*until_ms))
        }
        _ => UNKNOWN.to_owned(),
    };
    format!(
        "A forecaster of the kind `{}` says the `{}` of {} over the next {}, from bars of {}, in {}. {} forecasts in {} were scored, {span} \
         UTC, none of a time that its model had seen.",
        run.kind(),
        metadata.target,
        counted(report.coins, "coin"),
        names(&horizons, horizons.len()),
        config.data.interval,
        metadata.unit,
        count(report.rows),
        counted(report.folds, "fold"),
    )
}

/// A fold's scored span.
pub(crate) fn fold_span([from_ms, until_ms]: [i64; 2]) -> String {
    format!("{} to {}", day(from_ms), day(until_ms))
}
