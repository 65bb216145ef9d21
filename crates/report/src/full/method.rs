//! The sections on how forecasts come about and what moves them: method, explanation, backtest.

use page::{Grid, Section};
use score::Quantity;

use super::data::own_settings;
use super::reported_run::{Ensemble, ReportedRun};
use super::summary::fold_span;
use crate::words::{UNKNOWN, count, number};

/// Sections of the config that belong to a kind of forecaster.
fn own_sections(kind: &str) -> &'static [&'static str] {
    match kind {
        "network" => &["network.", "optimizer.", "training."],
        "lightgbm" => &["lightgbm."],
        "xgboost" => &["xgboost."],
        "ridge" => &["ridge."],
        "ensemble" => &["ensemble."],
        // Its models are many, and the section is one.
        _ => &["volatility."],
    }
}

/// What a kind is, in a sentence.
fn in_words(kind: &str) -> &'static str {
    match kind {
        "network" => {
            "A neural network reads a window of the coins' features; coins are mixed, an encoder goes over time, a head says one number a coin."
        }
        "lightgbm" => {
            "Boosted trees by LightGBM read a row of features a coin and time; one model is for all coins."
        }
        "xgboost" => {
            "Boosted trees by XGBoost read a row of features a coin and time; one model is for all coins."
        }
        "ridge" => {
            "A ridge regression of the coin's own part and the market's, fitted anew as `split.refit_every` says."
        }
        "ensemble" => {
            "Forecasts of other runs, weighed by what they were worth on the folds before."
        }
        _ => "A classical model of volatility.",
    }
}

/// What forecasts, its settings, and on which spans it was fitted and scored.
pub(crate) fn method(run: &ReportedRun) -> Section {
    let report = &run.first().report;
    let refits = run.setting("split.refit_every").map_or_else(
        || "There is one fit a fold.".to_owned(),
        |every| format!("Within a fold it is fitted anew every {every}, on what lies before."),
    );
    let mut folds = Grid::new("scored fold", ["span (UTC)"]);
    for (number, span) in report.fold_numbers.iter().zip(&report.fold_spans_ms) {
        folds.row(number.to_string(), [fold_span(*span)]);
    }
    let section = Section::new("Method")
        .text(in_words(run.kind()))
        .text(format!(
            "Every fold is forecast by a model that was fitted on what lies before it (`split.scheme = {}`). {refits}",
            run.setting("split.scheme").unwrap_or("expanding"),
        ))
        .table(folds)
        .heading("Settings of the forecaster")
        .code(own_settings(run, own_sections(run.kind())))
        .heading("Settings of target and folds")
        .code(own_settings(run, &["target.", "split.", "regime.", "intervals."]));
    match &run.ensemble {
        Some(ensemble) => weights(section, ensemble),
        None => section,
    }
}

/// What each member weighs in each fold.
fn weights(section: Section, ensemble: &Ensemble) -> Section {
    let columns = ensemble
        .members
        .iter()
        .map(|member| vec![member.clone(), "own part".to_owned()]);
    let mut grid = Grid::grouped("weights in fold", columns);
    for fold in &ensemble.folds {
        let cells = fold
            .market
            .iter()
            .zip(&fold.own)
            .map(|(market, own)| vec![number(Some(*market), 3), number(Some(*own), 3)]);
        grid.row(fold.fold.to_string(), cells);
    }
    section
        .heading("Weights of the members")
        .text("The weight in the market's part of a forecast, and below it that in the coins' own parts; `predict` takes those of the last fold.")
        .table(grid)
}

/// Why there are no importances of features.
fn no_importance(run: &ReportedRun) -> &'static str {
    match run.kind() {
        _ if run.ensemble.is_some() => {
            "An ensemble has no features of its own; its members' reports explain theirs."
        }
        "network" => "A network keeps no importance of its features, and no SHAP values.",
        _ => "The run has no `importance.json` and no SHAP values.",
    }
}

