//! A server that is down, hangs or answers nonsense delays nothing, and is told of once.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use tracking::{Error, Tracker, TrackingSettings};

use crate::stub::{Reply, Stub, mlflow, ok, refusal};

/// Far more than `finish` may wait for a server that hangs, and far less than for ever.
const BOUND: Duration = Duration::from_secs(60);

/// A port that no test is ever given.
const NOBODY: &str = "http://127.0.0.1:1";

/// Logs 2 params, 3 metrics, 1 tag and 1 artifact. Returns the error's text.
fn logged_in_vain(settings: TrackingSettings) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    std::fs::write(&file, "x").unwrap();
    let tracker = Tracker::start(settings);
    tracker.params([
        ("a".to_owned(), "1".to_owned()),
        ("b".to_owned(), "2".to_owned()),
    ]);
    tracker.metrics(1, &[("m", 1.0), ("n", 2.0), ("nan", f64::NAN)]);
    tracker.metrics(2, &[("m", 1.0)]);
    tracker.tag("t", "v");
    tracker.artifact(&file, "");
    let error = tracker.finish(true).unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error}");
    format!("{error}\nhint: {}", error.hint().unwrap())
}

/// Expects that not even the run was started.
fn assert_nothing_logged(text: &str) {
    let expected = "not logged: 2 params, 3 metrics, 1 tag, 1 artifact, how the run ended\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn nobody_listens() {
    let text = logged_in_vain(TrackingSettings {
        uri: NOBODY.to_owned(),
        ..TrackingSettings::default()
    });
    assert_nothing_logged(&text);
    assert!(text.contains(NOBODY) && text.contains("refused"), "{text}");
}

#[test]
fn the_server_never_answers() {
    let stub = Stub::start(|_, _| Reply::Never);
    let start = Instant::now();
    let text = logged_in_vain(stub.settings());
    assert!(start.elapsed() < BOUND);
    assert_nothing_logged(&text);
    assert!(
        text.contains("did not answer experiments/get-by-name within 8 s"),
        "{text}"
    );
}

#[test]
fn the_server_stops_answering() {
    let stub = Stub::start(|request, _| match request.is("log-batch") {
        true => Reply::Never,
        false => mlflow(request),
    });
    let start = Instant::now();
    let tracker = Tracker::start(stub.settings());
    tracker.params([("a".to_owned(), "1".to_owned())]);
    stub.wait_for("log-batch");
    tracker.metrics(1, &[("m", 1.0)]);
    let text = tracker.finish(true).unwrap_err().to_string();
    assert!(start.elapsed() < BOUND);
    assert!(
        text.ends_with("not logged: 1 param, 1 metric, how the run ended"),
        "{text}"
    );
    assert!(stub.requests("runs/update").is_empty());
}

#[test]
fn before_a_large_upload_the_server_must_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    // It would be waited for five minutes.
    std::fs::write(&file, vec![0; 30_000_000]).unwrap();
    let stub = Stub::start(|request, _| match request.is("runs/get") {
        true => Reply::Never,
        false => mlflow(request),
    });
    let start = Instant::now();
    let tracker = Tracker::start(stub.settings());
    tracker.artifact(&file, "");
    let text = tracker.finish(true).unwrap_err().to_string();
    assert!(start.elapsed() < BOUND);
    assert!(text.contains("did not answer runs/get"), "{text}");
}

#[test]
fn a_large_upload_may_take_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    std::fs::write(&file, vec![0; 2_000_000]).unwrap();
    let stub = Stub::start(|request, _| {
        if request.is("/weights") {
            // Longer than any other answer may take.
            sleep(Duration::from_secs(9));
        }
        mlflow(request)
    });
    let tracker = Tracker::start(stub.settings());
    tracker.artifact(&file, "");
    tracker.finish(true).unwrap();
    assert_eq!(stub.requests("/weights")[0].body.len(), 2_000_000);
}

#[test]
fn dropping_is_bounded_too() {
    let stub = Stub::start(|_, _| Reply::Never);
    let start = Instant::now();
    drop(Tracker::start(stub.settings()));
    assert!(start.elapsed() < BOUND);
}

