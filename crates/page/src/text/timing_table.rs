//! Savings by timing as text.

use notation::format_time;
use rules::{DeadlineReport, Saving, SideSavings, TimingReport, TimingScore};
use terminal::Table;

use super::timing_labels::{duration, timing_labels, within};
use super::timing_verdict::timing_verdict;
use crate::text::format::{counted, dash, grouped, interval_title, t, wrapped};

/// Titles of the columns, without that of the labels; three of them belong to a [`Saving`].
fn timing_header(report: &TimingReport) -> Vec<String> {
    let ends = interval_title(report.confidence);
    let mut header = vec!["saved bp".to_owned(), ends.clone(), "t".to_owned()];
    header.extend(["first run ahead by".to_owned(), ends, "t".to_owned()]);
    for side in ["buy", "sell"] {
        header.extend(["TWAP", "VWAP", "at once"].map(|benchmark| format!("{side}: {benchmark}")));
    }
    header.push("waits".to_owned());
    header
}

/// The cells under [`timing_header`].
fn timing_cells(report: &TimingReport, score: &TimingScore) -> Vec<String> {
    let side = |side: &SideSavings| {
        [side.twap, side.vwap, side.at_once].map(|saving| points(saving.mean_bps))
    };
    let mut cells = saving_cells(score.saved).to_vec();
    cells.extend(
        score
            .first_run_ahead
            .map_or([(); 3].map(|()| dash()), saving_cells),
    );
    cells.extend(side(&score.buy).into_iter().chain(side(&score.sell)));
    cells.push(
        score
            .mean_bars
            .map_or_else(dash, |bars| duration(bars * report.bar_ms as f64)),
    );
    cells
}

fn saving_cells(saving: Saving) -> [String; 3] {
    let ends = saving
        .interval_bps
        .map(|[low, high]| format!("{low:+.2} to {high:+.2}"));
    [
        points(saving.mean_bps),
        ends.unwrap_or_else(dash),
        t(saving.t),
    ]
}

/// Basis points with their sign; nothing saved has none.
fn points(bps: Option<f64>) -> String {
    bps.map_or_else(dash, |bps| {
        if bps.abs() < 0.005 {
            "0.00".to_owned()
        } else {
            format!("{bps:+.2}")
        }
    })
}

/// As [`timing_header`], the titles of one cell of a page together.
pub(crate) fn timing_titles(report: &TimingReport) -> Vec<Vec<String>> {
    let header = timing_header(report);
    let (savings, others) = header.split_at(6);
    let savings = savings.chunks(3).map(<[String]>::to_vec);
    let others = others.iter().map(|title| vec![title.clone()]);
    savings.chain(others).collect()
}

/// The cells under [`timing_titles`].
pub(crate) fn timing_groups(report: &TimingReport, score: &TimingScore) -> Vec<Vec<String>> {
    let cells = timing_cells(report, score);
    let (savings, others) = cells.split_at(6);
    let savings = savings.chunks(3).map(<[String]>::to_vec);
    let others = others.iter().map(|cell| vec![cell.clone()]);
    savings.chain(others).collect()
}

/// What is counted within a deadline.
fn counts(report: &TimingReport, deadline: &DeadlineReport) -> String {
    format!(
        "{}: {} buys and as many sells on {}",
        within(report, deadline),
        grouped(deadline.orders),
        counted(deadline.days, "day")
    )
}

/// What orders there are, in one sentence.
pub(crate) fn timing_headline(report: &TimingReport) -> String {
    let [from, until] = report.span_ms.map(format_time);
    let every = duration((report.every_bars as i64 * report.bar_ms) as f64);
    let folds: Vec<String> = report.folds.iter().map(u32::to_string).collect();
    format!(
        "Orders of {} that arrive every {every}, {from} to {until} UTC, folds {}: a buy and a sell each, filled at \
         the close after each decision with half a spread of {} bp.",
        counted(report.coins, "coin"),
        folds.join(" "),
        report.half_spread_bps
    )
}

/// What the figures are.
pub(crate) fn timing_notes(report: &TimingReport) -> Vec<String> {
    vec![
        "saved: basis points of the price at which an order arrives, mean over buys and sells; \
         intervals from a bootstrap of days. It is the same against TWAP, VWAP and at once, as what a buy gains from a \
         benchmark a sell loses. Nothing is hedged: savings are of whole prices."
            .to_owned(),
        "buy, sell: the same for one side, which the market's rise or fall within the order's time decides.".to_owned(),
        format!(
            "Rule: trade once the forecast, in standard deviations from the mean of the coins of its time, is against \
             waiting by more than {} x ln(bars left); where it is not known, or equal for all coins (zero), an even share \
             of what is left is traded, which is TWAP.",
            report.patience
        ),
    ]
}

/// Everything a reader of the savings needs.
pub fn timing_table(report: &TimingReport) -> String {
    let mut text = wrapped(&timing_headline(report));
    for sentence in timing_verdict(report) {
        text += &wrapped(&sentence);
    }
    for deadline in &report.deadlines {
        let header = std::iter::once(String::new()).chain(timing_header(report));
        let mut table = Table::new(header);
        for (label, score) in timing_labels(deadline).iter().zip(&deadline.forecasters) {
            table.push(label, timing_cells(report, score));
        }
        text += &format!("\n{}\n{}", counts(report, deadline), table.render());
    }
    text.push('\n');
    timing_notes(report)
        .iter()
        .for_each(|note| text += &wrapped(note));
    text
}

/// Each coin's saving by the runs.
pub fn timing_coins(report: &TimingReport) -> String {
    let mut text = String::new();
    for deadline in &report.deadlines {
        let runs = timing_labels(deadline)
            .into_iter()
            .zip(&deadline.forecasters);
        for (label, score) in runs.filter(|(_, score)| score.run.is_some()) {
            let ends = interval_title(report.confidence);
            let title = format!("{label}, {}", within(report, deadline));
            let mut table = Table::new([title, "saved bp".to_owned(), ends, "t".to_owned()]);
            for (symbol, saving) in &score.coins {
                table.push(symbol, saving_cells(*saving));
            }
            text += &format!("{}\n", table.render());
        }
    }
    text
}
