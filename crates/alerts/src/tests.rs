//! Against a server on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

/// What stands in every address here, and must stand nowhere else.
const SECRET: &str = "T0KEN-sesame";

/// A request: its first line, and its body.
type Request = (String, Value);

/// A server that answers with these statuses, one after the other, then with 200.
fn server(statuses: &[u16]) -> (u16, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, requests) = channel();
    let statuses = statuses.to_vec();
    thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming() {
            let request = read(&mut stream.as_ref().unwrap());
            let status = statuses.next().unwrap_or(200);
            let answer =
                format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.unwrap().write_all(answer.as_bytes()).unwrap();
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (port, requests)
}

fn read(stream: &mut &TcpStream) -> Request {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            let first = head.lines().next().unwrap().to_owned();
            return (first, serde_json::from_str(body).unwrap());
        }
    }
}

fn config(url: String, template: Option<Template>) -> AlertsConfig {
    AlertsConfig {
        url: Some(SecretUrl::new(url)),
        template,
        chat: Some("-42".to_owned()),
        ..AlertsConfig::default()
    }
}

fn started(config: &AlertsConfig) -> Alerts {
    let alerts = Alerts::start_with(config, "panel20", Duration::from_millis(10));
    alerts.unwrap().unwrap()
}

fn stale(subject: &str) -> Alert {
    Alert {
        kind: AlertKind::Stale,
        subject: subject.to_owned(),
        text: "no candle of BTCUSDT <since 00:01 UTC>".to_owned(),
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

/// What one alert is posted as, by form.
#[test]
fn each_service_gets_its_form() {
    let line = "panel20: stale data: no candle of BTCUSDT <since 00:01 UTC>";
    let cases = [
        (
            Template::Slack,
            "POST /hook/T0KEN-sesame HTTP/1.1",
            json!({"text": "panel20: stale data: no candle of BTCUSDT &lt;since 00:01 UTC&gt;"}),
        ),
        (
            Template::Discord,
            "POST /hook/T0KEN-sesame HTTP/1.1",
            json!({"content": line, "allowed_mentions": {"parse": []}}),
        ),
        (
            Template::Telegram,
            "POST /hook/T0KEN-sesame/sendMessage HTTP/1.1",
            json!({"chat_id": "-42", "text": line, "link_preview_options": {"is_disabled": true}}),
        ),
        (
            Template::Ntfy,
            "POST /hook/ HTTP/1.1",
            json!({
                "topic": SECRET, "title": "panel20: stale data",
                "message": "no candle of BTCUSDT <since 00:01 UTC>", "priority": 4, "tags": ["warning"],
            }),
        ),
        (
            Template::Json,
            "POST /hook/T0KEN-sesame HTTP/1.1",
            json!({
                "source": "panel20", "kind": "stale", "subject": "BTCUSDT", "title": "stale data",
                "text": "no candle of BTCUSDT <since 00:01 UTC>", "left_out": 0,
            }),
        ),
    ];
    for (template, first, body) in cases {
        let (port, requests) = server(&[]);
        let url = format!("http://127.0.0.1:{port}/hook/{SECRET}");
        let mut alerts = started(&config(url, Some(template)));
        alerts.send(stale("BTCUSDT"));
        assert_eq!(alerts.finish(PATIENCE).sent, 1);
        assert_eq!(requests.recv().unwrap(), (first.to_owned(), body));
    }
}

#[test]
fn a_host_names_its_form() {
    for (url, template) in [
        ("hooks.slack.com", Template::Slack),
        ("discord.com", Template::Discord),
        ("api.telegram.org", Template::Telegram),
        ("ntfy.sh", Template::Ntfy),
        ("example.org", Template::Json),
    ] {
        assert_eq!(Template::of_host(url), template);
    }
}

#[test]
fn an_alert_is_tried_again_and_given_up_in_the_end() {
    let (port, requests) = server(&[500, 429, 200, 403, 500, 500, 500, 500, 500]);
    let url = format!("http://127.0.0.1:{port}/{SECRET}");
    let mut alerts = started(&config(url, Some(Template::Slack)));
    for subject in ["tried three times", "refused", "given up"] {
        alerts.send(stale(subject));
    }
    let delivered = alerts.finish(PATIENCE);
    assert_eq!((delivered.sent, delivered.failed), (1, 2));
    assert_eq!(requests.try_iter().count(), 3 + 1 + 5);
}

/// A service that hangs holds nothing up, and fills no memory.
#[test]
fn nothing_waits_for_a_service_that_hangs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let many = AlertsConfig {
        most_an_hour: 3600,
        ..config(format!("http://127.0.0.1:{port}/"), Some(Template::Json))
    };
    let mut alerts = started(&many);
    let began = Instant::now();
    for number in 0..1000 {
        alerts.send(stale(&number.to_string()));
    }
    assert!(began.elapsed() < Duration::from_secs(2));
    // One is on its way, the others of the queue wait.
    assert!(alerts.delivered().dropped >= 1000 - alerts::QUEUE as u64 - 1);
    let delivered = alerts.finish(Duration::from_millis(50));
    assert_eq!(delivered.sent, 0);
}

#[test]
fn the_same_alert_is_sent_once_an_hour_and_the_rest_is_counted() {
    let (port, requests) = server(&[]);
    let url = format!("http://127.0.0.1:{port}/");
    let mut alerts = started(&config(url, Some(Template::Json)));
    for _ in 0..5 {
        alerts.send(stale("BTCUSDT"));
    }
    alerts.send(stale("ETHUSDT"));
    let delivered = alerts.finish(PATIENCE);
    assert_eq!((delivered.sent, delivered.dropped), (2, 4));
    let left_out: Vec<Value> = requests
        .try_iter()
        .map(|(_, body)| body["left_out"].clone())
        .collect();
    assert_eq!(left_out, [json!(0), json!(4)]);
}

/// A kind that is told often takes no place of another one, and what was refused takes none at all.
#[test]
fn a_kind_has_an_hour_of_its_own_and_what_is_refused_takes_no_place() {
    let (port, requests) = server(&[403]);
    let one = AlertsConfig {
        most_an_hour: 1,
        ..config(format!("http://127.0.0.1:{port}/"), Some(Template::Json))
    };
    let mut alerts = started(&one);
    alerts.send(stale("BTCUSDT"));
    let began = Instant::now();
    while alerts.delivered().failed == 0 && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
    for subject in ["BTCUSDT", "ETHUSDT", "SOLUSDT"] {
        alerts.send(stale(subject));
    }
    alerts.send(Alert {
        kind: AlertKind::Verification,
        ..stale("")
    });
    let delivered = alerts.finish(PATIENCE);
    assert_eq!(
        (delivered.sent, delivered.failed, delivered.dropped),
        (2, 1, 2)
    );
    let told: Vec<(Value, Value)> = requests
        .try_iter()
        .skip(1)
        .map(|(_, body)| (body["kind"].clone(), body["subject"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("stale"), json!("ETHUSDT")),
            (json!("verification"), json!(""))
        ]
    );
}

/// Everything that can be printed, of every way to fail.
#[test]
fn the_address_is_in_no_error_and_no_debug_output() {
    let urls = [
        format!("ftp://me:{SECRET}@example.org/{SECRET}"),
        format!("https//{SECRET}"),
        format!("mailto:{SECRET}"),
        SECRET.to_owned(),
    ];
    for url in urls {
        let config = config(url, None);
        let error = config.validate().unwrap_err();
        let said = format!("{error} {error:?} {:?} {config:?}", error.hint());
        assert!(
            !said.contains(SECRET) && said.contains("alerts.url is"),
            "{said}"
        );
    }
    for (url, key) in [
        (format!("https://ntfy.sh/?{SECRET}"), "url"),
        (format!("https://api.telegram.org/bot{SECRET}"), "chat"),
    ] {
        let config = AlertsConfig {
            chat: None,
            ..config(url, None)
        };
        let said = format!("{:?}", config.validate().unwrap_err());
        assert!(!said.contains(SECRET) && said.contains(key), "{said}");
    }
    let config = config(format!("http://h/{SECRET}"), None);
    assert!(!toml::to_string(&config).unwrap().contains(SECRET));
    assert!(!serde_json::to_string(&config).unwrap().contains(SECRET));
}

/// What a log line says of a server that is not there.
#[test]
fn a_reason_does_not_name_the_address() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let url = SecretUrl::new(format!("http://127.0.0.1:{port}/{SECRET}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = runtime.block_on(client.post(url.parsed().unwrap()).send());
    let error = sent.unwrap_err();
    assert!(
        error.to_string().contains(SECRET),
        "else this shows nothing"
    );
    let said = delivery::reason(error);
    assert!(
        !said.contains(SECRET) && said.contains("error sending request"),
        "{said}"
    );
}
