//! How likely the best of several rules on one half of the time is no better than the middle one on
//! the other half.
//!
//! Combinatorially symmetric cross-validation of Bailey, Borwein, López de Prado and Zhu, "The
//! probability of backtest overfitting", Journal of Computational Finance 20 (2017). Time is cut
//! into slices; every choice of half of them is once the sample on which the best rule is picked
//! and the rest the one on which its rank is looked up.

use serde::Serialize;

use crate::bootstrap::quantile;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overfitting {
    /// Slices of time.
    pub slices: usize,
    /// Ways to halve them.
    pub splits: usize,
    /// Share of the splits in which the rule that was best on one half is not above the median on
    /// the other.
    pub probability: f64,
    /// Share of the splits in which it lost on the other half.
    pub loss_probability: f64,
    /// Median over splits of ln(w / (1 - w)), where w is the rule's rank on the other half divided
    /// by rules + 1.
    pub median_logit: f64,
}

/// The probability of overfitting of several rules, by the Sharpe ratios of their returns.
///
/// # Shapes
/// `returns`: one list a rule, all of one length, in order of time; `slices` is even. The values
/// left over at the end are not used. A rule that never moves has a Sharpe ratio of 0; of equal
/// ratios the first is picked, and ranks are shared. `None` below two rules, or with fewer values
/// than two a slice.
pub fn probability_of_overfitting(returns: &[&[f64]], slices: usize) -> Option<Overfitting> {
    let length = returns.iter().map(|rule| rule.len()).min()? / slices.max(1);
    if returns.len() < 2 || length < 2 || slices < 2 || slices % 2 == 1 || slices > 20 {
        return None;
    }
    let sums: Vec<Vec<SliceSums>> = returns
        .iter()
        .map(|rule| slice_sums(rule, length, slices))
        .collect();
    let count = (length * slices / 2) as f64;
    let all = (1_u32 << slices) - 1;
    let halves = (0..=all).filter(|chosen| chosen.count_ones() as usize == slices / 2);
    let (mut logits, mut losses) = (Vec::new(), 0_usize);
    for chosen in halves {
        let on = |half: u32| -> Vec<f64> {
            sums.iter()
                .map(|rule| half_sharpe(rule, half, count))
                .collect()
        };
        let (best, _) =
            (on(chosen).into_iter().enumerate()).fold((0, f64::NEG_INFINITY), |best, one| {
                if one.1 > best.1 { one } else { best }
            });
        let elsewhere = on(all & !chosen);
        let share = rank_share(&elsewhere, elsewhere[best]);
        logits.push((share / (1.0 - share)).ln());
        losses += usize::from(elsewhere[best] < 0.0);
    }
    let splits = logits.len();
    logits.sort_unstable_by(f64::total_cmp);
    // A share of exactly one half has a logit of 0, but for rounding.
    let not_above = logits.iter().filter(|&&logit| logit <= 1e-12).count();
    Some(Overfitting {
        slices,
        splits,
        probability: not_above as f64 / splits as f64,
        loss_probability: losses as f64 / splits as f64,
        median_logit: quantile(&logits, 0.5)?,
    })
}

/// Sum and sum of squares of a rule's returns in one slice: all that a Sharpe ratio of some slices
/// needs.
type SliceSums = [f64; 2];

fn slice_sums(returns: &[f64], length: usize, slices: usize) -> Vec<SliceSums> {
    let of_slice = |slice: &[f64]| {
        [
            slice.iter().sum(),
            slice.iter().map(|value| value * value).sum(),
        ]
    };
    let slices = returns.chunks_exact(length).take(slices);
    slices.map(of_slice).collect()
}

/// The Sharpe ratio of a rule over the slices whose bit is set in `half`; `count` is their number of
/// returns.
fn half_sharpe(rule: &[SliceSums], half: u32, count: f64) -> f64 {
    let of_half = rule
        .iter()
        .enumerate()
        .filter(|(slice, _)| half >> slice & 1 == 1);
    let [sum, squares] = of_half.fold([0.0; 2], |[sum, squares], (_, one)| {
        [sum + one[0], squares + one[1]]
    });
    let mean = sum / count;
    let variance = (squares - sum * mean) / (count - 1.0);
    // What is left of equal returns is rounding.
    if variance <= 1e-14 * squares / count {
        0.0
    } else {
        mean / variance.sqrt()
    }
}

/// The rank of one of the ratios, divided by their number plus 1; equal ones share a rank.
fn rank_share(ratios: &[f64], own: f64) -> f64 {
    let below = ratios.iter().filter(|&&other| other < own).count() as f64;
    let equal = ratios.iter().filter(|&&other| other == own).count() as f64;
    (below + (equal + 1.0) / 2.0) / (ratios.len() as f64 + 1.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Four slices of two values each: means 1 or -1 times a slice's sign, with the same spread
    /// everywhere.
    fn rule(means: [f64; 4]) -> Vec<f64> {
        means
            .iter()
            .flat_map(|mean| [mean - 0.5, mean + 0.5])
            .collect()
    }

    #[test]
    fn a_rule_that_is_always_best_is_not_overfitted() {
        let (good, bad) = (rule([1.0; 4]), rule([-1.0; 4]));
        let found = probability_of_overfitting(&[&bad, &good], 4).unwrap();
        assert_eq!(
            (found.splits, found.probability, found.loss_probability),
            (6, 0.0, 0.0)
        );
        // Rank 2 of 2: w = 2/3.
        assert!((found.median_logit - 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn four_slices_by_hand() {
        // A earns in slices 1 and 2, B in 3 and 4. Of the 6 halves {1,2} picks A, whose other half
        // is its worst (rank 1 of 2), {3,4} picks B likewise. The four mixed halves tie:
        // the first is picked, its rank is shared (1.5 of 2, a logit of 0), which is not
        // above the median either.
        let (a, b) = (rule([1.0, 1.0, -1.0, -1.0]), rule([-1.0, -1.0, 1.0, 1.0]));
        let found = probability_of_overfitting(&[&a, &b], 4).unwrap();
        assert_eq!((found.splits, found.probability), (6, 1.0));
        assert!((found.loss_probability - 2.0 / 6.0).abs() < 1e-12);
        assert!(found.median_logit.abs() < 1e-12);

        // With C that earns a little everywhere, the mixed halves pick C, and A and B are 0 on the
        // other one: rank 3 of
        // 3. {1,2} still picks A and {3,4} B, which are last elsewhere: 2 of 6.
        let c = rule([0.1; 4]);
        let found = probability_of_overfitting(&[&a, &b, &c], 4).unwrap();
        assert!((found.probability - 2.0 / 6.0).abs() < 1e-12);
        assert!((found.median_logit - 3.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn one_rule_or_no_time_has_no_probability() {
        let rule = rule([1.0; 4]);
        assert_eq!(probability_of_overfitting(&[&rule], 4), None);
        assert_eq!(
            probability_of_overfitting(&[&rule, &rule], 6),
            None,
            "one value a slice"
        );
        assert_eq!(probability_of_overfitting(&[], 4), None);
    }

    #[test]
    fn rules_that_never_trade_are_no_better_than_each_other() {
        let idle = vec![0.0; 32];
        let found = probability_of_overfitting(&[&idle, &idle, &idle], 4).unwrap();
        assert_eq!(found.probability, 1.0);
    }
}
