//! Calibration as text: lines of realized on forecast, and expected against realized by bin.

use notation::format_time;
use score::{
    CalibrationReport, CalibrationScore, CoinReliability, Line, ReliabilityBin, ReturnPart,
};
use statistics::ConfidenceInterval;
use terminal::Table;

use crate::text::format::{counted, dash, grouped, interval_title, number, span, wrapped};

/// Titles of the columns that [`line_cells`] fills.
pub(crate) fn line_header(report: &CalibrationReport) -> Vec<String> {
    let ends = interval_title(report.confidence);
    let mut header = Vec::new();
    for side in ["forecast", "expected"] {
        header.push(format!("slope on {side}"));
        header.push(ends.clone());
        header.push("intercept bp".to_owned());
        header.push(ends.clone());
        if side == "forecast" {
            header.push("coins differ by".to_owned());
        }
    }
    header
}

/// The lines of one forecaster and part.
pub(crate) fn line_cells(score: &CalibrationScore) -> Vec<String> {
    let spread = score.before.last().filter(|all| all.pooled.is_some());
    let mut cells = cells_of_line(score.realized_on_forecast).to_vec();
    cells.push(number(spread.map(|all| all.slope_spread), 3));
    cells.extend(cells_of_line(score.realized_on_expected));
    cells
}

fn cells_of_line(line: Option<Line>) -> [String; 4] {
    let Some(line) = line else {
        return [(); 4].map(|()| dash());
    };
    [
        number(Some(line.slope), 3),
        ends(line.slope_interval, 1.0, 3),
        points(line.intercept),
        ends(line.intercept_interval, 1e4, 2),
    ]
}

fn ends(interval: Option<ConfidenceInterval>, scale: f64, digits: usize) -> String {
    interval.map_or_else(dash, |[low, high]| {
        format!("{:.digits$} to {:.digits$}", low * scale, high * scale)
    })
}

fn points(value: f64) -> String {
    format!("{:+.2}", value * 1e4)
}

/// Titles of the columns that [`bin_cells`] fills.
pub(crate) fn bin_header(report: &CalibrationReport) -> Vec<String> {
    let ends = interval_title(report.confidence);
    vec![
        "expected bp".to_owned(),
        "realized bp".to_owned(),
        ends,
        "rows".to_owned(),
    ]
}

/// One bin.
pub(crate) fn bin_cells(bin: &ReliabilityBin) -> Vec<String> {
    vec![
        points(bin.expected),
        points(bin.realized),
        ends(bin.interval, 1e4, 2),
        grouped(bin.count),
    ]
}

/// The part in a word.
pub(crate) fn part_word(part: ReturnPart) -> &'static str {
    match part {
        ReturnPart::Own => "own part",
        ReturnPart::Whole => "whole",
    }
}

/// A forecaster's name with its part; with its run where several have the name.
pub(crate) fn calibration_label(report: &CalibrationReport, score: &CalibrationScore) -> String {
    let same = |other: &&CalibrationScore| {
        other.forecaster == score.forecaster && other.part == score.part
    };
    let word = part_word(score.part);
    match &score.run {
        Some(run) if report.scores.iter().filter(same).count() > 1 => {
            format!("{} ({run}), {word}", score.forecaster)
        }
        _ => format!("{}, {word}", score.forecaster),
    }
}

/// Everything a reader of the calibration needs.
pub fn calibration_table(report: &CalibrationReport) -> String {
    let header = std::iter::once(String::new()).chain(line_header(report));
    let mut lines = Table::new(header);
    for score in &report.scores {
        lines.push(&calibration_label(report, score), line_cells(score));
    }
    let mut text = format!("{}\n{}\n", wrapped(&headline(report)), lines.render());
    let with_bins = report.scores.iter().filter(|score| !score.bins.is_empty());
    for score in with_bins {
        let title = std::iter::once(calibration_label(report, score));
        let mut bins = Table::new(title.chain(bin_header(report)));
        for (number, bin) in score.bins.iter().enumerate() {
            bins.push(&(number + 1).to_string(), bin_cells(bin));
        }
        text += &format!("{}\n", bins.render());
    }
    calibration_notes(report)
        .iter()
        .for_each(|note| text += &wrapped(note));
    text
}

/// Each coin's line and what is believed of it.
pub fn calibration_coins(report: &CalibrationReport) -> String {
    let table = |score: &CalibrationScore| {
        let ends = interval_title(report.confidence);
        let title = calibration_label(report, score);
        let mut table = Table::new([
            title.as_str(),
            "slope",
            &ends,
            "intercept bp",
            &ends,
            "slope, drawn to all",
            "intercept bp, drawn to all",
        ]);
        for coin in &score.by_coin {
            table.push(&coin.symbol, coin_cells(coin));
        }
        table.render()
    };
    report
        .scores
        .iter()
        .map(table)
        .collect::<Vec<_>>()
        .join("\n")
}

fn coin_cells(coin: &CoinReliability) -> Vec<String> {
    let mut cells = cells_of_line(coin.realized_on_forecast).to_vec();
    cells.push(number(coin.shrunk.map(|line| line.slope), 3));
    cells.push(coin.shrunk.map_or_else(dash, |line| points(line.intercept)));
    cells
}

fn headline(report: &CalibrationReport) -> String {
    let [from, until] = report.span_ms.map(format_time);
    format!(
        "Forecasts of {} against returns of the next {} that are entered a bar later, {from} to {until} UTC, {}.",
        counted(report.coins, "coin"),
        span(report.reach_bars, report.bar_ms),
        counted(report.folds.len(), "fold"),
    )
}

/// What the figures are.
pub(crate) fn calibration_notes(report: &CalibrationReport) -> Vec<String> {
    vec![
        "Own part: forecast and return, each minus its mean over the coins of that time; whole: both as they are.".to_owned(),
        "Slope and intercept on forecast: of realized on forecast, all folds together; a forecast in the units of returns has \
         1 and 0. Coins differ by: standard deviation of the coins' true slopes, as far as their errors do not explain it."
            .to_owned(),
        "Expected: the forecast through a line that the earlier folds alone say. It is each coin's own line, drawn to that of \
         all coins by as much as its error explains its difference; of the own part its slope alone, which is what portfolios \
         trade on. The first fold expects nothing."
            .to_owned(),
        format!(
            "Lines weigh rows by the inverse square of the coin's trailing volatility and clip returns at five of it; \
             intervals are {} of errors that take all rows of a UTC day as one. Bins are of equal count; their intervals draw \
             whole days again.",
            interval_title(report.confidence).replace(" interval", "")
        ),
    ]
}
