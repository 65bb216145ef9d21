//! The first sentence of the verdict: a forecaster beside the strongest control.

use score::Value;

use crate::text::format::{correlation, counted, interval};

/// Days below which a verdict says how few there are.
const FEW_DAYS: usize = 30;

/// The forecaster that the verdict is of, and how it was chosen.
#[derive(Debug, Clone)]
pub(super) struct Choice<'a> {
    pub forecaster: &'a str,
    /// Others with the same score.
    pub equals: Vec<&'a str>,
    /// How many it was chosen among, itself counted.
    pub forecasters: usize,
    pub metric: &'a str,
    /// Its score.
    pub own: Value,
    pub interval_title: String,
}

/// The strongest control.
#[derive(Debug, Clone)]
pub(super) struct BesideControl<'a> {
    pub control: &'a str,
    /// How many controls have a score.
    pub controls: usize,
    /// Other controls that it is not shown to beat.
    pub open: Vec<&'a str>,
    /// Whether less is better.
    pub is_loss: bool,
    /// The forecaster's score minus the control's.
    pub difference: Value,
    /// Scored UTC days.
    pub days: usize,
}

impl Choice<'_> {
    /// The sentence; `beside` is None where no control has a score.
    pub fn sentence(&self, beside: Option<&BesideControl<'_>>) -> String {
        let (who, metric) = (self.who(), self.metric);
        if self.own.value.is_none_or(|value| !value.is_finite()) {
            return format!(
                "It cannot be told what {} is worth: its {metric} is not defined on these rows.",
                self.forecaster
            );
        }
        let Some(beside) = beside else {
            return self.alone();
        };
        let control = beside.named();
        let few = match beside.days < FEW_DAYS {
            true => format!(", on {} only", counted(beside.days, "day")),
            false => String::new(),
        };
        let value = correlation(beside.difference.value);
        let Some([low, high]) = beside.difference.interval else {
            let days = match beside.days {
                1 => "1 day is".to_owned(),
                days => format!("{} are", counted(days, "day")),
            };
            let why = match beside.difference.value {
                None => format!("the difference in {metric} is not defined on these rows"),
                Some(_) => {
                    format!(
                        "{days} too few for an interval of the difference in {metric} ({value})"
                    )
                }
            };
            return format!("It cannot be told whether {who} beats {control}: {why}.");
        };
        let (is_ahead, is_behind) = match beside.is_loss {
            true => (high < 0.0, low > 0.0),
            false => (low > 0.0, high < 0.0),
        };
        if !is_ahead && !is_behind {
            return format!(
                "It cannot be told whether {who} beats {control}: the difference in {metric} is {value} ({}: {}), which contains \
                 0{few}.",
                self.interval_title,
                interval(Some([low, high]))
            );
        }
        let verb = if is_ahead { "beats" } else { "loses to" };
        let way = if low > 0.0 { "higher" } else { "lower" };
        let mut ends = [low.abs(), high.abs()];
        ends.sort_by(f64::total_cmp);
        let others = match (is_ahead, beside.open.as_slice(), beside.controls) {
            (false, ..) | (_, [], 0 | 1) => String::new(),
            (true, [], 2) => "; it beats the other one, too".to_owned(),
            (true, [], controls) => format!("; it beats the other {}, too", controls - 1),
            (true, open, _) => format!("; it is not shown to beat {}", open.join(" and ")),
        };
        format!(
            "{who} {verb} {control}: its {metric} is {way} by {:.4} ({}: {:.4} to {:.4}){few}{others}.",
            beside.difference.value.unwrap_or(f64::NAN).abs(),
            self.interval_title,
            ends[0],
            ends[1],
        )
    }

    /// The sentence where no control has a score.
    fn alone(&self) -> String {
        let ends = self.own.interval.map_or_else(String::new, |ends| {
            format!(" ({}: {})", self.interval_title, interval(Some(ends)))
        });
        format!(
            "It cannot be told whether {} beats anything: no control has a score on these rows, and its {} of {}{ends} \
             stands alone.",
            self.who(),
            self.metric,
            correlation(self.own.value)
        )
    }

    /// The forecaster, and among how many it was picked on the rows that it is scored on.
    fn who(&self) -> String {
        if self.forecasters < 2 {
            return self.forecaster.to_owned();
        }
        let equals = match self.equals.as_slice() {
            [] => String::new(),
            equals => format!("level with {}, ", equals.join(" and ")),
        };
        format!(
            "{} ({equals}the best of {} forecasters by {}, picked on these same rows, which flatters it)",
            self.forecaster, self.forecasters, self.metric
        )
    }
}

