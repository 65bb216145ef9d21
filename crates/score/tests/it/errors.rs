//! What is refused, and in which words.

use score::{Error, ForecastColumn, Options, Rows, score};

use crate::rows::{forecaster, rows};

fn refused(change: impl FnOnce(&mut Rows)) -> String {
    let mut rows = rows(2, 5, 3);
    change(&mut rows);
    crate::told(&rows.checked().unwrap_err())
}

#[test]
fn inconsistent_rows_are_refused_by_name_and_place() {
    assert_eq!(
        refused(|rows| rows.weight.truncate(4)),
        "column `weight` has 4 values, expected 30 (one a row)"
    );
    assert_eq!(
        refused(|rows| rows.time_ms[4] = -1),
        "row 4 (fold 1, time -1 ms, symbol COIN1) is out of order, expected rows sorted by fold, time, symbol\n\
         hint: sort the rows before they are scored"
    );
    assert_eq!(
        refused(|rows| rows.symbol[1] = 0),
        "time 0 ms of COIN0 stands in the rows twice (folds 1 and 1), expected each (time, symbol) once\n\
         hint: score folds whose scored spans do not overlap"
    );
    assert_eq!(
        refused(|rows| (0..3).for_each(|coin| rows.time_ms[15 + coin] = 240_000)),
        "time 240000 ms of COIN0 stands in the rows twice (folds 1 and 2), expected each (time, symbol) once\n\
         hint: score folds whose scored spans do not overlap"
    );
    assert_eq!(
        refused(|rows| rows.realized[7] = f64::NAN),
        "column `realized`, row 7 (time 120000 ms, COIN1): found NaN, expected a finite number"
    );
    assert_eq!(
        refused(|rows| rows.volatility[0] = 0.0),
        "column `volatility`, row 0 (time 0 ms, COIN0): found 0, expected a number above 0, or NaN where it is unknown"
    );
    assert_eq!(
        refused(|rows| rows.symbol[2] = 9),
        "row 2 has symbol index 9, expected one below 3 (the number of symbols)"
    );
    assert_eq!(
        refused(|rows| rows.fold[0] = 0),
        "column `fold`, row 0 (time 0 ms, COIN0): found 0, expected 1 or more"
    );
    assert_eq!(
        refused(|rows| rows.reach_bars = 0),
        "`reach_bars` is 0, expected at least 1 bar"
    );
}

#[test]
fn bad_forecasts_and_options_are_refused() {
    let rows = rows(1, 5, 2);
    let options = Options::default();
    assert_eq!(score(&rows, &[], &options), Err(Error::NoForecasters));
    let mut network = forecaster("network", &rows, 0.1, 1);
    network.forecast[3] = f64::NAN;
    assert_eq!(
        score(&rows, &[network], &options).unwrap_err().to_string(),
        "column `forecast of network`, row 3 (time 60000 ms, COIN1): found NaN, expected a finite number"
    );
    let short = ForecastColumn {
        level: None,
        name: "short".to_owned(),
        run: Some("run".to_owned()),
        forecast: vec![0.0; 3],
    };
    assert_eq!(
        score(&rows, &[short], &options).unwrap_err().to_string(),
        "column `forecast of short` has 3 values, expected 10 (one a row)"
    );
    let few = Options {
        draws: 100,
        ..Options::default()
    };
    assert_eq!(
        few.validate().unwrap_err().to_string(),
        "`draws` is 100, expected at least 2000: the ends of an interval from fewer draws are noise"
    );
    let many = Options {
        draws: usize::MAX,
        ..Options::default()
    };
    assert_eq!(
        many.validate().unwrap_err().to_string(),
        "`draws` is 18446744073709551615, expected at most 1000000: more show no other interval"
    );
    assert!(
        Options {
            confidence: f64::NAN,
            ..Options::default()
        }
        .validate()
        .is_err()
    );
    assert!(serde_json::from_str::<Options>(r#"{"draw": 3000}"#).is_err());
}
