//! The verdict that a page opens with: two sentences made from the figures.

use std::collections::BTreeSet;

use score::{Difference, Quantity, Score, Value};

use super::content::{Page, models};
use super::trading::{EarnedCapital, earned};
use crate::text::format::{
    correlation, counted, interval, interval_title, number, signed_percent, span,
};

/// Days below which a verdict says how few there are.
const FEW_DAYS: usize = 30;

const DAY_MS: i64 = 86_400_000;

/// Two sentences: which forecaster is ahead of which control by what, and what that is worth. Empty
/// where no run is scored.
pub fn run_verdict(page: &Page<'_>) -> Vec<String> {
    let (metric, title, is_loss) = match page.report.quantity {
        Quantity::Return => ("ic_a_day", "IC a day", false),
        Quantity::LogVolatility => ("qlike", "QLIKE", true),
    };
    let goodness = |score: &Score| {
        let value = score
            .value(metric)
            .map(|value| if is_loss { -value } else { value });
        value
            .filter(|value| value.is_finite())
            .unwrap_or(f64::NEG_INFINITY)
    };
    let scores = &page.report.forecasters;
    let best = |places: &mut dyn Iterator<Item = usize>| {
        places.max_by(|a, b| goodness(&scores[*a]).total_cmp(&goodness(&scores[*b])))
    };
    let Some(model) = best(&mut models(page)) else {
        return Vec::new();
    };
    let labels = page.report.labels();
    let is_known = |place: &usize| scores[*place].value(metric).is_some();
    let mut controls = (0..scores.len()).filter(|&place| scores[place].is_control());
    let control = best(&mut controls.by_ref().filter(is_known));
    let first = control.map(|control| {
        let found = difference(page, [model, control]).map(|found| found.metric(metric));
        let beside = BesideControl {
            forecaster: &labels[model],
            control: &labels[control],
            metric: title,
            is_loss,
            difference: found.unwrap_or_default(),
            interval_title: interval_title(page.report.confidence),
            days: scored_days(page),
        };
        beside.sentence()
    });
    let second = match page.report.quantity {
        Quantity::Return if page.is_return => earned_sentence(
            earned(page, model).as_ref(),
            &labels[model],
            &span(page.report.reach_bars, page.report.bar_ms),
        ),
        Quantity::Return => {
            "What it would earn is not known: its target is no return that a position earns."
                .to_owned()
        }
        Quantity::LogVolatility => level_sentence(page, model, &labels),
    };
    let first = first.unwrap_or_else(|| {
        format!(
            "Nothing can be told of {}: no control has a score on these rows.",
            labels[model]
        )
    });
    vec![first, second]
}

/// UTC days with a scored row.
fn scored_days(page: &Page<'_>) -> usize {
    let days = page.rows.time_ms.iter().map(|time| time.div_euclid(DAY_MS));
    days.collect::<BTreeSet<i64>>().len()
}

/// The scores of one forecaster minus those of another.
fn difference(page: &Page<'_>, [a, b]: [usize; 2]) -> Option<Difference> {
    let (a, b) = (&page.report.forecasters[a], &page.report.forecasters[b]);
    let mut differences = page.report.differences.iter();
    let found = differences
        .find(|one| (&one.a, &one.a_run, &one.b, &one.b_run) == (&a.name, &a.run, &b.name, &b.run));
    found.cloned()
}

/// A forecaster beside the strongest control.
struct BesideControl<'a> {
    forecaster: &'a str,
    control: &'a str,
    metric: &'a str,
    /// Whether less is better.
    is_loss: bool,
    /// The forecaster's score minus the control's.
    difference: Value,
    interval_title: String,
    /// Scored UTC days.
    days: usize,
}

impl BesideControl<'_> {
    fn sentence(&self) -> String {
        let (forecaster, control, metric) = (self.forecaster, self.control, self.metric);
        let value = correlation(self.difference.value);
        let few = match self.days < FEW_DAYS {
            true => format!(", on {} alone", counted(self.days, "day")),
            false => String::new(),
        };
        let Some([low, high]) = self.difference.interval else {
            return format!(
                "It cannot be told whether {forecaster} is ahead of the strongest control, {control}: {} are too few for an \
                 interval of the difference in {metric} ({value}).",
                counted(self.days, "day"),
            );
        };
        let figures = format!(
            "{value} ({}: {})",
            self.interval_title,
            interval(Some([low, high]))
        );
        let (is_ahead, is_behind) = match self.is_loss {
            true => (high < 0.0, low > 0.0),
            false => (low > 0.0, high < 0.0),
        };
        match (is_ahead, is_behind) {
            (true, _) => format!(
                "{forecaster} is ahead of the strongest control, {control}: the difference in {metric} is {figures}{few}."
            ),
            (_, true) => format!(
                "{forecaster} is behind the strongest control, {control}: the difference in {metric} is {figures}{few}."
            ),
            _ => format!(
                "It cannot be told whether {forecaster} is ahead of the strongest control, {control}: the difference in \
                 {metric} is {figures}{few}."
            ),
        }
    }
}

