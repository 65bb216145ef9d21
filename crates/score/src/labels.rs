//! Names of forecasters in tables.

use crate::report::Report;

/// Longest label of a forecaster; a longer name is cut.
const LONGEST_LABEL: usize = 22;

impl Report {
    /// A name for each forecaster that is short and belongs to it alone: repeated names are
    /// numbered.
    pub fn labels(&self) -> Vec<String> {
        labels(
            &self
                .forecasters
                .iter()
                .map(|score| score.name.as_str())
                .collect::<Vec<_>>(),
        )
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

/// A name for each forecaster that is short and belongs to it alone: repeated names are numbered.
pub(crate) fn labels(names: &[&str]) -> Vec<String> {
    let label = |(place, name): (usize, &&str)| {
        let seen = |names: &[&str]| names.iter().filter(|other| *other == name).count();
        let number = if seen(names) > 1 {
            format!(" {}", seen(&names[..=place]))
        } else {
            String::new()
        };
        let name: String = name.chars().take(LONGEST_LABEL - number.len()).collect();
        format!("{name}{number}")
    };
    names.iter().enumerate().map(label).collect()
}
