//! Names of forecasters in tables.

use crate::report::Report;

/// Longest label of a forecaster; a longer name is cut.
const LONGEST_LABEL: usize = 22;

impl Report {
    /// A name for each forecaster that belongs to it alone: where several have one name, that of the
    /// run's folder, with the folders above it as far as it takes to tell runs apart.
    pub fn labels(&self) -> Vec<String> {
        let scores = self.forecasters.iter();
        let named: Vec<(&str, Option<&str>)> = scores
            .map(|score| (score.name.as_str(), score.run.as_deref()))
            .collect();
        labels(&named)
    }

    /// The label, among those of [`Report::labels`], of the forecaster of this name and run.
    pub fn label_of<'a>(&self, labels: &'a [String], name: &str, run: Option<&str>) -> &'a str {
        let place = self
            .forecasters
            .iter()
            .position(|score| score.name == name && score.run.as_deref() == run);
        place
            .and_then(|place| labels.get(place))
            .map(String::as_str)
            .unwrap_or_default()
    }
}

/// Labels of forecasters by their names and runs: [`Report::labels`].
pub(crate) fn labels(named: &[(&str, Option<&str>)]) -> Vec<String> {
    let short = |name: &str| -> String { name.chars().take(LONGEST_LABEL).collect() };
    let label = |&(name, run): &(&str, Option<&str>)| {
        let same = || {
            named
                .iter()
                .filter(|(other, _)| short(other) == short(name))
        };
        if same().count() == 1 {
            return short(name);
        }
        let Some(run) = run else {
            return name.to_owned();
        };
        let folders = run.trim_end_matches('/').split('/').count();
        let ends = |run: &str, folders: usize| {
            let mut parts: Vec<&str> = run
                .trim_end_matches('/')
                .rsplit('/')
                .take(folders)
                .collect();
            parts.reverse();
            parts.join("/")
        };
        let is_alone = |count: &usize| {
            let alike = same().filter_map(|(_, other)| *other);
            alike
                .filter(|other| ends(other, *count) == ends(run, *count))
                .count()
                == 1
        };
        let count = (1..=folders).find(is_alone).unwrap_or(folders);
        ends(run, count)
    };
    named.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn repeated_names_are_those_of_the_runs() {
        let named = [
            ("ensemble", Some("runs/a/stack")),
            ("ensemble", Some("runs/b/stack/")),
            ("ensemble", Some("runs/mean")),
            ("ridge", Some("runs/ridge-1")),
            ("zero", None),
        ];
        assert_eq!(
            labels(&named),
            ["a/stack", "b/stack", "mean", "ridge", "zero"]
        );
    }
}
