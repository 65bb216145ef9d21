//! The page: sections of tables and charts.

use std::fmt::Write;

use score::{ForecastColumn, Options, Place, Report, Rows, Score, Value};
use statistics::{Layout, ic_per_timestamp};

use super::charts::{self, Kind, Point, Series};
use super::deciles::{Decile, deciles};
use super::trading::trading;
use crate::importance::Importance;
use crate::text::format::{
    concentration_titles, correlation, counted, grouped, interval, interval_title, metric_cells,
    metric_header, metric_value, narrow_warning, shares,
};
use crate::text::verdicts;
use crate::time::format_time;

/// Most points of a line: about two a pixel.
const MOST_POINTS: usize = 1500;

/// Most coins of the chart; the table has all.
const MOST_COINS: usize = 40;

/// Everything on a page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The scored rows.
    pub rows: &'a Rows,
    /// The forecasts on these rows.
    pub forecasters: &'a [ForecastColumn],
    /// Their scores.
    pub report: &'a Report,
    /// The options they were scored with.
    pub options: &'a Options,
    /// Rows of each run that are not in all the others, by run.
    pub dropped: &'a [(String, usize)],
    /// Importance of features, by run.
    pub importance: &'a [(String, Importance)],
    /// The command that makes the page again.
    pub command: &'a str,
}

/// The page as text. It needs no other file, no script and no network.
pub fn html(page: &Page<'_>) -> String {
    let sections = [
        head(page),
        scores(page),
        folds(page),
        coins(page),
        cumulative(page),
        tenths(page),
        trading(page),
        features(page),
        notes(page),
    ];
    document(&title(page), &sections.concat())
}

/// A whole page from its title and the HTML of its body.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escaped(title),
    )
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --soft: #666; --line: #ddd; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --soft: #a5a5a5; --line: #444; --back: #1b1b1b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 1120px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
p, li { max-width: 46rem; } .soft { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; } th { font-weight: 600; }
tr.control td { color: var(--soft); }
svg { width: 100%; height: auto; display: block; border-radius: 6px; margin: 1rem 0; }
code { font-size: 13px; } pre { overflow-x: auto; }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid; } }
";

fn title(page: &Page<'_>) -> String {
    let labels = page.report.labels();
    models(page)
        .map(|place| labels[place].clone())
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Places of the forecasters that are no controls.
pub(super) fn models<'a>(page: &Page<'a>) -> impl Iterator<Item = usize> + use<'a> {
    let scores = &page.report.forecasters;
    (0..scores.len()).filter(|&place| !scores[place].is_control())
}

/// Series of the models, numbered for their colours.
pub(super) fn model_series<T>(page: &Page<'_>, points: impl Fn(usize) -> Vec<T>) -> Vec<Series<T>> {
    let labels = page.report.labels();
    models(page)
        .enumerate()
        .map(|(number, place)| Series {
            label: labels[place].clone(),
            kind: Kind::Model(number),
            points: points(place),
        })
        .collect()
}

fn head(page: &Page<'_>) -> String {
    let report = page.report;
    let mut text = format!("<h1>{}</h1>\n", escaped(&title(page)));
    let time = |place: Option<&i64>| place.map_or("-".to_owned(), |&time| format_time(time));
    let _ = writeln!(
        text,
        "<p>{} forecasts at {} times of {} in {}, {} to {} UTC. Every forecast is out of sample, of what is realized over \
         the next {} bars of {} s, and all forecasters are scored on the same (time, coin) rows.</p>",
        grouped(report.rows),
        grouped(report.times),
        counted(report.coins, "coin"),
        counted(report.folds, "fold"),
        time(page.rows.time_ms.iter().min()),
        time(page.rows.time_ms.iter().max()),
        report.reach_bars,
        report.bar_ms / 1000,
    );
    for (place, label) in models(page).zip(page.report.labels()) {
        let score = &report.forecasters[place];
        let run = score.run.as_deref().unwrap_or_default();
        let dropped = page
            .dropped
            .iter()
            .find(|(name, _)| name == run)
            .map_or(0, |(_, dropped)| *dropped);
        let left_out = match dropped {
            0 => "all of its rows are scored".to_owned(),
            dropped => format!(
                "{} of its rows are not in every run and are left out",
                grouped(dropped)
            ),
        };
        let _ = writeln!(
            text,
            "<p><b>{}</b> is the run <code>{}</code>; {left_out}.</p>",
            escaped(&label),
            escaped(run)
        );
    }
    // The range is that of 15-minute returns, and says nothing of another time ahead.
    let range = if report.reach_bars as i64 * report.bar_ms == 900_000 {
        "of 15-minute returns honest forecasts reach a correlation of 0.02 to 0.06, and above 0.12 is a leak until shown \
         otherwise. Look"
    } else {
        "look"
    };
    let _ = write!(text, "<p>How to read it: {range}");
    text + " at the intervals before the values, at <i>IC a day</i> before \
            the pooled scores, and ask whether a forecaster beats the controls, which know next to nothing. Costs are \
            in the section on capital alone.</p>\n"
}

