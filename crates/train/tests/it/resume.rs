//! A training that is broken off goes on and ends with the same bits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use market::Market;

/// Saves after every fourth step, so that a signal finds something saved and something not.
const SLOW: [&str; 4] = [
    "--set",
    "training.save_every_secs=0",
    "--set",
    "training.steps=3000",
];

struct Runs {
    dir: tempfile::TempDir,
}

impl Runs {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir }
    }

    /// The same with a further panel to learn from, of other coins and bars.
    fn with_panel() -> Self {
        let runs = Self::new();
        let mut market = tests::tiny().data.simulated;
        (market.seed, market.coins) = (7, 5);
        market.start_ms -= 2000 * 60_000;
        let interval = "5m".parse().unwrap();
        let store = dataset::Store::new(&runs.dir.path().join("fives"), Market::Spot, interval);
        for coin in market::simulate(&market, interval).unwrap().coins {
            let candles = coin.candles.into_iter().collect();
            store.append(&coin.symbol, &candles, false).unwrap();
        }
        let panel = "[[panel]]\nname = \"fives\"\ndir = \"fives\"\ninterval = \"5m\"\n";
        fs::write(
            runs.dir.path().join("tiny.toml"),
            format!("{}{panel}", tests::TINY),
        )
        .unwrap();
        runs
    }

    /// The run's folders have one name, which is in the weights' metadata.
    fn path(&self, place: &str) -> PathBuf {
        self.dir.path().join(place).join("run")
    }

    fn command(&self, place: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
        command.current_dir(self.dir.path()).args([
            "--config",
            "tiny.toml",
            "--device",
            "flex",
            "--run",
        ]);
        command.arg(self.path(place)).args(SLOW);
        command
    }

    fn finish(&self, place: &str, extra: &[&str]) -> Output {
        let output = self.command(place).args(extra).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Starts a training and returns once it has saved a state.
    fn started(&self, place: &str, extra: &[&str]) -> Child {
        let child = self
            .command(place)
            .args(extra)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let state = self.path(place).join("fold-1/seed-1/state.safetensors");
        let began = Instant::now();
        while !state.exists() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "no state was saved"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }
}

fn assert_same(a: &Path, b: &Path) {
    for file in [
        "run.toml",
        "stats.json",
        "forecasts.parquet",
        "model.safetensors",
        "fold-1/seed-1/weights.safetensors",
        "fold-2/seed-1/forecasts.parquet",
    ] {
        assert!(
            fs::read(a.join(file)).unwrap() == fs::read(b.join(file)).unwrap(),
            "{file} differs"
        );
    }
}

/// Dropout is on: its draws are part of what must come out the same.
#[test]
fn killed_and_resumed_equals_uninterrupted() {
    killed_and_resumed(&Runs::new(), &[]);
}

/// So does a training in bf16, also where it goes on with another number of threads.
#[test]
fn killed_and_resumed_equals_uninterrupted_in_bf16() {
    let runs = Runs::new();
    killed_and_resumed(&runs, &["--set", "training.precision=bf16"]);
    let f32 = Runs::new();
    f32.finish("whole", &[]);
    let weights = |runs: &Runs| fs::read(runs.path("whole").join("model.safetensors")).unwrap();
    assert!(weights(&f32) != weights(&runs), "the precision was taken");
}

/// So is the order in which panels are drawn from.
#[test]
fn killed_and_resumed_equals_uninterrupted_on_two_panels() {
    let runs = Runs::with_panel();
    killed_and_resumed(&runs, &[]);
    let text = fs::read_to_string(runs.path("whole").join("run.toml")).unwrap();
    assert!(text.contains("[[panel]]\nname = \"fives\""), "{text}");
    assert!(
        text.contains("\"SIM5USDT\""),
        "its coins are spelled out: {text}"
    );
    // Whoever begins the run anew in another place has other weights than without the panel.
    let alone = Runs::new();
    alone.finish("whole", &[]);
    let weights = |runs: &Runs| fs::read(runs.path("whole").join("model.safetensors")).unwrap();
    assert!(weights(&alone) != weights(&runs));
}

