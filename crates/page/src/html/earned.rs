//! What trading on a forecaster's highest and lowest forecasts earns: the second sentence of the
//! verdict.

use rules::{Curve, backtest};
use score::Options;
use statistics::{ConfidenceInterval, drawn_blocks, enough_blocks, percentile_interval};

use super::content::Page;
use super::trading::TradingRule;
use crate::text::format::{counted, dash, grouped, number, signed_percent};

const DAY_MS: i64 = 86_400_000;

/// What the capital gains by a model's forecasts over the scored time, as fractions of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EarnedCapital {
    pub before: f64,
    pub after: f64,
    pub fee_bps: f64,
    /// The fee of a fill at which nothing is left.
    pub break_even_bps: Option<f64>,
    /// UTC days with a position or a trade.
    pub days: usize,
    /// Growth of the capital a day after fees; None where the capital is lost.
    pub a_day: Option<f64>,
    /// Its interval.
    pub a_day_interval: Option<ConfidenceInterval>,
}

/// What is earned by a model; None where its forecasts cannot be ranked.
pub(super) fn earned(page: &Page<'_>, model: usize) -> Option<EarnedCapital> {
    let TradingRule {
        trial, settings, ..
    } = TradingRule::new(page);
    let forecaster = &page.forecasters[model];
    let found = backtest(page.rows, forecaster, &[trial], &settings).ok()?;
    let performance = &found.trials.first()?.performance;
    let days = log_growth_of_days(&found.curve);
    let reach_ms = page.report.reach_bars as i64 * page.report.bar_ms;
    let block = usize::try_from((reach_ms + DAY_MS - 1) / DAY_MS)
        .unwrap_or(1)
        .max(1);
    Some(EarnedCapital {
        before: performance.total_before_fees,
        after: performance.total,
        fee_bps: settings.fee_bps,
        break_even_bps: performance.break_even_bps,
        days: days.len(),
        a_day: growth_a_day(&days),
        a_day_interval: interval(&days, block, page.options),
    })
}

/// The log of the capital's growth in each traded UTC day, after fees. Days without a position, such as those
/// with fewer coins than bins, say nothing of what the forecasts earn.
fn log_growth_of_days(curve: &Curve) -> Vec<f64> {
    let mut days: Vec<(i64, f64)> = Vec::new();
    for (bar, time) in curve.time_ms.iter().enumerate() {
        if curve.exposure[bar] == 0.0 && curve.traded[bar] == 0.0 {
            continue;
        }
        let (day, growth) = (time.div_euclid(DAY_MS), curve.net[bar].ln_1p());
        match days.last_mut() {
            Some(last) if last.0 == day => last.1 += growth,
            _ => days.push((day, growth)),
        }
    }
    days.into_iter().map(|(_, growth)| growth).collect()
}

fn growth_a_day(logs: &[f64]) -> Option<f64> {
    let growth = statistics::mean(logs).exp_m1();
    growth.is_finite().then_some(growth)
}

/// Days are drawn again as wholes, in blocks as long as the target's reach.
fn interval(days: &[f64], block: usize, options: &Options) -> Option<ConfidenceInterval> {
    if !enough_blocks(&[days.len()], block, block) {
        return None;
    }
    let draw = |number: usize| {
        let blocks = drawn_blocks(&[days.len()], block, options.seed, number);
        let drawn: Vec<f64> = blocks
            .into_iter()
            .flatten()
            .flatten()
            .map(|day| days[day])
            .collect();
        growth_a_day(&drawn).unwrap_or(f64::NAN)
    };
    let draws: Vec<f64> = (0..options.draws).map(draw).collect();
    percentile_interval(&draws, options.confidence)
}

/// What trading on the forecasts earns after costs, in a sentence.
pub(super) fn earned_sentence(
    earned: Option<&EarnedCapital>,
    label: &str,
    held: &str,
    interval_title: &str,
) -> String {
    let Some(earned) = earned else {
        return format!(
            "What {label} would earn is not known: its forecasts cannot be ranked on these rows."
        );
    };
    let before = format!(
        "before fees it {}{}",
        change(earned.before),
        match earned.break_even_bps {
            Some(fee) if fee > 0.0 => format!(
                ", and at {} basis points a fill nothing is left",
                number(Some(fee), 2)
            ),
            Some(_) => ", so that no fee leaves a profit".to_owned(),
            None => String::new(),
        }
    );
    let after = format!(
        "{} in {} at {} basis points a fill",
        change(earned.after),
        counted(earned.days, "traded day"),
        earned.fee_bps
    );
    let whose = format!(
        "the capital of who buys its highest forecasts and sells its lowest, each held for {held},"
    );
    let told = |[low, high]: ConfidenceInterval| {
        let growth = earned.a_day.map_or_else(dash, signed_percent);
        let ends = [low, high].map(signed_percent);
        format!(
            ", {growth} a day ({interval_title}: {} to {})",
            ends[0], ends[1]
        )
    };
    match earned.a_day_interval {
        Some(ends @ [low, high]) if low > 0.0 || high < 0.0 => {
            format!("After fees {whose} {after}{}; {before}.", told(ends))
        }
        Some(ends) => format!(
            "It cannot be told whether after fees {whose} gains or loses: it {after}{}, which contains 0; {before}.",
            told(ends)
        ),
        None => format!(
            "It cannot be told whether after fees {whose} gains or loses: it {after}, and {} too few for an interval; {before}.",
            match earned.days {
                1 => "1 day is".to_owned(),
                days => format!("{} are", counted(days, "day")),
            }
        ),
    }
}