fn scores(page: &Page<'_>) -> String {
    let (report, labels) = (page.report, page.report.labels());
    let ends = interval_title(report.confidence);
    let header = |label: &str| -> Vec<String> {
        let columns = report.metrics_at(Place::Scores);
        std::iter::once(label.to_owned())
            .chain(columns.flat_map(|metric| metric_header(metric, &ends)))
            .collect()
    };
    let cells = |of: &dyn Fn(&str) -> Value| -> Vec<String> {
        let columns = report.metrics_at(Place::Scores);
        columns
            .flat_map(|metric| metric_cells(metric, of(metric.name)))
            .collect()
    };
    let scored = report
        .forecasters
        .iter()
        .zip(&labels)
        .map(|(score, label)| {
            (
                label.clone(),
                score.is_control(),
                cells(&|metric| score.metric(metric)),
            )
        });
    let shuffled = report.shuffled.iter().map(|shuffled| {
        let cells = cells(&|metric| shuffled.value(metric));
        (shuffled.label(), true, cells)
    });
    let mut text = format!(
        "<section><h2>Scores</h2>\n{}",
        table(&borrowed(&header("")), scored.chain(shuffled))
    );
    text.extend(
        verdicts(report, &labels)
            .iter()
            .map(|sentence| format!("<p>{}</p>\n", escaped(sentence))),
    );
    if !report.differences.is_empty() {
        let rows = report.differences.iter().map(|difference| {
            let of = |name: &str, run: &Option<String>| {
                report.label_of(&labels, name, run.as_deref()).to_owned()
            };
            let label = format!(
                "{} minus {}",
                of(&difference.a, &difference.a_run),
                of(&difference.b, &difference.b_run)
            );
            (label, false, cells(&|metric| difference.metric(metric)))
        });
        text += &table(&borrowed(&header("difference")), rows);
    }
    let further = || report.metrics_at(Place::Further);
    let header: Vec<&str> = std::iter::once("")
        .chain(further().map(|metric| metric.title))
        .collect();
    text += &by_forecaster(page, &header, |score| {
        further()
            .map(|metric| metric_value(metric, score.value(metric.name)))
            .collect()
    });
    text + &concentration(page) + "</section>\n"
}

/// How much of each score lies in how little time, and a warning where it is much.
fn concentration(page: &Page<'_>) -> String {
    let titles = concentration_titles(&page.report.metrics);
    let header: Vec<&str> = std::iter::once("").chain(titles).collect();
    let cells = by_forecaster(page, &header, |score| {
        score.concentration.versions().map(shares).to_vec()
    });
    let labels = page.report.labels();
    let warnings = models(page)
        .filter_map(|place| {
            narrow_warning(
                &labels[place],
                &page.report.forecasters[place].concentration,
                &page.report.metrics,
            )
        })
        .map(|warning| format!("<p><b>{}</b></p>\n", escaped(&warning)));
    format!(
        "<p class=\"soft\">Share of the covariance in the best day | the best 1 % of hours:</p>\n{cells}{}",
        warnings.collect::<String>()
    )
}

fn borrowed(header: &[String]) -> Vec<&str> {
    header.iter().map(String::as_str).collect()
}

fn folds(page: &Page<'_>) -> String {
    let report = page.report;
    let names: Vec<String> = report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"))
        .collect();
    let points = |place: usize| -> Vec<Point> {
        let score = &report.forecasters[place];
        score
            .folds
            .iter()
            .copied()
            .zip(score.fold_intervals.iter().copied())
            .collect()
    };
    let chart = charts::groups(&names, &model_series(page, points), "Pearson", 1.0);
    let header: Vec<&str> = std::iter::once("")
        .chain(names.iter().map(String::as_str))
        .collect();
    let values = by_forecaster(page, &header, |score| {
        score.folds.iter().map(|&fold| correlation(fold)).collect()
    });
    let ends = by_forecaster(page, &header, |score| {
        score
            .fold_intervals
            .iter()
            .map(|&fold| interval(fold))
            .collect()
    });
    format!(
        "<section><h2>Pearson of each fold</h2>\n<p>A fold holds few independent events, so single folds swing; a \
         forecaster whose score comes from one fold alone has not been seen to work.</p>\n{chart}{values}\
         <p class=\"soft\">{} of each fold:</p>{ends}</section>\n",
        interval_title(report.confidence)
    )
}