/// What the forecaster uses, where its files say so.
pub(crate) fn explanation(run: &ReportedRun) -> Section {
    let section = Section::new("Explanation");
    let permuted = format!(
        "`quarterhour importance {}` measures what each group of features is worth, by the loss without it.",
        run.path.display()
    );
    let found = run.importance.as_ref();
    let Some(importance) = found.filter(|one| !one.features.is_empty()) else {
        return section.text(no_importance(run)).text(permuted);
    };
    let mut features: Vec<_> = importance.features.iter().collect();
    features.sort_by(|a, b| {
        let size = |one: &page::FeatureImportance| one.shap.unwrap_or(one.gain);
        size(b).total_cmp(&size(a))
    });
    let has_shap = features.iter().any(|feature| feature.shap.is_some());
    let total: f64 = features.iter().filter_map(|feature| feature.shap).sum();
    let share = |value: Option<f64>, total: f64| {
        let share = value
            .filter(|_| total > 0.0)
            .map(|value| value / total * 100.0);
        share.map_or_else(|| UNKNOWN.to_owned(), |share| format!("{share:.1} %"))
    };
    let mut grid = Grid::new(
        "feature",
        ["share of gain", "share of splits", "share of mean |SHAP|"],
    );
    for feature in features.iter().take(20) {
        let cells = [
            share(Some(feature.gain), 1.0),
            share(Some(feature.split), 1.0),
            share(feature.shap, total),
        ];
        grid.row(feature.name.as_str(), cells);
    }
    let by = if has_shap {
        "mean size of their SHAP values"
    } else {
        "gain (the run has no SHAP values)"
    };
    let first = features.first().map_or("", |feature| feature.name.as_str());
    let section = section
        .text(format!(
            "Of {} features `{first}` moves forecasts most, by the {by}. A feature that is used much need not be useful out of sample.",
            count(features.len()),
        ))
        .table(grid);
    let shap = "`shap.parquet` has the SHAP values of sampled rows, and `report.html` has them as pictures.";
    let section = if run.has_file("shap.parquet") {
        section.text(shap)
    } else {
        section
    };
    section.text(permuted)
}

/// What was traded on the forecasts, where it was.
pub(crate) fn backtest(run: &ReportedRun) -> Section {
    let section = Section::new("Backtest and trading");
    let path = run.path.display();
    if run.first().report.quantity == Quantity::LogVolatility {
        let words = match run.first().exposure {
            Some(_) => {
                "Forecasts of a volatility are no positions. What exposure by them is worth, beside the same average exposure, is in the section \
                 \"Exposure by the forecasts\"; the command below says it at other settings."
            }
            None => {
                "Forecasts of a volatility are no positions. What exposure by them is worth, beside the same average exposure, is what the \
                 command below says from the run's candles."
            }
        };
        return section
            .text(words)
            .code(format!("quarterhour exposure {path} --html exposure.html"));
    }
    let section = section.text(
        "The section \"Quantiles and capital\" has what the forecasts earn before and after costs by a simple rule. What follows is of the \
         run's own files.",
    );
    let section = match &run.thresholds {
        Some(text) => section
            .text("Thresholds to trade on, tuned on one span and judged on a later one (`thresholds.toml`):")
            .code(text.trim_end()),
        None => section.text(format!("No thresholds were tuned; `quarterhour thresholds {path}` does it.")),
    };
    let traded: Vec<_> = run.traded().collect();
    if traded.is_empty() {
        return section.text(format!(
            "No portfolio was traded on it; `quarterhour portfolio {path}` does it at several fees, beside what anyone could hold."
        ));
    }
    let mut grid = Grid::new("rule", ["fee (bp)", "days", "Sharpe ratio a year"]);
    for (rule, trial) in &traded {
        let cells = [
            number(trial.setting["fee_bps"].as_f64(), 1),
            trial.days.map_or_else(|| UNKNOWN.to_owned(), count),
            number(
                trial.daily_sharpe.map(|sharpe| sharpe * 365.0_f64.sqrt()),
                2,
            ),
        ];
        grid.row(*rule, cells);
    }
    let searched = run.trials.iter().filter(|trial| trial.is_of("search"));
    section
        .text(format!(
            "{} rules of it were tried, among {} trials of its study (`trials.jsonl` beside the run), {} of them of searches. The best of many \
             trials is best by luck in part; `quarterhour portfolio` and `quarterhour backtest` deflate by all of them.",
            count(traded.len()),
            count(run.trials.len()),
            count(searched.count())
        ))
        .table(grid)
}
