//! The weights of every fold, from the folds before it.

use anyhow::anyhow;
use cli::WithHint;
use dataset::format_time;
use score::Rows;
use serde::{Deserialize, Serialize};
use statistics::timestamp_groups;

use crate::daily::DailyEvidence;
use crate::evidence::Evidence;
use crate::mean::EqualSay;
use crate::plain::{PlainEvidence, WeightPrior};
use crate::qlike::QlikeEvidence;
use crate::{EnsembleOptions, Method, Weights};

/// The weights of one fold, with what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldWeights {
    /// 1-based fold.
    pub fold: u32,
    /// Open time of the fold's first scored row, UTC ms: all that the weights know comes before,
    /// with the reach of its targets. None in files of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_until_ms: Option<i64>,
    /// Independent events that they were fitted on: times before the fold over bars that a target
    /// reaches; for the method `ic_a_day`, days.
    pub events: f64,
    /// The weights.
    #[serde(flatten)]
    pub weights: Weights,
}

/// The weights of every fold of `rows`; `forecasts` is `[members][rows]`.
///
/// A fold's weights know the rows of earlier folds whose targets end `embargo_bars` or more before
/// it begins, and nothing else. Where there are none, they are those of the plain average, 0 with
/// `ensemble.prior = "zero"`, or for the method `ic_a_day` those of the first member alone.
///
/// # Errors
/// Folds that are not in the order of time; for `ic_a_day`, rows without trailing volatility; for
/// `qlike`, forecasts that are not of a volatility.
pub fn fold_weights(
    rows: &Rows,
    forecasts: &[&[f64]],
    options: &EnsembleOptions,
    embargo_bars: usize,
) -> anyhow::Result<Vec<FoldWeights>> {
    let plain = |prior| PlainEvidence::new(rows, forecasts, prior);
    match options.method {
        Method::Stacked => {
            let prior = WeightPrior {
                weight: options.prior.weight(forecasts.len()),
                events: options.prior_events,
            };
            walk(rows, plain(Some(prior)), embargo_bars)
        }
        Method::Average => walk(rows, plain(None), embargo_bars),
        Method::Mean => walk(rows, EqualSay(forecasts.len()), embargo_bars),
        Method::Qlike => walk(
            rows,
            QlikeEvidence::new(rows, forecasts, options)?,
            embargo_bars,
        ),
        Method::IcADay => {
            let evidence = DailyEvidence::new(rows, forecasts, options)?;
            walk(rows, evidence, embargo_bars)
        }
    }
}

/// Adds time after time to the evidence, and takes the weights of each fold when it begins.
fn walk(
    rows: &Rows,
    mut evidence: impl Evidence,
    embargo_bars: usize,
) -> anyhow::Result<Vec<FoldWeights>> {
    let gap_bars = evidence.entry_bars() + rows.reach_bars + embargo_bars;
    let gap_ms = gap_bars as i64 * rows.bar_ms;
    let times = timestamp_groups(&rows.time_ms);
    let mut known = times.into_iter().peekable();
    let mut fitted = Vec::new();
    let mut last_ms = i64::MIN;
    for (fold, start_ms, end_ms) in spans(rows) {
        if start_ms <= last_ms {
            return Err(anyhow!(
                "fold {fold} begins at {}, expected a time after the fold before it, \
                 which ends at {}",
                format_time(start_ms),
                format_time(last_ms)
            )
            .hint(
                "weights of a fold are fitted on folds before it; were the members' \
                 tables joined by hand?",
            ));
        }
        last_ms = end_ms;
        // The same purge as that of the members' own training: no target reaches into the fold.
        while let Some(time) = known.next_if(|time| rows.time_ms[time.start] + gap_ms < start_ms) {
            evidence.add(time);
        }
        fitted.push(FoldWeights {
            fold,
            seen_until_ms: Some(start_ms),
            events: evidence.events(),
            weights: evidence.weights(),
        });
    }
    Ok(fitted)
}

