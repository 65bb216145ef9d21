//! Rules of exposure as text.

use notation::format_time;
use rules::{ExposureFigures, ExposureReport, ExposureResult, ExposureRule, ExposureValue};
use terminal::Table;

use crate::text::cut_table::cut_tables;
use crate::text::format::{capitalized, counted, dash, grouped, legend_line, number, wrapped};

/// Titles of the columns that [`exposure_cells`] fills.
pub(crate) const EXPOSURE_COLUMNS: [&str; 7] = [
    "exposure",
    "return",
    "volatility",
    "drawdown",
    "Sharpe",
    "turnover a day",
    "costs a year",
];

/// Titles of the columns that [`minus_cells`] fills.
pub(crate) const MINUS_COLUMNS: [&str; 4] = ["Sharpe", "return", "volatility", "drawdown"];

/// Every rule by every forecaster, beside holding and the same average exposure.
pub fn exposure_table(report: &ExposureReport) -> String {
    let ends = "95 %";
    let paired = |titles: &[&str]| -> Vec<Vec<String>> {
        titles
            .iter()
            .map(|title| vec![(*title).to_owned(), ends.to_owned()])
            .collect()
    };
    let [exposure, others @ ..] = EXPOSURE_COLUMNS;
    let header = [vec![vec![exposure.to_owned()]], paired(&others)].concat();
    let mut table = Table::grouped("", header);
    table.push("hold all coins", flat(exposure_cells(&report.hold)));
    let mut minus = Table::grouped("minus its average exposure", paired(&MINUS_COLUMNS));
    for rule in ExposureRule::ALL {
        let own = || report.results.iter().filter(|result| result.rule == rule);
        if own().next().is_some() {
            table.heading(rule_title(rule));
            minus.heading(rule_title(rule));
        }
        for result in own() {
            let label = exposure_label(report, result);
            table.push(&label, flat(exposure_cells(&result.figures)));
            table.push("  held constantly", flat(exposure_cells(&result.constant)));
            minus.push(&label, flat(minus_cells(result)));
        }
    }
    let notes = exposure_notes(report);
    let notes: String = notes.iter().map(|note| wrapped(note)).collect();
    format!(
        "{}\n{}{}\n{}\n{}\n{}\n{notes}",
        wrapped(&exposure_headline(report)),
        cut_tables(report),
        table.render(),
        minus.render(),
        ExposureRule::ALL
            .map(|rule| legend_line(rule_title(rule), &rule_words(report, rule)))
            .concat(),
        exposure_verdicts(report)
            .iter()
            .map(|sentence| wrapped(sentence))
            .collect::<String>(),
    )
}

fn flat<const N: usize>(cells: [Vec<String>; N]) -> Vec<String> {
    cells.concat()
}

/// The figures under [`EXPOSURE_COLUMNS`], each with its interval but the first.
pub(crate) fn exposure_cells(figures: &ExposureFigures) -> [Vec<String>; 7] {
    [
        vec![number(Some(figures.exposure), 3)],
        share(figures.growth),
        share(figures.volatility),
        share(figures.drawdown),
        plain(figures.sharpe),
        share(figures.turnover),
        share(figures.costs),
    ]
}

/// The differences under [`MINUS_COLUMNS`], each with its interval.
pub(crate) fn minus_cells(result: &ExposureResult) -> [Vec<String>; 4] {
    [
        plain(result.sharpe_minus_constant),
        share(result.return_minus_constant),
        share(result.volatility_minus_constant),
        share(result.drawdown_minus_constant),
    ]
}

fn share(found: ExposureValue) -> Vec<String> {
    let value = found
        .value
        .map_or_else(dash, |value| format!("{:.1} %", value * 100.0));
    let ends = found.interval.map_or_else(dash, |[low, high]| {
        format!("{:.1} to {:.1} %", low * 100.0, high * 100.0)
    });
    vec![value, ends]
}

fn plain(found: ExposureValue) -> Vec<String> {
    let ends = found
        .interval
        .map_or_else(dash, |[low, high]| format!("{low:.2} to {high:.2}"));
    vec![number(found.value, 2), ends]
}

/// A forecaster's name, with its run where several runs share it.
pub(crate) fn exposure_label(report: &ExposureReport, result: &ExposureResult) -> String {
    let same = report
        .results
        .iter()
        .filter(|other| other.rule == result.rule && other.forecaster == result.forecaster);
    match &result.run {
        Some(run) if same.count() > 1 => format!("{} ({run})", result.forecaster),
        _ => result.forecaster.clone(),
    }
}

/// A rule's name in tables.
pub(crate) fn rule_title(rule: ExposureRule) -> &'static str {
    match rule {
        ExposureRule::ReduceHigh => "reduce at High",
        ExposureRule::ReduceTop => "reduce at the top",
        ExposureRule::VolatilityTarget => "volatility target",
        ExposureRule::HedgeHigh => "hedge at High",
    }
}

