//! `quarterhour evaluate cadence`: what fitting anew every so often would have scored.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Config, Dataset, ForecastTable, RunDir, Scheme, SplitConfig, TimeSpan, format_time};
use run::{FitCommand, FitProcess, NamedTable, join};
use score::{Options, Quantity, Rows, daily_scores, mean_over_days};
use serde::{Deserialize, Serialize};
use statistics::ConfidenceInterval;
use storage::write_atomically;
use terminal::Table;

/// The config that the runs override, in the folder of all.
const CONFIG_FILE: &str = "config.toml";

/// What a run is of and what it took, in its folder.
const COST_FILE: &str = "cost.json";

/// A fit that is never repeated.
const NEVER: &str = "never";

/// Arguments of `quarterhour evaluate cadence`.
#[derive(Debug, clap::Args)]
pub struct CadenceArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// What fits
    #[arg(long, value_name = "COMMAND")]
    fit_with: FitCommand,
    /// How often is fitted anew; `never` fits once, before the first scored time
    #[arg(
        long,
        value_name = "TIMES",
        value_delimiter = ',',
        default_value = "1d,7d,14d,30d,never"
    )]
    every: Vec<String>,
    /// Folder of the runs, one for each; what is there is used
    /// [default: checkpoints/<config's name>-cadence]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// What all cadences have in common.
#[derive(Debug, Serialize)]
struct Report {
    /// `ic_a_day`, or `qlike`, of which less is better.
    measure: &'static str,
    from: String,
    until: String,
    cadences: Vec<Cadence>,
}

/// What a cadence scored.
#[derive(Debug, Serialize)]
struct Cadence {
    every: String,
    fits: usize,
    /// Mean over days.
    score: Option<f64>,
    interval: Option<ConfidenceInterval>,
    /// The score minus that of the last cadence, on the same days.
    minus_last: Option<f64>,
    minus_last_interval: Option<ConfidenceInterval>,
    /// Seconds of all cores; None where the system does not tell.
    cpu_seconds: Option<f64>,
}

/// What a run is of: one that is there is used only where all of it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fit {
    command: FitCommand,
    overrides: Vec<String>,
    /// Start of the scored time, and its end, which moves on with the candles.
    from: String,
    until: String,
}

/// What a run is of and what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cost {
    #[serde(flatten)]
    fit: Fit,
    is_finished: bool,
    /// Of all fits; None where the system does not tell, and where an interrupt came between.
    cpu_seconds: Option<f64>,
}

/// The run of a cadence.
struct FittedRun {
    every: String,
    fits: usize,
    run: RunDir,
    cpu_seconds: Option<f64>,
}

/// Fits, scores and prints.
///
/// # Errors
/// A config that is refused, what a fitting process says, runs without common rows.
pub fn run(args: &CadenceArgs) -> anyhow::Result<()> {
    let table = args.config.load()?;
    let config: Config = table.parse()?;
    config.validate().map_err(cli::usage)?;
    if !config.target.horizons.is_empty() {
        let error = anyhow!("found target.horizons, expected one horizon");
        return Err(cli::usage(error.hint(
            "--set target.horizons= --set target.horizon=1d for instance",
        )));
    }
    let dataset = Dataset::load(&config)?;
    let default = || PathBuf::from("checkpoints").join(args.config.name() + "-cadence");
    let dir = args.dir.clone().unwrap_or_else(default);
    let path = dir.join(CONFIG_FILE);
    begin(&path, &table.to_toml()?)?;
    let span = ScoredSpan::of(&dataset);
    let interrupted = cli::watch_for_interrupt("stopping; the same command goes on from here")?;
    let mut runs = Vec::new();
    for every in &args.every {
        let refit_every = span.refit_every(every)?;
        let overrides = span.overrides(refit_every);
        let run = RunDir::new(dir.join(format!("every-{every}")));
        let process = FitProcess {
            command: args.fit_with,
            config: &path,
            overrides: &overrides,
            run: run.path(),
        };
        cli::note(format!("fitting every {every}"));
        let fit = Fit {
            command: args.fit_with,
            overrides: overrides.clone(),
            from: format_time(span.first_ms),
            until: span.until(&dataset),
        };
        let cpu_seconds = fitted(&process, fit, &interrupted)?;
        runs.push(FittedRun {
            every: every.clone(),
            fits: span.fits(&dataset, refit_every)?,
            run,
            cpu_seconds,
        });
    }
    let report = report(&dataset, &span, &runs)?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => table_of(&report),
    };
    Ok(cli::print(&text)?)
}

