//! What linear models multiply with coefficients.

use crate::observations::Observations;

const MINUTES_A_DAY: i64 = 1440;

/// A term of a linear model, and its value at a row of a coin; NaN where unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub name: &'static str,
    pub value: fn(&Observations<'_>, usize, usize) -> f64,
}

/// A feature by its place in the set `har_range`.
const fn feature<const PLACE: usize>(name: &'static str) -> Term {
    fn value<const PLACE: usize>(seen: &Observations<'_>, row: usize, coin: usize) -> f64 {
        seen.feature(PLACE, row, coin)
    }
    Term {
        name,
        value: value::<PLACE>,
    }
}

/// The volatility of the last so many days.
const fn level<const DAYS: i64>(name: &'static str) -> Term {
    fn value<const DAYS: i64>(seen: &Observations<'_>, row: usize, coin: usize) -> f64 {
        seen.volatility(DAYS * MINUTES_A_DAY, (row, coin))
    }
    Term {
        name,
        value: value::<DAYS>,
    }
}

/// The logarithm of the volatility of the last so many minutes.
const fn recent<const MINUTES: i64>(name: &'static str) -> Term {
    fn value<const MINUTES: i64>(seen: &Observations<'_>, row: usize, coin: usize) -> f64 {
        floored_ln(seen.volatility(MINUTES, (row, coin)))
    }
    Term {
        name,
        value: value::<MINUTES>,
    }
}

/// The logarithm of the mean size of returns of the last so many days.
const fn size<const DAYS: i64>(name: &'static str) -> Term {
    fn value<const DAYS: i64>(seen: &Observations<'_>, row: usize, coin: usize) -> f64 {
        floored_ln(seen.mean_size(DAYS * MINUTES_A_DAY, (row, coin)))
    }
    Term {
        name,
        value: value::<DAYS>,
    }
}

/// The logarithm of a volatility that counts as a hundredth of a percent at least; NaN stays NaN.
fn floored_ln(volatility: f64) -> f64 {
    match volatility.is_nan() {
        true => f64::NAN,
        false => volatility.max(1e-4).ln(),
    }
}

pub(super) const LRV1: Term = feature::<0>("lrv1");
pub(super) const LRV7: Term = feature::<1>("lrv7");
pub(super) const LRV30: Term = feature::<2>("lrv30");
pub(super) const LPK1: Term = feature::<3>("lpk1");
pub(super) const LPK7: Term = feature::<4>("lpk7");
pub(super) const LPK30: Term = feature::<5>("lpk30");
pub(super) const LGK1: Term = feature::<6>("lgk1");
pub(super) const LGK7: Term = feature::<7>("lgk7");
pub(super) const LGK30: Term = feature::<8>("lgk30");
pub(super) const LEVEL: Term = feature::<9>("level");
pub(super) const RV1: Term = level::<1>("rv1");
pub(super) const RV7: Term = level::<7>("rv7");
pub(super) const RV30: Term = level::<30>("rv30");

pub(super) const LRV22: Term = recent::<{ 22 * MINUTES_A_DAY }>("lrv22");
pub(super) const LRV_6H: Term = recent::<360>("lrv_6h");
pub(super) const LRV_2H: Term = recent::<120>("lrv_2h");
pub(super) const LAB7: Term = size::<7>("lab7");
pub(super) const LAB30: Term = size::<30>("lab30");

/// The terms of HAR-full.
pub(super) const FULL: &[Term] = &[LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LEVEL];

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::{FeatureSet, Features};

    #[test]
    fn a_feature_has_its_own_name() {
        let terms = [
            LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LGK1, LGK7, LGK30, LEVEL,
        ];
        let names = Features::all(FeatureSet::HAR_RANGE).names();
        assert_eq!(terms.map(|term| term.name), *names);
    }
}