/// What happens to the capital, without a sign: `gains 1.00 %`.
fn change(growth: f64) -> String {
    match growth {
        growth if !growth.is_finite() => "changes by an unknown part".to_owned(),
        growth if growth >= 10.0 => {
            format!("gains {} %", grouped((growth * 100.0).round() as usize))
        }
        growth if growth >= 0.000_05 => format!("gains {:.2} %", growth * 100.0),
        growth if growth <= -0.000_05 => format!("loses {:.2} %", -growth * 100.0),
        _ => "stays as it was".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earned(after: f64, interval: Option<[f64; 2]>) -> EarnedCapital {
        EarnedCapital {
            before: 0.02,
            after,
            fee_bps: 5.0,
            break_even_bps: Some(0.31),
            days: 30,
            a_day: Some((after.ln_1p() / 30.0).exp_m1()),
            a_day_interval: interval,
        }
    }

    fn sentence(earned: &EarnedCapital) -> String {
        earned_sentence(Some(earned), "panel-ridge", "15 minutes", "95 % interval")
    }

    #[test]
    fn a_loss_is_called_one_with_its_interval_and_the_fee_charged() {
        assert_eq!(
            sentence(&earned(-0.125, Some([-0.006, -0.003]))),
            "After fees the capital of who buys its highest forecasts and sells its lowest, each held for 15 minutes, loses \
             12.50 % in 30 traded days at 5 basis points a fill, -0.44 % a day (95 % interval: -0.60 % to -0.30 %); before fees it gains \
             2.00 %, and at 0.31 basis points a fill nothing is left."
        );
        assert!(
            sentence(&earned(0.3, Some([0.001, 0.02])))
                .contains("15 minutes, gains 30.00 % in 30 traded days")
        );
        let behind = EarnedCapital {
            before: -0.02,
            break_even_bps: Some(-0.31),
            ..earned(-0.125, Some([-0.006, -0.003]))
        };
        assert!(
            sentence(&behind)
                .ends_with("before fees it loses 2.00 %, so that no fee leaves a profit.")
        );
    }

    #[test]
    fn an_interval_with_0_in_it_tells_neither_gain_nor_loss() {
        let text = sentence(&earned(0.01, Some([-0.001, 0.002])));
        assert!(
            text.starts_with("It cannot be told whether after fees the capital of who buys")
                && text.contains("it gains 1.00 % in 30 traded days")
                && text.contains("-0.10 % to +0.20 %), which contains 0"),
            "{text}"
        );
        let one_day = EarnedCapital {
            days: 1,
            ..earned(0.0, None)
        };
        let text = sentence(&one_day);
        assert!(
            text.contains("it stays as it was in 1 traded day at")
                && text.contains("1 day is too few"),
            "{text}"
        );
        assert!(earned_sentence(None, "a", "1 day", "95 % interval").contains("is not known"));
    }

    /// A day on which nothing is held is none that the growth is averaged over; one of closing a position is.
    #[test]
    fn days_without_a_position_are_not_traded() {
        let bars = [
            (0, 0.0, 0.0, 0.0),
            (DAY_MS, 0.1, 1.0, 0.5),
            (DAY_MS + 60_000, 0.2, 1.0, 0.0),
            (2 * DAY_MS, -0.1, 0.0, 0.5),
            (3 * DAY_MS, 0.0, 0.0, 0.0),
        ];
        let of = |value: fn(&(i64, f64, f64, f64)) -> f64| bars.iter().map(value).collect();
        let curve = Curve {
            time_ms: bars.iter().map(|bar| bar.0).collect(),
            gross: Vec::new(),
            net: of(|bar| bar.1),
            exposure: of(|bar| bar.2),
            traded: of(|bar| bar.3),
            equity_before_fees: Vec::new(),
            equity: Vec::new(),
            alpha: Vec::new(),
        };
        let expected = [1.32_f64.ln(), 0.9_f64.ln()];
        let days = log_growth_of_days(&curve);
        assert_eq!(days.len(), 2);
        assert!(
            days.iter()
                .zip(expected)
                .all(|(day, expected)| (day - expected).abs() < 1e-12)
        );
    }

    #[test]
    fn days_are_drawn_as_wholes() {
        let options = Options::default();
        let days: Vec<f64> = (0..40)
            .map(|day| if day % 2 == 0 { 0.02 } else { 0.0 })
            .collect();
        let [low, high] = interval(&days, 1, &options).unwrap_or_default();
        let growth = growth_a_day(&days).unwrap_or_default();
        assert!((growth - 0.01_f64.exp_m1()).abs() < 1e-12);
        assert!(low < growth && growth < high && low > 0.006 && high < 0.014);
        assert_eq!(interval(&days[..4], 1, &options), None);
        // A capital that is lost has no growth.
        assert_eq!(growth_a_day(&[0.1, f64::NEG_INFINITY, f64::NAN]), None);
    }
}
