//! Tables of scores for a terminal.

use page::{coins_table, score_table};
use rules::with_break_even;
use score::{
    Estimate, ForecastColumn, METRICS, Metric, Options, Quantity, Report, ReportSection, Rows,
    controls, score, score_by,
};

use crate::rows::{forecaster, rows};

fn report(rows: &Rows, models: &[ForecastColumn]) -> Report {
    let mut forecasters = models.to_vec();
    forecasters.extend(controls(rows));
    score(rows, &forecasters, &Options::default()).unwrap()
}

fn table(rows: &Rows, models: &[ForecastColumn]) -> String {
    score_table(&report(rows, models))
}

#[test]
fn few_rows_have_tables_too() {
    for (folds, times, coins) in [(1, 1, 1), (1, 1, 5), (3, 2, 2), (5, 20, 3)] {
        let rows = rows(folds, times, coins);
        let scored = report(&rows, &[forecaster("network", &rows, 0.2, 2)]);
        assert!(score_table(&scored).lines().count() > 10);
        assert!(coins_table(&scored).contains("COIN0"));
    }
}

#[test]
fn folds_without_a_score_are_said() {
    let rows = rows(3, 300, 3);
    let mut network = forecaster("network", &rows, 0.3, 2);
    for (forecast, fold) in network.forecast.iter_mut().zip(&rows.fold) {
        if *fold == 2 {
            *forecast = 0.1;
        }
    }
    let text = table(&rows, std::slice::from_ref(&network));
    assert!(text.contains("network: no score in 1 of 3 folds"), "{text}");
    network.forecast.fill(0.1);
    let text = table(&rows, &[network]);
    assert!(
        text.contains("No score in any fold (constant forecast or too few rows): network"),
        "{text}"
    );
}

#[test]
fn controls_that_are_unknown_are_said() {
    let mut rows = rows(2, 400, 3);
    let network = [forecaster("network", &rows, 0.3, 2)];
    assert!(!table(&rows, &network).contains("older version"));
    // A table of an older version has no deviations.
    let unknown = rows.controls[2..].iter_mut();
    unknown.for_each(|control| control.forecast.fill(f64::NAN));
    let text = table(&rows, &network);
    assert!(
        text.contains("older version") && text.contains("negated_deviation_240m"),
        "{text}"
    );
}

/// Nearly all of the covariance in one day of four, and in 2 of 54 hours.
#[test]
fn a_score_that_hangs_on_few_hours_is_said_to() {
    let mut rows = rows(2, 1600, 3);
    rows.time_ms
        .iter_mut()
        .for_each(|time| *time += 1_600_000_000_000 / 86_400_000 * 86_400_000);
    let mut network = forecaster("network", &rows, 0.0, 2);
    for row in 1000 * 3..1060 * 3 {
        (rows.realized[row], network.forecast[row]) = (0.02, 0.02);
    }
    let text = table(&rows, &[network]);
    assert!(
        text.contains("warning: more than a third of network's covariance"),
        "{text}"
    );
    assert!(text.contains("in 2020-09-13"), "{text}");
}

