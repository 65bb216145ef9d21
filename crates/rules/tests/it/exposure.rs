//! Exposure rules against the same in numpy on a made panel.

use rules::{
    ExposureFigures, ExposureOptions, ExposureReport, ExposureRule, ExposureValue, exposure,
};
use score::{ForecastColumn, Quantity, controls};

use crate::volatilities::{har, returns, rows};

fn report() -> ExposureReport {
    let rows = rows();
    let mut forecasters = vec![har()];
    forecasters.extend(controls(&rows));
    let options = ExposureOptions {
        hedge: "COIN0".to_owned(),
        ..ExposureOptions::default()
    };
    exposure(&rows, &forecasters, &returns(), &options).unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{found}, expected {expected}"
    );
}

/// Exposure, return, volatility, drawdown, turnover a day, costs a year.
#[track_caller]
fn check(
    found: &ExposureFigures,
    [exposure, growth, volatility, drawdown, turnover, costs]: [f64; 6],
) {
    close(found.exposure, exposure);
    close(found.growth.value.unwrap(), growth);
    close(found.volatility.value.unwrap(), volatility);
    close(found.drawdown.value.unwrap(), drawdown);
    close(found.turnover.value.unwrap(), turnover);
    close(found.costs.value.unwrap(), costs);
}

/// A value to the five digits that numpy's were written with, ends from other random numbers to 15 %
/// of the width.
#[track_caller]
fn near(found: ExposureValue, [value, low, high]: [f64; 3]) {
    let room = 0.15 * (high - low);
    let [found_low, found_high] = found.interval.unwrap();
    assert!((found.value.unwrap() - value).abs() < 1e-5, "{found:?}");
    assert!(
        (found_low - low).abs() <= room && (found_high - high).abs() <= room,
        "{found:?}, expected {low} to {high}"
    );
}

#[test]
fn rules_bring_what_numpy_says() {
    let report = report();
    let hold = [
        1.0,
        0.8574807584288047,
        0.1751720490421163,
        -0.21871972394698858,
        0.006361111111111111,
        0.0023218055555555553,
    ];
    check(&report.hold, hold);
    near(report.hold.sharpe, [6.54854, -3.35785, 18.49473]);
    let expected = [
        (
            ExposureRule::ReduceHigh,
            [
                0.8093645484949833,
                0.5789913706987138,
                0.14671698062627145,
                -0.18231460479352668,
                0.1263263888888889,
                0.046109131944444444,
            ],
            [5.76158, -3.85968, 17.1947],
            [
                0.809722222222222,
                0.653392010834654,
                0.1418407008216025,
                -0.1809847900797228,
                0.0051507330246913586,
                0.0018800175540123459,
            ],
            [-0.78696, -2.22644, 0.155],
        ),
        (
            ExposureRule::ReduceTop,
            [
                0.915273132664437,
                0.6996033999953613,
                0.17135563039596377,
                -0.2120460396890821,
                0.1413611111111111,
                0.051596805555555555,
            ],
            [5.74179, -3.98718, 17.03212],
            [
                0.9155555555555553,
                0.7641154402591745,
                0.1603797426785598,
                -0.20218309424793834,
                0.005823950617283951,
                0.002125741975308642,
            ],
            [-0.80675, -1.92571, -0.14855],
        ),
        (
            ExposureRule::VolatilityTarget,
            [
                0.8022691137728284,
                0.6028151138275113,
                0.14024024475894944,
                -0.18261987208539265,
                0.08713685256400577,
                0.03180495118586211,
            ],
            [6.21641, -3.62866, 17.96518],
            [
                0.802558693817682,
                0.6461413225565591,
                0.14058585087260783,
                -0.17953064048145273,
                0.005105165024562479,
                0.0018633852339653048,
            ],
            [-0.33213, -0.9247, 0.09869],
        ),
        (
            ExposureRule::HedgeHigh,
            [
                0.8093645484949833,
                0.7315257743078738,
                0.15125099654206312,
                -0.1558764000639825,
                0.04584027777777778,
                0.01673170138888889,
            ],
            [6.70884, -1.49819, 16.83184],
            [
                0.8105707295924688,
                0.6854569394461663,
                0.1324802294856751,
                -0.14496354785771248,
                0.009368557098765431,
                0.0034195233410493826,
            ],
            [-0.55803, -3.60731, 1.69125],
        ),
    ];
    for (rule, figures, sharpe, constant, minus) in expected {
        println!("{rule:?}");
        let own = report.results.iter().filter(|result| result.rule == rule);
        let names: Vec<&str> = own
            .clone()
            .map(|result| result.forecaster.as_str())
            .collect();
        assert_eq!(names, ["har", "naive", "oracle"]);
        let har = own.clone().next().unwrap();
        check(&har.figures, figures);
        near(har.figures.sharpe, sharpe);
        check(&har.constant, constant);
        near(har.sharpe_minus_constant, minus);
    }
}

