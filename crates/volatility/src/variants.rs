//! Several runs over one reading of the candles.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, anyhow};
use cli::{ConfigTable, WithHint};
use dataset::{Config, Dataset, RunDir, TimeSpan};
use run::{FitOptions, RunReport, check_coverage, fit_run};
use serde::Serialize;
use terminal::Table;

use crate::config::VolatilityConfig;
use crate::recipe::VolatilityRecipe;

const HINT: &str =
    "such as --variant naive volatility.model=naive --variant weekly split.refit_every=7d";

/// One `--variant NAME KEY=VALUE ...`: a run, and in what its config differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    name: String,
    overrides: Vec<String>,
}

/// The variants of the words of all `--variant`: a word without `=` is the name of the next one.
///
/// # Errors
/// A usage error where a name is missing, is there twice, or is no name of a folder.
pub(crate) fn variants(words: &[String]) -> anyhow::Result<Vec<Variant>> {
    let mut variants: Vec<Variant> = Vec::new();
    for word in words {
        let wrong = |what: &str| cli::usage(anyhow!("--variant {word}: {what}").hint(HINT));
        if word.contains('=') {
            let variant = variants.last_mut();
            let variant = variant.ok_or_else(|| wrong("expected a name first"))?;
            variant.overrides.push(word.clone());
        } else if !is_name(word) {
            return Err(wrong(
                "expected a name of letters, digits, `-`, `_` and `.`",
            ));
        } else if variants.iter().any(|variant| variant.name == *word) {
            return Err(wrong("expected each name once"));
        } else {
            variants.push(Variant {
                name: word.clone(),
                overrides: Vec::new(),
            });
        }
    }
    Ok(variants)
}

fn is_name(word: &str) -> bool {
    let is_usual = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    word.starts_with(|first: char| first.is_ascii_alphanumeric()) && word.chars().all(is_usual)
}

/// A variant's run that is done.
#[derive(Debug, Serialize)]
struct DoneVariant {
    name: String,
    /// Its folder.
    run: String,
    /// Time that its fits and forecasts took; candles, features and targets had been read before.
    seconds: f64,
}

/// Fits each variant of a config as a run of its own in a folder of `folder`, without report. What is
/// done already is left as it is.
///
/// # Errors
/// A variant that changes more than `[volatility]` and `split.refit_every`; what a fit says.
pub(crate) fn fit_variants(
    table: &ConfigTable,
    variants: Vec<Variant>,
    folder: &Path,
    json: bool,
) -> anyhow::Result<()> {
    let config = VolatilityConfig::new(table)?;
    if !config.shared.target.horizons.is_empty() {
        let error = anyhow!("target.horizons is set: expected one horizon with --variant");
        return Err(cli::usage(
            error.hint("--set target.horizons= --set target.horizon=7d"),
        ));
    }
    // All are checked before the first is fitted.
    let configs = variants.into_iter().map(|variant| {
        let own = variant.config(table, &config.shared)?;
        Ok((variant.name, own))
    });
    let configs: Vec<(String, VolatilityConfig)> = configs.collect::<anyhow::Result<_>>()?;
    let mut dataset = Dataset::load(&config.shared)?;
    check_coverage(&dataset)?;
    let mut done = Vec::with_capacity(configs.len());
    for (name, config) in configs {
        let began = Instant::now();
        let run = RunDir::new(folder.join(&name));
        dataset.set_refit_every(config.shared.split.refit_every)?;
        fit_variant(&run, config, &dataset).with_context(|| format!("--variant {name}"))?;
        done.push(DoneVariant {
            name,
            run: run.path().display().to_string(),
            seconds: began.elapsed().as_secs_f64(),
        });
    }
    let text = match json {
        true => serde_json::to_string_pretty(&done)? + "\n",
        false => seconds_table(&done),
    };
    Ok(cli::print(&text)?)
}

fn fit_variant(run: &RunDir, config: VolatilityConfig, dataset: &Dataset) -> anyhow::Result<()> {
    let config = VolatilityConfig {
        shared: dataset.config.clone(),
        ..config
    };
    let resolved = config.begin(run)?;
    if run.forecasts().exists() {
        return Ok(());
    }
    let recipe = VolatilityRecipe::new(config, dataset);
    let options = FitOptions {
        folds: dataset.plan.folds.iter().collect(),
        seeds: vec![1],
        again: false,
        report: RunReport::Nothing,
    };
    fit_run(&recipe, run, dataset, &resolved, &options).map(|_| ())
}

fn seconds_table(done: &[DoneVariant]) -> String {
    let mut table = Table::new(["variant", "seconds", "run"]);
    for one in done {
        table.push(&one.name, [format!("{:.1}", one.seconds), one.run.clone()]);
    }
    table.render()
}

impl Variant {
    /// The variant's config over those of all.
    fn config(&self, table: &ConfigTable, shared: &Config) -> anyhow::Result<VolatilityConfig> {
        let mut table = table.clone();
        table.apply(&self.overrides)?;
        let own = VolatilityConfig::new(&table)?;
        match with_refits(&own.shared, None) == with_refits(shared, None) {
            true => Ok(own),
            false => Err(cli::usage(
                anyhow!(
                    "--variant {} {}: expected keys of [volatility] and split.refit_every alone, as candles, \
                     features and targets are shared",
                    self.name,
                    self.overrides.join(" ")
                )
                .hint("--set KEY=VALUE sets it for all of them"),
            )),
        }
    }
}

/// The config with another `split.refit_every`.
fn with_refits(config: &Config, every: Option<TimeSpan>) -> Config {
    let mut config = config.clone();
    config.split.refit_every = every;
    config
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Vec<Variant>, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        variants(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn a_word_without_an_equals_sign_begins_a_variant() {
        let found = parsed(&["a", "b", "volatility.model=har", "split.refit_every=7d"]).unwrap();
        assert_eq!(found[0].name, "a");
        assert_eq!(found[0].overrides, [""; 0]);
        assert_eq!(found[1].name, "b");
        assert_eq!(
            found[1].overrides,
            ["volatility.model=har", "split.refit_every=7d"]
        );
        for (words, expected) in [
            (&["volatility.model=har"][..], "expected a name first"),
            (&["a", "a"], "expected each name once"),
            (&["../a"], "expected a name of letters"),
            (&["a/b"], "expected a name of letters"),
        ] {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(expected), "{words:?}: {error}");
        }
    }
}