/// What a rule does.
pub(crate) fn rule_words(report: &ExposureReport, rule: ExposureRule) -> String {
    let options = &report.options;
    match rule {
        ExposureRule::ReduceHigh => format!(
            "{} of a coin in place of 1 while {}",
            options.reduced,
            high_words(report)
        ),
        ExposureRule::ReduceTop => format!(
            "{} of a coin in place of 1 while its forecast is above {:.0} % of its own earlier ones (28 at least)",
            options.reduced,
            options.top_share * 100.0
        ),
        ExposureRule::VolatilityTarget => format!(
            "{:.0} % / forecast volatility a year of a coin, at most {}",
            options.target_volatility * 100.0,
            options.cap
        ),
        ExposureRule::HedgeHigh => format!(
            "all of a coin, and {} of {} sold short for it while {}",
            options.hedge_ratio,
            options.hedge,
            high_words(report)
        ),
    }
}

/// When High is called.
fn high_words(report: &ExposureReport) -> &'static str {
    match report.options.alarm_costs {
        None => "High is its likeliest class",
        Some(_) => "P(High) is at or above the cut of its fold",
    }
}

/// What the tables are of.
pub(crate) fn exposure_headline(report: &ExposureReport) -> String {
    let [from, until] = report
        .span_ms
        .map(|time| format_time(time)[..10].to_owned());
    format!(
        "{} in equal parts at {}, {from} to {until}; {} basis points for a change of exposure by 1.",
        counted(report.coins, "coin"),
        counted(report.times, "time"),
        report.options.cost_bps,
    )
}

/// What may be said of each rule: read off the intervals.
pub(crate) fn exposure_verdicts(report: &ExposureReport) -> Vec<String> {
    let of_rule = |rule: ExposureRule| {
        let own = || {
            report
                .results
                .iter()
                .filter(move |result| result.rule == rule)
        };
        let runs = || own().filter(|result| result.run.is_some());
        let named = |wanted: fn([f64; 2]) -> bool| {
            let is_wanted = |result: &&ExposureResult| {
                result.sharpe_minus_constant.interval.is_some_and(wanted)
            };
            let labels = runs()
                .filter(is_wanted)
                .map(|result| exposure_label(report, result));
            labels.collect::<Vec<_>>().join(", ")
        };
        runs().next()?;
        let (better, worse) = (named(|[low, _]| low > 0.0), named(|[_, high]| high < 0.0));
        let words = match (better.as_str(), worse.as_str()) {
            ("", "") => "no forecaster's Sharpe ratio is shown to differ from that of its average exposure held \
                 constantly".to_owned(),
            (better, "") => format!("better than its average exposure held constantly, by the Sharpe ratio: {better}"),
            ("", worse) => format!("worse than its average exposure held constantly, by the Sharpe ratio: {worse}"),
            (better, worse) => format!(
                "against its average exposure held constantly, by the Sharpe ratio, better: {better}; worse: {worse}"
            ),
        };
        Some((rule_title(rule), words))
    };
    // Rules of which the same is to be said share a sentence.
    let mut told: Vec<(Vec<&str>, String)> = Vec::new();
    for (title, words) in ExposureRule::ALL.into_iter().filter_map(of_rule) {
        match told.iter_mut().find(|(_, other)| *other == words) {
            Some((titles, _)) => titles.push(title),
            None => told.push((vec![title], words)),
        }
    }
    told.into_iter()
        .map(|(titles, words)| capitalized(&format!("{}: {words}.", titles.join(", "))))
        .collect()
}

/// How the figures are made.
pub(crate) fn exposure_notes(report: &ExposureReport) -> Vec<String> {
    let is_hedged = |result: &ExposureResult| result.rule == ExposureRule::HedgeHigh;
    let unhedged = (!report.results.iter().any(is_hedged)).then(|| {
        format!(
            "Nobody hedges: there are no classes, or {} is none of the coins; `--hedge` names another.",
            report.options.hedge
        )
    });
    let notes = vec![
        "Positions are taken at the close that a forecast knows and held until the next one. A coin whose return is \
         unknown is not held. Those at the first time cost nothing."
            .to_owned(),
        "held constantly: the same average exposure (and average hedge) at all times. A rule that only holds less has \
         less volatility and a smaller drawdown for that alone, so that it is compared with this and not with holding."
            .to_owned(),
        "naive is the control that volatility stays as it was, oracle knows what comes: their classes are by the edges of \
         the first run."
            .to_owned(),
        format!(
            "95 %: times drawn again in circular blocks of {}, {} draws (seed {}); return and drawdown are of the drawn \
             times in their order.",
            counted(report.block_days, "day"),
            grouped(report.options.bootstrap.draws),
            report.options.bootstrap.seed
        ),
    ];
    notes.into_iter().chain(unhedged).collect()
}