impl BesideControl<'_> {
    /// The control, and how many it is the strongest of.
    fn named(&self) -> String {
        match self.controls {
            0 | 1 => format!("the control {}", self.control),
            controls => format!("the strongest of {controls} controls, {}", self.control),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Choice<'static> {
        Choice {
            forecaster: "panel-ridge",
            equals: Vec::new(),
            forecasters: 1,
            metric: "IC a day",
            own: value(Some(0.03), None),
            interval_title: "95 % interval".to_owned(),
        }
    }

    fn value(value: Option<f64>, interval: Option<[f64; 2]>) -> Value {
        Value {
            value,
            interval,
            t: None,
        }
    }

    fn beside(interval: Option<[f64; 2]>, days: usize) -> BesideControl<'static> {
        let middle = interval.map_or(0.01, |[low, high]| (low + high) / 2.0);
        BesideControl {
            control: "zero",
            controls: 7,
            open: Vec::new(),
            is_loss: false,
            difference: value(Some(middle), interval),
            days,
        }
    }

    fn sentence(interval: Option<[f64; 2]>, days: usize) -> String {
        choice().sentence(Some(&beside(interval, days)))
    }

    #[test]
    fn ahead_behind_and_what_cannot_be_told_are_read_off_the_interval() {
        assert_eq!(
            sentence(Some([0.005, 0.015]), 60),
            "panel-ridge beats the strongest of 7 controls, zero: its IC a day is higher by 0.0100 (95 % interval: 0.0050 to \
             0.0150); it beats the other 6, too."
        );
        assert_eq!(
            sentence(Some([-0.02, -0.01]), 60),
            "panel-ridge loses to the strongest of 7 controls, zero: its IC a day is lower by 0.0150 (95 % interval: 0.0100 to \
             0.0200)."
        );
        assert_eq!(
            sentence(Some([-0.001, 0.021]), 12),
            "It cannot be told whether panel-ridge beats the strongest of 7 controls, zero: the difference in IC a day is \
             +0.0100 (95 % interval: -0.0010 to +0.0210), which contains 0, on 12 days only."
        );
        // An end at 0 is not beyond it.
        assert!(sentence(Some([0.0, 0.02]), 60).starts_with("It cannot be told whether"));
    }

    /// The strongest by its value need not be the one that is hardest to tell from.
    #[test]
    fn controls_that_are_not_beaten_are_named() {
        let beside = BesideControl {
            open: vec!["coin_mean", "ewma"],
            ..beside(Some([0.005, 0.015]), 60)
        };
        let text = choice().sentence(Some(&beside));
        assert!(
            text.ends_with("0.0150); it is not shown to beat coin_mean and ewma."),
            "{text}"
        );
    }

    #[test]
    fn a_smaller_loss_is_ahead() {
        let of = |interval| {
            let beside = BesideControl {
                is_loss: true,
                controls: 1,
                ..beside(Some(interval), 60)
            };
            choice().sentence(Some(&beside))
        };
        assert_eq!(
            of([-0.02, -0.01]),
            "panel-ridge beats the control zero: its IC a day is lower by 0.0150 (95 % interval: 0.0100 to 0.0200)."
        );
        assert!(of([0.005, 0.015]).starts_with("panel-ridge loses to the control zero"));
        assert!(of([-0.1, 0.1]).starts_with("It cannot be told"));
    }

    #[test]
    fn one_day_is_too_few_and_what_is_undefined_is_said_so() {
        assert!(sentence(None, 1).ends_with(
            "zero: 1 day is too few for an interval of the difference in IC a day (+0.0100)."
        ));
        assert!(sentence(None, 2).contains("2 days are too few"));
        let undefined = BesideControl {
            difference: value(None, None),
            ..beside(None, 60)
        };
        assert!(
            choice()
                .sentence(Some(&undefined))
                .ends_with("the difference in IC a day is not defined on these rows.")
        );
        for own in [None, Some(f64::NAN)] {
            let unknown = Choice {
                own: value(own, None),
                ..choice()
            };
            assert_eq!(
                unknown.sentence(Some(&beside(Some([0.1, 0.2]), 60))),
                "It cannot be told what panel-ridge is worth: its IC a day is not defined on these rows."
            );
        }
    }

    #[test]
    fn without_a_control_a_score_stands_alone() {
        assert_eq!(
            choice().sentence(None),
            "It cannot be told whether panel-ridge beats anything: no control has a score on these rows, and its IC a day of \
             +0.0300 stands alone."
        );
    }

    #[test]
    fn the_best_of_several_was_picked_on_the_same_rows() {
        let several = Choice {
            forecasters: 3,
            ..choice()
        };
        let text = several.sentence(Some(&beside(Some([0.005, 0.015]), 60)));
        assert!(
            text.starts_with(
                "panel-ridge (the best of 3 forecasters by IC a day, picked on these same rows, which flatters it) beats"
            ),
            "{text}"
        );
        let tied = Choice {
            equals: vec!["net"],
            ..several
        };
        let text = tied.sentence(Some(&beside(Some([0.005, 0.015]), 60)));
        assert!(
            text.contains("(level with net, the best of 3 forecasters"),
            "{text}"
        );
    }
}
