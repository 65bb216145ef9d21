//! `predict --record`: one bar, once.

use super::*;

impl Market3 {
    /// Records the last closed bar.
    fn record(&self, more: &[&str]) -> std::process::Output {
        self.record_from(&self.exchange.url(), more)
    }

    fn record_from(&self, url: &str, more: &[&str]) -> std::process::Output {
        let speed = format!("watch.clock_speed={SPEED}");
        Command::new(env!("CARGO_BIN_EXE_predict"))
            .args(["--record", "--json", "--run", "run", "--device", "flex"])
            .args(["--set", &speed, "--set", "trading.act_within_secs=1000"])
            .args(["--base-url", url])
            .args(more)
            .current_dir(self.dir.path())
            .output()
            .unwrap()
    }

    fn rows(&self) -> (usize, usize) {
        let ledger = trading::Ledger::read_only(&self.run.join("ledger.sqlite")).unwrap();
        let forecasts = ledger.forecasts(0).unwrap();
        (forecasts.len(), ledger.all_positions().unwrap().len())
    }
}

fn json(output: &std::process::Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// As a cron line does it: the forecasts are those of a watch, and positions of earlier calls are
/// settled by later ones.
#[test]
fn bars_are_recorded_one_by_one_and_settled_later() {
    let market = Market3::new(Faults::default());
    let first = json(&market.record(&[]));
    assert_eq!(
        (&first["forecasts"], &first["refused"], &first["opened"]),
        (&Value::from(3), &Value::from(0), &Value::from(3)),
        "{first}"
    );
    // 15 bars of a minute pass in three seconds.
    std::thread::sleep(Duration::from_millis(5000));
    let second = json(&market.record(&[]));
    assert_ne!(first["time"], second["time"]);
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}");
    assert_eq!(count(&verdict, "minutes"), 2, "{verdict}");
    assert!(count(&verdict, "settled") >= 3, "{verdict}");
    assert_eq!(market.exchange.counts().requests("socket"), 0);
}

#[test]
fn a_second_call_in_the_same_bar_changes_nothing() {
    // Real time, from the start of a bar on: both calls are in it.
    let market = Market3::with_speed(Faults::default(), 1.0);
    let speed = ["--set", "watch.clock_speed=1"];
    let first = json(&market.record(&speed));
    let rows = market.rows();
    let second = market.record(&speed);
    let mut expected = first;
    assert_eq!(expected["recorded"], true);
    expected["recorded"] = Value::from(false);
    assert_eq!(json(&second), expected);
    assert_eq!(market.rows(), rows);
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("recorded already"), "{said}");
}

/// Whoever called is told by the exit code, and calls again.
#[test]
fn an_exchange_that_is_down_is_an_error_after_some_patience() {
    let market = Market3::new(Faults::default());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let output = market.record_from(&url, &["--set", "watch.patience_secs=1"]);
    assert_eq!(output.status.code(), Some(1));
}
