//! The fee that forecasts could bear.

use rules::{break_even, with_break_even};
use score::{ForecastColumn, Options, controls, score};

use crate::rows::{forecaster, rows};

#[test]
fn coins_have_their_break_even_fee_where_it_was_asked_for() {
    let rows = rows(3, 1200, 4);
    let (mut forecasters, options) = (
        vec![forecaster("network", &rows, 0.3, 2)],
        Options::default(),
    );
    forecasters.extend(controls(&rows));
    let report = score(&rows, &forecasters, &options).unwrap();
    assert!(report.forecasters[0].break_even.is_none());
    let report = with_break_even(report, &rows, &forecasters, &options).unwrap();
    let fees = report.forecasters[0].break_even.as_ref().unwrap();
    assert_eq!(fees, &break_even(&rows, &forecasters[0], &options).unwrap());
    for coin in fees.coins.values().chain([&fees.all]) {
        let (fee, [low, high]) = (coin.fee_bps.unwrap(), coin.interval.unwrap());
        assert!(
            coin.trades > 10 && low < fee && fee < high && fee > 0.0,
            "{coin:?}"
        );
    }
    assert_eq!(
        fees.all.trades,
        fees.coins.values().map(|coin| coin.trades).sum::<usize>()
    );
    assert!(
        report.forecasters[1].break_even.is_none(),
        "controls have none"
    );
}

/// Whatever the constant: its mean over many rows is rounded, and what is left is no spread.
#[test]
fn a_constant_forecast_is_never_acted_on() {
    let rows = rows(2, 3000, 4);
    for constant in [
        1.0,
        0.001,
        0.1,
        0.000_01,
        -0.000_37,
        0.000_127_104_602_619_738_46,
    ] {
        let network = ForecastColumn {
            forecast: vec![constant; rows.len()],
            ..forecaster("network", &rows, 0.0, 2)
        };
        let fees = break_even(&rows, &network, &Options::default()).unwrap();
        assert_eq!((fees.all.fee_bps, fees.all.trades), (None, 0), "{constant}");
    }
}
