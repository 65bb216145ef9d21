//! What exposure by a forecaster of volatility is worth: the last sentence of the verdict.

use rules::{ExposureReport, ExposureResult};

use super::content::Page;
use crate::text::format::{interval_title, number};
use crate::text::rule_title;

/// What the rules of exposure bring beside the same average exposure, after costs.
pub(super) fn exposed_sentence(page: &Page<'_>, model: usize) -> String {
    let run = page.report.forecasters[model].run.as_deref();
    let of_report = |report: &ExposureReport| {
        let own = report.results.iter();
        let own: Vec<&ExposureResult> = own
            .filter(|result| result.run.is_some() && result.run.as_deref() == run)
            .collect();
        let title = interval_title(report.options.bootstrap.confidence);
        (!own.is_empty()).then(|| sentence(&own, report.options.cost_bps, &title))
    };
    page.exposure.and_then(of_report).unwrap_or_else(|| {
        format!(
            "What exposure by it is worth is not on this page: `quarterhour exposure {}` says it from the candles.",
            run.unwrap_or("RUN")
        )
    })
}

fn sentence(results: &[&ExposureResult], cost_bps: f64, interval_title: &str) -> String {
    let named = |wanted: fn([f64; 2]) -> bool| -> Vec<String> {
        let is_wanted =
            |result: &&&ExposureResult| result.sharpe_minus_constant.interval.is_some_and(wanted);
        let wanted = results.iter().filter(is_wanted);
        wanted.map(|result| figures(result)).collect()
    };
    let (better, worse) = (named(|[low, _]| low > 0.0), named(|[_, high]| high < 0.0));
    let costs = format!("after costs of {cost_bps} basis points for a change of exposure by 1");
    if better.is_empty() && worse.is_empty() {
        let all: Vec<String> = results.iter().map(|result| figures(result)).collect();
        return format!(
            "It cannot be told whether exposure by it is worth anything: {costs} its Sharpe ratio minus that of the same average \
             exposure held constantly is, with its {interval_title}, {}.",
            all.join(", ")
        );
    }
    let part = |word: &str, rules: &[String]| {
        (!rules.is_empty()).then(|| format!("{word}: {}", rules.join(", ")))
    };
    let open = results.len() - better.len() - worse.len();
    let parts = [
        part("higher", &better),
        part("lower", &worse),
        (open > 0).then(|| format!("by the other rules ({open}) it cannot be told")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!(
        "Beside the same average exposure held constantly the Sharpe ratio of exposure by it is, {costs} and with its \
         {interval_title}, {}.",
        parts.join("; ")
    )
}

/// A rule's Sharpe ratio minus that of its average exposure, with its interval.
fn figures(result: &ExposureResult) -> String {
    let minus = result.sharpe_minus_constant;
    let ends = minus.interval.map_or_else(
        || "no interval".to_owned(),
        |[low, high]| format!("{low:+.2} to {high:+.2}"),
    );
    let value = minus
        .value
        .map_or_else(|| number(None, 2), |value| format!("{value:+.2}"));
    format!("{value} ({}; {ends})", rule_title(result.rule))
}

#[cfg(test)]
mod tests {
    use rules::{ExposureFigures, ExposureRule, ExposureValue};

    use super::*;

    fn result(rule: ExposureRule, value: f64, interval: Option<[f64; 2]>) -> ExposureResult {
        let none = ExposureValue {
            value: None,
            interval: None,
        };
        let figures = ExposureFigures {
            exposure: 1.0,
            growth: none,
            volatility: none,
            drawdown: none,
            sharpe: none,
            turnover: none,
            costs: none,
        };
        ExposureResult {
            rule,
            forecaster: "har".to_owned(),
            run: Some("runs/har".to_owned()),
            figures: figures.clone(),
            constant: figures,
            sharpe_minus_constant: ExposureValue {
                value: Some(value),
                interval,
            },
            return_minus_constant: none,
            volatility_minus_constant: none,
            drawdown_minus_constant: none,
            capital: Vec::new(),
            constant_capital: Vec::new(),
        }
    }

    #[test]
    fn what_exposure_is_worth_is_read_off_the_intervals() {
        let target = result(ExposureRule::VolatilityTarget, 0.3, Some([0.1, 0.5]));
        let high = result(ExposureRule::ReduceHigh, -0.1, Some([-0.2, 0.1]));
        assert_eq!(
            sentence(&[&high], 10.0, "95 % interval"),
            "It cannot be told whether exposure by it is worth anything: after costs of 10 basis points for a change of exposure \
             by 1 its Sharpe ratio minus that of the same average exposure held constantly is, with its 95 % interval, -0.10 \
             (reduce at High; -0.20 to +0.10)."
        );
        assert_eq!(
            sentence(&[&target, &high], 10.0, "95 % interval"),
            "Beside the same average exposure held constantly the Sharpe ratio of exposure by it is, after costs of 10 basis \
             points for a change of exposure by 1 and with its 95 % interval, higher: +0.30 (volatility target; +0.10 to +0.50); by the other rules (1) it \
             cannot be told."
        );
        let worse = result(ExposureRule::ReduceHigh, -0.35, Some([-0.72, -0.01]));
        assert!(
            sentence(&[&worse], 10.0, "95 % interval")
                .ends_with("lower: -0.35 (reduce at High; -0.72 to -0.01).")
        );
        let unknown = result(ExposureRule::ReduceTop, 0.2, None);
        assert!(
            sentence(&[&unknown], 5.0, "95 % interval")
                .contains("+0.20 (reduce at the top; no interval)")
        );
    }
}
