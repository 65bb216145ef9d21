//! Kills in the middle of a retraining and of a promotion: production is one whole version.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{House, damaged};

/// Kills a process, waits for it and says whether it was still running.
fn kill(mut child: Child, after: Duration) -> bool {
    std::thread::sleep(after);
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

/// How often a process is killed: QUARTERHOUR_KILLS, which `scripts/check --full` sets to 50.
fn kills() -> u32 {
    let asked = std::env::var("QUARTERHOUR_KILLS").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(4)
}

/// Moments spread over a span, the next one each time; the golden ratio leaves no gaps.
fn moment(number: u32, span: Duration) -> Duration {
    span.mul_f64((f64::from(number) * 0.618_033_988_75).fract())
}

/// Time that a command takes.
fn time(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_dir_all(path).unwrap();
    }
}

#[test]
fn a_kill_of_a_retraining_leaves_production_as_it_was() {
    let house = House::new(|day, candle| if day < 6 { damaged(candle) } else { candle });
    house.add("champion", "2024-01-07", "1.0.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    // A rehearsal in a registry of its own says how long it takes.
    let registry = house.path("checkpoints/registry.sqlite");
    let before = fs::read(&registry).unwrap();
    let rehearsal = house.path("checkpoints/rehearsal.sqlite");
    fs::write(&rehearsal, &before).unwrap();
    let rehearsal = rehearsal.to_str().unwrap();
    let took = time(|| {
        house.retrain(&["--registry", rehearsal, "--refit"]);
    });
    let challenger = house.path("checkpoints/m-2024-01-13");
    let refit = house.path("checkpoints/m-2024-01-13-refit");
    let mut killed = 0;
    for number in 0..kills() {
        if number % 3 == 0 {
            remove(&challenger);
            remove(&refit);
        }
        let arguments = ["retrain", "--model", "m", "--no-download", "--refit"];
        let mut command = house.command(&arguments);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let was_running = kill(child, moment(number, took));
        killed += u32::from(was_running);
        let now = house.production();
        // One that was done in time is promoted whole; then all begins again.
        assert!(
            ["1.0.0", "1.1.1"].contains(&now.as_str()),
            "{number}: {now}"
        );
        if now == "1.1.1" {
            fs::write(&registry, &before).unwrap();
        }
    }
    assert!(killed > 0, "no kill met the retraining");
    house.retrain(&["--refit"]);
    assert_eq!(house.production(), "1.1.1");
}

#[test]
fn a_kill_of_a_promotion_leaves_one_whole_version() {
    let house = House::new(|_, candle| candle);
    house.add("a", "2024-01-07", "1.0.0");
    house.add("b", "2024-01-07", "1.1.0");
    house.said(&["models", "promote", "m", "1.0.0"]);
    let took = time(|| {
        house.said(&["models", "promote", "m", "1.1.0"]);
    });
    for number in 0..kills() {
        let now = house.production();
        let next = if now == "1.0.0" { "1.1.0" } else { "1.0.0" };
        let mut command = house.command(&["models", "promote", "m", next]);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        kill(child, moment(number, took.mul_f64(1.2)));
        let then = house.production();
        assert!([now.as_str(), next].contains(&then.as_str()), "{then}");
        // The history and the alias agree.
        let shown = house.said(&["models", "show", "m", "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let last = shown["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["version"].as_str(), Some(then.as_str()), "{last}");
    }
}
