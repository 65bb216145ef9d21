//! A control of the target as a member: a forecast that fits nothing.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Config, Control, ControlSign, Panel};
use run::ForecastResult;

/// Why a coin that all runs forecast has no forecast.
const UNKNOWN: &str = "the coin lacks candles that the rule is computed from";

/// A control of the target, computed as the forecast tables have it.
#[derive(Debug)]
pub(crate) struct Rule {
    control: Control,
    /// 1, or -1 for the negative of the control's column.
    sign: f64,
}

impl Rule {
    /// The control that `ensemble.rule` names.
    ///
    /// # Errors
    /// A usage error that lists the controls of the config's target, if it has none of that name.
    pub fn new(name: &str, config: &Config) -> anyhow::Result<Self> {
        let target = config.target.init(config.data.interval);
        let mut names = Vec::new();
        for control in target.controls() {
            for (own, sign) in forecasts_of(&control) {
                if own == name {
                    return Ok(Self { control, sign });
                }
                names.push(own);
            }
        }
        let error = anyhow!(
            "ensemble.rule = \"{name}\": expected a control of the target {}, one of {}",
            config.target.kind,
            names.join(" ")
        );
        let hint = match names.last() {
            Some(last) => format!("--set ensemble.rule={last}"),
            None => "without ensemble.rule the runs alone are members".to_owned(),
        };
        Err(cli::usage(error.hint(hint)))
    }

    /// Its forecasts at some rows, in order, `[rows, coins]` row-major.
    pub fn forecasts(&self, panel: &Panel, rows: &[usize]) -> Vec<ForecastResult> {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return Vec::new();
        };
        let coins = panel.coins();
        let values = self.control.values(panel, first..last + 1);
        let cells = rows
            .iter()
            .flat_map(|row| (0..coins).map(move |coin| (row - first) * coins + coin));
        let forecast = |cell: usize| match self.sign * values[cell] {
            value if value.is_finite() => Ok(value),
            _ => Err(UNKNOWN.to_owned()),
        };
        cells.map(forecast).collect()
    }
}

/// The forecasts that a control makes, with the sign that its column has in each.
fn forecasts_of(control: &Control) -> Vec<(String, f64)> {
    let name = &control.column.name;
    let (as_is, negated) = ((name.clone(), 1.0), (format!("negated_{name}"), -1.0));
    match control.column.sign {
        ControlSign::AsIs => vec![as_is],
        ControlSign::Negated => vec![negated],
        ControlSign::Both => vec![as_is, negated],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::{CandleTable, Column};
    use market::Symbol;

    use super::*;

    #[test]
    fn it_is_the_control_of_that_name_with_its_sign() {
        let close = |row: usize| 100.0 + ((row * 37) % 31) as f64;
        let mut candles = CandleTable::default();
        for row in 0..60 {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close(row);
            candles.push_row(row as i64 * 60_000, values);
        }
        let coins = [(Symbol::new("BTCUSDT").unwrap(), candles)];
        let span = (0, 60 * 60_000);
        let panel = Panel::build(&coins, "1m".parse().unwrap(), span, 60, &[]);
        let config = Config::default();
        let rule = Rule::new("negated_deviation_30m", &config).unwrap();
        let found = rule.forecasts(&panel, &[10, 40, 59]);
        assert_eq!(found[0], Err(UNKNOWN.to_owned()), "10 of 30 minutes");
        for (place, row) in [(1, 40), (2, 59)] {
            let mean = (row - 29..=row).map(|row| close(row).ln()).sum::<f64>() / 30.0;
            let expected = mean - close(row).ln();
            let found = found[place].as_ref().unwrap();
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        let last = Rule::new("last_return", &config).unwrap();
        let found = last.forecasts(&panel, &[40])[0].clone().unwrap();
        assert!((found - (close(40) / close(39) - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn another_name_is_refused_with_those_that_are() {
        let error = Rule::new("deviation_30m", &Config::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ensemble.rule = \"deviation_30m\": expected a control of the target return, one of last_return \
             negated_last_return negated_deviation_30m negated_deviation_60m negated_deviation_240m"
        );
    }
}
