//! A watch of an alias goes on with what is promoted.

use std::path::Path;
use std::time::Instant;

use registry::{Alias, Change, Entry, ModelName, ModelVersion, Promotion, Registry, hash_files};
use trading::Ledger;

use super::*;

/// A copy of a run as a version of the model `m`; `change` sees to the copy before it is registered.
fn add(registry: &mut Registry, run: &Path, version: &str, change: impl Fn(&Path)) {
    let copy = registry.path().with_file_name(format!("run-{version}"));
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(run).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, copy.join(from.file_name().unwrap())).unwrap();
    }
    change(&copy);
    let files = hash_files(&copy, &[]).unwrap();
    let entry = serde_json::json!({
        "name": "m", "version": version, "run": copy, "kind": "network", "forecaster": "network",
        "target": "return 15m", "interval": "1m", "universe": [], "config_sha256": "",
        "data_sha256": null, "code_version": "", "training_span_ms": null, "scores": [],
        "files": files, "who": "ada", "added_ms": 0, "why": ""
    });
    let entry: Entry = serde_json::from_value(entry).unwrap();
    registry.add(&entry, &Change::now("a test")).unwrap();
}

fn promote(registry: &mut Registry, version: &str, expected: Option<&str>) {
    let name: ModelName = "m".parse().unwrap();
    let version: ModelVersion = version.parse().unwrap();
    let promotion = Promotion {
        alias: Alias::PRODUCTION.parse().unwrap(),
        expected: expected.map(|version| version.parse().unwrap()),
    };
    registry
        .promote((&name, &version), &promotion, &Change::now("a test"))
        .unwrap();
}

/// The versions that the ledger's forecasts name, in order of time, each once in a row.
fn versions(ledger: &Path) -> Vec<String> {
    let Ok(ledger) = Ledger::read_only(ledger) else {
        return Vec::new();
    };
    let forecasts = ledger.forecasts(0).unwrap();
    let mut versions: Vec<String> = (forecasts.iter())
        .map(|logged| {
            logged
                .forecaster
                .rsplit_once(" as m ")
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    versions.dedup();
    versions
}

/// Waits for something that the watch does.
fn wait_for(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what} did not come"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_promoted_version_takes_over_and_a_broken_one_is_refused() {
    let market = Market3::new(Faults::default());
    let folder = market.dir.path().join("checkpoints");
    let mut registry = Registry::open(&folder.join("registry.sqlite")).unwrap();
    add(&mut registry, &market.run, "1.0.0", |_| {});
    add(&mut registry, &market.run, "1.1.0", |run| {
        fs::write(run.join("model.safetensors"), "not a model").unwrap();
    });
    add(&mut registry, &market.run, "1.2.0", |_| {});
    promote(&mut registry, "1.0.0", None);
    let mut child = market.watch_run("m@production", 1000, &no_metrics());
    let ledger = folder.join("m-ledger.sqlite");
    let log = folder.join("m-ledger.jsonl");
    wait_for("the first forecast", || !versions(&ledger).is_empty());
    promote(&mut registry, "1.1.0", Some("1.0.0"));
    let says = |text: &str| fs::read_to_string(&log).is_ok_and(|log| log.contains(text));
    wait_for("the refusal", || {
        says("the version that was promoted cannot be used")
    });
    promote(&mut registry, "1.2.0", Some("1.1.0"));
    wait_for("the new version", || versions(&ledger).len() > 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(versions(&ledger), ["1.0.0", "1.2.0"]);
    assert!(says("another version takes over"));
    // All coins of a minute are of one version.
    let forecasts = Ledger::read_only(&ledger).unwrap().forecasts(0).unwrap();
    for pair in forecasts
        .windows(2)
        .filter(|pair| pair[0].time_ms == pair[1].time_ms)
    {
        assert_eq!(pair[0].forecaster, pair[1].forecaster);
    }
}
