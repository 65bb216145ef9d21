//! What `predict` says of a volatility on daily candles beside the forecast itself.

use clap::Parser;
use dataset::{ForecastTable, TimeSpan};
use model::DeviceChoice;
use predict::{CandleSource, Forecasts, History, forecast_at};
use statistics::quantile;

const DAY_MS: i64 = 86_400_000;

/// A run of HAR on 300 simulated days, and what it says at the last of them.
struct Live {
    table: ForecastTable,
    forecasts: Forecasts,
}

impl Live {
    fn new(settings: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let mut config = tests::tiny();
        config.data.interval = "1d".parse().unwrap();
        config.data.fill_limit = TimeSpan::ZERO;
        config.data.simulated.minutes = 300 * 1440;
        config.data.simulated.outage_every_minutes = None;
        let coins = tests::candles(&config);
        tests::store(&data, &mut config, &coins);
        let run = dir.path().join("run");
        let dir_key = format!("data.dir={}", data.display());
        let mut arguments = vec!["volatility".to_owned()];
        arguments.extend(["--run".to_owned(), run.display().to_string()]);
        let usual = [
            dir_key.as_str(),
            "volatility.model=har_full",
            "data.interval=1d",
            "data.fill_limit=0m",
            "universe.symbols=[]",
            "universe.score_settled=true",
            "target.kind=volatility",
            "target.horizon=7d",
            "features.set=har_range",
            "features.lookback_bars=1",
            "split.folds=2",
            "split.history_bars=30",
            "split.early_stopping_share=0",
        ];
        for key in usual.iter().chain(settings) {
            arguments.extend(["--set".to_owned(), (*key).to_owned()]);
        }
        volatility::run(&volatility::Args::parse_from(arguments)).unwrap();
        let checkpoint = crate::load(&run, None, &[dir_key], DeviceChoice::Flex).unwrap();
        let history = History::read(CandleSource::Store, &checkpoint, None, None).unwrap();
        Self {
            table: ForecastTable::read(&run.join("forecasts.parquet")).unwrap(),
            forecasts: forecast_at(&checkpoint, &history).unwrap(),
        }
    }
}

#[test]
fn the_top_and_exposures_are_those_of_the_exposure_rules() {
    let live = Live::new(&[]);
    assert_eq!(live.forecasts.horizon, "7d");
    for coin in &live.forecasts.coins {
        let said = coin.volatility.as_ref().unwrap();
        let mut earlier: Vec<f64> = (live.table.rows())
            .filter(|row| row.symbol.as_str() == coin.symbol)
            .map(|row| row.forecast)
            .collect();
        assert!(earlier.len() > 100);
        earlier.sort_by(f64::total_cmp);
        let is_top = coin.forecast.unwrap() > quantile(&earlier, 0.8).unwrap();
        assert_eq!(said.is_top, Some(is_top), "{}", coin.symbol);
        let best = (said.regimes.iter())
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        assert_eq!(said.regime.as_ref(), Some(&best.0));
        assert_eq!(said.is_high, Some(best.0 == "high"));
        let json = serde_json::to_value(&said.exposures).unwrap();
        let of = |rule: &str| {
            let found = json
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["rule"] == rule);
            found.unwrap()["coin"].as_f64().unwrap()
        };
        let half = |is_reduced: bool| if is_reduced { 0.5 } else { 1.0 };
        assert_eq!(of("reduce_high"), half(best.0 == "high"));
        assert_eq!(of("reduce_top"), half(is_top));
        assert!((of("volatility_target") - (0.8 / said.per_year).min(1.0)).abs() < 1e-12);
        let drift = coin.drift.as_ref().unwrap();
        assert_eq!(drift.feature, "forecast");
        let mean = earlier.iter().sum::<f64>() / earlier.len() as f64;
        assert!((drift.std > 0.0) == (coin.forecast.unwrap() > mean));
    }
}

/// The last four weeks whose outcomes are known are rows of the last fold: the table has them too.
#[test]
fn recent_calibration_equals_that_of_the_table() {
    let live = Live::new(&[]);
    let recent = live.forecasts.calibration.unwrap();
    let at = live.forecasts.time;
    assert_eq!(recent.until, at - 7 * DAY_MS);
    assert_eq!(recent.from, recent.until - 27 * DAY_MS);
    let part = &live.table.parts()[0];
    let rows: Vec<usize> = (0..part.len())
        .filter(|row| (recent.from..=recent.until).contains(&part.time_ms[*row]))
        .collect();
    assert_eq!(recent.outcomes, rows.len());
    let column = |name: &str| &part.outputs[name];
    let share = |is: &dyn Fn(usize) -> bool| {
        rows.iter().filter(|row| is(**row)).count() as f64 / rows.len() as f64
    };
    for (coverage, percent) in recent.coverages.iter().zip(["80", "95"]) {
        let (lower, upper) = (
            column(&format!("lower_{percent}")),
            column(&format!("upper_{percent}")),
        );
        let held = share(&|row| (lower[row]..=upper[row]).contains(&part.realized[row]));
        assert!(
            (coverage.found - held).abs() < 1e-12,
            "{percent}: {coverage:?}, {held}"
        );
        let [least, most] = coverage.usual.unwrap();
        assert!(
            least <= held && held <= most,
            "the same days are among the usual ones"
        );
    }
    let edge = column("regime_edge_2");
    let high = share(&|row| part.realized[row] > edge[row]);
    assert!((recent.high_realized.unwrap() - high).abs() < 1e-12);
}

/// With costs of mistakes High is called from the cut on that cost least over all known outcomes.
#[test]
fn high_is_called_by_the_cut() {
    let live = Live::new(&["regime.miss_cost=50", "regime.alarm_cost=1"]);
    let part = &live.table.parts()[0];
    let column = |name: &str| &part.outputs[name];
    let (high, edge) = (column("probability_high"), column("regime_edge_2"));
    let cost = |cut: f64| -> f64 {
        // The target of a row must have ended before the forecast.
        (0..part.len())
            .filter(|row| part.time_ms[*row] + 7 * DAY_MS < live.forecasts.time)
            .map(
                |row| match (part.realized[row] > edge[row], high[row] >= cut) {
                    (true, false) => 50.0,
                    (false, true) => 1.0,
                    _ => 0.0,
                },
            )
            .sum()
    };
    let mut cuts: Vec<f64> = high.iter().copied().chain([1.0]).collect();
    cuts.sort_by(|a, b| b.total_cmp(a));
    let best = cuts
        .iter()
        .copied()
        .reduce(|best, cut| if cost(cut) < cost(best) { cut } else { best });
    for coin in &live.forecasts.coins {
        let said = coin.volatility.as_ref().unwrap();
        let probability = said.regimes.last().unwrap().1;
        assert_eq!(
            said.is_high,
            Some(probability >= best.unwrap()),
            "{}",
            coin.symbol
        );
    }
}