fn coins(page: &Page<'_>) -> String {
    let report = page.report;
    let Some(first) = models(page).next().map(|place| &report.forecasters[place]) else {
        return String::new();
    };
    let value = |score: &Score, coin: &str| score.coins.get(coin).copied().flatten();
    let mut names: Vec<String> = first.coins.keys().cloned().collect();
    let order = |coin: &String| value(first, coin).unwrap_or(f64::NEG_INFINITY);
    names.sort_by(|a, b| order(b).total_cmp(&order(a)));
    let ends = |score: &Score, coin: &str| score.coin_intervals.get(coin).copied().flatten();
    let labels = report.labels();
    let interval_title = interval_title(report.confidence);
    let mut header = vec!["coin"];
    for place in models(page) {
        header.extend([labels[place].as_str(), interval_title.as_str()]);
    }
    let rows = names.iter().map(|coin| {
        let of_model = |place: usize| {
            let score = &report.forecasters[place];
            [correlation(value(score, coin)), interval(ends(score, coin))]
        };
        (
            coin.clone(),
            false,
            models(page).flat_map(of_model).collect(),
        )
    });
    let table = table(&header, rows);
    let mut note = String::new();
    let mut shown = names.clone();
    if names.len() > MOST_COINS {
        let half = MOST_COINS / 2;
        shown = [&names[..half], &names[names.len() - half..]].concat();
        note = format!(
            "<p class=\"soft\">The chart shows the best and the worst {half} of {} coins.</p>\n",
            names.len()
        );
    }
    let points = |place: usize| -> Vec<Point> {
        let score = &report.forecasters[place];
        shown
            .iter()
            .map(|coin| (value(score, coin), ends(score, coin)))
            .collect()
    };
    let chart = charts::rows(
        &shown,
        &model_series(page, points),
        "Pearson over time, mean over folds",
    );
    format!(
        "<section><h2>Pearson of each coin</h2>\n<p>One coin over time, mean over folds. Coins move together, so these are \
         not {} independent results, and the best of many coins is best by luck in part.</p>\n{note}{chart}{table}</section>\n",
        names.len()
    )
}

fn cumulative(page: &Page<'_>) -> String {
    let layout = Layout::new(&page.rows.fold, &page.rows.time_ms);
    let labels = page.report.labels();
    let shown: Vec<usize> = models(page).collect();
    let of_forecaster = |place: usize| {
        let forecaster = &page.forecasters[place];
        let mut sum = 0.0;
        let values = ic_per_timestamp(&layout.times, &forecaster.forecast, &page.rows.realized);
        let lines = values.iter().zip(&layout.times).map(|(value, rows)| {
            sum += value.unwrap_or(0.0);
            (page.rows.time_ms[rows.start], sum)
        });
        let line: Vec<(i64, f64)> = lines.collect();
        let is_defined = values.iter().any(Option::is_some);
        let step = line.len().div_ceil(MOST_POINTS).max(1);
        let last = line.len().saturating_sub(1);
        let kept = line
            .into_iter()
            .enumerate()
            .filter(|(place, _)| place % step == 0 || *place == last);
        Series {
            label: labels[place].clone(),
            kind: match shown.iter().position(|&model| model == place) {
                Some(model) => Kind::Model(model),
                None => Kind::Control(place),
            },
            points: if is_defined {
                kept.map(|(_, point)| point).collect()
            } else {
                Vec::new()
            },
        }
    };
    // The last return is the mirror image of its negation.
    let is_mirror =
        |place: &usize| !shown.contains(place) && page.forecasters[*place].name == "last_return";
    let places = (0..page.forecasters.len()).filter(|place| !is_mirror(place));
    let series: Vec<Series<(i64, f64)>> = places
        .map(of_forecaster)
        .filter(|series| !series.points.is_empty())
        .collect();
    let marks: Vec<i64> = layout
        .folds
        .iter()
        .map(|fold| page.rows.time_ms[fold.rows.start])
        .collect();
    let chart = charts::lines(&series, &marks, "cumulative IC", |time| {
        format_time(time)[5..10].to_owned()
    });
    format!(
        "<section><h2>Cumulative IC</h2>\n<p>The correlation across coins at each time, added up over time (dates are UTC, \
         month and day; lines upwards mark where folds begin). A steady rise is skill; a few steps are luck or a few \
         events.</p>\n{chart}</section>\n"
    )
}

