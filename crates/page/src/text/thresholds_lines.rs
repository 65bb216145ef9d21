//! What is said in sentences: below the tables, on the page, and as warnings.

use notation::format_time;
use rules::{Candidate, DeflateBy, SideTuning, Tuning, TuningProtocol};

use crate::text::format::{counted, grouped};

/// One line on what was done.
pub(crate) fn headline(tuning: &Tuning) -> String {
    let span = |[first, last]: [i64; 2]| format!("{} to {}", format_time(first), format_time(last));
    let judged = match tuning.protocol {
        TuningProtocol::Honest => "judged on",
        TuningProtocol::Seed => "traded again, though tuned on it too, on",
    };
    format!(
        "Thresholds of {}, protocol {}: tuned on {}, {judged} {} (UTC)",
        tuning.forecaster,
        tuning.protocol.name(),
        span(tuning.tuned_ms),
        span(tuning.judged_ms)
    )
}

/// How positions are traded.
pub(crate) fn rules_line(tuning: &Tuning) -> String {
    let overlap = match tuning.protocol {
        TuningProtocol::Honest => "positions of a coin do not overlap",
        TuningProtocol::Seed => {
            "every forecast beyond its threshold is a position, overlapping or not"
        }
    };
    let delay = match tuning.entry_delay_bars {
        0 => "from the close that the forecast was made at",
        _ => "from one bar after the forecast",
    };
    format!(
        "Held {} of {} s, {delay}; a fill costs {} bp fee and {} bp slippage, a position has two; {overlap}.",
        counted(tuning.hold_bars, "bar"),
        tuning.bar_ms / 1000,
        tuning.costs.fee_bps,
        tuning.costs.slippage_bps,
    )
}

/// What was found, plainly.
pub fn thresholds_conclusion(tuning: &Tuning) -> String {
    let (with, without): (Vec<_>, Vec<_>) = tuning
        .coins
        .iter()
        .partition(|coin| coin.thresholds().is_some());
    let names = without
        .iter()
        .map(|coin| coin.symbol.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let total = tuning.coins.len();
    match (tuning.protocol, with.len()) {
        (TuningProtocol::Honest, 0) => {
            format!(
                "No coin has a threshold that is credibly above costs ({} tried).",
                counted(total, "coin")
            )
        }
        (TuningProtocol::Seed, 0) => {
            format!(
                "No coin has a threshold with a sum of profits above 0 ({} tried).",
                counted(total, "coin")
            )
        }
        (_, found) if found == total => "Every coin has a threshold.".to_owned(),
        (TuningProtocol::Honest, found) => format!(
            "{} of {} have a threshold. No threshold is credibly above costs for {names}.",
            grouped(found),
            counted(total, "coin")
        ),
        (TuningProtocol::Seed, found) => format!(
            "{} of {} have a threshold. No threshold has a sum of profits above 0 for {names}.",
            grouped(found),
            counted(total, "coin")
        ),
    }
}

/// How the figures were made.
pub(crate) fn notes(tuning: &Tuning) -> Vec<String> {
    let mut notes = Vec::new();
    if tuning.protocol == TuningProtocol::Honest {
        notes.push(format!(
            "Taken is, of a coin and side, the highest t among the thresholds whose interval lies above 0 and whose \
             deflated Sharpe ratio ({}) is at least {}; where there is none, the row shows the highest t of all.",
            match tuning.deflate_by {
                DeflateBy::Trials => "column deflated",
                DeflateBy::Chance => "column by chance",
            },
            tuning.confidence
        ));
        notes.push(deflation_note(tuning));
        notes.push(
            "By chance: the same where worthless trials differ by chance alone, all with as many trades as this one."
                .to_owned(),
        );
        notes.extend(strictness_note(tuning));
        notes.push(format!(
            "Intervals of {} %: stationary block bootstrap of the trades, {} draws (seed {}); t takes trades as \
             independent.",
            tuning.interval_confidence * 100.0,
            grouped(tuning.draws),
            tuning.seed
        ));
    }
    notes.push(
        "bp: hundredths of a percent of a position's value, after costs; total: their sum, every position alike."
            .to_owned(),
    );
    notes
}

/// Says so where it is the spread of the trials alone that keeps thresholds from being taken.
fn strictness_note(tuning: &Tuning) -> Option<String> {
    let passes = |candidate: &Candidate| {
        candidate
            .tuned
            .deflated_by_chance
            .is_some_and(|share| share >= tuning.confidence)
            && candidate.tuned.interval.is_some_and(|[low, _]| low > 0.0)
    };
    let refused =
        |side: &SideTuning| side.threshold.is_none() && side.candidates.iter().any(passes);
    let count = tuning.sides().filter(|(_, side)| refused(side)).count();
    (tuning.deflate_by == DeflateBy::Trials && count > 0).then(|| {
        format!(
            "In {count} of {} rows some threshold is beyond chance but not beyond the spread of the trials, which is \
             wide where they differ for a reason (costs, coins, numbers of trades): --deflate-by chance takes it.",
            tuning.sides().count()
        )
    })
}

fn deflation_note(tuning: &Tuning) -> String {
    let deflation = tuning.deflation;
    let others = match deflation.other_trials {
        0 => String::new(),
        others => format!(
            ", and {} of the study (trials.jsonl beside the run)",
            counted(others, "other trial")
        ),
    };
    let trials = format!(
        "Deflated Sharpe ratio, per trade: {} (thresholds x sides x coins), of which {} had at least {}{others}",
        counted(deflation.trials, "trial"),
        grouped(deflation.counted),
        counted(tuning.min_trades, "trade"),
    );
    match (deflation.variance, deflation.expected_maximum) {
        (Some(variance), Some(maximum)) => format!(
            "{trials}; the variance of their Sharpe ratios is {variance:.4}, so the best of as many worthless ones \
             would show {maximum:.3}."
        ),
        _ => format!("{trials}: too few to know the variance of their Sharpe ratios."),
    }
}

/// What should not be overlooked: an optimistic protocol, and thresholds that lost on the
/// judging span.
pub fn thresholds_warnings(tuning: &Tuning) -> Vec<String> {
    let mut warnings = Vec::new();
    if tuning.protocol == TuningProtocol::Seed {
        warnings.push(
            "protocol seed is optimistic: thresholds are the best of many on the very span they are shown on, and \
             overlapping positions count one move of the price many times; without --protocol seed they are judged \
             on later forecasts"
                .to_owned(),
        );
        return warnings;
    }
    let lost = |side: &SideTuning| {
        side.judged
            .as_ref()
            .and_then(|judged| judged.mean)
            .is_some_and(|mean| mean <= 0.0)
    };
    let names = |wanted: &dyn Fn(&SideTuning) -> bool| {
        let sides = tuning.sides().filter(|(_, side)| wanted(side));
        sides
            .map(|(coin, side)| format!("{} {}", coin.symbol, side.side.name()))
            .collect::<Vec<_>>()
    };
    let losers = names(&lost);
    if !losers.is_empty() {
        warnings.push(format!(
            "{} of {} lost on the span they were judged on: {}; they stay in thresholds.toml, as leaving them out \
             would be choosing by that span, but do not expect them to earn",
            losers.len(),
            counted(names(&|side| side.threshold.is_some()).len(), "threshold"),
            losers.join(", ")
        ));
    }
    let idle = names(&|side| {
        side.judged
            .as_ref()
            .is_some_and(|judged| judged.trades == 0)
    });
    if !idle.is_empty() {
        warnings.push(format!(
            "no trade on the span they were judged on, so nothing is known of: {}",
            idle.join(", ")
        ));
    }
    warnings
}
