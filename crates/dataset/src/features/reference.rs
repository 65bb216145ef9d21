//! The book's reference of features, from the list of sets.

use std::fmt::Write;

use market::Interval;

use super::group::Group;
use super::time::TIME_FEATURES;
use super::{FeatureFormulas, FeatureSet};
use crate::Column;

const HEAD: &str = "# Features

<!-- Made from the list in crates/dataset/src/features/list.rs. Do not edit: \
`UPDATE_REFERENCE=1 cargo test -p dataset --release reference` writes it. -->

The sets that `features.set` can name. A new one is a file in `crates/dataset/src/features/` and a
line in `list.rs` there; `crates/dataset/examples/features.rs` is one outside the list.

All logarithms are natural; rates and ranges are plain numbers (0.001 is 0.1 %). `[t]` is the bar that
has just closed, and `mean60` is over the last 60 bars, its own included; missing bars are left out of
means. A row of features is a function of exactly its last bars, as many as each set says, and a row
of a set with groups has no features where one of these bars is missing. `features.groups = [\"rsi\",
\"atr\"]` takes some of a set's groups, an empty list all; `features.with` adds those that are off
otherwise.

RSI, MACD, average true range and exponential averages have no end to their memory: every row restarts
them at its own warm-up, so that a live row has the offline bits. Measured on 5,000 made-up bars, that
moves no feature by more than 0.0005 of its standard deviation from TA-Lib over the full history.
Restarted alike, Python's TA-Lib gives the same values within the rounding of 32 bits
(`scripts/golden-indicators.py`); `scripts/golden-relative.py` has the formulas of `relative` and `relative6` in numpy.

What LightGBM sees of a row is `lightgbm.features`: `windows`, the features of the set and their mean
and standard deviation over each of `lightgbm.lookbacks` (`return_1_mean_60` and so on; 72 columns of
`ohlcv8` by default), or `row`, the features of the row alone.
";

const TIME_HEAD: &str = "
## Features of the time

`features.time = true` adds them to any set but the ridge's, behind its own features: those of the time
at which the bar closes, in UTC, the same for every coin. Bars of an hour and more have no minute of the
day, bars of a day have the day of the week alone. LightGBM has no statistics of them over windows.

| feature | formula |
|---|---|
";

/// The page `docs/src/reference/features.md`, as the list of sets has it.
pub fn features_reference() -> String {
    let mut text = HEAD.to_owned();
    for set in FeatureSet::all() {
        write_set(&mut text, set.formulas());
    }
    text += TIME_HEAD;
    for feature in &TIME_FEATURES {
        let _ = writeln!(text, "| `{}` | {} |", feature.name, feature.formula);
    }
    text
}

fn write_set(text: &mut String, set: &dyn FeatureFormulas) {
    let columns: Vec<String> = set
        .columns()
        .iter()
        .map(|column| in_words(*column))
        .collect();
    let _ = write!(
        text,
        "\n## `{}`\n\n{}\n\n- Computed from: {}.\n",
        set.name(),
        set.description(),
        columns.join(", "),
    );
    if !set.features().is_empty() {
        let [minute, .., day] = Interval::ALL;
        let _ = write!(
            text,
            "- {} features; a row is a function of its last {}.\n\n| feature | formula |\n|---|---|\n",
            set.features().len(),
            in_bars_of_a_day_too(set.warm_up_bars(minute), set.warm_up_bars(day)),
        );
        for feature in set.features() {
            let _ = writeln!(text, "| `{}` | {} |", feature.name, feature.formula);
        }
    }
    if !set.groups().is_empty() {
        let features: usize = set.groups().iter().map(|group| group.features.len()).sum();
        let _ = write!(
            text,
            "- {features} features in {} groups.\n\n\
             | group | features | formula | function of its last |\n|---|---|---|---|\n",
            set.groups().len(),
        );
        for group in set.groups() {
            write_group(text, group);
        }
    }
    if !set.optional_groups().is_empty() {
        text.push_str(
            "\nOptional groups (`features.with`), for candles that have their columns:\n\n\
             | group | features | formula | function of its last |\n|---|---|---|---|\n",
        );
        for optional in set.optional_groups() {
            write_group(text, &optional.group);
        }
    }
}

fn write_group(text: &mut String, group: &Group) {
    let names: Vec<String> = group
        .features
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let _ = writeln!(
        text,
        "| `{}` | {} | {} | {} |",
        group.name,
        names.join(", "),
        group.formula,
        in_bars_of_both(group),
    );
}

/// How many bars a group's features are a function of.
fn in_bars_of_both(group: &Group) -> String {
    let [minute, .., day] = Interval::ALL;
    in_bars_of_a_day_too(group.warm_up_on(minute), group.warm_up_on(day))
}

/// What it is on bars of a minute, and on those of a day where that is another number.
fn in_bars_of_a_day_too(minutes: usize, days: usize) -> String {
    match minutes == days {
        true => in_bars(minutes),
        false => format!("{} of one minute; of a day: {days}", in_bars(minutes)),
    }
}

fn in_bars(bars: usize) -> String {
    match bars {
        1 => "bar".to_owned(),
        _ => format!("{bars} bars"),
    }
}

/// A column's name for people.
pub(crate) fn in_words(column: Column) -> String {
    column.name().replace('_', " ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_reference_of_features_is_up_to_date() {
        crate::reference::check("features.md", &features_reference());
    }
}