fn killed_and_resumed(runs: &Runs, sets: &[&str]) {
    runs.finish("whole", sets);
    let mut child = runs.started("killed", sets);
    child.kill().unwrap();
    child.wait().unwrap();
    for pause in [40, 90, 10] {
        let mut again = runs.command("killed");
        again
            .arg("--resume")
            .args(sets)
            .env("RAYON_NUM_THREADS", "1");
        let mut again = again.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        again.kill().unwrap();
        again.wait().unwrap();
    }
    runs.finish("killed", &[&["--resume"][..], sets].concat());
    assert_same(&runs.path("whole"), &runs.path("killed"));
    // A finished run is left as it is.
    let text = String::from_utf8(runs.finish("killed", sets).stdout).unwrap();
    assert!(text.contains("network"), "{text}");
}

/// Nor does it matter whether the arrays are in memory or in files, of which a kill leaves nothing.
#[test]
fn arrays_in_files_give_the_same_run_and_are_gone_after_a_kill() {
    let runs = Runs::with_panel();
    runs.finish("whole", &[]);
    let scratch = ["--scratch", "scratch"];
    runs.finish("files", &scratch);
    assert_same(&runs.path("whole"), &runs.path("files"));
    let mut child = runs.started("killed", &scratch);
    child.kill().unwrap();
    child.wait().unwrap();
    let left = fs::read_dir(runs.dir.path().join("scratch")).unwrap();
    assert_eq!(left.count(), 0);
    // The run does not remember the folder.
    runs.finish("killed", &["--resume"]);
    assert_same(&runs.path("whole"), &runs.path("killed"));
}

#[test]
fn a_dry_run_tells_what_is_in_files() {
    let runs = Runs::new();
    let told = |extra: &[&str]| {
        let output = runs.finish("dry", &[&["--dry-run"], extra].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    // 2500 bars of 3 coins: 5 columns and targets of 8 bytes, 8 features and scales of 4.
    let (memory, files) = (told(&[]), told(&["--scratch", "scratch"]));
    let expected = "memory      0 MiB of candles, features and targets, which --scratch DIR keeps in files, 0 MiB of windows and 0 MiB of forecasts\n";
    assert!(memory.contains(expected), "{memory}");
    let expected = "memory      0 MiB of windows and 0 MiB of forecasts\ndisk        0 MiB of candles, features and targets in scratch\n";
    assert!(files.contains(expected), "{files}");
}

#[test]
fn ctrl_c_saves_everything() {
    let runs = Runs::new();
    let child = runs.started("interrupted", &[]);
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupt.success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("interrupted in fold 1 seed 1 after step"),
        "{stderr}"
    );
    assert!(
        stderr.contains("hint: the same command with --resume continues"),
        "{stderr}"
    );
    let again = runs.command("interrupted").output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("hint: --resume continues it"));
    runs.finish("interrupted", &["--resume"]);
    runs.finish("whole", &[]);
    assert_same(&runs.path("whole"), &runs.path("interrupted"));
}

/// Folds trained by processes of their own and gathered are the run that one process trains.
#[test]
fn pieces_trained_apart_equal_the_whole() {
    let runs = Runs::new();
    runs.finish("whole", &[]);
    for fold in ["2", "1"] {
        runs.finish("apart", &["--fold", fold, "--seed", "1"]);
    }
    runs.finish("apart", &["--gather"]);
    assert_same(&runs.path("whole"), &runs.path("apart"));
}

/// Some folds can be looked at before the others are opened: their table, and no model.
#[test]
fn some_folds_alone_are_gathered_without_a_model() {
    let runs = Runs::new();
    let output = runs.finish("some", &["--folds", "1"]);
    assert!(
        output.stdout.is_empty(),
        "nothing is scored before it is asked for"
    );
    assert!(!runs.path("some").join("forecasts.parquet").exists());
    let text =
        String::from_utf8(runs.finish("some", &["--gather", "--folds", "1"]).stdout).unwrap();
    assert!(
        text.contains("fold 1") && !text.contains("fold 2"),
        "{text}"
    );
    assert!(runs.path("some").join("forecasts.parquet").exists());
    assert!(!runs.path("some").join("model.safetensors").exists());
}