/// Every fold's number, first and last time.
fn spans(rows: &Rows) -> impl Iterator<Item = (u32, i64, i64)> {
    let mut start = 0;
    rows.fold
        .chunk_by(|left, right| left == right)
        .map(move |chunk| {
            let first = start;
            start += chunk.len();
            // chunk_by yields no empty chunk.
            (chunk[0], rows.time_ms[first], rows.time_ms[start - 1])
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prior;
    use crate::combine::market_part;

    const COINS: usize = 4;
    const MINUTE: i64 = 60_000;

    /// Numbers that look random, the same everywhere, with mean 0 and variance 1.
    struct Noise(u64);

    impl Noise {
        fn draw(&mut self) -> f64 {
            // Knuth's linear congruential generator (MMIX); its upper bits are good.
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 12f64.sqrt()
        }
    }

    /// `folds` folds of `times` minutes; realized market and own parts are mixtures of two members'
    /// parts and noise.
    struct SyntheticFolds {
        rows: Rows,
        members: [Vec<f64>; 2],
    }

    const MARKET: [f64; 2] = [0.2, 0.9];
    const OWN: [f64; 2] = [0.6, 0.3];

    fn made(folds: usize, times: usize, noise: f64) -> SyntheticFolds {
        let mut draws = Noise(1);
        let mut rows = Rows {
            quantity: score::Quantity::Return,
            close: None,
            time_ms: Vec::new(),
            symbol: Vec::new(),
            fold: Vec::new(),
            realized: Vec::new(),
            realized_delayed: Vec::new(),
            controls: Vec::new(),
            trailing_volatility: None,
            volatility: Vec::new(),
            weight: Vec::new(),
            symbols: (0..COINS).map(|coin| format!("COIN{coin}")).collect(),
            bar_ms: MINUTE,
            reach_bars: 5,
        };
        let mut members = [Vec::new(), Vec::new()];
        for time in 0..folds * times {
            let forecasts = [0, 1].map(|_| (0..COINS).map(|_| draws.draw()).collect::<Vec<f64>>());
            let markets = [0, 1].map(|member: usize| market_part(&forecasts[member]));
            let mixed = |weights: [f64; 2], of: &dyn Fn(usize) -> f64| {
                weights[0] * of(0) + weights[1] * of(1)
            };
            let common = noise * draws.draw();
            for (coin, symbol) in (0..COINS).zip(0u32..) {
                let own = mixed(OWN, &|member| forecasts[member][coin] - markets[member]);
                rows.time_ms.push(time as i64 * MINUTE);
                rows.symbol.push(symbol);
                rows.fold.push((time / times + 1) as u32);
                rows.realized.push(
                    mixed(MARKET, &|member| markets[member]) + own + common + noise * draws.draw(),
                );
            }
            members
                .iter_mut()
                .zip(forecasts)
                .for_each(|(member, forecasts)| member.extend(forecasts));
        }
        let rows = Rows {
            realized_delayed: rows.realized.clone(),
            controls: Vec::new(),
            trailing_volatility: None,
            volatility: vec![1.0; rows.time_ms.len()],
            weight: vec![1.0; rows.time_ms.len()],
            ..rows
        };
        SyntheticFolds {
            rows: rows.checked().unwrap(),
            members,
        }
    }

    fn stacked(prior_events: f64) -> EnsembleOptions {
        EnsembleOptions {
            method: Method::Stacked,
            prior_events,
            ..EnsembleOptions::default()
        }
    }

    fn average() -> EnsembleOptions {
        EnsembleOptions {
            method: Method::Average,
            ..EnsembleOptions::default()
        }
    }

    fn fit(made: &SyntheticFolds, options: &EnsembleOptions) -> Vec<FoldWeights> {
        let members: Vec<&[f64]> = made.members.iter().map(Vec::as_slice).collect();
        fold_weights(&made.rows, &members, options, 0).unwrap()
    }

    fn close(found: &[f64], expected: &[f64], tolerance: f64) -> bool {
        found
            .iter()
            .zip(expected)
            .all(|(found, expected)| (found - expected).abs() < tolerance)
    }

    #[test]
    fn a_known_mixture_is_found_part_by_part() {
        let folds = fit(&made(3, 4000, 0.1), &stacked(1.0));
        assert_eq!(folds[0].weights, Weights::equal(2), "fold 1 knows nothing");
        assert_eq!(
            folds.iter().map(|fold| fold.fold).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        for fold in &folds[1..] {
            assert!(close(&fold.weights.market, &MARKET, 0.02), "{fold:?}");
            assert!(close(&fold.weights.own, &OWN, 0.02), "{fold:?}");
        }
    }

    #[test]
    fn little_evidence_leaves_the_average() {
        let made = made(3, 200, 0.1);
        let folds = fit(&made, &stacked(1e9));
        for fold in &folds {
            assert!(
                close(&fold.weights.market, &[0.5, 0.5], 1e-6)
                    && close(&fold.weights.own, &[0.5, 0.5], 1e-6)
            );
        }
        // Purged: 200 minutes less the 5 whose targets reach into fold 2, in events of 5 minutes.
        assert_eq!(folds[1].events, 195.0 / 5.0);
    }

    #[test]
    fn a_prior_of_zero_is_no_forecast_until_a_member_is_worth_one() {
        let made = made(3, 4000, 0.1);
        let zero = |prior_events| EnsembleOptions {
            prior: Prior::Zero,
            ..stacked(prior_events)
        };
        let folds = fit(&made, &zero(1.0));
        assert_eq!(folds[0].weights, Weights::alike(2, 0.0));
        assert!(close(&folds[2].weights.own, &OWN, 0.02), "{folds:?}");
        for fold in fit(&made, &zero(1e9)) {
            assert!(close(&fold.weights.own, &[0.0, 0.0], 1e-5), "{fold:?}");
        }
    }

    #[test]
    fn a_member_of_noise_is_left_out() {
        let mut made = made(2, 20_000, 0.1);
        let mut draws = Noise(7);
        let noise: Vec<f64> = made.members[0].iter().map(|_| draws.draw()).collect();
        made.members[0] = noise;
        let folds = fit(&made, &stacked(1.0));
        let Weights { market, own } = &folds[1].weights;
        assert!(
            market[0] < 0.02 && own[0] < 0.02 && market[1] > 0.8 && own[1] > 0.25,
            "{folds:?}"
        );
    }

    #[test]
    fn no_weight_is_below_zero() {
        let mut made = made(2, 2000, 0.1);
        made.members[0]
            .iter_mut()
            .for_each(|forecast| *forecast = -*forecast);
        let Weights { market, own } = fit(&made, &stacked(1.0)).remove(1).weights;
        assert_eq!((market[0], own[0]), (0.0, 0.0));
        // Where nothing at all is left there is still a forecast.
        made.members[1]
            .iter_mut()
            .for_each(|forecast| *forecast = -*forecast);
        assert_eq!(fit(&made, &stacked(1.0))[1].weights, Weights::equal(2));
    }

    /// Whatever happens in fold k or later, or ends there, changes no weight of fold k.
    #[test]
    fn weights_know_nothing_of_their_own_fold() {
        let before = made(4, 300, 1.0);
        for options in [stacked(50.0), average()] {
            let expected = fit(&before, &options);
            for fold in 1..=4usize {
                let mut after = made(4, 300, 1.0);
                let start_ms = (fold as i64 - 1) * 300 * MINUTE;
                for row in 0..after.rows.len() {
                    let time_ms = after.rows.time_ms[row];
                    if time_ms >= start_ms {
                        after
                            .members
                            .iter_mut()
                            .for_each(|member| member[row] = 7.0 - 3.0 * member[row]);
                    }
                    // A target of 5 bars from the last 5 minutes before the fold ends within it.
                    if time_ms + 5 * MINUTE >= start_ms {
                        after.rows.realized[row] = -9.0;
                    }
                }
                assert_eq!(
                    fit(&after, &options)[..fold],
                    expected[..fold],
                    "{options:?}"
                );
                if fold < 4 {
                    assert_ne!(fit(&after, &options)[fold].weights, expected[fold].weights);
                }
            }
        }
    }

    #[test]
    fn a_mean_is_plain_in_every_fold() {
        let mut made = made(3, 100, 0.1);
        made.members[0]
            .iter_mut()
            .for_each(|forecast| *forecast = 10.0 * *forecast - 3.0);
        let mean = EnsembleOptions {
            method: Method::Mean,
            ..EnsembleOptions::default()
        };
        let folds = fit(&made, &mean);
        assert!(folds.iter().all(|fold| fold.weights == Weights::equal(2)));
        assert_eq!(folds.len(), 3);
    }

    #[test]
    fn an_average_gives_loud_and_quiet_members_the_same_say() {
        let mut made = made(2, 2000, 0.1);
        made.members[0]
            .iter_mut()
            .for_each(|forecast| *forecast *= 10.0);
        let folds = fit(&made, &average());
        assert_eq!(folds[0].weights, Weights::equal(2));
        // Scales 10 and 1: each is divided by its own and multiplied by 5.5, over two members.
        for weights in [&folds[1].weights.market, &folds[1].weights.own] {
            assert!(
                (weights[0] / 0.275 - 1.0).abs() < 0.05 && (weights[1] / 2.75 - 1.0).abs() < 0.05,
                "{weights:?}"
            );
        }
        made.members[1].fill(0.0);
        assert_eq!(
            fit(&made, &average())[1].weights.market[1],
            0.5,
            "silent so far"
        );
    }

    #[test]
    fn folds_out_of_order_are_refused() {
        let mut made = made(2, 50, 0.1);
        let shift = 50 * MINUTE;
        made.rows
            .time_ms
            .iter_mut()
            .for_each(|time| *time += if *time < shift { shift } else { -shift });
        let members: Vec<&[f64]> = made.members.iter().map(Vec::as_slice).collect();
        let error = fold_weights(&made.rows, &members, &average(), 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("fold 2 begins at 1970-01-01 00:00"),
            "{error}"
        );
    }
}
