//! The book's reference of metrics, from the list.

use std::fmt::Write;

use crate::levels::Quantity;
use crate::metrics::interval_metric::IntervalMetric;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};

const HEAD: &str = "# Metrics

<!-- Made from the list in crates/score/src/metrics/mod.rs. Do not edit: \
`UPDATE_REFERENCE=1 cargo test -p score --release reference` writes it. -->

What `evaluate` prints and what its JSON holds, in the order of the tables. Scores come with an
interval and are what forecasters are compared by; further scores are values alone. The first one is
the one to decide on. Scores of prices are there where a table has the closes that its returns begin
at, which tables of `return` on bars of a day have: the price forecast is close x (1 + forecast),
and the control `zero` is the last price. A new metric is a file in `crates/score/src/metrics/` and a line in its list;
`crates/page/examples/metric.rs` is one outside the list.
";

const VOLATILITY_HEAD: &str = "
# Metrics of volatility

Of runs with `target.kind = \"volatility\"`, in the place of those above. Forecasts and what came are
natural logs of volatilities per day; the metrics are of the level, with the volatility and the variance
that a forecaster publishes (`volatility_mean`, `variance_mean`; a control's are exp of its log and the
square of that). Intervals are percentiles over draws of UTC days, in circular blocks of `--block-days`
days (28): the scores of neighbouring weeks are alike, as their targets and the market are. Metrics of
classes are there where a forecaster publishes classes, those of levels where `regime.above` names some: they
are means over rows and levels, and JSON has each level of each forecaster as `above`.
";

const INTERVALS_HEAD: &str = "
# Metrics of prediction intervals

Of runs with `[intervals]`, on the rows where every forecaster has an interval: over all of them with
a bootstrap interval, in each fold, in the third of the rows with the lowest trailing volatility, the
middle and the highest, and as a difference from the control `past_quantiles`. The control is each
coin's quantiles of what was realized in earlier folds.
";

/// The page `docs/src/reference/metrics.md`, as the lists of metrics have it.
pub fn metrics_reference(metrics: &[Metric], of_intervals: &[IntervalMetric]) -> String {
    let mut text = HEAD.to_owned();
    let mut quantity = Quantity::Return;
    for metric in metrics {
        if metric.quantity != quantity {
            quantity = metric.quantity;
            text += VOLATILITY_HEAD;
        }
        let _ = write!(
            text,
            "\n## {}\n\n`{}`: {}.\n\n- Computed as: {}.\n- Measured {}; {} is better.\n- {}\n",
            metric.title,
            metric.name,
            metric.legend,
            metric.formula,
            measured(metric.unit),
            match metric.better {
                Better::Higher => "higher".to_owned(),
                Better::Lower => "lower".to_owned(),
                Better::CloserTo(value) => format!("closer to {value}"),
            },
            place(metric),
        );
    }
    text += INTERVALS_HEAD;
    for metric in of_intervals {
        let _ = write!(
            text,
            "\n## {}\n\n`{}`: {}.\n\n- Computed as: {}.\n- Measured {}; {} is better.\n",
            metric.title,
            metric.name,
            metric.legend,
            metric.formula,
            measured(metric.unit),
            metric.better,
        );
    }
    text
}

fn measured(unit: Unit) -> &'static str {
    match unit {
        Unit::Correlation => "as a correlation, between -1 and 1",
        Unit::Ratio => "in units of its spread",
        Unit::Share => "as a share",
        Unit::Target => "in the unit of the target",
        Unit::Price => "in the unit of the price",
        Unit::Probability => "as a probability",
        Unit::Loss => "as a loss, 0 where forecasts are perfect",
        Unit::Number => "as a plain number",
    }
}

fn place(metric: &Metric) -> String {
    let shown = match metric.section {
        ReportSection::Scores => "Among the scores",
        ReportSection::Prices => "Among the scores of prices",
        ReportSection::Regimes => "Among the scores of classes",
        ReportSection::Levels => "Among the scores of levels",
        ReportSection::Further => "Among the further scores",
        ReportSection::Hidden => "In JSON alone",
    };
    let mut keys: Vec<String> = metric
        .interval
        .iter()
        .map(|key| format!("its interval as `{key}`"))
        .collect();
    if metric.has_t {
        keys.push(format!("its t as `{}_t`", metric.name));
    }
    match keys.is_empty() {
        true => format!("{shown}."),
        false => format!("{shown}; in JSON {}.", keys.join(", ")),
    }
}