/// With later candles the folds would be others: the run goes on with the span that it began with,
/// or not at all.
#[test]
fn a_run_keeps_its_folds_when_the_store_grows() {
    let runs = Runs::new();
    let mut config = tests::tiny();
    let market = market::simulate(&config.data.simulated, config.data.interval).unwrap();
    let cut = market.coins[0].candles[2000].open_time_ms;
    let part = |is_before: bool| -> Vec<_> {
        let kept = |candle: &&market::Candle| (candle.open_time_ms < cut) == is_before;
        let coins = market.coins.iter();
        coins
            .map(|coin| {
                (
                    coin.symbol.clone(),
                    coin.candles.iter().filter(kept).cloned().collect(),
                )
            })
            .collect()
    };
    let dir = runs.dir.path().join("store");
    tests::store(&dir, &mut config, &part(true));
    let stored = ["--set", "data.source=store", "--set", "data.dir=store"];
    runs.finish("whole", &stored);
    runs.finish("grown", &[&stored[..], &["--folds", "1"]].concat());
    tests::store(&dir, &mut config, &part(false));

    let refused = runs.command("grown").args(stored).output().unwrap();
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success()
            && stderr.contains("was begun with another config: it has `until = "),
        "{stderr}"
    );
    assert!(
        stderr.contains("hint: --run OTHER starts elsewhere; --config "),
        "{stderr}"
    );
    let own = runs.path("grown").join("run.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command
        .current_dir(runs.dir.path())
        .args(["--device", "flex", "--run"])
        .arg(runs.path("grown"));
    let output = command.arg("--config").arg(own).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_same(&runs.path("whole"), &runs.path("grown"));
}

/// The pieces of a run are joined by the config that they were trained with.
#[test]
fn another_config_gathers_nothing() {
    let runs = Runs::new();
    runs.finish("run", &["--folds", "1"]);
    let output = runs
        .command("run")
        .args(["--gather", "--folds", "1", "--set", "optimizer.clip_norm=2"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success()
            && stderr.contains("it has `clip_norm = 1.0`, this is `clip_norm = 2.0`"),
        "{stderr}"
    );
}

/// Fold 1 is trained from nothing, fold 2 goes on from fold 1 of the run itself, for as few steps
/// as are asked for.
#[test]
fn a_warm_start_goes_on_from_the_fold_before() {
    let runs = Runs::new();
    runs.finish("cold", &[]);
    let itself = runs.path("warm");
    let warm = [
        "--warm-start",
        itself.to_str().unwrap(),
        "--set",
        "training.warm_steps=8",
    ];
    let early = runs
        .command("warm")
        .args(warm)
        .args(["--folds", "2"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&early.stderr);
    assert!(stderr.contains("hint: train fold 1 seed 1 of"), "{stderr}");
    let output = runs.finish("warm", &warm);
    assert!(String::from_utf8_lossy(&output.stderr).contains("fold 2 seed 1: 8 steps"));
    let weights = |place: &str, fold: usize| {
        let path = runs
            .path(place)
            .join(format!("fold-{fold}/seed-1/weights.safetensors"));
        fs::read(path).unwrap()
    };
    assert!(
        weights("cold", 1) == weights("warm", 1),
        "fold 1 begins from nothing"
    );
    assert!(weights("cold", 2) != weights("warm", 2));
    // The other way round it would know the future: fold 2 of a run with fewer folds is trained on
    // more than fold 2 here.
    let later = runs.path("later");
    runs.finish("later", &["--set", "split.folds=1"]);
    let leak = [
        "--warm-start",
        later.to_str().unwrap(),
        "--set",
        "split.folds=4",
        "--folds",
        "2",
    ];
    let refused = runs.command("leak").args(leak).output().unwrap();
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && stderr.contains("know its future"),
        "{stderr}"
    );
}
