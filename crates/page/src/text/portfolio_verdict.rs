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
    /// Nothing was traded.
    Idle,
}

/// What the best portfolio that follows a run's forecasts earns after costs: a sentence on the fees at which
/// it gains, beside the best of what needs no run, one on those at which that cannot be told, one on those at
/// which it loses, one on those at which it trades nothing.
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
    let is_told_before =
        |(outcome, _): &(Outcome, String)| matches!(outcome, Outcome::Gain | Outcome::Open);
    let losing = if best.iter().any(is_told_before) {
        "It".to_owned()
    } else {
        who.clone()
    };
    let idle = best.iter().filter(|(outcome, _)| *outcome == Outcome::Idle);
    let idle: Vec<&str> = idle.map(|(_, words)| words.as_str()).collect();
    let is_alone = idle.len() == best.len();
    [
        told(Outcome::Gain, who.clone(), " gains after costs"),
        told(
            Outcome::Open,
            format!("It cannot be told whether {whoever}"),
            " gains or loses after costs",
        ),
        told(Outcome::Loss, losing, " loses after costs"),
        (!idle.is_empty()).then(|| {
            let trader = if is_alone { who } else { "It".to_owned() };
            format!("{trader} trades nothing {}.", idle.join(" and "))
        }),
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
    let at = format!("at {}", fee_heading(fee_bps));
    if figures.sharpe.is_none() && figures.turnover == 0.0 {
        return Some((Outcome::Idle, at));
    }
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
        Outcome::Open | Outcome::Idle => format!("{size:+.2} %"),
    };
    // A gain says little where what anyone could hold gained as well.
    let beside = match outcome {
        Outcome::Gain => best_without_run(report, fee_bps),
        _ => String::new(),
    };
    Some((
        outcome,
        format!(
            "{at} {profit} of the capital a year by {} (Sharpe ratio {}, {ends}{beside})",
            portfolio_label(report, best),
            number(figures.sharpe, 2),
        ),
    ))
}

/// The highest Sharpe ratio at a fee of what needs no run.
fn best_without_run(report: &PortfolioReport, fee_bps: f64) -> String {
    let others = report
        .at_fee(fee_bps)
        .filter(|one| !one.holding.is_of_a_run());
    let known = others.filter_map(|one| Some((one, one.figures.sharpe?)));
    let best = known.max_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or_else(String::new, |(one, sharpe)| {
        let ends = one.figures.sharpe_interval;
        let ends = ends.map_or_else(
            || "no interval".to_owned(),
            |[low, high]| format!("{low:.2} to {high:.2}"),
        );
        let label = portfolio_label(report, one);
        format!("; the best of what needs no run, {label}: {sharpe:.2}, {ends}")
    })
}

#[cfg(test)]
mod tests {
    use rules::{Holding, PortfolioConfig, PortfolioFigures};

    use super::*;

    fn run(fee_bps: f64, hedged: bool, sharpe: f64, interval: Option<[f64; 2]>) -> PortfolioResult {
        let holding = Holding::Forecasts {
            forecaster: "net".to_owned(),
            run: "runs/net".to_owned(),
            hedged,
        };
        result(holding, fee_bps, sharpe, interval)
    }

    fn result(
        holding: Holding,
        fee_bps: f64,
        sharpe: f64,
        sharpe_interval: Option<[f64; 2]>,
    ) -> PortfolioResult {
        PortfolioResult {
            holding,
            fee_bps,
            figures: PortfolioFigures {
                days: 40,
                annual_return: sharpe / 10.0,
                sharpe: Some(sharpe),
                sharpe_interval,
                without_best_three: None,
                drawdown: None,
                turnover: 0.0,
                half_spread_bps: None,
                exposure: 0.0,
                net_exposure: 0.0,
                funding: 0.0,
                filled: None,
                limit_orders: None,
                break_even_bps: None,
                break_even_interval: None,
                deflated_sharpe: None,
            },
            day_ms: Vec::new(),
            profit: Vec::new(),
        }
    }

