//! The sections on what to do with the run: running it, its limits, what comes next.

use dataset::{Source, TimeSpan};
use page::Section;
use score::Quantity;

use super::reported_run::ReportedRun;

/// How to run it, what the API is, how it is fitted anew.
pub(crate) fn deployment(run: &ReportedRun) -> Section {
    let (path, config) = (cli::quoted(run.path.display()), &run.config);
    let history = TimeSpan::of_bars(config.history_bars(), config.data.interval);
    let refit = run.setting("split.refit_every").map_or_else(
        || {
            "The config names no cadence (`split.refit_every`); retraining takes `--hold-back`."
                .to_owned()
        },
        |every| format!("The cadence is `split.refit_every = {every}`."),
    );
    let mut section = Section::new("Deployment")
        .text(format!(
            "A forecast needs {} bars ({history}) of each coin before it, and the run's folder; no other file.",
            config.history_bars()
        ))
        .heading("Run")
        .code(format!(
            "quarterhour predict --run {path}              # the bar that has just closed\nquarterhour watch --run {path}                # \
             every bar as it closes, with paper positions in a ledger\nquarterhour serve --run {path}                # page and API on \
             http://127.0.0.1:8700"
        ))
        .heading("API")
        .code(
            "curl http://127.0.0.1:8700/forecasts?format=json      # the newest forecasts\ncurl http://127.0.0.1:8700/health                     \
             # 503 when stale\ncurl http://127.0.0.1:8700/openapi.json               # every address, with its types",
        )
        .heading("Versions and retraining")
        .text(format!(
            "{refit} A challenger is fitted by the same code, scored beside the version in production on candles that neither was fitted on, and \
             promoted only through the gate."
        ))
        .code(format!(
            "quarterhour models add {path} --name NAME --version 1.0.0 --why WHY\nquarterhour models promote NAME 1.0.0\nquarterhour retrain \
             --model NAME\nquarterhour models rollback NAME"
        ));
    if run.ensemble.is_some() {
        section = section.text(
            "An ensemble is not fitted from candles: retrain its members, and combine them again.",
        );
    }
    if config.data.source == Source::Simulated {
        section = section.note("The run is of a simulated market, which no exchange serves.");
    }
    section
}

/// What the scores do not say.
pub(crate) fn limits(run: &ReportedRun) -> Section {
    let (config, report) = (&run.config, &run.first().report);
    let mut limits = Vec::new();
    if config.data.source == Source::Simulated {
        limits.push("The candles are simulated with a planted predictable part: the scores say nothing of a real market.".to_owned());
    }
    limits.push(format!(
        "The scores are of {} folds of one span of time and {} coins; another time may be another market.",
        report.folds, report.coins
    ));
    limits.push(
        "The coins were fixed when the run was begun, by name, by a rule or as all that the store had: coins that had not lasted until then \
         may be missing, so that scores are of survivors.".to_owned(),
    );
    if run.kind() == "network" && run.setting("training.seeds") == Some("1") {
        limits.push(
            "One seed was trained: another one has other scores, by how much is not known."
                .to_owned(),
        );
    }
    if config.data.jump_ratio > 1.0 && report.quantity == Quantity::LogVolatility {
        limits.push(format!(
            "Returns past a ratio of {} count as missing, so that the volatility of a coin's end is not forecast.",
            config.data.jump_ratio
        ));
    }
    match report.quantity {
        Quantity::Return => limits.push(
            "Fills at the close are assumed by scores; the entry a bar later stands beside them. The book of orders, and the run's own effect on \
             prices, are in no figure.".to_owned(),
        ),
        Quantity::LogVolatility => limits.push(
            "The realized volatility is an estimate from the same candles, and not what was traded of options.".to_owned(),
        ),
    }
    Section::new("Limits").list(limits)
}

/// What is not done yet, by the run's own files.
pub(crate) fn next_steps(run: &ReportedRun) -> Section {
    let path = run.path.display();
    let is_return = run.first().report.quantity == Quantity::Return;
    let mut steps = Vec::new();
    if is_return && run.thresholds.is_none() {
        steps.push(format!(
            "Tune thresholds at the costs that will be charged: `quarterhour thresholds {path}`."
        ));
    }
    if is_return && run.traded().next().is_none() {
        steps.push(format!(
            "Trade portfolios after costs: `quarterhour portfolio {path}`."
        ));
    }
    if !is_return && run.first().exposure.is_none() {
        steps.push(format!(
            "See what exposure by the forecasts is worth: `quarterhour exposure {path}`."
        ));
    }
    if run.importance.is_none() && run.ensemble.is_none() {
        steps.push(format!(
            "Measure what the features are worth: `quarterhour importance {path}`."
        ));
    }
    if is_return && !run.has_file("intervals.json") {
        steps.push("Give forecasts prediction intervals: `--set intervals.method=...`, see the reference of the config.".to_owned());
    }
    if run.kind() == "network" && run.setting("training.seeds") == Some("1") {
        steps.push("Train more seeds: `--set training.seeds=5`.".to_owned());
    }
    if !run.has_file("ledger.sqlite") {
        steps.push(format!(
            "Watch it live on paper before anything else: `quarterhour watch --run {path}`."
        ));
    } else {
        steps.push(format!(
            "Compare what the watch forecast with what came: `quarterhour ledger --run {path}`."
        ));
    }
    steps.push(format!("Score it on later candles: `quarterhour retrain` does so before any promotion, and `quarterhour evaluate {path} OTHER` \
                        beside another run."));
    Section::new("Next steps").list(steps)
}
