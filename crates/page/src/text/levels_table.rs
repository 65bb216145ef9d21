//! The report of forecasts of volatility as text.

use score::{LevelScore, REGIMES, Report, ReportSection, Score};
use terminal::Table;

use crate::text::format::{
    counted, dash, grouped, interval_title, legend_line, magnitude, number, percent, probability,
    wrapped,
};
use crate::text::intervals_table::intervals_sections;
use crate::text::level_verdict::level_verdicts;
use crate::text::score_sections::{
    T_TITLE, difference_sections, legend, scores_cells, scores_heading, scores_table,
    values_section,
};

/// The title of the column of the Model Confidence Set.
const MCS_TITLE: &str = "MCS p";

/// Everything a reader of scores of volatility needs.
pub(super) fn level_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let mut sections = vec![scores_section(report, labels), scores_legend(report)];
    sections.push(folds_section(report, labels));
    sections.extend(difference_sections(report, labels));
    let sentences = level_verdicts(report, labels);
    sections.push(sentences.iter().map(|sentence| wrapped(sentence)).collect());
    sections.push(values_section(
        report,
        labels,
        ("Further scores", ReportSection::Further),
    ));
    sections.push(bins_section(report, labels));
    if has_regimes(report) {
        let title = ("Scores of classes", ReportSection::Regimes);
        sections.push(values_section(report, labels, title));
        sections.extend(regime_sections(report, labels));
    }
    if report.metrics_at(ReportSection::Levels).next().is_some() {
        let title = (LEVELS_TITLE, ReportSection::Levels);
        sections.push(values_section(report, labels, title));
        sections.push(above_section(report, labels));
    }
    sections.extend(intervals_sections(report, labels));
    sections.push(notes(report, labels));
    sections
}

/// Whether some forecaster has classes.
pub(crate) fn has_regimes(report: &Report) -> bool {
    let levels = report
        .forecasters
        .iter()
        .filter_map(|score| score.level.as_ref());
    levels.into_iter().any(|level| level.regimes.is_some())
}

fn scores_section(report: &Report, labels: &[String]) -> String {
    let mut table = scores_table(report, "forecaster", Some(MCS_TITLE));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        let cells = scores_cells(report, |metric| score.metric(metric));
        table.push(label, cells.into_iter().chain([mcs(score)]));
    }
    format!("{}\n\n{}", scores_heading(report), table.render())
}

/// The Model Confidence Set's p.
pub(crate) fn mcs(score: &Score) -> String {
    probability(score.level.as_ref().and_then(|level| level.mcs_p))
}

/// What stands beside the metrics in the tables of scores.
pub(crate) const COMPARISON_WORDS: [(&str, &str); 2] = [
    (
        MCS_TITLE,
        "Model Confidence Set by daily QLIKE: forecasters at .1 or above are in the set that holds the best of all with \
         90 % confidence",
    ),
    (
        T_TITLE,
        "Diebold and Mariano's t of the daily QLIKE, autocovariances up to 28 days: below -2 the first is credibly better",
    ),
];

fn scores_legend(report: &Report) -> String {
    let words = COMPARISON_WORDS.map(|(word, meaning)| legend_line(word, meaning));
    format!(
        "{}{}",
        legend(report, ReportSection::Scores),
        words.concat()
    )
}

fn folds_section(report: &Report, labels: &[String]) -> String {
    let header = report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"));
    let mut table = Table::new(std::iter::once("QLIKE of each fold".to_owned()).chain(header));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        let folds = score
            .level
            .as_ref()
            .and_then(|level| level.folds.get("qlike"));
        table.push(
            label,
            folds.into_iter().flatten().map(|fold| number(*fold, 4)),
        );
    }
    table.render()
}

/// The level of each model by bins of its forecasts.
fn bins_section(report: &Report, labels: &[String]) -> String {
    let title = "Realized volatility per day by tenths of the forecasts, lowest first";
    let mut table =
        Table::new(std::iter::once(String::new()).chain((1..=10).map(|bin| bin.to_string())));
    for (label, level) in models(report, labels) {
        let row = |of: fn(&score::LevelBin) -> f64| {
            level.bins.iter().map(move |bin| magnitude(Some(of(bin))))
        };
        table.push(&format!("{label}, forecast"), row(|bin| bin.forecast));
        table.push(&format!("{label}, realized"), row(|bin| bin.realized));
    }
    format!("{}\n{}", wrapped(title), table.render())
}