#[test]
fn calls_never_wait() {
    let stub = Stub::start(|_, _| Reply::Never);
    let tracker = Tracker::start(stub.settings());
    stub.wait_for("get-by-name");
    let start = Instant::now();
    for step in 0..10_000 {
        tracker.metrics(step, &[("m", 1.0)]);
        tracker.tag("t", "v");
        tracker.params([("a".to_owned(), "1".to_owned())]);
        tracker.artifact("no such file".as_ref(), "");
    }
    // They take milliseconds; one answer would be waited for 8 s.
    assert!(start.elapsed() < Duration::from_secs(4));
    let text = tracker.finish(true).unwrap_err().to_string();
    assert!(
        text.contains("10000 params, 10000 metrics, 10000 tags, 10000 artifacts"),
        "{text}"
    );
}

#[test]
fn the_server_fails() {
    let stub = Stub::start(|_, _| Reply::Answer(500, "oh\nno".to_owned()));
    let text = logged_in_vain(stub.settings());
    assert_nothing_logged(&text);
    assert!(
        text.contains("answered experiments/get-by-name with HTTP 500, expected 200: oh no\n"),
        "{text}"
    );
}

#[test]
fn the_server_refuses_in_the_middle() {
    let stub = Stub::start(|request, _| match request.is("log-batch") {
        true => refusal(400, "INVALID_PARAMETER_VALUE"),
        false => mlflow(request),
    });
    let text = logged_in_vain(stub.settings());
    // The server answers, so it is told that the run is over.
    assert!(
        text.contains("not logged: 2 params, 3 metrics, 1 tag, 1 artifact\n"),
        "{text}"
    );
    assert!(
        text.contains("HTTP 400") && text.contains("INVALID_PARAMETER_VALUE"),
        "{text}"
    );
    assert_eq!(stub.requests("log-batch").len(), 1);
    assert!(stub.requests("set-tag").is_empty());
    assert_eq!(stub.requests("runs/update")[0].json()["status"], "FINISHED");
}

#[test]
fn the_answer_is_not_mlflows() {
    let stub = Stub::start(|_, _| Reply::Answer(200, "<html>Welcome</html>".to_owned()));
    let text = logged_in_vain(stub.settings());
    assert_nothing_logged(&text);
    let expected = "answered experiments/get-by-name with <html>Welcome</html>, \
                    expected an experiment with its experiment_id\n";
    assert!(text.contains(expected), "{text}");

    let stub = Stub::start(|request, _| match request.is("runs/create") {
        true => ok(json!({ "run": 5 })),
        false => mlflow(request),
    });
    let text = logged_in_vain(stub.settings());
    assert!(
        text.contains("answered runs/create with {\"run\":5}, expected a run with its run_id\n"),
        "{text}"
    );
}

#[test]
fn a_deleted_experiment_is_named() {
    let stub = Stub::start(|_, _| {
        ok(json!({ "experiment": { "experiment_id": "7", "lifecycle_stage": "deleted" } }))
    });
    let text = logged_in_vain(stub.settings());
    assert!(
        text.contains("experiment \"quick start\" is deleted"),
        "{text}"
    );
    assert!(
        text.contains("hint: mlflow experiments restore --experiment-id 7"),
        "{text}"
    );
}

#[test]
fn credentials_are_asked_for_and_never_shown() {
    let stub = Stub::start(|request, _| Reply::Answer(401, request.authorization.clone().unwrap()));
    let text = logged_in_vain(TrackingSettings {
        token: Some("sesame".to_owned()),
        ..stub.settings()
    });
    assert!(
        text.contains("HTTP 401") && text.contains("hint: set MLFLOW_TRACKING_TOKEN"),
        "{text}"
    );
    assert!(!text.contains("sesame"), "{text}");

    let uri = NOBODY.replace("//", "//me:sesame@");
    let text = logged_in_vain(TrackingSettings {
        uri,
        ..TrackingSettings::default()
    });
    assert!(text.contains(NOBODY) && !text.contains("sesame"), "{text}");
}

#[test]
fn only_a_server_is_logged_to() {
    let text = logged_in_vain(TrackingSettings {
        uri: "sqlite:///mlflow.db".to_owned(),
        ..TrackingSettings::default()
    });
    assert_eq!(
        text,
        "tracking stopped: MLFLOW_TRACKING_URI is \"sqlite:///mlflow.db\": only a server can be logged to; \
         expected a server's http:// or https:// address\n\
         not logged: 2 params, 3 metrics, 1 tag, 1 artifact, how the run ended\n\
         hint: mlflow server --backend-store-uri sqlite:///mlflow.db --port 5000, \
         then MLFLOW_TRACKING_URI=http://127.0.0.1:5000"
    );
}