#[test]
fn shuffled_days_and_rank_ics_have_their_place() {
    let rows = rows(3, 600, 5);
    let text = table(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    assert!(text.contains("shuffled, 20 orders"), "{text}");
    let (_, differences) = text.split_once("network minus").unwrap();
    assert!(differences.contains("rank IC +1"), "{text}");
}

/// What beats every control is read off the intervals of differences.
#[test]
fn beating_every_control_is_said_where_the_intervals_say_it() {
    let rows = rows(3, 600, 5);
    let ahead = table(&rows, &[forecaster("network", &rows, 0.6, 2)]);
    let versions = "in: +1 bar, neutral +1, Pearson, neutral, rank IC +1, rank IC.";
    assert!(ahead.replace('\n', " ").contains(versions), "{ahead}");
    // Rows of a day and a quarter have no interval of a mean over days.
    let unknown = "not shown to beat: IC a day (";
    assert!(
        ahead.contains(unknown) && !ahead.contains("is behind"),
        "{ahead}"
    );
    // The deviation from the four-hour mean knows .3 of what comes, this one nothing.
    let behind = table(&rows, &[forecaster("network", &rows, 0.0, 2)]);
    assert!(
        behind.contains("network is shown to beat every control in no column."),
        "{behind}"
    );
    let text = behind.replace('\n', " ");
    assert!(
        text.contains("network is behind, by the interval of the difference: +1 bar (negated_"),
        "{behind}"
    );
    assert!(
        text.contains("no higher than the best of 20 shuffled orders in:"),
        "{behind}"
    );
}

/// Twelve days are enough for an interval of a mean over days.
#[test]
fn the_strongest_control_is_named_by_the_ic_a_day() {
    let mut rows = rows(4, 864, 4);
    rows.bar_ms *= 5;
    rows.time_ms.iter_mut().for_each(|time| *time *= 5);
    rows.reach_bars = 3;
    let network = [forecaster("network", &rows, 0.6, 2)];
    let text = table(&rows, &network);
    assert!(
        text.contains("The trailing volatility is unknown"),
        "{text}"
    );
    let text = text.replace('\n', " ");
    for sentence in [
        "By IC a day the strongest control is negated_deviation_240m, +0.",
        "network is ahead of it by +0.",
    ] {
        assert!(text.contains(sentence), "{text}");
    }
    rows.trailing_volatility = Some(rows.volatility.clone());
    assert!(!table(&rows, &network).contains("The trailing volatility is unknown"));
}

#[test]
fn tables_fit_a_terminal() {
    let rows = rows(9, 60, 7);
    let mut models = vec![
        forecaster("network", &rows, 0.3, 2),
        forecaster("network", &rows, 0.2, 3),
    ];
    models.push(forecaster(
        "an_ensemble_with_a_name_that_never_ends",
        &rows,
        0.1,
        4,
    ));
    models[1].run = Some("checkpoints/other".to_owned());
    let report = report(&rows, &models);
    let text = score_table(&report);
    assert!(
        text.lines().all(|line| line.chars().count() <= 150),
        "{text}"
    );
    assert!(
        coins_table(&report)
            .lines()
            .all(|line| line.chars().count() <= 120)
    );
    assert!(
        text.contains("checkpoints/other") && !text.contains("network 1"),
        "{text}"
    );
    assert!(!text.contains("NaN"));
    assert!(text.starts_with("Scores: 3,780 rows, 540 times, 7 coins, 9 folds\n"));
}

/// The IC a day is the first column of every table of scores, then what a bounce cannot lift.
#[test]
fn the_score_to_decide_on_stands_first() {
    let rows = rows(3, 300, 4);
    let models = [
        forecaster("network", &rows, 0.3, 2),
        forecaster("lightgbm", &rows, 0.2, 3),
    ];
    let report = report(&rows, &models);
    let (text, page) = (score_table(&report), crate::html::page(&rows, &models, &[]));
    let scores: Vec<&Metric> = METRICS
        .iter()
        .filter(|metric| metric.section == ReportSection::Scores)
        .filter(|metric| metric.quantity == Quantity::Return)
        .collect();
    let first = [
        "IC a day",
        "IC raw",
        "+1 bar",
        "neutral +1",
        "Pearson",
        "neutral",
    ];
    let titles: Vec<&str> = scores.iter().map(|metric| metric.title).collect();
    assert_eq!(titles[..6], first);
    for title in ["forecaster ", "network minus "] {
        let header = text.lines().find(|line| line.starts_with(title)).unwrap();
        let words: Vec<&str> = header
            .split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(words[1..4], ["IC a day", "95 % interval", "t"], "{header}");
        assert!(
            titles
                .iter()
                .all(|title| text.contains(&format!("  {title}  "))),
            "{text}"
        );
    }
    let cells: String = scores
        .iter()
        .map(|metric| {
            let t = if metric.has_t { "<small>t</small>" } else { "" };
            let ends = "<small>95\u{a0}% interval</small>";
            format!("<th>{}{ends}{t}</th>", metric.title)
        })
        .collect();
    assert!(page.contains(&format!("<tr><th></th>{cells}</tr>")));
    for label in ["network minus", "lightgbm minus"] {
        assert!(page.contains(&format!("<tr><th>{label}</th>{cells}</tr>")));
    }
}

/// A metric of one's own is shown where it says.
#[test]
fn a_metric_outside_the_list_is_shown() {
    const LARGEST: Metric = Metric {
        name: "largest",
        title: "largest",
        legend: "the largest forecast",
        of: |sample| Estimate::point(sample.forecast().iter().copied().reduce(f64::max)),
        ..Metric::FURTHER
    };
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let metrics = [METRICS, &[LARGEST]].concat();
    let report = score_by(&metrics, &rows, &[network], &Options::default()).unwrap();
    assert!(score_table(&report).contains("the largest forecast"));
}

#[test]
fn break_even_fees_stand_beside_the_coins_where_they_were_asked_for() {
    let rows = rows(3, 1200, 4);
    let options = Options::default();
    let mut forecasters = vec![forecaster("network", &rows, 0.3, 2)];
    forecasters.extend(controls(&rows));
    let report = score(&rows, &forecasters, &options).unwrap();
    assert!(!coins_table(&report).contains("break-even"));
    let report = with_break_even(report, &rows, &forecasters, &options).unwrap();
    let text = coins_table(&report);
    assert!(
        text.contains("break-even fee bps") && text.contains("all trades"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 120),
        "{text}"
    );
}
