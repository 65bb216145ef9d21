//! Several panels as text: one row a panel, then all.

use notation::format_time;
use score::{Across, AcrossFigure, AcrossFigures, Metric, PanelFigure, PanelSpan};
use terminal::Table;

use crate::text::format::{
    concentration_titles, counted, grouped, interval, interval_title, metric_cells, metric_header,
    narrow_warning, shares, wrapped,
};

/// Label of the mean over panels.
const ALL: &str = "all";

/// The first forecaster's scores, its differences from the others, the spread over folds, and
/// notes.
pub fn across_table(across: &Across) -> String {
    [
        panels_section(across),
        figures_section(across),
        concentration_section(across),
        folds_section(across),
        notes(across),
    ]
    .join("\n")
}

fn panels_section(across: &Across) -> String {
    let mut table = Table::new(["panel", "rows", "times", "coins", "folds", "from", "to"]);
    for panel in &across.panels {
        let [from, to] = panel.span_ms.map(format_time);
        let cells = [
            grouped(panel.rows),
            grouped(panel.times),
            grouped(panel.coins),
            folds(&panel.fold_numbers),
        ];
        table.push(&panel.name, cells.into_iter().chain([from, to]));
    }
    table.render()
}

/// What is compared with the first forecaster, with a title each: its own score first, the best
/// control last.
fn titled(across: &Across) -> Vec<(String, &AcrossFigures)> {
    let Some(first) = across.scores.first() else {
        return Vec::new();
    };
    let minus = |figures: &'_ AcrossFigures| format!("{} minus {}", first.name, figures.name);
    let compared = across.differences.iter().chain([&across.best_control]);
    let own = std::iter::once((first.name.clone(), first));
    own.chain(compared.map(|figures| (minus(figures), figures)))
        .collect()
}

/// The metrics that forecasters are compared by.
fn metrics(across: &Across) -> Vec<Metric> {
    let figures = across.shuffled.figures.iter();
    figures.map(|(metric, _)| *metric).collect()
}

fn figures_section(across: &Across) -> String {
    let ends = interval_title(across.confidence);
    let metrics = metrics(across);
    let header = metrics.iter().map(|metric| metric_header(metric, &ends));
    let mut table = Table::grouped("", header);
    let cells = |on_panel: Vec<PanelFigure>| {
        let figures = metrics.iter().zip(on_panel);
        figures
            .flat_map(|(metric, figure)| metric_cells(metric, figure.summary()))
            .collect::<Vec<_>>()
    };
    for (title, figures) in titled(across) {
        table.heading(&title);
        for (name, on_panel) in named_rows(across, figures) {
            table.push(&name, cells(on_panel));
        }
    }
    table.heading(&format!(
        "{} of days: mean, lowest to highest",
        across.shuffled.name
    ));
    for (name, on_panel) in named_rows(across, &across.shuffled) {
        table.push(&name, cells(on_panel));
    }
    table.render()
}

/// How much of the first forecaster's scores lies in how little time, and a warning where it is
/// much.
fn concentration_section(across: &Across) -> String {
    let Some(first) = across.scores.first() else {
        return String::new();
    };
    let metrics = metrics(across);
    let mut table = Table::new(std::iter::once("").chain(concentration_titles(&metrics)));
    for panel in &across.panels {
        table.push(&panel.name, panel.concentration.versions().map(shares));
    }
    let warning = |panel: &PanelSpan| {
        narrow_warning(
            &format!("{} on {}", first.name, panel.name),
            &panel.concentration,
            &metrics,
        )
    };
    let warnings: String = across
        .panels
        .iter()
        .filter_map(warning)
        .map(|text| wrapped(&text))
        .collect();
    let title = format!(
        "Share of {}'s covariance in the best day | best 1 % of hours",
        first.name
    );
    format!("{title}\n\n{}{warnings}", table.render())
}

fn folds_section(across: &Across) -> String {
    let metrics = metrics(across);
    let titles = metrics.iter().map(|metric| metric.title);
    let mut table = Table::new(std::iter::once("").chain(titles));
    for (title, figures) in titled(across)
        .into_iter()
        .filter(|(_, figures)| !figures.is_control)
    {
        table.heading(&title);
        for (name, on_panel) in named_rows(across, figures) {
            let folds = on_panel.iter().map(|figure| interval(figure.folds));
            table.push(&name, folds);
        }
    }
    format!("Lowest to highest fold\n\n{}", table.render())
}

/// The metrics on every panel, then over all.
fn named_rows(across: &Across, figures: &AcrossFigures) -> Vec<(String, Vec<PanelFigure>)> {
    let row = |of: &dyn Fn(&AcrossFigure) -> PanelFigure| -> Vec<PanelFigure> {
        figures
            .figures
            .iter()
            .map(|(_, figure)| of(figure))
            .collect()
    };
    let on_panel =
        |place: usize| row(&|figure| figure.panels.get(place).copied().unwrap_or_default());
    let panels = across.panels.iter().enumerate();
    let rows = panels.map(|(place, panel)| (format!("  {}", panel.name), on_panel(place)));
    rows.chain([(format!("  {ALL}"), row(&|figure| figure.all))])
        .collect()
}

/// The control that is best by each metric, or one name where it is the same in all.
fn best_controls(across: &Across) -> String {
    let figures = across.best_control.figures.iter();
    let named: Vec<(&str, &str)> = figures
        .filter_map(|(metric, figure)| Some((figure.against.as_deref()?, metric.title)))
        .collect();
    match named.as_slice() {
        [] => "none has a score".to_owned(),
        [(first, _), rest @ ..] if rest.iter().all(|(name, _)| name == first) => {
            (*first).to_owned()
        }
        named => named
            .iter()
            .map(|(name, title)| format!("{name} ({title})"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn notes(across: &Across) -> String {
    let mut text = wrapped(&format!(
        "All: mean over {}. Intervals: {} draws, each panel drawn by itself (seed {} and those after it); a draw of the \
         mean is the mean of the panels' draws. The words are those of `evaluate RUN`.",
        counted(across.panels.len(), "panel"),
        grouped(across.draws),
        across.seed,
    ));
    text += &wrapped(&format!(
        "Best control, by its mean over panels: {}.",
        best_controls(across)
    ));
    for panel in &across.panels {
        text += &format!("{}: {}\n", panel.name, panel.runs.join(", "));
    }
    text
}

/// Numbers of folds, ranges as `1-5`.
fn folds(numbers: &[u32]) -> String {
    let ranges = numbers
        .chunk_by(|a, b| a + 1 == *b)
        .map(|range| match range {
            [first, .., last] => format!("{first}-{last}"),
            range => range.iter().map(u32::to_string).collect(),
        });
    ranges.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_read_as_they_are_asked_for() {
        assert_eq!(folds(&[1, 2, 3, 4, 5]), "1-5");
        assert_eq!(folds(&[1, 2, 3, 5, 7, 8]), "1-3,5,7-8");
        assert_eq!(folds(&[]), "");
    }
}
