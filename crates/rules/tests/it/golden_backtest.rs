//! Golden numbers of pandas, scipy, statsmodels, quantstats and empyrical, made by
//! scripts/golden-backtest.py.

use golden::{assert_close, floats, integers, list, number, read, whole};
use rules::{
    Backtest, BacktestOptions, BarReturn, Direction, Performance, QuantileOptions, Scope,
    SignalRule, Trial, alpha_factor, backtest, quantiles,
};
use score::{ForecastColumn, Rows};
use serde_json::Value;

fn golden() -> Value {
    read(include_str!("../golden/backtest.json"))
}

fn panel(golden: &Value, panel: &Value) -> (Rows, ForecastColumn) {
    let columns = &panel["rows"];
    let time_ms: Vec<i64> = integers(&columns["time"]);
    let length = time_ms.len();
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms,
        symbol: integers(&columns["symbol"]),
        fold: vec![1; length],
        realized: floats(&columns["realized"]),
        realized_delayed: vec![f64::NAN; length],
        controls: vec![ForecastColumn::control(
            "last_return",
            floats(&columns["last_return"]),
        )],
        trailing_volatility: None,
        volatility: vec![f64::NAN; length],
        weight: vec![1.0; length],
        symbols: ('A'..='H').map(String::from).collect(),
        bar_ms: whole(panel, "bar_ms") as i64,
        reach_bars: whole(golden, "reach_bars"),
    };
    let forecast = floats(&columns["forecast"]);
    (
        rows.checked().unwrap(),
        ForecastColumn {
            level: None,
            name: "network".to_owned(),
            run: Some("run".to_owned()),
            forecast,
        },
    )
}

fn scope(value: &Value) -> Scope {
    Scope::of_name(value["scope"].as_str().unwrap()).unwrap()
}

#[test]
fn quantiles_equal_those_of_pandas_and_statsmodels() {
    let golden = golden();
    for (rows, forecaster, expected) in list(&golden["panels"]).iter().flat_map(|one| {
        let (rows, forecaster) = panel(&golden, one);
        list(&one["quantiles"])
            .iter()
            .map(move |expected| (rows.clone(), forecaster.clone(), expected))
    }) {
        let options = QuantileOptions {
            bins: whole(expected, "bins"),
            scope: scope(expected),
            trailing_bars: whole(expected, "trailing_bars"),
            confidence: 0.95,
        };
        let found = quantiles(&rows, &forecaster, &options).unwrap();
        assert_eq!(found.left_out, whole(expected, "left_out"));
        assert_eq!(found.slice_ms, whole(expected, "slice_ms") as i64);
        for (bin, expected) in found.quantiles.iter().zip(list(&expected["quantiles"])) {
            let expected = floats(expected);
            assert_eq!(bin.count, expected[0] as usize);
            let ends = [
                bin.mean,
                bin.interval.map(|ends| ends[0]),
                bin.interval.map(|ends| ends[1]),
            ];
            for (found, expected) in ends
                .into_iter()
                .chain([Some(bin.cumulative)])
                .zip(&expected[1..])
            {
                assert_close(
                    &format!("{} bin {}", found_name(&options), bin.bin),
                    found,
                    *expected,
                );
            }
        }
        let spread = [
            found.spread,
            found.spread_interval.map(|ends| ends[0]),
            found.spread_interval.map(|ends| ends[1]),
        ];
        for (found, expected) in spread.into_iter().zip(floats(&expected["spread"])) {
            assert_close("spread", found, expected);
        }
        assert_close(
            "rank correlation",
            found.rank_correlation,
            number(expected, "rank_correlation"),
        );
        assert_close(
            "rank IC, mean",
            found.rank_ic.mean,
            number(expected, "rank_ic_mean"),
        );
        assert_close(
            "rank IC, median",
            found.rank_ic.median,
            number(expected, "rank_ic_median"),
        );
    }
}

fn found_name(options: &QuantileOptions) -> String {
    format!("{} bins, {}", options.bins, options.scope.name())
}