/// The naive control and the oracle have their classes by the run's edges.
#[test]
fn others_follow_the_rules_by_the_edges_of_the_run() {
    let report = report();
    let of = |rule: ExposureRule, name: &str| {
        let mut own = report.results.iter();
        own.find(|result| result.rule == rule && result.forecaster == name)
            .unwrap()
    };
    let naive = of(ExposureRule::ReduceTop, "naive");
    check(
        &naive.figures,
        [
            0.9085841694537347,
            0.7274514816818556,
            0.16841451921731185,
            -0.2199805206827542,
            0.12815277777777778,
            0.04677576388888889,
        ],
    );
    let oracle = of(ExposureRule::ReduceHigh, "oracle");
    check(
        &oracle.figures,
        [
            0.8244147157190636,
            0.6485718811152643,
            0.14990970317792818,
            -0.17039893702132136,
            0.18743749999999998,
            0.0684146875,
        ],
    );
    near(oracle.sharpe_minus_constant, [-0.38025, -1.56492, 0.63345]);
    let hedged = of(ExposureRule::HedgeHigh, "oracle");
    check(
        &hedged.figures,
        [
            0.8244147157190636,
            0.705777181219051,
            0.14214870232792262,
            -0.15289758786188412,
            0.07211805555555556,
            0.02632309027777778,
        ],
    );
    // The control is never High here, and so the same as holding.
    assert_eq!(of(ExposureRule::ReduceHigh, "naive").figures, report.hold);
}

/// Without classes there is nothing to reduce at High; the other rules are followed.
#[test]
fn a_run_without_classes_has_the_rules_that_need_none() {
    let rows = rows();
    let plain = ForecastColumn {
        level: None,
        ..har()
    };
    let report = exposure(&rows, &[plain], &returns(), &ExposureOptions::default()).unwrap();
    let rules: Vec<ExposureRule> = report.results.iter().map(|result| result.rule).collect();
    let expected = [
        ExposureRule::ReduceTop,
        ExposureRule::ReduceTop,
        ExposureRule::VolatilityTarget,
        ExposureRule::VolatilityTarget,
    ];
    assert_eq!(rules, expected);
}

/// Settings and rows that make no sense are refused by their names.
#[test]
fn settings_out_of_range_are_named() {
    let refused = |options: ExposureOptions| {
        let error = exposure(&rows(), &[har()], &returns(), &options).unwrap_err();
        error.to_string()
    };
    let usual = ExposureOptions::default;
    let found = refused(ExposureOptions {
        reduced: 1.5,
        ..usual()
    });
    assert_eq!(found, "`reduced` is 1.5, expected a share from 0 to 1");
    let found = refused(ExposureOptions {
        cap: 0.0,
        ..usual()
    });
    assert_eq!(found, "`cap` is 0, expected a number above 0");
    let mut returns_alone = rows();
    returns_alone.quantity = Quantity::Return;
    let error = exposure(&returns_alone, &[har()], &returns(), &usual()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`rows` is forecasts of returns, expected forecasts of volatility (target.kind = \"volatility\")"
    );
}