/// What trading on the forecasts earns after costs.
fn earned_sentence(earned: Option<&EarnedCapital>, label: &str, held: &str) -> String {
    let Some(earned) = earned else {
        return format!(
            "What {label} would earn is not known: its forecasts cannot be ranked on these rows."
        );
    };
    let word = if earned.after > 0.0 { "earns" } else { "loses" };
    let break_even = earned.break_even_bps.map_or_else(String::new, |_| {
        format!(
            "; it breaks even at {} basis points a fill",
            number(earned.break_even_bps, 2)
        )
    });
    format!(
        "Who buys its highest forecasts and sells its lowest, each held for {held}, {word} {} of the capital over the scored \
         time at {} basis points a fill, and makes {} before fees{break_even}.",
        signed_percent(earned.after),
        earned.fee_bps,
        signed_percent(earned.before),
    )
}

/// The QLIKE of a forecaster of volatility, and how far it is from that of HAR, where one stands beside it.
fn level_sentence(page: &Page<'_>, model: usize, labels: &[String]) -> String {
    let qlike = |place: usize| {
        let found = page.report.forecasters[place].metric("qlike");
        let ends = found.interval.map_or_else(String::new, |[low, high]| {
            format!(" ({low:.4} to {high:.4})")
        });
        format!("{}{ends}", number(found.value, 4))
    };
    let is_har = |place: &usize| {
        *place != model
            && page.report.forecasters[*place]
                .name
                .to_lowercase()
                .contains("har")
    };
    let own = format!("Its QLIKE is {}", qlike(model));
    let Some(har) = models(page).find(is_har) else {
        return format!("{own}; no other run of HAR stands beside it to compare with.");
    };
    // The report has one of the two orders.
    let turned = |found: Difference| {
        let found = found.metric("qlike");
        Value {
            value: found.value.map(|value| -value),
            interval: found.interval.map(|[low, high]| [-high, -low]),
            ..found
        }
    };
    let minus = difference(page, [model, har]).map(|found| found.metric("qlike"));
    let minus = minus
        .or_else(|| difference(page, [har, model]).map(turned))
        .unwrap_or_default();
    format!(
        "{own}; that of {} is {}, a difference of {} ({}).",
        labels[har],
        qlike(har),
        correlation(minus.value),
        minus.interval.map_or_else(
            || "no interval, too few days".to_owned(),
            |ends| interval(Some(ends))
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(interval: Option<[f64; 2]>, is_loss: bool, days: usize) -> String {
        BesideControl {
            forecaster: "panel-ridge",
            control: "zero",
            metric: if is_loss { "QLIKE" } else { "IC a day" },
            is_loss,
            difference: Value {
                value: Some(0.01),
                interval,
                t: None,
            },
            interval_title: "95 % interval".to_owned(),
            days,
        }
        .sentence()
    }

    #[test]
    fn ahead_behind_and_what_cannot_be_told_are_read_off_the_interval() {
        assert_eq!(
            sentence(Some([0.005, 0.015]), false, 60),
            "panel-ridge is ahead of the strongest control, zero: the difference in IC a day is +0.0100 (95 % interval: \
             +0.0050 to +0.0150)."
        );
        assert_eq!(
            sentence(Some([-0.001, 0.02]), false, 12),
            "It cannot be told whether panel-ridge is ahead of the strongest control, zero: the difference in IC a day is \
             +0.0100 (95 % interval: -0.0010 to +0.0200), on 12 days alone."
        );
        assert!(sentence(Some([-0.02, -0.01]), false, 60).starts_with("panel-ridge is behind"));
        assert!(sentence(None, false, 2).contains("2 days are too few for an interval"));
    }

    #[test]
    fn a_smaller_loss_is_ahead() {
        assert!(sentence(Some([-0.02, -0.01]), true, 60).starts_with("panel-ridge is ahead"));
        assert!(sentence(Some([0.005, 0.015]), true, 60).starts_with("panel-ridge is behind"));
        assert!(sentence(Some([-0.1, 0.1]), true, 60).contains("cannot be told"));
    }

    #[test]
    fn what_is_earned_is_told_after_and_before_fees() {
        let earned = |after| EarnedCapital {
            before: 0.02,
            after,
            fee_bps: 5.0,
            break_even_bps: Some(0.31),
        };
        assert_eq!(
            earned_sentence(Some(&earned(-0.125)), "panel-ridge", "15 minutes"),
            "Who buys its highest forecasts and sells its lowest, each held for 15 minutes, loses -12.50 % of the capital \
             over the scored time at 5 basis points a fill, and makes +2.00 % before fees; it breaks even at 0.31 basis \
             points a fill."
        );
        assert!(earned_sentence(Some(&earned(0.01)), "a", "1 day").contains("earns +1.00 %"));
        assert!(earned_sentence(None, "a", "1 day").contains("is not known"));
    }
}
