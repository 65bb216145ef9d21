//! `quarterhour retrain`: which challengers are promoted, when, and what is said of it.

use std::fs;

use serde_json::Value;

use super::support::{House, damaged};

#[test]
fn a_challenger_that_knows_more_is_promoted_and_a_second_call_does_nothing() {
    // The champion learnt from days of noise.
    let house = House::new(|day, candle| if day < 6 { damaged(candle) } else { candle });
    house.add("champion", "2024-01-07", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    let told = house.retrain(&[]);
    assert!(
        told.contains("The challenger is promoted: its gain is +"),
        "{told}"
    );
    assert!(
        told.contains("from 2024-01-11 00:00 to 2024-01-13 00:00 UTC"),
        "{told}"
    );
    assert_eq!(house.production(), "1.1.0");
    let again = house.output(&["retrain", "--model", "m", "--no-download"]);
    assert!(again.status.success());
    let note = String::from_utf8(again.stderr).unwrap();
    assert!(
        note.contains("nothing to do: m 1.1.0 is retrained once"),
        "{note}"
    );
    // The registry knows why, and the span that the challenger was fitted on ends before the one held back.
    let shown = house.said(&["models", "show", "m@1.1.0", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let entry = &shown["versions"][0];
    let held_back = entry["retraining"]["held_back_ms"][0].as_i64().unwrap();
    assert!(
        entry["training_span_ms"][1].as_i64().unwrap() <= held_back,
        "{entry}"
    );
    assert_eq!(entry["retraining"]["champion"], "1.0.0");
    // By its coins and its kind it is found too.
    let coin = entry["universe"][0].as_str().unwrap();
    let asked = [
        "models",
        "list",
        "--alias",
        "production",
        "--coin",
        coin,
        "--kind",
        "ridge",
    ];
    assert!(house.said(&asked).contains("1.1.0"));
    house.said(&["models", "rollback", "m", "--why", "a test"]);
    assert_eq!(house.production(), "1.0.0");
}

#[test]
fn a_challenger_of_damaged_data_is_refused_with_the_reason() {
    let house = House::new(|_, candle| candle);
    house.add("champion", "2024-01-09", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    house.store(
        "damaged",
        |day, candle| if day < 10 { damaged(candle) } else { candle },
    );
    let told = house.retrain(&["--set", "data.dir=damaged"]);
    assert!(
        told.contains("The challenger is not promoted: its gain is -"),
        "{told}"
    );
    assert_eq!(house.production(), "1.0.0");
    let list = house.said(&["models", "list"]);
    assert!(list.contains("1.1.0"), "{list}");
    // Nor does a second call in the same period try again.
    let again = house.output(&["retrain", "--model", "m", "--no-download"]);
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("nothing to do")
    );
}

/// A challenger in a folder that was there before, whose record says that it knows a part of what is held back.
#[test]
fn a_challenger_that_knows_the_span_held_back_is_refused_before_it_is_scored() {
    let house = House::new(|_, candle| candle);
    house.add("champion", "2024-01-07", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    let registry = house.path("checkpoints/registry.sqlite");
    let before = fs::read(&registry).unwrap();
    house.retrain(&[]);
    fs::write(&registry, before).unwrap();
    let record = house.path("checkpoints/m-2024-01-13/fold-1/ridge-record.json");
    let mut saved: Value = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    let held_back = dataset::parse_time("2024-01-11").unwrap();
    assert_eq!(saved["origin"]["seen_until_ms"], held_back);
    saved["origin"]["seen_until_ms"] = (held_back + 60_000).into();
    fs::write(&record, saved.to_string()).unwrap();
    let refused = house.refused(&["retrain", "--model", "m", "--no-download"]);
    assert!(
        refused.contains("expected a fit on nothing from 2024-01-11 00:00 UTC on"),
        "{refused}"
    );
    assert!(refused.contains("hint: --run OTHER"), "{refused}");
    assert_eq!(house.production(), "1.0.0");
}

#[test]
fn a_refit_says_that_the_scores_are_of_the_model_before() {
    let house = House::new(|day, candle| if day < 6 { damaged(candle) } else { candle });
    house.add("champion", "2024-01-07", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    house.retrain(&["--refit"]);
    assert_eq!(house.production(), "1.1.1");
    let shown = house.said(&["models", "show", "m@production"]);
    assert!(
        shown.contains("of 1.1.0, the model before the refit"),
        "{shown}"
    );
    let card = fs::read_to_string(house.path("checkpoints/m-2024-01-13-refit/card.md")).unwrap();
    assert!(
        card.starts_with("The model in this folder was fitted once more after m 1.1.0"),
        "{card}"
    );
    // A classical model has no weights to begin with.
    let refused = house.refused(&[
        "retrain",
        "--model",
        "m",
        "--no-download",
        "--warm-start",
        "--hold-back",
        "1m",
    ]);
    assert!(
        refused.contains("--warm-start: a ridge cannot begin with")
            || refused.contains("nothing to do")
    );
}

/// The outcome for programs, alone on stdout, whatever downloads and fits print.
#[test]
fn what_came_of_a_retraining_is_one_json_object() {
    let house = House::new(|day, candle| if day < 6 { damaged(candle) } else { candle });
    house.add("champion", "2024-01-07", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    let promoted = house.outcome(&[]);
    let of = |key: &str| promoted[key].as_str().unwrap().to_owned();
    assert_eq!(of("outcome"), "promoted");
    assert_eq!(
        (of("champion"), of("challenger")),
        ("1.0.0".into(), "1.1.0".into())
    );
    assert_eq!(
        (of("model"), of("in_production")),
        ("m".into(), "1.1.0".into())
    );
    assert_eq!(promoted["held_back"][0], "2024-01-11 00:00");
    assert_eq!(promoted["metric"], "ic_a_day");
    let score = |key: &str| promoted[key].as_f64().unwrap();
    let gain = score("challenger_score") - score("champion_score");
    assert!((score("gain") - gain).abs() < 1e-12, "{promoted}");
    assert!(house.path("checkpoints/m-2024-01-13/run.toml").exists());
    let again = house.outcome(&[]);
    assert_eq!(again["outcome"], "not_due");
    assert_eq!(again["champion"], "1.1.0");
    // A wrong call has another exit code than one that failed.
    let wrong = house.output(&["retrain", "--model", "m", "--hold-back", "90s", "--json"]);
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0));
    let unknown = house.output(&["retrain", "--model", "other", "--json"]);
    assert_eq!((unknown.status.code(), unknown.stdout.len()), (Some(1), 0));
}

/// Minutes that nothing can be learnt of, while the model is fresh: it is retrained before its time, once;
/// without them it is not.
#[test]
fn drift_makes_a_retraining_come_before_its_time_and_only_once() {
    let house = House::new(|_, candle| candle);
    house.walk_from(99, 24_340);
    let folds = [
        "split.train=1d",
        "split.test=9d",
        "split.refit_every=1d",
        "data.until=\"2024-01-14\"",
    ];
    let folds: Vec<&str> = folds.iter().flat_map(|set| ["--set", *set]).collect();
    let config = [
        "ridge",
        "--run",
        "checkpoints/champion",
        "--config",
        "ridge.toml",
    ];
    house.said(&[&config[..], &folds].concat());
    let named = ["--name", "m", "--version", "1.0.0"];
    house.said(&[&["models", "add", "checkpoints/champion"][..], &named].concat());
    house.said(&["models", "promote", "m", "1.0.0"]);
    let early = ["--hold-back", "5d", "--on-drift"];
    let fresh = house.outcome(&early);
    assert_eq!(fresh["outcome"], "not_due", "{fresh}");

    house.walk_from(13, 24_340);
    assert_eq!(
        house.outcome(&early[..2])["outcome"],
        "not_due",
        "by the cadence"
    );
    let drifted = house.outcome(&early);
    assert_ne!(drifted["outcome"], "not_due", "{drifted}");
    let reason = drifted["drift"][0].as_str().unwrap();
    assert!(reason.starts_with("its IC a day was "), "{reason}");
    assert_eq!(
        drifted["held_back"],
        serde_json::json!(["2024-01-15 00:00", "2024-01-17 00:00"])
    );
    let again = house.outcome(&early);
    assert_eq!(again["outcome"], "not_due", "{again}");
    let shown = house.said(&["models", "show", "m@1.1.0"]);
    assert!(
        shown.contains("drift           its IC a day was "),
        "{shown}"
    );
}

/// Members first, each in a folder of its own, then the weights, which know nothing of the span held back.
#[test]
fn an_ensemble_is_retrained_with_its_members() {
    let house = House::new(|day, candle| if day < 5 { damaged(candle) } else { candle });
    let folds = [
        "--set",
        "split.folds=2",
        "--set",
        "data.until=\"2024-01-11\"",
    ];
    for (run, penalty) in [("a", "ridge.penalty=1.0"), ("b", "ridge.penalty=100000.0")] {
        let folder = format!("checkpoints/{run}");
        let config = [
            "ridge",
            "--run",
            &folder,
            "--config",
            "ridge.toml",
            "--set",
            penalty,
        ];
        house.said(&[&config[..], &folds].concat());
    }
    let both = [
        "ensemble",
        "--run",
        "checkpoints/both",
        "checkpoints/a",
        "checkpoints/b",
    ];
    house.said(&both);
    let named = ["--name", "m", "--version", "1.0.0"];
    house.said(&[&["models", "add", "checkpoints/both"][..], &named].concat());
    house.said(&["models", "promote", "m", "1.0.0"]);
    let refused = house.output(&["retrain", "--model", "m", "--no-download", "--refit"]);
    assert_eq!(refused.status.code(), Some(2));
    let found = house.outcome(&[]);
    assert_eq!(found["challenger"], "1.1.0", "{found}");
    let challenger = house.path("checkpoints/m-2024-01-13");
    let (saved, _) = ensemble::SavedWeights::read(&challenger).unwrap();
    let members = ["../m-2024-01-13-1-ridge", "../m-2024-01-13-2-ridge"];
    assert_eq!((saved.members.len(), saved.folds.len()), (2, 2));
    assert_eq!(saved.members, members);
    // The members keep their own settings.
    let text = fs::read_to_string(challenger.join(members[1]).join("run.toml")).unwrap();
    assert!(text.contains("penalty = 100000.0"), "{text}");
    let shown = house.said(&["models", "show", "m@1.1.0", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let entry = &shown["versions"][0];
    let held_back = entry["retraining"]["held_back_ms"][0].as_i64().unwrap();
    assert!(
        entry["training_span_ms"][1].as_i64().unwrap() <= held_back,
        "{entry}"
    );
    assert!(entry["retraining"]["gain"].as_f64().is_some(), "{entry}");
    assert_eq!(house.outcome(&[])["outcome"], "not_due");
    // What the registry promises holds for the members too.
    let weights = challenger.join(members[0]).join("ridge.json");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let refused = house.refused(&["evaluate", "m@1.1.0"]);
    assert!(refused.contains("the file was changed"), "{refused}");
}
