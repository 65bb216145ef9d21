//! Names of portfolios and of fees.

use rules::{PortfolioReport, PortfolioResult};

/// The label of each result: with its run where several runs have one forecaster.
pub(crate) fn portfolio_label(report: &PortfolioReport, result: &PortfolioResult) -> String {
    let label = result.holding.label();
    let at_fee = report.at_fee(result.fee_bps);
    match result.holding.run() {
        Some(run) if at_fee.filter(|one| one.holding.label() == label).count() > 1 => {
            format!("{label} ({run})")
        }
        _ => label,
    }
}

/// The fee of a group of rows.
pub(crate) fn fee_heading(fee_bps: f64) -> String {
    format!("{fee_bps} bp a fill")
}
