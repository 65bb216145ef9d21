//! The page of scores.

use page::{
    Dependence, FeatureImportance, FoldImportance, Importance, Page, RunPart, folds_svg, html,
    parts_html,
};
use score::{ForecastColumn, Options, Report, Rows, controls, score};

use crate::rows::{forecaster, rows};

/// The page of some forecasters beside the controls.
pub fn page(rows: &Rows, models: &[ForecastColumn], importance: &[(String, Importance)]) -> String {
    page_of(rows, models, importance, true)
}

/// The same of forecasts of returns, or of something else.
fn page_of(
    rows: &Rows,
    models: &[ForecastColumn],
    importance: &[(String, Importance)],
    is_return: bool,
) -> String {
    let (forecasters, report) = scored(rows, models);
    page_of_scores(rows, &forecasters, &report, importance, is_return)
}

/// Some forecasters beside the controls, and their scores.
fn scored(rows: &Rows, models: &[ForecastColumn]) -> (Vec<ForecastColumn>, Report) {
    let mut forecasters = models.to_vec();
    forecasters.extend(controls(rows));
    let report = score(rows, &forecasters, &Options::default()).unwrap();
    (forecasters, report)
}

fn page_of_scores(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    report: &Report,
    importance: &[(String, Importance)],
    is_return: bool,
) -> String {
    let (dropped, command) = ([("runs/b".to_owned(), 1234)], "evaluate runs/a");
    html(&Page {
        rows,
        forecasters,
        report,
        is_return,
        options: &Options::default(),
        dropped: &dropped,
        exposure: None,
        importance,
        command,
    })
}

#[test]
fn the_range_of_honest_returns_is_told_of_returns_alone() {
    let rows = rows(3, 300, 4);
    assert_eq!(rows.reach_bars as i64 * rows.bar_ms, 900_000);
    let model = [forecaster("network", &rows, 0.2, 2)];
    let told = |is_return| page_of(&rows, &model, &[], is_return).contains("0.02 to 0.06");
    assert!(told(true) && !told(false));
}

/// Every section stands once for each horizon, named by it, and the verdict of each opens the page.
#[test]
fn several_horizons_have_every_section_each() {
    let rows = rows(3, 300, 4);
    let mut forecasters = vec![forecaster("network", &rows, 0.2, 2)];
    forecasters.extend(controls(&rows));
    let options = Options::default();
    let report = score(&rows, &forecasters, &options).unwrap();
    let page = Page {
        rows: &rows,
        forecasters: &forecasters,
        report: &report,
        is_return: true,
        options: &options,
        dropped: &[],
        exposure: None,
        importance: &[],
        command: "quarterhour report runs/a",
    };
    let headings = |text: &str| -> Vec<String> {
        let rest = text.split("<h2>").skip(1);
        rest.map(|part| part.split("</h2>").next().unwrap().to_owned())
            .collect()
    };
    let verdicts = |text: &str| text.matches("class=\"verdict\"").count();
    let alone = html(&page);
    let both = parts_html(&["5m", "1h"].map(|title| RunPart::new(title, &page)));
    let expected: Vec<String> = ["5m", "1h"]
        .iter()
        .flat_map(|title| {
            let own = headings(&alone).into_iter();
            own.map(move |heading| format!("{title}: {heading}"))
        })
        .collect();
    assert_eq!(expected.len(), 18, "{expected:?}");
    assert_eq!(headings(&both), expected);
    assert_eq!(verdicts(&both), 2 * verdicts(&alone));
    assert_eq!(parts_html(&[RunPart::new("5m", &page).alone()]), alone);
}

/// A fold in which no control has a score is none in which all are beaten.
#[test]
fn a_fold_without_a_control_is_no_win() {
    let rows = rows(3, 300, 4);
    let (forecasters, mut report) = scored(&rows, &[forecaster("network", &rows, 0.2, 2)]);
    let mut told = |of_controls: [Option<f64>; 3]| {
        for score in &mut report.forecasters {
            let own = [Some(0.9); 3];
            let folds = if score.is_control() { of_controls } else { own };
            score.ic_a_day_folds = folds.to_vec();
        }
        let page = page_of_scores(&rows, &forecasters, &report, &[], true);
        let wins = page.split("controls: network in ").nth(1).unwrap();
        wins[..6].to_owned()
    };
    assert_eq!(told([Some(0.1); 3]), "3 of 3");
    assert_eq!(told([None, Some(0.1), Some(0.1)]), "2 of 3");
}

/// A control that knows nothing of a coin alone leaves no heading without a picture.
#[test]
fn one_coin_has_no_picture_across_coins() {
    let rows = rows(3, 300, 1);
    let page = page(&rows, &[forecaster("network", &rows, 0.2, 2)], &[]);
    assert!(!page.contains("<h2>Cumulative IC</h2>") && !page.contains("NaN"));
}

