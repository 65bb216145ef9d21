//! The book's reference of targets, from the list.

use std::fmt::Write;

use market::Interval;

use super::{Payoff, TargetConfig, TargetKind, Task};
use crate::features::in_words;

const HEAD: &str = "# Targets

<!-- Made from the list in crates/dataset/src/targets/list.rs. Do not edit: \
`UPDATE_REFERENCE=1 cargo test -p dataset --release reference` writes it. -->

What `target.kind` can name: a value of each coin over the bars after t, known only once they have
closed. `h` is `target.horizon` in bars. The reach is how many bars after t a target needs: what is
left out before every boundary of the split. A target is unknown where a candle that it needs was not
observed. A new one is a file in `crates/dataset/src/targets/` and a line in `list.rs` there;
`crates/dataset/examples/target.rs` is one outside the list.
";

/// The page `docs/src/reference/targets.md`, as the list of targets has it.
pub fn targets_reference() -> String {
    let interval = Interval::ONE_MINUTE;
    let mut text = HEAD.to_owned();
    for kind in TargetKind::all() {
        let config = TargetConfig {
            kind,
            ..TargetConfig::default()
        };
        let target = config.init(interval);
        let reach = match target.reach_bars() - config.horizon_bars(interval) {
            0 => "h bars".to_owned(),
            1 => "h bars and one more".to_owned(),
            more => format!("h bars and {more} more"),
        };
        let columns: Vec<String> = target.columns().iter().map(|c| in_words(*c)).collect();
        let task = match target.task() {
            Task::Return => "a return, of either sign",
            Task::Level => "a level, never below 0",
            Task::LogVolatility => "the logarithm of a level, of either sign",
            Task::Regime => "a class of a level",
        };
        let earned = match target.earned() {
            Payoff::FromClose => "earns it from the close at t",
            Payoff::FromNextOpen => "earns it from the next bar's open",
            Payoff::Unknown => "may or may not earn it, as it was computed elsewhere",
            Payoff::Nothing => "does not earn it",
        };
        let _ = write!(
            text,
            "\n## `{kind}`\n\n{}\n\n- Formula: {}.\n- Reach: {reach}.\n- Unit: {}; {task}.\n\
             - Computed from: {}.\n- A position of one coin {earned}.\n",
            target.description(),
            target.formula(),
            target.unit(),
            columns.join(", "),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_of_targets_is_up_to_date() {
        crate::reference::check("targets.md", &targets_reference());
    }
}
