//! What arrives at the server.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use tracking::{Error, Tracker, TrackingSettings};

use crate::stub::{Reply, Stub, mlflow, ok, refusal};

/// A tracker's stub that answers nothing before the returned sender is dropped or used.
fn gated_stub() -> (Stub, std::sync::mpsc::Sender<()>) {
    let (open, gate) = channel();
    let gate = Mutex::new(gate);
    let stub = Stub::start(move |request, before| {
        if before == 0 {
            let _ = gate.lock().unwrap().recv();
        }
        mlflow(request)
    });
    (stub, open)
}

#[test]
fn a_run_from_its_start_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a table.csv");
    std::fs::write(&file, "1,2\n").unwrap();
    let (stub, open) = gated_stub();

    let tracker = Tracker::start(stub.settings());
    tracker.params((0..150).map(|index| (format!("p{index}"), index.to_string())));
    for step in 0..1200 {
        tracker.metrics(
            step,
            &[
                ("valid/loss", step as f64 / 2.0),
                ("bad", f64::NAN),
                ("worse", f64::INFINITY),
            ],
        );
    }
    tracker.tag("git", "abcdef");
    tracker.artifact(&file, "fold-1/seed 2");
    drop(open);
    tracker.finish(true).unwrap();

    let found = stub.requests("get-by-name");
    assert_eq!(
        found[0].line,
        "GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=quick+start"
    );
    assert_eq!(found[0].authorization, None);
    let created = stub.requests("runs/create")[0].json();
    assert_eq!(
        (&created["experiment_id"], &created["run_name"]),
        (&json!("7"), &json!("run 1"))
    );
    let tags = json!([{ "key": "mlflow.runName", "value": "run 1" }, { "key": "mlflow.source.name", "value": "quarterhour" }]);
    assert_eq!(created["tags"], tags);
    let start_ms = created["start_time"].as_i64().unwrap();
    assert!(start_ms > 1_700_000_000_000);

    // What waited goes in as few requests as the limits allow.
    let batches: Vec<Value> = stub
        .requests("runs/log-batch")
        .iter()
        .map(|request| request.json())
        .collect();
    let sizes: Vec<_> = batches
        .iter()
        .map(|batch| {
            (
                batch["params"].as_array().unwrap().len(),
                batch["metrics"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(sizes, [(100, 0), (50, 950), (0, 250)]);
    assert_eq!(batches[0]["run_id"], "abc");
    assert_eq!(
        batches[0]["params"][99],
        json!({ "key": "p99", "value": "99" })
    );
    let metric = &batches[2]["metrics"][249];
    assert_eq!(
        (&metric["key"], &metric["value"], &metric["step"]),
        (&json!("valid/loss"), &json!(599.5), &json!(1199))
    );
    assert!(metric["timestamp"].as_i64().unwrap() >= start_ms);

    let tag = stub.requests("runs/set-tag")[0].json();
    assert_eq!(
        tag,
        json!({ "run_id": "abc", "key": "git", "value": "abcdef" })
    );
    let upload = &stub.requests("a%20table.csv")[0];
    assert_eq!(
        upload.line,
        "PUT /api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/fold-1/seed%202/a%20table.csv"
    );
    assert_eq!(upload.body, b"1,2\n");
    let end = stub.requests("runs/update")[0].json();
    assert_eq!(
        (&end["run_id"], &end["status"]),
        (&json!("abc"), &json!("FINISHED"))
    );
    assert!(end["end_time"].as_i64().unwrap() >= start_ms);
}

#[test]
fn a_run_that_fails_or_is_forgotten_ends_as_failed() {
    let stub = Stub::start(|request, _| mlflow(request));
    Tracker::start(stub.settings()).finish(false).unwrap();
    drop(Tracker::start(stub.settings()));
    let ends: Vec<_> = stub
        .requests("runs/update")
        .iter()
        .map(|request| request.json()["status"].clone())
        .collect();
    assert_eq!(ends, ["FAILED", "FAILED"]);
}

#[test]
fn a_path_before_the_interface_is_kept() {
    let stub = Stub::start(|request, _| mlflow(request));
    Tracker::start(TrackingSettings {
        uri: format!("{}/team/", stub.url),
        ..stub.settings()
    })
    .finish(true)
    .unwrap();
    assert_eq!(
        stub.requests("runs/create")[0].line,
        "POST /team/api/2.0/mlflow/runs/create"
    );
}

#[test]
fn credentials_go_as_the_official_client_sends_them() {
    let text = |text: &str| Some(text.to_owned());
    let authorization = |change: &dyn Fn(&mut TrackingSettings)| {
        let stub = Stub::start(|request, _| mlflow(request));
        let mut settings = stub.settings();
        change(&mut settings);
        Tracker::start(settings).finish(true).unwrap();
        stub.requests("runs/update")[0].authorization.clone()
    };
    assert_eq!(
        authorization(&|settings| settings.token = text("t")),
        text("Bearer t")
    );
    // base64 of "me:sesame"
    let basic = text("Basic bWU6c2VzYW1l");
    let login = |settings: &mut TrackingSettings| {
        (settings.token, settings.user, settings.password) =
            (text("t"), text("me"), text("sesame"));
    };
    assert_eq!(authorization(&login), basic);
    assert_eq!(
        authorization(&|settings| settings.uri = settings.uri.replace("//", "//me:sesame@")),
        basic
    );
}

#[test]
fn an_experiment_is_made_where_there_is_none() {
    let stub = Stub::start(|request, _| match request.is("get-by-name") {
        true => refusal(404, "RESOURCE_DOES_NOT_EXIST"),
        false => mlflow(request),
    });
    Tracker::start(stub.settings()).finish(true).unwrap();
    assert_eq!(
        stub.requests("experiments/create")[0].json(),
        json!({ "name": "quick start" })
    );
    assert_eq!(stub.requests("runs/create")[0].json()["experiment_id"], "8");
}

#[test]
fn an_experiment_made_by_another_run_meanwhile_is_used() {
    let stub = Stub::start(|request, before| match before {
        0 => refusal(404, "RESOURCE_DOES_NOT_EXIST"),
        1 => refusal(400, "RESOURCE_ALREADY_EXISTS"),
        _ => mlflow(request),
    });
    Tracker::start(stub.settings()).finish(true).unwrap();
    assert_eq!(stub.requests("runs/create")[0].json()["experiment_id"], "7");
}

#[test]
fn hiccups_are_tried_again() {
    let stub = Stub::start(|request, before| match before {
        0 => Reply::Answer(503, String::new()),
        2 => Reply::Cut,
        _ => mlflow(request),
    });
    Tracker::start(stub.settings()).finish(true).unwrap();
    assert_eq!(stub.requests("get-by-name").len(), 2);
    assert_eq!(stub.requests("runs/create").len(), 2);
}

#[test]
fn artifacts_that_cannot_be_logged_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    std::fs::write(&file, "x").unwrap();
    let stub = Stub::start(|request, _| match request.is("runs/create") {
        true => ok(
            json!({ "run": { "info": { "run_id": "abc", "artifact_uri": "s3://bucket/7/abc" } } }),
        ),
        false => mlflow(request),
    });
    let tracker = Tracker::start(stub.settings());
    tracker.artifact(&file, "");
    tracker.artifact(&file, "again");
    tracker.metrics(1, &[("m", 1.0)]);
    let error = tracker.finish(true).unwrap_err();
    assert!(matches!(error, Error::Partial { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("\"s3://bucket/7/abc\"") && text.contains("not logged: 2 artifacts"),
        "{text}"
    );
    assert_eq!(stub.requests("runs/log-batch").len(), 1);
    assert_eq!(stub.requests("runs/update")[0].json()["status"], "FINISHED");

    let stub = Stub::start(|request, _| match request.is("/refused") {
        true => Reply::Answer(413, "too large".to_owned()),
        false => mlflow(request),
    });
    let tracker = Tracker::start(stub.settings());
    tracker.artifact(&folder.path().join("missing"), "");
    let refused = folder.path().join("refused");
    std::fs::write(&refused, "x").unwrap();
    tracker.artifact(&refused, "");
    tracker.artifact(folder.path(), "");
    tracker.artifact(&file, "");
    let text = tracker.finish(true).unwrap_err().to_string();
    assert!(
        text.contains("missing") && text.contains("not logged: 3 artifacts"),
        "{text}"
    );
    assert_eq!(stub.requests("/abc/artifacts/f").len(), 1);
}

#[test]
fn a_parameter_keeps_its_first_value() {
    let stub = Stub::start(|request, _| mlflow(request));
    let tracker = Tracker::start(stub.settings());
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    tracker.params([pair("a", "1"), pair("b", "2"), pair("a", "1")]);
    tracker.params([pair("b", "3"), pair("b", "2")]);
    let text = tracker.finish(true).unwrap_err().to_string();
    assert!(
        text.contains("\"b\" is \"3\", expected \"2\"") && text.ends_with("not logged: 1 param"),
        "{text}"
    );
    let params: usize = stub
        .requests("log-batch")
        .iter()
        .map(|batch| batch.json()["params"].as_array().unwrap().len())
        .sum();
    assert_eq!(params, 2);
}