#[test]
fn the_cumulative_ic_is_of_returns_entered_a_bar_later() {
    let rows = rows(3, 300, 4);
    let model = [forecaster("network", &rows, 0.2, 2)];
    let chart = |rows: &Rows| {
        let page = page(rows, &model, &[]);
        let from = page.find("aria-label=\"Cumulative IC\"").unwrap();
        let until = page[from..].find("</svg>").unwrap();
        page[from..from + until].to_owned()
    };
    let mut entered_later = rows.clone();
    entered_later.realized_delayed.reverse();
    let mut entered_at_once = rows.clone();
    entered_at_once.realized.reverse();
    assert_ne!(chart(&entered_later), chart(&rows));
    assert_eq!(chart(&entered_at_once), chart(&rows));
}

#[test]
fn the_page_needs_nothing_else_and_takes_names_as_text() {
    let rows = rows(3, 300, 4);
    let named = |name: &str, run: &str, seed| ForecastColumn {
        name: name.to_owned(),
        run: Some(run.to_owned()),
        ..forecaster("network", &rows, 0.2, seed)
    };
    let models = [
        named("network", "runs/a", 2),
        named("network", "runs/b", 3),
        named("<b>\"&", "runs/<c>", 4),
    ];
    let importance = Importance {
        features: vec![FeatureImportance {
            name: "return_1".to_owned(),
            gain: 0.7,
            split: 0.6,
            shap: Some(1e-4),
        }],
        folds: [(1, 1.0), (2, 1.0)]
            .map(|(fold, gain)| FoldImportance {
                fold,
                gain: vec![gain],
                split: vec![1.0],
                shap: Vec::new(),
            })
            .to_vec(),
        dependence: {
            let values: Vec<f64> = (0..50).map(f64::from).collect();
            Dependence::new("return_1", &values, &values)
                .into_iter()
                .collect()
        },
    };
    let page = page(&rows, &models, &[("runs/b".to_owned(), importance)]);
    assert!(
        page.contains("a and b and") && !page.contains("network 1"),
        "equal names are told apart"
    );
    assert!(
        page.contains("share of gain")
            && page.contains("ranks from fold")
            && page.contains("1 to 2"),
        "importance over folds"
    );
    assert!(
        page.contains("&lt;b&gt;&quot;&amp;") && !page.contains("<b>\"&"),
        "names are no HTML"
    );
    assert!(page.contains("1,234 of its rows are not in every run"));
    assert_eq!(
        page.matches("<svg").count(),
        8 + 2 + 6,
        "IC a day of folds, folds, coins, cumulative IC, deciles, bins, capital, importance, dependence; expected against realized, \
         and the same coin by coin of three runs and two parts"
    );
    assert_eq!(
        page.matches("<figure").count(),
        page.matches("<figcaption").count(),
        "every picture has its sentence"
    );
    assert!(
        page.contains("the best of 3 forecasters by IC a day, picked on these same rows"),
        "what is the best of several is said"
    );
    assert!(page.contains("Quantiles and capital") && page.contains("break-even"));
    for from_elsewhere in ["<script", "<link", "src=", "href=\"h", "@import", "url("] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
}

/// The chart is a file of its own, the same for the same report, and names are no markup in it.
#[test]
fn folds_beside_the_controls_are_a_chart_of_their_own() {
    let rows = rows(3, 1440, 4);
    let mut forecasters = vec![ForecastColumn {
        name: "<b>\"&".to_owned(),
        ..forecaster("network", &rows, 0.3, 2)
    }];
    forecasters.extend(controls(&rows));
    let svg = || folds_svg(&score(&rows, &forecasters, &Options::default()).unwrap());
    let text = svg();
    assert!(text.starts_with("<svg role=\"img\"") && text == svg());
    for part in [
        "&lt;b&gt;",
        "negated_deviation_60m",
        "IC a day (correlation)",
        "with its 95 % interval",
        "fold 3",
        "01-03 to 01-03",
        "all folds",
        "scored days of each fold (UTC), 1970-01-01 to 1970-01-03",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    for part in ["<b>", "NaN", ">zero<", ">last_return<"] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
    // A page that shows it loads quickly.
    assert!(text.len() < 40_000, "{}", text.len());
}

#[test]
fn a_chart_of_folds_without_a_score_has_no_points() {
    let small = rows(1, 3, 2);
    let report = score(&small, &controls(&small), &Options::default()).unwrap();
    let text = folds_svg(&report);
    assert!(text.starts_with("<svg") && !text.contains("NaN"), "{text}");
}

#[test]
fn a_page_of_few_rows_or_constant_forecasts_is_a_page() {
    let small = rows(1, 3, 2);
    let constant = ForecastColumn {
        forecast: vec![0.1; small.len()],
        ..forecaster("network", &small, 0.0, 1)
    };
    assert!(page(&small, &[constant], &[]).contains("</html>"));
    let many = rows(2, 120, 60);
    let page = page(&many, &[forecaster("network", &many, 0.1, 1)], &[]);
    assert!(page.contains("the best and the worst 20 of 60 coins"));
}
