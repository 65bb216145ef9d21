//! Bad input: a message that names the run, what was found, what was expected and the way out.

use std::fs;

use super::support::{ensemble, knowing, member, realized, shared};

#[test]
fn bad_input_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let changed = |name: &str, change: fn(&mut dataset::Config)| {
        let mut config = shared();
        change(&mut config);
        member(dir.path(), name, &config, knowing(1.0));
    };
    changed("good", |_| ());
    changed("hour", |config| {
        config.data.interval = "1h".parse().unwrap()
    });
    changed("far", |config| {
        config.target.horizon = dataset::TimeSpan::hours(1)
    });
    changed("residual", |config| {
        config.target.kind = "gresearch".parse().unwrap()
    });
    changed("turned", |config| config.universe.symbols.reverse());
    changed("futures", |config| {
        config.data.market = market::Market::Futures
    });
    for (name, change) in [
        (
            "other-target",
            (|part| part.realized.iter_mut().for_each(|value| *value += 1.0))
                as fn(&mut dataset::TablePart),
        ),
        ("other-times", |part| {
            part.time_ms
                .iter_mut()
                .for_each(|time| *time += 10_000 * 60_000)
        }),
    ] {
        changed(name, |_| ());
        let path = dir.path().join(name).join("forecasts.parquet");
        let (metadata, mut parts) = dataset::ForecastTable::read(&path).unwrap().into_inner();
        parts.iter_mut().for_each(change);
        dataset::ForecastTable::new(metadata, parts, &path)
            .unwrap()
            .write(&path)
            .unwrap();
    }
    changed("unfinished", |_| ());
    fs::remove_file(dir.path().join("unfinished/forecasts.parquet")).unwrap();

    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path()).of("ensemble");
    said.refused("no members", &["--run", "both"]);
    said.refused("one member", &["--run", "both", "good"]);
    said.refused("no run", &["--run", "both", "good", "nowhere"]);
    said.refused(
        "an unfinished run",
        &["--run", "both", "good", "unfinished"],
    );
    for name in [
        "hour",
        "far",
        "residual",
        "turned",
        "futures",
        "other-target",
        "other-times",
    ] {
        said.refused(name, &["--run", name_of(name), "good", name]);
    }
    said.refused(
        "a member of itself",
        &["--run", "good", "good", "far/../good"],
    );
    said.refused(
        "no prior",
        &[
            "--run",
            "both",
            "--set",
            "ensemble.prior_events=0",
            "good",
            "good",
        ],
    );
    said.refused(
        "errors below zero",
        &[
            "--run",
            "both",
            "--set",
            "ensemble.standard_errors=-1",
            "good",
            "good",
        ],
    );
    let zero = ["--run", "both", "--set", "ensemble.prior=zero", "--set"];
    said.refused(
        "a prior of another method",
        &[&zero[..], &["ensemble.method=mean", "good", "good"]].concat(),
    );
    let qlike = ["--run", "both", "--set", "ensemble.method=qlike"];
    said.refused(
        "QLIKE of returns",
        &[&qlike[..], &["good", "good"]].concat(),
    );
    said.refused(
        "unknown method",
        &[
            "--run",
            "both",
            "--set",
            "ensemble.method=median",
            "good",
            "good",
        ],
    );
    said.refused(
        "a key of the members",
        &[
            "--run",
            "both",
            "--set",
            "target.horizon=30m",
            "good",
            "good",
        ],
    );
    assert!(
        ensemble(dir.path(), &["--run", "begun", "good", "good"])
            .status
            .success()
    );
    said.refused(
        "begun with other members",
        &["--run", "begun", "good", "good", "good"],
    );
    insta::assert_snapshot!("errors", said.text);
    assert!(realized(0, 0).abs() < 0.02);
}

/// A folder of its own for every refusal that comes after run.toml is written.
fn name_of(name: &str) -> &'static str {
    match name {
        "other-target" => "run-1",
        "other-times" => "run-2",
        _ => "both",
    }
}
