//! Versions of models by name, and which one is in production.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::support::House;

#[test]
fn a_model_is_named_wherever_a_run_is() {
    let house = House::new(|_, candle| candle);
    house.add("champion", "2024-01-09", "1.0.0");
    let refused = house.refused(&["predict", "--model", "m@production", "--source", "store"]);
    assert!(refused.contains("found no alias m@production"), "{refused}");
    house.said(&["models", "promote", "m", "1.0.0"]);
    let at = ["--source", "store", "--at", "2024-01-10T12:00"];
    let by_folder = house.said(&[&["predict", "--run", "checkpoints/champion"][..], &at].concat());
    for name in ["m@production", "m@1.0.0"] {
        for flag in ["--model", "--run"] {
            let by_name = house.said(&[&["predict", flag, name][..], &at].concat());
            let plain = by_name.replace(" as m 1.0.0", "");
            assert_eq!(plain, by_folder);
            assert_ne!(by_name, by_folder, "the version is named");
        }
    }
    let refused = house.refused(&["evaluate", "n@production"]);
    assert!(
        refused.contains("found no model n, expected one of: m"),
        "{refused}"
    );
    let weights = house.path("checkpoints/champion/ridge.json");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let refused = house.refused(&[&["predict", "--model", "m@production"][..], &at].concat());
    assert!(
        refused.contains("as registered: the file was changed"),
        "{refused}"
    );
    assert!(refused.contains("models rollback m"), "{refused}");
}

#[test]
fn two_processes_promote_at_once_and_one_is_told() {
    let house = House::new(|_, candle| candle);
    for (run, version) in [("a", "1.0.0"), ("b", "1.1.0"), ("c", "1.2.0")] {
        house.add(run, "2024-01-07", version);
    }
    house.said(&["models", "promote", "m", "1.0.0"]);
    let promote = |version: &str| {
        let arguments = ["models", "promote", "m", version, "--expect", "1.0.0"];
        let mut command = house.command(&arguments);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [promote("1.1.0"), promote("1.2.0")].map(|child| child.wait_with_output().unwrap());
    let won = both.iter().filter(|output| output.status.success()).count();
    assert_eq!(won, 1, "{both:?}");
    let told = both.iter().find(|output| !output.status.success()).unwrap();
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(
        told.contains("expected 1.0.0: another promotion came first"),
        "{told}"
    );
    assert!(["1.1.0", "1.2.0"].contains(&house.production().as_str()));
}

/// The first and the last time that the refits in a run's file forecast from.
fn refits(file: &Path) -> [i64; 2] {
    let saved: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let refits = saved["refits"].as_array().unwrap();
    let from = |refit: Option<&Value>| refit.unwrap()["from_ms"].as_i64().unwrap();
    [from(refits.first()), from(refits.last())]
}

/// Where a run keeps all refits in one file, its version was fitted until the last one's beginning.
#[test]
fn a_version_is_fitted_until_its_last_refit() {
    let house = House::new(|_, candle| candle);
    house.add("minutes", "2024-01-09", "1.0.0");
    crate::daily::store(&house.path("days"));
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/volatility.toml");
    let fit = [
        "volatility",
        "--config",
        config,
        "--run",
        "checkpoints/days",
    ];
    let settings = [
        "data.dir=days/data",
        "split.folds=1",
        "split.refit_every=28d",
    ];
    let settings: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
    house.said(&[&fit[..], &settings].concat());
    let named = ["--name", "d", "--version", "1.0.0"];
    house.said(&[&["models", "add", "checkpoints/days"][..], &named].concat());
    for (model, file) in [
        ("m@1.0.0", "checkpoints/minutes/ridge.json"),
        ("d@1.0.0", "checkpoints/days/volatility.json"),
    ] {
        let [first_ms, last_ms] = refits(&house.path(file));
        assert!(first_ms < last_ms, "{file} has refits");
        let shown = house.said(&["models", "show", model, "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            shown["versions"][0]["training_span_ms"][1], last_ms,
            "{model}"
        );
        let text = house.said(&["models", "show", model]);
        assert!(text.contains(&dataset::format_time(last_ms)), "{text}");
    }
}
