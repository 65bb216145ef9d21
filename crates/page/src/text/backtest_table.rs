//! A backtest as text: tables for a terminal, and CSV.

use notation::format_time;
use std::fmt::Write;

use rules::{Backtest, BarReturn, Performance};
use terminal::Table;

use crate::text::format::{counted, dash, grouped, number, percent, signed_percent, wrapped};
use crate::text::quantiles_table::scope_words;

/// Titles of the columns that [`cells`] fills.
pub(crate) const COLUMNS: [&str; 9] = [
    "gross",
    "Sharpe",
    "net",
    "Sharpe",
    "Sortino",
    "drawdown",
    "turnover",
    "exposure",
    "break-even",
];

/// The figures of a series of bars under [`COLUMNS`].
pub(crate) fn cells(one: &Performance) -> Vec<String> {
    vec![
        signed_percent(one.total_before_fees),
        number(one.sharpe_before_fees, 2),
        signed_percent(one.total),
        number(one.sharpe, 2),
        number(one.sortino, 2),
        one.max_drawdown.map_or_else(dash, signed_percent),
        percent(Some(one.turnover)),
        percent(Some(one.exposure)),
        number(one.break_even_bps, 3),
    ]
}

/// Everything a reader of the backtest needs.
pub fn backtest_table(found: &Backtest) -> String {
    let mut sections = vec![
        headline(found),
        trials_section(found),
        coins_section(found),
        trial_notes(found),
    ];
    sections.push(notes(found).iter().map(|note| wrapped(note)).collect());
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

pub(crate) fn headline_text(found: &Backtest) -> String {
    let span = found.span_ms.map(format_time);
    let scope = found.scope.map_or_else(String::new, |scope| {
        format!(
            ", each forecast ranked among {}",
            scope_words(scope, found.trailing_bars)
        )
    });
    format!(
        "{} of {}, {} to {} UTC{scope}; {} bp a fill, bars of {} s.",
        counted(found.times, "time"),
        counted(found.coins_total, "coin"),
        span[0],
        span[1],
        found.fee_bps,
        found.bar_ms / 1000,
    )
}

fn headline(found: &Backtest) -> String {
    wrapped(&headline_text(found))
}

fn trials_section(found: &Backtest) -> String {
    let mut table = Table::new(std::iter::once("rule").chain(COLUMNS));
    for trial in &found.trials {
        table.push(&trial.label, cells(&trial.performance));
    }
    table.render()
}

fn coins_section(found: &Backtest) -> String {
    if found.coins.len() < 2 {
        return String::new();
    }
    let best = found
        .trials
        .get(found.best)
        .map(|trial| trial.label.as_str())
        .unwrap_or_default();
    let mut table = Table::new(std::iter::once("coin").chain(COLUMNS));
    for coin in &found.coins {
        table.push(&coin.symbol, cells(&coin.performance));
    }
    let heading = format!("Each coin alone, with a whole capital of its own, by the rule {best}");
    format!("{}\n{}", wrapped(&heading), table.render())
}

fn trial_notes(found: &Backtest) -> String {
    let mut text = String::new();
    if let Some(deflated) = &found.deflated {
        let best = found.trials.get(found.best);
        let study = match deflated.trials == found.trials.len() {
            true => String::new(),
            false => format!(
                ", and {} of its study are known (trials.jsonl beside the run)",
                counted(deflated.trials, "trial")
            ),
        };
        text += &wrapped(&format!(
            "Of {} the best is {}{study}: the probability that its true Sharpe ratio is above what the best of as many \
             worthless ones would show is {} (deflated Sharpe ratio).",
            counted(found.trials.len(), "rule"),
            best.map(|trial| trial.label.as_str()).unwrap_or_default(),
            number(deflated.probability, 3),
        ));
    }
    if let Some(found) = &found.overfitting {
        text += &wrapped(&format!(
            "Probability of backtest overfitting {:.3}: in as many of {} ways to halve the time ({} slices) the best \
             rule of one half is not above the median of the other; in {:.3} of them it loses there.",
            found.probability,
            grouped(found.splits),
            found.slices,
            found.loss_probability,
        ));
    }
    text
}

/// What the figures are, one sentence or two each.
pub(crate) fn notes(found: &Backtest) -> Vec<String> {
    let earned = match (found.bar_return, found.entry_delay_bars) {
        (BarReturn::Realized, 0) => {
            "A position decided at a forecast earns the forecast's own realized value, the bar that opens then."
        }
        (BarReturn::Realized, _) => "A position earns the value realized with entry a bar later.",
        (BarReturn::NextRow, 0) => {
            "A position decided at a forecast earns the bar that opens then, from the last close to the next: the \
             price at which that bar opens is taken to be the close before it."
        }
        (BarReturn::NextRow, _) => {
            "A position decided at a forecast earns the bar after the one that opens then, from close to close."
        }
    };
    let mut notes = vec![
        format!(
            "{earned} It is decided anew at every bar, and the change is traded. Turnover and exposure are means of \
             a bar, in parts of the capital; break-even is the fee of a fill, in basis points, at which the profits \
             add up to 0."
        ),
        "Gross is before fees and net after them, compounded; the first Sharpe ratio is gross, the second, Sortino \
         ratio and drawdown are net. Ratios are of the bars' profits, for a year of 365 days."
            .to_owned(),
    ];
    let unknown = found
        .trials
        .get(found.best)
        .map_or(0, |trial| trial.unknown_bars);
    if unknown > 0 {
        notes.push(format!(
            "{} had no next row that tells what the bar brought: they earned 0 and were closed.",
            counted(unknown, "position")
        ));
    }
    notes
}

/// The best trial bar by bar, one line a time; what is undefined is empty.
pub fn backtest_csv(found: &Backtest) -> String {
    let mut text = "time,gross,net,traded,exposure,equity_before_fees,equity,alpha\n".to_owned();
    let curve = &found.curve;
    for (bar, time) in curve.time_ms.iter().enumerate() {
        let alpha = if curve.alpha[bar].is_nan() {
            String::new()
        } else {
            curve.alpha[bar].to_string()
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{time},{},{},{},{},{},{},{alpha}",
            curve.gross[bar],
            curve.net[bar],
            curve.traded[bar],
            curve.exposure[bar],
            curve.equity_before_fees[bar],
            curve.equity[bar],
        );
    }
    text
}

/// The best trial's coins, each traded alone: the capital at the end of every UTC day.
pub fn backtest_coins_csv(found: &Backtest) -> String {
    let mut text = "day,symbol,equity_before_fees,equity\n".to_owned();
    for one in &found.days {
        let day = format_time(one.day_ms);
        let day = day.split(' ').next().unwrap_or_default();
        let _ = writeln!(
            text,
            "{day},{},{},{}",
            one.symbol, one.equity_before_fees, one.equity
        );
    }
    text
}
