//! Kills, faults, gaps and clocks that are wrong.

use super::*;

#[test]
fn kills_and_faults_lose_and_double_nothing() {
    let faults = Faults {
        server_error: 0.05,
        cut: 0.03,
        stale: 0.05,
        late: 0.01,
        late_ms: 100_000,
        drop_socket: 0.05,
        silent_socket: 0.02,
        clock_skew_ms: 900,
        ..Faults::default()
    };
    let market = Market3::new(faults);
    for wait_ms in [900, 350, 1400, 700, 50] {
        let mut child = market.watch(1000, &no_metrics());
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = finished(market.watch(40, &no_metrics()));
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}\n{said}");
    assert!(
        count(&verdict, "minutes") >= 10 && count(&verdict, "settled") >= 3,
        "{verdict}\n{said}"
    );
}

#[test]
fn a_rule_and_an_absent_coin_are_forecast_but_not_traded_on() {
    let last = *tests::candles(&tests::tiny())[0]
        .1
        .open_time_ms
        .last()
        .unwrap();
    let listed = [(market::Symbol::new("SIM2USDT").unwrap(), last.to_string())].into();
    let market = Market3::new(Faults {
        listed,
        ..Faults::default()
    });
    let said = finished(market.watch(15, &no_metrics()));
    assert!(
        said.contains("a coin is absent (trading.act_without_all_coins)"),
        "{said}"
    );
    fs::remove_file(market.run.join("model.safetensors")).unwrap();
    let said = finished(market.watch(
        10,
        &["--set", "watch.metrics_port=off", "--ledger", "rule.sqlite"],
    ));
    assert!(said.contains("an indicator rule answers"), "{said}");
    for ledger in ["run/ledger.sqlite", "rule.sqlite"] {
        let ledger = trading::Ledger::read_only(&market.dir.path().join(ledger)).unwrap();
        assert!(
            ledger
                .forecasts(0)
                .unwrap()
                .iter()
                .any(|forecast| forecast.forecast.is_some())
        );
        assert_eq!(ledger.all_positions().unwrap(), []);
    }
}

/// A price of 0, live: once the forecasts of all coins ended there.
#[test]
fn a_candle_that_cannot_be_is_one_coins_hole() {
    // The first is in its history, which comes by REST.
    let times = [bar(0) - 20 * 60_000, bar(6)];
    let impossible = [(sim(2), times.map(|time| time.to_string()).to_vec())].into();
    let market = Market3::new(Faults {
        impossible,
        ..Faults::default()
    });
    let said = finished(market.watch(25, &no_metrics()));
    for time_ms in times {
        let is_told = |line: &str| {
            line.contains("SIM2USDT")
                && line.contains("a candle that cannot be counts as missing: ")
                && line.contains(&format!("({time_ms})"))
        };
        assert!(said.lines().any(is_told), "{time_ms}\n{said}");
    }
    let after = dataset::format_time(bar(6));
    let late = dataset::format_time(bar(14));
    let times = forecast_times(&market);
    assert!(
        times.iter().any(|time| *time > after && *time <= late),
        "{times:?}\n{said}"
    );
    let (is_right, verdict) = market.verdict();
    // The store has the candle that the exchange did not give.
    assert!(
        count(&verdict, "lost_trades") + count(&verdict, "extra_trades") == 0,
        "{is_right} {verdict}"
    );
}

/// A coin that has left the market once held the others up for ten minutes, and its position stayed
/// open for good.
#[test]
fn a_coin_that_is_gone_holds_nobody_up_and_its_position_is_closed() {
    let delisted = [(sim(3), bar(12).to_string())].into();
    let market = Market3::new(Faults {
        delisted,
        ..Faults::default()
    });
    let said = finished(market.watch(40, &no_metrics()));
    let (first, last) = (dataset::format_time(bar(12)), dataset::format_time(bar(20)));
    let times = forecast_times(&market);
    assert!(
        times.iter().any(|time| *time >= first && *time <= last),
        "{times:?}\n{said}"
    );
    let ledger = trading::Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    let positions = ledger.all_positions().unwrap();
    let of_gone: Vec<_> = positions
        .iter()
        .filter(|position| position.symbol == sim(3))
        .collect();
    assert!(
        !of_gone.is_empty() && of_gone.iter().all(|position| !position.is_open()),
        "{of_gone:?}\n{said}"
    );
    let closed = of_gone.iter().filter(|position| position.is_last_known);
    assert!(
        closed.clone().count() > 0
            && closed
                .clone()
                .all(|position| position.exit_ms < Some(bar(12))),
        "{of_gone:?}"
    );
    assert!(said.contains("the coin is gone"), "{said}");
    assert!(
        positions
            .iter()
            .all(|position| position.symbol == sim(3) || !position.is_last_known)
    );
}

/// Three answers of the clock that are eight minutes ahead once cost all of the next ten minutes.
#[test]
fn a_clock_that_was_told_wrong_is_put_right() {
    let market = Market3::new(Faults {
        wrong_times: 3,
        ..Faults::default()
    });
    let said = finished(market.watch(40, &no_metrics()));
    assert!(forecast_times(&market).len() >= 5, "{said}");
}

fn bar(bars_on: usize) -> i64 {
    tests::candles(&tests::tiny())[0].1.open_time_ms[2000 + bars_on]
}

fn sim(coin: usize) -> Symbol {
    Symbol::new(&format!("SIM{coin}USDT")).unwrap()
}
