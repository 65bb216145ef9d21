//! A stub of MLflow on loopback: answers each request as a closure says, one connection each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tracking::TrackingSettings;

#[derive(Debug, Clone)]
pub struct Request {
    /// Method and target, such as `POST /api/2.0/mlflow/runs/create`.
    pub line: String,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn is(&self, path_end: &str) -> bool {
        self.line.split('?').next().unwrap().ends_with(path_end)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub enum Reply {
    Answer(u16, String),
    /// Accepts and stays silent for longer than any test lasts.
    Never,
    /// Closes the connection instead of an answer.
    Cut,
}

pub fn ok(body: Value) -> Reply {
    Reply::Answer(200, body.to_string())
}

pub fn refusal(status: u16, error_code: &str) -> Reply {
    Reply::Answer(
        status,
        json!({ "error_code": error_code, "message": "no" }).to_string(),
    )
}

/// What an MLflow server answers that has the experiment already.
pub fn mlflow(request: &Request) -> Reply {
    if request.is("experiments/get-by-name") {
        ok(json!({ "experiment": { "experiment_id": "7", "lifecycle_stage": "active" } }))
    } else if request.is("experiments/create") {
        ok(json!({ "experiment_id": "8" }))
    } else if request.is("runs/create") || request.is("runs/get") {
        let info = json!({ "run_id": "abc", "artifact_uri": "mlflow-artifacts:/7/abc/artifacts" });
        ok(json!({ "run": { "info": info } }))
    } else {
        ok(json!({}))
    }
}

/// Lives until the test process ends.
pub struct Stub {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    /// `answer` gets each request and how many came before it.
    pub fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || {
                    serve(stream, |request| {
                        let before = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(request.clone());
                            seen.len() - 1
                        };
                        answer(request, before)
                    })
                });
            }
        });
        Self { url, requests }
    }

    pub fn settings(&self) -> TrackingSettings {
        TrackingSettings {
            uri: self.url.clone(),
            experiment: "quick start".to_owned(),
            run_name: "run 1".to_owned(),
            ..TrackingSettings::default()
        }
    }

    /// The requests for paths that end so.
    pub fn requests(&self, path_end: &str) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.is(path_end))
            .cloned()
            .collect()
    }

    /// Waits until a request for such a path has come.
    pub fn wait_for(&self, path_end: &str) {
        let start = Instant::now();
        while self.requests(path_end).is_empty() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no request for {path_end}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn serve(stream: TcpStream, answer: impl FnOnce(&Request) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line == "\r\n" => break,
            Ok(_) => head.push(line.trim_end().to_owned()),
        }
    }
    let header = |name: &str| {
        let found = head
            .iter()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let line = head
        .first()
        .unwrap()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let request = Request {
        line,
        authorization: header("authorization"),
        body,
    };
    match answer(&request) {
        Reply::Answer(status, body) => {
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status} Stub\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            // A client that gave up is no fault of the stub.
            let _ = (&stream).write_all(text.as_bytes());
        }
        Reply::Never => thread::sleep(Duration::from_secs(3600)),
        Reply::Cut => {}
    }
}