    fn verdict(results: Vec<PortfolioResult>) -> Vec<String> {
        let mut fees_bps: Vec<f64> = results.iter().map(|one| one.fee_bps).collect();
        fees_bps.dedup();
        portfolio_verdict(&PortfolioReport {
            config: PortfolioConfig {
                fees_bps,
                ..PortfolioConfig::default()
            },
            coins: 2,
            folds: vec![2],
            span_ms: [0, 86_400_000],
            bar_ms: 60_000,
            reach_bars: 15,
            fits: Vec::new(),
            results,
            trials: None,
        })
    }

    #[test]
    fn each_fee_is_told_by_its_interval() {
        assert_eq!(
            verdict(vec![
                run(0.0, true, 2.0, Some([0.5, 3.5])),
                run(1.0, true, 0.5, Some([-0.5, 1.5])),
                run(5.0, true, -3.0, Some([-5.0, -1.0])),
                run(10.0, true, -6.0, Some([-8.0, -4.0])),
            ]),
            [
                "The portfolio gains after costs: at 0 bp a fill 20.00 % of the capital a year by net, hedged (Sharpe ratio 2.00, \
                 95 % interval: 0.50 to 3.50).",
                "It cannot be told whether it gains or loses after costs: at 1 bp a fill +5.00 % of the capital a year by net, \
                 hedged (Sharpe ratio 0.50, 95 % interval: -0.50 to 1.50).",
                "It loses after costs: at 5 bp a fill 30.00 % of the capital a year by net, hedged (Sharpe ratio -3.00, 95 % \
                 interval: -5.00 to -1.00); at 10 bp a fill 60.00 % of the capital a year by net, hedged (Sharpe ratio -6.00, 95 % \
                 interval: -8.00 to -4.00).",
            ]
        );
        // An end at 0, or no interval at all, is no gain.
        let unsure = [Some([0.0, 3.0]), None].map(|ends| verdict(vec![run(1.0, true, 2.0, ends)]));
        for told in &unsure {
            assert!(
                told[0].starts_with("It cannot be told whether the portfolio gains or loses"),
                "{told:?}"
            );
        }
        assert!(unsure[1][0].ends_with("(Sharpe ratio 2.00, no interval of 40 days)."));
        let mut idle = run(10.0, true, 0.0, None);
        idle.figures.sharpe = None;
        assert_eq!(
            verdict(vec![idle.clone()]),
            ["The portfolio trades nothing at 10 bp a fill."]
        );
        let then_idle = verdict(vec![run(1.0, true, -2.0, Some([-3.0, -1.0])), idle]);
        assert_eq!(then_idle[1], "It trades nothing at 10 bp a fill.");
        let lost = verdict(vec![run(1.0, true, -2.0, Some([-3.0, -1.0]))]);
        assert!(lost[0].starts_with("The portfolio loses after costs: at 1 bp a fill 20.00 %"));
    }

    #[test]
    fn the_best_of_several_is_said_to_be_picked() {
        let told = verdict(vec![
            run(1.0, false, 1.0, Some([0.1, 1.9])),
            run(1.0, true, 2.0, Some([0.5, 3.5])),
        ]);
        assert!(
            told[0].starts_with(
                "The best of 2 portfolios that follow forecasts (by the Sharpe ratio at each fee, picked on these same days) gains"
            ) && told[0].contains("by net, hedged (Sharpe ratio 2.00"),
            "{told:?}"
        );
    }

    /// What anyone could hold is no run, however well it does; and where nothing was traded nothing is said.
    #[test]
    fn without_a_run_nothing_is_claimed() {
        let basket = result(Holding::Basket, 1.0, 3.0, Some([1.0, 5.0]));
        assert!(verdict(vec![basket.clone()]).is_empty());
        let gain = verdict(vec![run(1.0, true, 2.0, Some([0.5, 3.5])), basket.clone()]);
        assert!(
            gain[0].ends_with(
                "0.50 to 3.50; the best of what needs no run, basket held: 3.00, 1.00 to 5.00)."
            ),
            "{gain:?}"
        );
        let beside = verdict(vec![run(1.0, true, -2.0, Some([-3.0, -1.0])), basket]);
        assert!(
            beside.len() == 1 && beside[0].starts_with("The portfolio loses"),
            "{beside:?}"
        );
        assert!(verdict(Vec::new()).is_empty());
    }
}
