//! Tables, pages and charts of volatilities and of exposure rules.

use page::{Page, coins_table, exposure_html, exposure_table, folds_svg, html, score_table};
use rules::{AlarmCosts, ExposureOptions, ExposureReport, exposure};
use score::{AboveForecast, ForecastColumn, Options, Report, Rows, controls, score};

use crate::volatilities::{har, returns, rows};

fn scored(rows: &Rows) -> (Vec<ForecastColumn>, Report) {
    let mut forecasters = vec![har()];
    forecasters.extend(controls(rows));
    let report = score(rows, &forecasters, &Options::default()).unwrap();
    (forecasters, report)
}

/// The page of these scores.
fn page_of(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    report: &Report,
    exposure: Option<&ExposureReport>,
) -> String {
    html(&Page {
        rows,
        forecasters,
        report,
        is_return: false,
        options: &Options::default(),
        dropped: &[],
        exposure,
        importance: &[],
        command: "quarterhour evaluate RUN",
    })
}

#[test]
fn tables_of_volatilities_say_what_returns_have_no_use_for() {
    let (_, mut report) = scored(&rows());
    let text = score_table(&report);
    for wanted in [
        "QLIKE",
        "Spearman a day",
        "top 20 % hit",
        "MCS p",
        "DM t of QLIKE",
        "QLIKE of each fold",
        "R2 of the market",
        "AUC of High",
        "har, High",
        "forecast Medium",
        "circular blocks of 28 days",
        "By QLIKE, as its difference's interval says, har is better than naive (-0.4562;",
        "In the 90 % Model Confidence Set: har; not in it: naive.",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    for unwanted in ["IC a day", "Share of the covariance", "Pearson", "shuffled"] {
        assert!(!text.contains(unwanted), "{unwanted} is in\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 150),
        "{text}"
    );
    let coins = coins_table(&report);
    assert!(coins.contains("COIN3   200   0.04367   0.04328"), "{coins}");
    // A table without classes says nothing of them.
    for score in &mut report.forecasters {
        score.level.as_mut().unwrap().regimes = None;
    }
    assert!(!score_table(&report).contains("AUC of High"));
}

#[test]
fn the_page_of_volatilities_has_its_charts() {
    let rows = rows();
    let (forecasters, mut report) = scored(&rows);
    report.largest_coins = vec!["COIN3".to_owned()];
    let page = page_of(&rows, &forecasters, &report, None);
    for chart in [
        "QLIKE of each fold",
        "top 20 % hit of each fold",
        "Predicted against realized volatility",
        "Reliability of the probability of High",
        "Reliability of the probability of Low",
        "Precision over recall of High",
        "Precision over recall of Medium",
    ] {
        assert!(
            page.contains(&format!("aria-label=\"{chart}\"")),
            "{chart} is missing"
        );
    }
    assert_eq!(
        page.matches("<figure").count(),
        page.matches("<figcaption").count(),
        "every picture has its sentence"
    );
    assert_eq!(
        page.matches("aria-label=\"QLIKE of each fold\"").count(),
        1,
        "the picture that the page opens with stands once"
    );
    assert!(page.contains("<h2>Top 20 % hit of each fold</h2>"));
    assert!(page.contains("average precision") && page.contains("right that often: har "));
    assert!(page.contains("har beats the control naive: its QLIKE is lower by 0.4562"));
    assert!(page.contains("What exposure by it is worth is not on this page"));
    assert!(page.contains("Confusion matrix of har") && page.contains("largest turnover"));
    assert!(!page.contains("IC a day") && !page.contains("<script"));
    assert!(folds_svg(&report).contains("QLIKE of each fold"));
    if let Some(folder) = std::env::var_os("PAGES") {
        std::fs::write(std::path::Path::new(&folder).join("levels.html"), page).unwrap();
    }
}

/// `regime.above`: the probability that the volatility comes above a level is scored and drawn.
#[test]
fn probabilities_above_a_level_are_scored() {
    let rows = rows();
    let mut told = har();
    let level = told.level.as_mut().unwrap();
    level.above = vec![AboveForecast {
        level: 0.04,
        probability: (0..rows.len())
            .map(|row| if row % 4 == 0 { f64::NAN } else { 0.25 })
            .collect(),
    }];
    let forecasters = [told];
    let report = score(&rows, &forecasters, &Options::default()).unwrap();
    let above = &report.forecasters[0].level.as_ref().unwrap().above[0];
    let came: Vec<f64> = (0..rows.len())
        .filter(|row| row % 4 != 0)
        .map(|row| f64::from(u8::from(rows.realized[row].exp() > 0.04)))
        .collect();
    let share = came.iter().sum::<f64>() / came.len() as f64;
    let brier = came.iter().map(|came| (0.25 - came).powi(2)).sum::<f64>() / came.len() as f64;
    assert_eq!((above.rows, above.reliability.len()), (came.len(), 1));
    assert!((above.share - share).abs() < 1e-12 && (above.brier - brier).abs() < 1e-12);
    assert!((above.brier_of_share - share * (1.0 - share)).abs() < 1e-9);
    assert!((above.auc.unwrap() - 0.5).abs() < 1e-12);
    let text = score_table(&report);
    assert!(text.contains("har, 4.00 % a day"), "{text}");
    let page = page_of(&rows, &forecasters, &report, None);
    let (before, section) = page
        .split_once("<h2>Probability above a level</h2>")
        .unwrap();
    assert!(section.contains("har, above 4.00\u{a0}%"));
    let header = "<th>Brier above<small>95\u{a0}% interval</small></th>";
    assert_eq!(
        (
            before.matches(header).count(),
            section.matches(header).count()
        ),
        (0, 1),
        "the scores stand once, with their intervals"
    );
}

#[test]
fn exposure_rules_stand_beside_their_constant_exposure() {
    let rows = rows();
    let (forecasters, _) = scored(&rows);
    let options = ExposureOptions {
        hedge: "COIN0".to_owned(),
        ..ExposureOptions::default()
    };
    let report = exposure(&rows, &forecasters, &returns(), &options).unwrap();
    let text = exposure_table(&report);
    for wanted in [
        "hold all coins",
        "reduce at High",
        "held constantly",
        "oracle",
        "17.5 %",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    let page = exposure_html(&report, "quarterhour exposure RUN");
    assert_eq!(
        page.matches("aria-label=\"Growth of the capital\"").count(),
        4
    );
    assert_eq!(
        page.matches("<figure").count(),
        page.matches("<figcaption").count()
    );
    assert!(page.contains("class=\"verdict\"") && page.contains("<nav"));
    // The page of the scores has it as a section, and says what it is worth.
    let (forecasters, scores) = scored(&rows);
    let whole = page_of(&rows, &forecasters, &scores, Some(&report));
    assert!(whole.contains("<h2>Exposure by the forecasts</h2>"));
    assert!(
        whole.contains("the same average exposure held constantly")
            && !whole.contains("is not on this page")
    );
    if let Some(folder) = std::env::var_os("PAGES") {
        std::fs::write(std::path::Path::new(&folder).join("exposure.html"), page).unwrap();
    }
    let unknown = ExposureOptions::default();
    let report = exposure(&rows, &forecasters, &returns(), &unknown).unwrap();
    assert!(exposure_table(&report).contains("BTCUSDT is none of the coins"));
    // A rule that nobody follows has no heading; where High is called is said where mistakes have costs.
    let page = page_of(&rows, &forecasters, &scores, Some(&report));
    assert!(
        page.contains("<h3>Volatility target</h3>") && !page.contains("<h3>Hedge at High</h3>")
    );
    assert!(!page.contains("<h3>Where High is called</h3>"));
}

#[test]
fn the_cuts_of_folds_stand_before_the_rules_that_follow_them() {
    let rows = rows();
    let (forecasters, scores) = scored(&rows);
    let options = ExposureOptions {
        alarm_costs: AlarmCosts::of(Some(5.0), Some(1.0)).unwrap(),
        ..ExposureOptions::default()
    };
    let report = exposure(&rows, &forecasters, &returns(), &options).unwrap();
    let page = page_of(&rows, &forecasters, &scores, Some(&report));
    assert!(page.contains("<h3>Where High is called</h3>"));
    let text = exposure_table(&report);
    // Both folds as numpy has them (`rules/tests/it/cut.rs`).
    for wanted in [
        "har: P(High)",
        "fold 1             0.167   900    35.1 %  89.1 %  98.1 %     38.7 %       0.580   0.649  1.756",
        "fold 2             0.195   900    35.0 %  80.1 %  94.3 %     41.2 %       0.571   0.650  1.750",
        "Cost a row minus that of always calling: -0.0",
        "while P(High) is at or above the cut of its fold",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            squeezed(&text).contains(&squeezed(wanted)),
            "{wanted} is missing in\n{text}"
        );
    }
    let page = exposure_html(&report, "quarterhour exposure RUN");
    assert!(page.contains("Where High is called") && page.contains("<td>0.195</td>"));
}
