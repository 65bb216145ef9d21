//! A run of its own, from the tables of others.

use std::fs;

use dataset::ForecastTable;
use ensemble::SavedWeights;

use super::support::{FOLD, MINUTE, ensemble, knowing, member, noise, shared};

fn said(dir: &std::path::Path, arguments: &[&str]) -> String {
    let output = ensemble(dir, arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_good_member_is_told_from_a_useless_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    // The good one lacks a coin of one minute.
    let good = knowing(0.5);
    member(dir.path(), "good", &shared(), |minute, coin| {
        if (minute, coin) == (7, 1) {
            f64::NAN
        } else {
            good(minute, coin)
        }
    });
    member(dir.path(), "useless", &shared(), |minute, coin| {
        0.01 * noise(5, minute, coin)
    });
    let arguments = [
        "--set",
        "ensemble.prior_events=1",
        "--run",
        "runs/both",
        "good",
        "useless",
    ];
    let text = said(dir.path(), &arguments);
    assert!(
        text.contains("ensemble") && text.contains("Weights, fitted on the folds before"),
        "{text}"
    );
    assert!(
        text.contains("What each member adds, in IC a day"),
        "{text}"
    );
    assert!(path("runs/both/report.html").exists());

    let (saved, _) = SavedWeights::read(&path("runs/both")).unwrap();
    assert_eq!(saved.members, ["../../good", "../../useless"]);
    let [first, .., last] = &saved.folds[..] else {
        panic!("{saved:?}")
    };
    assert_eq!(
        (first.events, &first.weights.market[..]),
        (0.0, &[0.5, 0.5][..])
    );
    // Two folds of 600 minutes less the 15 that reach into the third, in events of 15 minutes.
    assert_eq!((last.fold, last.events), (3, 1185.0 / 15.0));
    for weights in [&last.weights.market, &last.weights.own] {
        assert!(
            (weights[0] - 2.0).abs() < 0.3 && weights[1] < 0.15,
            "{saved:?}"
        );
    }
    let table = ForecastTable::read(&path("runs/both/forecasts.parquet")).unwrap();
    assert_eq!(
        table.len(),
        3 * FOLD as usize * 3 - 1,
        "rows that every member has"
    );
    let row = table.rows().find(|row| row.time_ms == 3 * MINUTE).unwrap();
    let mean = 0.5 * (knowing(0.5)(3, 0) + 0.01 * noise(5, 3, 0));
    assert!(
        (row.forecast - mean).abs() < 1e-15,
        "fold 1 is the plain average"
    );

    // The same again changes nothing; the run's own config is enough.
    let bytes = || {
        ["run.toml", "ensemble.json", "forecasts.parquet"]
            .map(|file| fs::read(path("runs/both").join(file)).unwrap())
    };
    let before = bytes();
    said(
        dir.path(),
        &["--config", "runs/both/run.toml", "--run", "runs/both"],
    );
    assert_eq!(bytes(), before);
    let json: serde_json::Value =
        serde_json::from_str(&said(dir.path(), &[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["forecasters"][0]["name"], "ensemble");
}

/// Three folds of ten hours are too few days to tell members apart, so the first stands alone.
#[test]
fn by_ic_a_day_the_first_member_stands_alone_for_five_days() {
    let dir = tempfile::tempdir().unwrap();
    member(dir.path(), "first", &shared(), knowing(0.5));
    member(dir.path(), "second", &shared(), knowing(3.0));
    let arguments = [
        "--set",
        "ensemble.method=ic_a_day",
        "--set",
        "ensemble.prior_days=0",
        "--run",
        "both",
        "first",
        "second",
    ];
    let text = said(dir.path(), &arguments);
    assert!(text.contains("in units of trailing volatility"), "{text}");
    let (saved, _) = SavedWeights::read(&dir.path().join("both")).unwrap();
    let alone = ensemble::Weights::first(2);
    assert!(
        saved.folds.iter().all(|fold| fold.weights == alone),
        "{saved:?}"
    );
    let table = |name: &str| ForecastTable::read(&dir.path().join(name).join("forecasts.parquet"));
    let (both, first) = (table("both").unwrap(), table("first").unwrap());
    assert_eq!(both.len(), first.len());
    for (both, first) in both.rows().zip(first.rows()) {
        assert!((both.forecast - first.forecast).abs() < 1e-15);
    }
}

#[test]
fn an_average_needs_no_evidence() {
    let dir = tempfile::tempdir().unwrap();
    member(dir.path(), "loud", &shared(), knowing(3.0));
    member(dir.path(), "quiet", &shared(), |minute, coin| {
        0.001 * noise(5, minute, coin)
    });
    said(
        dir.path(),
        &[
            "--set",
            "ensemble.method=average",
            "--run",
            "both",
            "loud",
            "quiet",
        ],
    );
    let (saved, _) = SavedWeights::read(&dir.path().join("both")).unwrap();
    for fold in &saved.folds[1..] {
        for weights in [&fold.weights.market, &fold.weights.own] {
            let ratio = weights[1] / weights[0];
            assert!(
                (ratio / 30.0 - 1.0).abs() < 0.1,
                "each has the same say: {saved:?}"
            );
        }
    }
}
