//! The model: its versions, and what forecasts.

use dataset::format_time;
use maud::{Markup, html};
use registry::{Alias, Listed, ModelVersion, NamedModel, NamedScore, Which};

use super::View;

/// Versions that the page lists.
const LISTED: usize = 6;

/// The model.
pub fn model(view: &View<'_>) -> Markup {
    let run = view.site.run();
    let by = (view.snapshot.bar.as_ref()).map(|bar| bar.forecaster.as_str());
    let costs = run.policy.trading.costs;
    html! {
        section.card data-part="model" {
            h2 { "Model" }
            @match &view.versions {
                Some(Ok(versions)) => {
                    (table(view, versions))
                    @if let Some(text) = view.site.model.as_ref().and_then(|began| moved_on(began, named(began, versions)?)) {
                        p.problem { (text) }
                    }
                },
                Some(Err(error)) => p.problem { (error) },
                None => {},
            }
            table { tbody {
                tr { th scope="row" { "run" } td { (run.model.run) } }
                tr { th scope="row" { "forecasts by" } td { (by.unwrap_or("-")) } }
                tr { th scope="row" { "fitted until" } td { (run.model.fitted_until_ms.map_or_else(|| "unknown".to_owned(), |ms| format_time(ms) + " UTC")) } }
                tr { th scope="row" { "coins" } td { (run.symbols.len()) } }
                tr { th scope="row" { "a fill costs" } td { (format!("{} bp fee, {} bp slippage", costs.fee_bps, costs.slippage_bps)) } }
            } }
            p.soft {
                @if view.has_report { a href=(format!("/runs/{}/report", run.model.run)) { "Report of the run" } }
                @else { "No report yet: " code { "quarterhour evaluate RUN --html RUN/report.html" } " writes one." }
                @if view.versions.is_some() { " All versions: " a href="/models" { "JSON" } "." }
                @if view.why_disabled().is_some() && view.versions.is_some() { " To promote here, start the server with " code { "--token-file" } "." }
            }
        }
    }
}

fn table(view: &View<'_>, versions: &[Listed]) -> Markup {
    let used: Vec<&Listed> = versions.iter().filter(|one| !one.is_retired).collect();
    let scores = used.iter().filter_map(|one| one.entry.scores.first());
    let metric = scores.map(|score| score.metric.replace('_', " ")).next();
    html! {
        table.versions {
            thead { tr { th { "version" } th { "alias" } th.number { (metric.as_deref().unwrap_or("score")) } th {} } }
            tbody { @for one in used.iter().take(LISTED) {
                tr {
                    th scope="row" { (one.entry.version) " " span.soft.far { (one.entry.kind) } }
                    td { (aliases(one)) }
                    td.number.words { (one.entry.scores.first().map_or_else(|| "-".to_owned(), score)) }
                    td.number { @if !is_in_production(one) { (promote(view, one)) } }
                }
            } }
        }
    }
}

/// The version that the alias of `began` names in this list; None of a model that was asked for by its version.
fn named<'a>(began: &NamedModel, versions: &'a [Listed]) -> Option<&'a ModelVersion> {
    let Which::Alias(alias) = &began.reference.which else {
        return None;
    };
    let found = versions.iter().find(|one| one.aliases.contains(alias));
    found.map(|one| &one.entry.version)
}

/// What to know where an alias names another version than when this server began with `began`.
fn moved_on(began: &NamedModel, now: &ModelVersion) -> Option<String> {
    let (reference, then) = (&began.reference, &began.version);
    (now != then).then(|| {
        format!(
            "{reference} was {then} when this server began, and is {now} by now. What is forecast here on demand, the \
             report and the facts below are of {then} until the server is started again."
        )
    })
}

fn is_in_production(one: &Listed) -> bool {
    let mut aliases = one.aliases.iter();
    aliases.any(|alias| alias.as_str() == Alias::PRODUCTION)
}

fn aliases(one: &Listed) -> String {
    let names: Vec<&str> = one.aliases.iter().map(|alias| alias.as_str()).collect();
    names.join(", ")
}

fn score(score: &NamedScore) -> String {
    match score.interval {
        Some([low, high]) => format!("{:.4} ({low:.4} to {high:.4})", score.value),
        None => format!("{:.4}", score.value),
    }
}

fn promote(view: &View<'_>, one: &Listed) -> Markup {
    let (name, version) = (&one.entry.name, &one.entry.version);
    let disabled = view.why_disabled();
    html! {
        button data-post=(format!("/models/{name}/{version}/promote"))
            data-confirm=(format!("Put {name} {version} into production? A watch of {name}@production goes on with it at the next bar."))
            disabled[disabled.is_some()] title=[disabled] { "Promote" }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A server goes on with the version that it began with: after a promotion the page once said nothing of it.
    #[test]
    fn a_version_that_is_no_longer_the_aliass_is_told() {
        let began = NamedModel {
            registry: "registry.sqlite".into(),
            reference: "spot20@production".parse().unwrap(),
            name: "spot20".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
        };
        assert_eq!(moved_on(&began, &"1.0.0".parse().unwrap()), None);
        let told = moved_on(&began, &"1.1.0".parse().unwrap()).unwrap();
        let expected = "spot20@production was 1.0.0 when this server began, and is 1.1.0 by now.";
        assert!(told.starts_with(expected), "{told}");
    }
}