fn tenths(page: &Page<'_>) -> String {
    let points = |place: usize| -> Vec<Decile> {
        deciles(
            page.rows,
            &page.report.forecasters[place],
            &page.forecasters[place].forecast,
            page.options,
        )
    };
    let series = model_series(page, points);
    let header: Vec<String> = std::iter::once(String::new())
        .chain((1..=10).map(|tenth| tenth.to_string()))
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let points =
        |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{:+.2}", value * 1e4));
    let rows = series.iter().map(|one| {
        (
            one.label.clone(),
            false,
            one.points
                .iter()
                .map(|decile| points(decile.mean))
                .collect(),
        )
    });
    format!(
        "<section><h2>Forecast deciles against what was realized</h2>\n<p>All forecasts of a fold, lowest tenth first, and \
         the mean that was realized, in basis points, before any cost. Tenths are of a whole fold, so this shows the \
         shape of the relation and is no rule that could have been traded; equal forecasts share a tenth.</p>\n{}{}</section>\n",
        charts::deciles(&series),
        table(&header, rows)
    )
}

fn features(page: &Page<'_>) -> String {
    let of_run = |(run, importance): &(String, Importance)| {
        format!(
            "<section><h2>What the features are worth</h2>\n<p>Run <code>{}</code>: share of the loss that splits on a \
             feature saved, and mean size of its SHAP contribution to a forecast. Neither says that a feature is useful \
             out of sample.</p>\n{}</section>\n",
            escaped(run),
            charts::importance_svg(importance)
        )
    };
    page.importance
        .iter()
        .filter(|(_, importance)| !importance.features.is_empty())
        .map(of_run)
        .collect()
}

fn notes(page: &Page<'_>) -> String {
    let report = page.report;
    let words = report
        .metrics
        .iter()
        .filter(|metric| metric.place != Place::Hidden);
    let words: String = words
        .map(|metric| {
            let [title, legend] = [metric.title, metric.legend].map(escaped);
            format!("<li>{title}: {legend}.</li>\n")
        })
        .collect();
    format!(
        "<section><h2>What the words mean</h2>\n<ul>\n{words}\
         <li>{}: stationary block bootstrap, {} draws (seed {}), times drawn within folds with all coins \
         together, mean block length by Politis and White, at least {} bars. Differences are of the same draws. The IC a \
         day has days drawn as wholes; its t is the mean in units of its standard error.</li>\n\
         <li>Controls: zero; the last bar's return, as it is and negated; ln close minus its mean over the last 30, 60 \
         and 240 minutes, negated. shuffled: the first run's forecasts with their days in other orders, the mean and the \
         lowest to the highest of them: the size of a score of nothing.</li>\n</ul>\n<p>This page again:</p>\n<pre><code>{}</code></pre></section>\n",
        interval_title(report.confidence),
        grouped(report.draws),
        report.seed,
        report.floor_bars,
        escaped(page.command)
    )
}

/// A table of one row a forecaster.
fn by_forecaster(
    page: &Page<'_>,
    header: &[&str],
    cells: impl Fn(&Score) -> Vec<String>,
) -> String {
    let scores = &page.report.forecasters;
    let rows = page
        .report
        .labels()
        .into_iter()
        .zip(scores)
        .map(|(label, score)| (label, score.is_control(), cells(score)));
    table(header, rows)
}

/// A table of rows: label, whether it is a control's, cells.
pub(super) fn table(
    header: &[&str],
    rows: impl Iterator<Item = (String, bool, Vec<String>)>,
) -> String {
    let cell = |tag: &str, text: &str| format!("<{tag}>{}</{tag}>", escaped(text));
    let header: String = header.iter().map(|title| cell("th", title)).collect();
    let row = |(label, is_control, cells): (String, bool, Vec<String>)| {
        let class = if is_control { " class=\"control\"" } else { "" };
        let cells: String = cells.iter().map(|text| cell("td", text)).collect();
        format!("<tr{class}>{}{cells}</tr>\n", cell("td", &label))
    };
    format!(
        "<div class=\"wide\"><table>\n<tr>{header}</tr>\n{}</table></div>\n",
        rows.map(row).collect::<String>()
    )
}

/// Text from outside as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
