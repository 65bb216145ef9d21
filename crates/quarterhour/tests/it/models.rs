//! The registry and the retraining as processes: promotions, refusals, kills.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use dataset::{CandleTable, Config};
use market::{Candle, Symbol};
use serde_json::Value;

use crate::QUARTERHOUR;

/// A ridge on minutes: fitted in a second.
const RIDGE: &str = r#"
[data]
source = "simulated"
[data.simulated]
coins = 4
minutes = 17500
[universe]
symbols = []
[features]
set = "relative"
lookback_bars = 1
[split]
folds = 1
refit_every = "2d"
"#;

/// The simulated market begins here.
const DAY_MS: i64 = 86_400_000;

/// Candles of twelve days in a store, and a registry.
struct House {
    dir: tempfile::TempDir,
}

impl House {
    /// The market of [`RIDGE`], each candle as `change` makes it, given its day from 0.
    fn new(change: impl Fn(i64, Candle) -> Candle) -> Self {
        let house = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        house.store("data", change);
        fs::write(
            house.path("ridge.toml"),
            RIDGE.replace("simulated\"\n", "store\"\n"),
        )
        .unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn store(&self, name: &str, change: impl Fn(i64, Candle) -> Candle) {
        let mut config: Config = toml::from_str(RIDGE).unwrap();
        let coins = tests::candles(&config);
        let first_ms = coins[0].1.open_time_ms[0];
        let changed = |(symbol, table): &(Symbol, CandleTable)| {
            let candles = (0..table.len()).map(|index| table.candle(index));
            let day = |candle: &Candle| (candle.open_time_ms - first_ms) / DAY_MS;
            let candles = candles.map(|candle| change(day(&candle), candle));
            (symbol.clone(), candles.collect())
        };
        let coins: Vec<(Symbol, CandleTable)> = coins.iter().map(changed).collect();
        tests::store(&self.path(name), &mut config, &coins);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(QUARTERHOUR);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_remove("MLFLOW_TRACKING_URI")
            .env_remove("QUARTERHOUR_REGISTRY");
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints, which must succeed.
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command complains of, which must fail.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Fits a run of candles to a day and registers it.
    fn add(&self, run: &str, until: &str, version: &str) {
        let folder = format!("checkpoints/{run}");
        let until = format!("data.until={until:?}");
        let config = ["--config", "ridge.toml", "--set", &until];
        self.said(&[&["ridge", "--run", &folder][..], &config].concat());
        let named = ["--name", "m", "--version", version, "--why", "a test"];
        self.said(&[&["models", "add", &folder][..], &named].concat());
    }

    /// The version in production, which must be whole: its files are checked where it is used.
    fn production(&self) -> String {
        self.said(&["evaluate", "m@production", "--json"]);
        let shown = self.said(&["models", "show", "m@production", "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let versions = shown["versions"].as_array().unwrap();
        assert_eq!(versions.len(), 1);
        versions[0]["version"].as_str().unwrap().to_owned()
    }

    /// Retraining on the candles that are there.
    fn retrain(&self, more: &[&str]) -> String {
        self.said(&[&["retrain", "--model", "m", "--no-download"][..], more].concat())
    }
}

impl House {
    /// The JSON object that a call prints, and nothing beside it.
    fn outcome(&self, more: &[&str]) -> Value {
        let common = ["retrain", "--model", "m", "--no-download", "--json"];
        serde_json::from_str(&self.said(&[&common[..], more].concat())).unwrap()
    }

    /// Replaces the closes of a store's coins from a day on by walks that nothing can be learnt of.
    fn walk_from(&self, first_day: i64, minutes: usize) {
        let text = RIDGE.replace("minutes = 17500", &format!("minutes = {minutes}"));
        let mut config: Config = toml::from_str(&text).unwrap();
        let mut coins = tests::candles(&config);
        for (coin, (_, table)) in coins.iter_mut().enumerate() {
            let first_ms = table.open_time_ms[0] + first_day * DAY_MS;
            let mut last: Option<f64> = None;
            let mut walked = |candle: Candle| {
                let before = last.filter(|_| candle.open_time_ms >= first_ms);
                let close = match before {
                    Some(before) => before * (1.0 + 0.002 * noise(coin, candle.open_time_ms)),
                    None => candle.close,
                };
                last = Some(close);
                Candle {
                    open: candle.open.map(|open| before.unwrap_or(open)),
                    high: candle
                        .high
                        .map(|_| close.max(before.unwrap_or(close)) * 1.0001),
                    low: candle
                        .low
                        .map(|_| close.min(before.unwrap_or(close)) * 0.9999),
                    close,
                    ..candle
                }
            };
            let candles: Vec<Candle> = (0..table.len()).map(|row| table.candle(row)).collect();
            let kept = |candle: &Candle| candle.open_time_ms < first_ms;
            *table = (candles.into_iter())
                .map(|candle| match kept(&candle) {
                    true => {
                        walked(candle);
                        candle
                    }
                    false => walked(candle),
                })
                .collect();
        }
        fs::remove_dir_all(self.path("data")).unwrap();
        tests::store(&self.path("data"), &mut config, &coins);
    }
}

/// A number from -0.5 to 0.5 that no other of a coin's minutes says anything of.
fn noise(coin: usize, time_ms: i64) -> f64 {
    let mut mixed = (time_ms as u64 / 60_000).wrapping_add(coin as u64 * 1_000_003);
    for _ in 0..2 {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (mixed >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// Kills a process, waits for it and says whether it was still running.
fn kill(mut child: Child, after: Duration) -> bool {
    std::thread::sleep(after);
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

/// A candle whose close is moved by up to 2 %, another way each minute: nothing can be learnt from it.
fn damaged(candle: Candle) -> Candle {
    let noise = (candle.open_time_ms / 60_000)
        .wrapping_mul(2_654_435_761)
        .rem_euclid(1000);
    let close = candle.close * (1.0 + 0.04 * (noise as f64 / 1000.0 - 0.5));
    Candle {
        close,
        high: candle.high.map(|high| high.max(close)),
        low: candle.low.map(|low| low.min(close)),
        ..candle
    }
}

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