/// Writes down the config that the runs override, or compares it with what is there.
fn begin(path: &Path, config: &str) -> anyhow::Result<()> {
    match std::fs::read_to_string(path) {
        Ok(found) if found == config => Ok(()),
        Ok(_) => Err(anyhow!(
            "{}: the runs beside it are of another config",
            path.display()
        )
        .hint("--dir OTHER begins elsewhere")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(write_atomically(path, config.as_bytes())?)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The scored time of all folds of a config as one fold, in which fits of every cadence are scored on
/// the same rows.
struct ScoredSpan {
    /// What is trained on before it: at least, or with `split.scheme = "rolling"` exactly.
    train: TimeSpan,
    test: TimeSpan,
    first_ms: i64,
    last_ms: i64,
}

impl ScoredSpan {
    fn of(dataset: &Dataset) -> Self {
        let folds = &dataset.plan.folds;
        // A plan has a fold at least.
        let (first, last) = (&folds[0], &folds[folds.len() - 1]);
        let (config, interval) = (&dataset.config.split, dataset.panel.interval());
        let rows = last.score.end - first.score.start;
        let whole = TimeSpan::of_bars(first.train.len().max(1), interval);
        let train = match config.scheme {
            Scheme::Expanding => TimeSpan::of_bars(1, interval),
            Scheme::Rolling => config.train.unwrap_or(whole),
        };
        Self {
            train,
            test: TimeSpan::of_bars(rows, interval),
            first_ms: dataset.panel.time_ms(first.score.start),
            last_ms: dataset.panel.time_ms(last.score.end - 1),
        }
    }

    /// End of the last scored bar, as text.
    fn until(&self, dataset: &Dataset) -> String {
        format_time(self.last_ms + dataset.panel.interval().ms())
    }

    /// The time between two fits that a word of `--every` stands for.
    fn refit_every(&self, every: &str) -> anyhow::Result<TimeSpan> {
        match every {
            // Longer than the span: some forecasters are refitted where nothing is said.
            NEVER => Ok(TimeSpan::minutes(self.test.ms() / 60_000 + 2 * 24 * 60)),
            every => every.parse().map_err(|error| {
                let error = anyhow!("--every {every}: {error}");
                cli::usage(error.hint("--every 1d,7d,never for instance"))
            }),
        }
    }

    /// What makes the span one fold that is fitted anew so often.
    fn overrides(&self, every: TimeSpan) -> Vec<String> {
        vec![
            "split.folds=1".to_owned(),
            format!("split.train={}", self.train),
            format!("split.test={}", self.test),
            format!("split.refit_every={every}"),
        ]
    }

    /// How many fits that are.
    fn fits(&self, dataset: &Dataset, every: TimeSpan) -> anyhow::Result<usize> {
        let Dataset {
            config,
            panel,
            targets,
            ..
        } = dataset;
        let split = SplitConfig {
            folds: Some(1),
            train: Some(self.train),
            test: Some(self.test),
            refit_every: Some(every),
            ..config.split.clone()
        };
        let plan = split.plan(panel, targets, config.purge_bars())?;
        Ok(plan.folds.iter().map(|fold| fold.fits().len()).sum())
    }
}

/// Fits a run that is not there or not finished, and tells how many CPU seconds that took.
fn fitted(
    process: &FitProcess<'_>,
    fit: Fit,
    interrupted: &std::sync::atomic::AtomicBool,
) -> anyhow::Result<Option<f64>> {
    let is_new = !process.run.exists();
    let path = process.run.join(COST_FILE);
    if let Some(cost) = earlier(&path, &fit)?
        && cost.is_finished
    {
        return Ok(cost.cpu_seconds);
    }
    let write = |is_finished, cpu_seconds| {
        let cost = Cost {
            fit: fit.clone(),
            is_finished,
            cpu_seconds,
        };
        write_atomically(&path, serde_json::to_string(&cost)?.as_bytes())?;
        anyhow::Ok(())
    };
    write(false, None)?;
    let before = cli::cpu_seconds_of_children();
    process.whole(interrupted)?;
    let spent = cli::cpu_seconds_of_children().zip(before);
    // What was spent before an interrupt is not known.
    let spent = spent
        .filter(|_| is_new)
        .map(|(after, before)| after - before);
    write(true, spent)?;
    Ok(spent)
}

/// What is written down of the run that is there; None where nothing is.
fn earlier(path: &Path, fit: &Fit) -> anyhow::Result<Option<Cost>> {
    const HINT: &str = "--dir OTHER begins elsewhere";
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let cost: Cost = serde_json::from_str(&text).map_err(|error| {
        let reason = "does not say what the run beside it is of";
        anyhow!("{} {reason}: {error}", path.display()).hint(HINT)
    })?;
    if cost.fit == *fit {
        return Ok(Some(cost));
    }
    let told = |fit: &Fit| {
        let (command, overrides) = (fit.command.name(), fit.overrides.join(" "));
        format!(
            "{command} with {overrides}, scored from {} to {}",
            fit.from, fit.until
        )
    };
    let error = anyhow!(
        "{}: the run beside it is of {}, expected {}",
        path.display(),
        told(&cost.fit),
        told(fit)
    );
    Err(error.hint(HINT))
}

fn report(dataset: &Dataset, span: &ScoredSpan, runs: &[FittedRun]) -> anyhow::Result<Report> {
    let read = |fitted: &FittedRun| ForecastTable::read(&fitted.run.forecasts());
    let tables: Vec<ForecastTable> = runs.iter().map(read).collect::<Result<_, _>>()?;
    let named: Vec<NamedTable<'_>> = (runs.iter().zip(&tables))
        .map(|(fitted, table)| NamedTable {
            name: &fitted.every,
            run: Some(&fitted.every),
            table,
        })
        .collect();
    let joined = join(&named)?;
    let of = |forecaster| daily_scores(&joined.rows, forecaster);
    let days: Vec<Vec<Option<f64>>> = joined.forecasters.iter().map(of).collect();
    let last = days.last().map_or(&[][..], Vec::as_slice);
    let cadence =
        |(fitted, days): (&FittedRun, &Vec<Option<f64>>)| cadence(fitted, days, last, &joined.rows);
    Ok(Report {
        measure: match joined.rows.quantity == Quantity::LogVolatility {
            true => "qlike",
            false => "ic_a_day",
        },
        from: format_time(span.first_ms),
        until: span.until(dataset),
        cadences: runs.iter().zip(&days).map(cadence).collect(),
    })
}

fn cadence(fitted: &FittedRun, days: &[Option<f64>], last: &[Option<f64>], rows: &Rows) -> Cadence {
    let options = Options::default();
    let differences: Vec<Option<f64>> = (days.iter().zip(last))
        .map(|(one, other)| Some(one.as_ref()? - other.as_ref()?))
        .collect();
    let score = mean_over_days(rows, days, &options);
    let minus_last = mean_over_days(rows, &differences, &options);
    Cadence {
        every: fitted.every.clone(),
        fits: fitted.fits,
        score: score.value,
        interval: score.interval,
        minus_last: minus_last.value,
        minus_last_interval: minus_last.interval,
        cpu_seconds: fitted.cpu_seconds,
    }
}

fn table_of(report: &Report) -> String {
    let title = match report.measure {
        "qlike" => "QLIKE",
        _ => "IC a day",
    };
    let last = report.cadences.last().map_or("the last", |one| &one.every);
    let header = [
        "fitted every".to_owned(),
        "fits".to_owned(),
        title.to_owned(),
        format!("minus {last}"),
        "CPU seconds".to_owned(),
    ];
    let mut table = Table::new(header).unbroken();
    let with_interval = |value: Option<f64>, interval: Option<ConfidenceInterval>| {
        let ends = interval.map_or(String::new(), |[low, high]| {
            format!(" ({low:.4} to {high:.4})")
        });
        value.map_or("-".to_owned(), |value| format!("{value:.4}{ends}"))
    };
    for one in &report.cadences {
        let cells = [
            one.fits.to_string(),
            with_interval(one.score, one.interval),
            with_interval(one.minus_last, one.minus_last_interval),
            one.cpu_seconds
                .map_or("-".to_owned(), |seconds| format!("{seconds:.0}")),
        ];
        table.push(&one.every, cells);
    }
    format!(
        "Scored from {} to {} UTC, mean over days.\n\n{}",
        report.from,
        report.until,
        table.render()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn fit() -> Fit {
        Fit {
            command: FitCommand::Ridge,
            overrides: vec!["split.refit_every=7d".to_owned()],
            from: "2021-04-01 00:00".to_owned(),
            until: "2021-06-01 00:00".to_owned(),
        }
    }

    /// Uses the finished run of `written` for `asked`, and returns its CPU seconds.
    fn used(written: &str, asked: Fit) -> anyhow::Result<Option<f64>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(COST_FILE), written).unwrap();
        let process = FitProcess {
            command: asked.command,
            config: Path::new("config.toml"),
            overrides: &asked.overrides.clone(),
            run: dir.path(),
        };
        // A process that began to fit would end at once.
        fitted(&process, asked, &AtomicBool::new(true))
    }

    #[test]
    fn a_run_is_used_only_for_what_it_is_of() {
        let cost = Cost {
            fit: fit(),
            is_finished: true,
            cpu_seconds: Some(12.5),
        };
        let written = serde_json::to_string(&cost).unwrap();
        assert_eq!(used(&written, fit()).unwrap(), Some(12.5));
        let train = Fit {
            command: FitCommand::Train,
            ..fit()
        };
        let later = Fit {
            until: "2021-07-01 00:00".to_owned(),
            ..fit()
        };
        let daily = Fit {
            overrides: vec!["split.refit_every=1d".to_owned()],
            ..fit()
        };
        for other in [train, later, daily] {
            let error = used(&written, other).unwrap_err();
            assert!(
                error.to_string().contains("the run beside it is of ridge"),
                "{error}"
            );
        }
        let error = used("{\"cpu_seconds\":1.0}", fit()).unwrap_err();
        assert!(error.to_string().contains(COST_FILE), "{error}");
    }

    #[test]
    fn a_config_that_cannot_be_read_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CONFIG_FILE);
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(begin(&path, "[data]\n").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), [0xff, 0xfe]);
        std::fs::remove_file(&path).unwrap();
        begin(&path, "[data]\n").unwrap();
        begin(&path, "[data]\n").unwrap();
        assert!(begin(&path, "[target]\n").is_err());
    }
}