fn trial(value: &Value) -> Trial {
    let signal = match value["signal"][0].as_str().unwrap() {
        "bins" => {
            let bins = value["signal"][1].as_u64().unwrap() as usize;
            SignalRule::Quantile { bins, bought: bins }
        }
        _ => SignalRule::Threshold {
            bps: value["signal"][1].as_f64().unwrap(),
        },
    };
    let direction = Direction::of_name(value["direction"].as_str().unwrap()).unwrap();
    Trial {
        signal,
        direction,
        hold_bars: whole(value, "hold"),
    }
}

fn assert_performance(name: &str, found: &Performance, expected: &Value) {
    assert_close(
        name,
        Some(found.total_before_fees),
        number(expected, "total_before_fees"),
    );
    assert_close(name, Some(found.total), number(expected, "total"));
    assert_close(
        name,
        found.sharpe_before_fees,
        number(expected, "sharpe_before_fees"),
    );
    assert_close(name, found.sharpe, number(expected, "sharpe"));
    assert_close(name, found.sortino, number(expected, "sortino"));
    assert_close(name, found.max_drawdown, number(expected, "max_drawdown"));
    assert_close(name, Some(found.turnover), number(expected, "turnover"));
    assert_close(name, Some(found.exposure), number(expected, "exposure"));
    assert_close(
        name,
        found.break_even_bps,
        number(expected, "break_even_bps"),
    );
}

fn assert_several(found: &Backtest, expected: &Value) {
    let (deflated, expected_deflated) = (found.deflated.unwrap(), floats(&expected["deflated"]));
    assert_close("variance", Some(deflated.variance), expected_deflated[0]);
    assert_close(
        "expected maximum",
        Some(deflated.expected_maximum),
        expected_deflated[1],
    );
    assert_close("deflated", deflated.probability, expected_deflated[2]);
    let (overfitting, expected) = (
        found.overfitting.as_ref().unwrap(),
        floats(&expected["overfitting"]),
    );
    assert_eq!(overfitting.splits, expected[0] as usize);
    assert_close("overfitting", Some(overfitting.probability), expected[1]);
    assert_close("loss", Some(overfitting.loss_probability), expected[2]);
    assert_close("logit", Some(overfitting.median_logit), expected[3]);
}

#[test]
fn backtests_equal_those_written_in_pandas() {
    let golden = golden();
    let one = &golden["panels"][0];
    let (rows, forecaster) = panel(&golden, one);
    for expected in list(&one["backtests"]) {
        let trials: Vec<Trial> = list(&expected["trials"]).iter().map(trial).collect();
        let options = BacktestOptions {
            scope: scope(expected),
            trailing_bars: whole(expected, "trailing_bars"),
            fee_bps: number(&golden, "fee_bps"),
            entry_delay_bars: whole(expected, "delay"),
            bar_return: BarReturn::NextRow,
            slices: whole(expected, "slices"),
        };
        let found = backtest(&rows, &forecaster, &trials, &options).unwrap();
        for (found, expected) in found.trials.iter().zip(list(&expected["trials"])) {
            assert_performance(&found.label, &found.performance, expected);
        }
        assert_eq!(found.best, whole(expected, "best"));
        assert_eq!(found.coins.len(), list(&expected["coins"]).len());
        for (found, expected) in found.coins.iter().zip(list(&expected["coins"])) {
            assert_performance(&found.symbol, &found.performance, expected);
        }
        if trials.len() > 1 {
            assert_several(&found, expected);
        }
    }
    let expected = list(&one["backtests"][0]["alpha"]);
    let found = alpha_factor(&rows, &forecaster.forecast, 96);
    assert_eq!(found.len(), expected.len());
    for ((time_ms, found), expected) in found.into_iter().zip(expected) {
        assert_eq!(time_ms, expected[0].as_i64().unwrap());
        assert_close("alpha", Some(found), expected[1].as_f64().unwrap());
    }
}
