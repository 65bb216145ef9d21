//! What may be said of portfolios: read off the intervals of their Sharpe ratios.

use rules::{PortfolioReport, PortfolioResult};

use super::portfolio_labels::{fee_heading, portfolio_label};
use crate::text::format::{counted, number};

/// What an interval says of a profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Gain,
    Open,
    Loss,
}

/// What the best portfolio that follows a run's forecasts earns after costs: a sentence on the fees at which
/// it gains, one on those at which that cannot be told, one on those at which it loses.
pub(crate) fn portfolio_verdict(report: &PortfolioReport) -> Vec<String> {
    let fees = report.config.fees_bps.iter();
    let best: Vec<(Outcome, String)> = fees
        .filter_map(|fee_bps| best_at(report, *fee_bps))
        .collect();
    let Some(first) = report.config.fees_bps.first() else {
        return Vec::new();
    };
    let runs = report
        .at_fee(*first)
        .filter(|one| one.holding.is_of_a_run())
        .count();
    let who = match runs {
        1 => "The portfolio".to_owned(),
        count => format!(
            "The best of {count} portfolios that follow forecasts (by the Sharpe ratio at each fee, picked on these same days)"
        ),
    };
    let told = |wanted: Outcome, before: String, after: &str| {
        let own = best.iter().filter(|(outcome, _)| *outcome == wanted);
        let own: Vec<&str> = own.map(|(_, words)| words.as_str()).collect();
        (!own.is_empty()).then(|| format!("{before}{after}: {}.", own.join("; ")))
    };
    let later = best.iter().any(|(outcome, _)| *outcome == Outcome::Gain);
    let whoever = if later {
        "it".to_owned()
    } else {
        who.replacen("The", "the", 1)
    };
    let losing = if best.iter().any(|(outcome, _)| *outcome != Outcome::Loss) {
        "It".to_owned()
    } else {
        who.clone()
    };
    [
        told(Outcome::Gain, who, " gains after costs"),
        told(
            Outcome::Open,
            format!("It cannot be told whether {whoever}"),
            " gains or loses after costs",
        ),
        told(Outcome::Loss, losing, " loses after costs"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the best portfolio of a run is at a fee.
fn best_at(report: &PortfolioReport, fee_bps: f64) -> Option<(Outcome, String)> {
    let runs = report
        .at_fee(fee_bps)
        .filter(|one| one.holding.is_of_a_run());
    let sharpe = |one: &PortfolioResult| one.figures.sharpe.unwrap_or(f64::NEG_INFINITY);
    let best = runs.max_by(|a, b| sharpe(a).total_cmp(&sharpe(b)))?;
    let figures = &best.figures;
    let (outcome, ends) = match figures.sharpe_interval {
        Some(ends @ [low, _]) if low > 0.0 => (Outcome::Gain, Some(ends)),
        Some(ends @ [_, high]) if high < 0.0 => (Outcome::Loss, Some(ends)),
        ends => (Outcome::Open, ends),
    };
    let ends = ends.map_or_else(
        || format!("no interval of {}", counted(figures.days, "day")),
        |[low, high]| format!("95 % interval: {low:.2} to {high:.2}"),
    );
    let size = figures.annual_return * 100.0;
    let profit = match outcome {
        Outcome::Gain => format!("{size:.2} %"),
        Outcome::Loss => format!("{:.2} %", -size),
        Outcome::Open => format!("{size:+.2} %"),
    };
    Some((
        outcome,
        format!(
            "at {} {profit} of the capital a year by {} (Sharpe ratio {}, {ends})",
            fee_heading(fee_bps),
            portfolio_label(report, best),
            number(figures.sharpe, 2),
        ),
    ))
}