/// Forecasters that are no controls, with their labels.
pub(crate) fn models<'a>(
    report: &'a Report,
    labels: &'a [String],
) -> impl Iterator<Item = (&'a str, &'a LevelScore)> {
    let labelled = labels.iter().zip(&report.forecasters);
    labelled
        .filter(|(_, score)| !score.is_control())
        .filter_map(|(label, score)| Some((label.as_str(), score.level.as_ref()?)))
}

/// Each class, and which classes came where which was the likeliest.
fn regime_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let mut classes = Table::new(["class", "rows", "share", "precision", "recall", "F1", "AUC"]);
    let titles = REGIMES.map(|name| format!("forecast {name}"));
    let mut confusion = Table::new(std::iter::once("rows that came".to_owned()).chain(titles));
    for (label, level) in models(report, labels) {
        let Some(regimes) = &level.regimes else {
            continue;
        };
        for class in &regimes.classes {
            classes.push(&format!("{label}, {}", class.name), class_cells(class));
        }
        for (name, row) in REGIMES.iter().zip(&regimes.confusion) {
            confusion.push(&format!("{label}, {name}"), row.map(grouped));
        }
    }
    vec![classes.render(), confusion.render()]
}

/// The title of the scores of probabilities above a level.
const LEVELS_TITLE: &str = "Scores of P(above a level)";

/// Each level of each model.
fn above_section(report: &Report, labels: &[String]) -> String {
    let mut table = Table::new(std::iter::once("P(above a level)").chain(ABOVE_COLUMNS));
    for (label, level) in models(report, labels) {
        for above in &level.above {
            let name = format!("{label}, {} a day", percent(Some(above.level)));
            table.push(&name, above_cells(above));
        }
    }
    table.render()
}

/// Titles of [`above_cells`].
pub(crate) const ABOVE_COLUMNS: [&str; 7] = [
    "rows",
    "came above",
    "Brier",
    "of the share",
    "log loss",
    "ECE",
    "AUC",
];

/// The cells of a level: rows, share, Brier, Brier of the share, log loss, calibration error, AUC.
pub(crate) fn above_cells(above: &score::AboveScore) -> [String; 7] {
    [
        grouped(above.rows),
        percent(Some(above.share)),
        number(Some(above.brier), 4),
        number(Some(above.brier_of_share), 4),
        number(Some(above.log_loss), 4),
        number(Some(above.ece), 4),
        number(above.auc, 3),
    ]
}

/// The cells of a class: rows, share, precision, recall, F1, AUC.
pub(crate) fn class_cells(class: &score::ClassScore) -> [String; 6] {
    [
        grouped(class.rows),
        percent(Some(class.share)),
        percent(class.precision),
        percent(class.recall),
        number(Some(class.f1), 3),
        number(class.auc, 3),
    ]
}

/// Each coin of each model, as text.
pub(super) fn level_coins(report: &Report, labels: &[String]) -> String {
    let mut sections = vec!["Each coin over time\n".to_owned()];
    for (label, level) in models(report, labels) {
        let mut table = Table::new(std::iter::once(label).chain(COIN_TITLES));
        for coin in &level.coins {
            table.push(&coin.symbol, coin_cells(coin));
        }
        sections.push(table.render());
    }
    sections.join("\n")
}

/// The titles of [`coin_cells`].
pub(crate) const COIN_TITLES: [&str; 7] = [
    "rows", "realized", "forecast", "QLIKE", "RMSE", "R2", "Spearman",
];

/// One coin: rows, mean volatilities per day, errors, correlations over time.
pub(crate) fn coin_cells(coin: &score::CoinLevel) -> [String; 7] {
    let correlation = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:+.3}"));
    [
        grouped(coin.rows),
        magnitude(Some(coin.realized)),
        magnitude(Some(coin.forecast)),
        number(Some(coin.qlike), 4),
        magnitude(Some(coin.rmse)),
        correlation(coin.r2),
        correlation(coin.spearman),
    ]
}

fn notes(report: &Report, labels: &[String]) -> String {
    let mut text = wrapped(&interval_note(report));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        if let Some(run) = &score.run {
            text += &format!("{label}: {run}\n");
        }
    }
    text
}

/// How intervals are made.
pub(crate) fn interval_note(report: &Report) -> String {
    let days = report.floor_bars as i64 * report.bar_ms / 86_400_000;
    format!(
        "{}: UTC days drawn again with all coins together, in circular blocks of {}, {} draws (seed {}); none where the \
         rows hold fewer than five blocks. Differences are of the same draws. Volatilities are per day (x 19.1 a year).",
        interval_title(report.confidence),
        counted(usize::try_from(days).unwrap_or(0), "day"),
        grouped(report.draws),
        report.seed,
    )
}
