//! Which windows can be used: end rows over one `[rows, channels]` matrix, nothing materialized.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::features::block_rows;
use crate::{FeatureConfig, Panel, Targets};

/// The last bar of the window is itself filled, missing or without all features; more than any
/// count of bars.
const LAST_IS: u16 = u16::MAX;

/// Whether the window that ends at a row is fit to be forecast from, per coin.
///
/// It is when the coin has a candle of its own and all features at that row, and no more than
/// `features.max_filled_share` of the window's rows are filled, missing or without all features.
/// Training, scoring and live forecasts all ask here.
#[derive(Debug, Clone)]
pub struct Eligibility {
    coins: usize,
    lookback: usize,
    allowed: usize,
    /// The row that `missing` begins at.
    first: usize,
    /// Bars of the window that are filled, missing or without all features; `LAST_IS` where its
    /// last one is.
    missing: Arc<Vec<u16>>,
}

impl Eligibility {
    /// Looks at every row of the panel once; features are computed in passing and not kept.
    pub fn of(panel: &Panel, config: &FeatureConfig) -> Self {
        Self::within(panel, config, 0..panel.rows())
    }

    /// Of the windows that end at some rows, which are in ascending order: looks at these windows and those
    /// between them alone. Nothing is known of windows that end before the first or after the last of them:
    /// asking for one panics.
    pub fn at(panel: &Panel, config: &FeatureConfig, rows: &[usize]) -> Self {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Self::within(panel, config, 0..0);
        };
        let first = (first + 1).saturating_sub(config.lookback_bars);
        Self::within(panel, config, first..last + 1)
    }

    /// Looks at a span of rows; windows that begin before it count as incomplete there.
    fn within(panel: &Panel, config: &FeatureConfig, span: Range<usize>) -> Self {
        let (coins, lookback) = (panel.coins(), config.lookback_bars);
        let chosen = config.chosen(panel.interval());
        let chunk_rows = block_rows(panel, chosen.warm_up_bars()) * rayon::current_num_threads();
        let mut missing = Vec::with_capacity(span.len() * coins);
        // Rows before the span count as missing.
        let mut counts = vec![lookback; coins];
        let mut were_complete = vec![false; lookback * coins];
        for start in span.clone().step_by(chunk_rows) {
            let chunk = start..span.end.min(start + chunk_rows);
            let features = chosen.compute(panel, chunk.clone());
            for row in chunk {
                for (coin, count) in counts.iter_mut().enumerate() {
                    let cell = features.cell(row - start, coin);
                    let has_all = cell.iter().all(|value| !value.is_nan());
                    let is_complete = panel.is_observed(row, coin) && has_all;
                    // In the place of the row that leaves the window.
                    let place = row % lookback * coins + coin;
                    let was_complete = std::mem::replace(&mut were_complete[place], is_complete);
                    *count += usize::from(!is_complete);
                    *count -= usize::from(!was_complete);
                    missing.push(if is_complete { *count as u16 } else { LAST_IS });
                }
            }
        }
        Self {
            coins,
            lookback,
            allowed: (config.max_filled_share * lookback as f64) as usize,
            first: span.start,
            missing: Arc::new(missing),
        }
    }

    /// Bars of a window that are missing, or that its last one is.
    ///
    /// # Panics
    /// A row that was not looked at.
    fn missing(&self, row: usize, coin: usize) -> u16 {
        self.missing[(row - self.first) * self.coins + coin]
    }

    /// Whether the coin's window that ends at `row` can be used.
    pub fn is(&self, row: usize, coin: usize) -> bool {
        row + 1 >= self.lookback && self.missing(row, coin) as usize <= self.allowed
    }

    /// Why the window cannot be used; None where it can.
    pub fn refusal(&self, row: usize, coin: usize) -> Option<String> {
        let missing = self.missing(row, coin);
        match missing {
            _ if self.is(row, coin) => None,
            LAST_IS => Some("no closed candle with all features at this time".to_owned()),
            _ => Some(format!(
                "{missing} of {} bars are filled or missing, at most {} may be (features.max_filled_share)",
                self.lookback, self.allowed
            )),
        }
    }
}

/// End rows of windows, with the coins that count in each.
#[derive(Debug, Clone, Default)]
pub struct WindowSet {
    /// Rows at which windows end (inclusive), ascending.
    pub ends: Vec<usize>,
    /// Which coins count, `[ends, coins]` row-major.
    pub counts: Vec<bool>,
    /// What was left out of the rows asked for.
    pub dropped: DropCounts,
}

/// How many (time, coin) pairs were asked for, and why some cannot be used; each is counted once,
/// in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DropCounts {
    /// Pairs asked for.
    pub asked: usize,
    /// The candle at t or at the target's end was not observed.
    pub no_target: usize,
    /// The coin had no training rows in which its target varies, so there are no statistics for
    /// it.
    pub unknown_coin: usize,
    /// Too many filled or missing minutes in the window, or too little history.
    pub bad_window: usize,
    /// The coin's close had not moved for a day of bars.
    pub settled: usize,
    /// The forecaster's own model has a term that is not known at t.
    pub unknown_term: usize,
}

impl DropCounts {
    /// Pairs that can be used.
    pub fn kept(&self) -> usize {
        let no_window = self.no_target + self.unknown_coin + self.bad_window;
        self.asked - no_window - self.settled - self.unknown_term
    }
}

impl fmt::Display for DropCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Of {} (time, coin) pairs {} are scored; left out: {} without an observed candle at t or at the target's \
             end, {} of coins without training rows in which their target varies, {} with too many filled minutes in the \
             window",
            self.asked,
            self.kept(),
            self.no_target,
            self.unknown_coin,
            self.bad_window
        )?;
        if self.settled > 0 {
            let settled = self.settled;
            write!(f, ", {settled} of settled coins (universe.score_settled)")?;
        }
        if self.unknown_term > 0 {
            let unknown = self.unknown_term;
            write!(f, ", {unknown} with a term of the model that is not known")?;
        }
        write!(f, ".")
    }
}

impl std::ops::AddAssign for DropCounts {
    fn add_assign(&mut self, other: Self) {
        self.asked += other.asked;
        self.no_target += other.no_target;
        self.unknown_coin += other.unknown_coin;
        self.bad_window += other.bad_window;
        self.settled += other.settled;
        self.unknown_term += other.unknown_term;
    }
}

impl WindowSet {
    /// All windows that end in `rows` where some coin is wanted, eligible,
    /// known, not settled (at a row) and has a target.
    pub fn new(
        rows: impl Iterator<Item = usize>,
        targets: &Targets,
        eligibility: &Eligibility,
        is_wanted: impl Fn(usize) -> bool,
        is_known: impl Fn(usize) -> bool,
        is_settled: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let coins = targets.coins();
        let mut set = Self {
            ends: Vec::new(),
            counts: Vec::new(),
            dropped: DropCounts::default(),
        };
        let mut counts = vec![false; coins];
        for row in rows {
            for (coin, counts) in counts
                .iter_mut()
                .enumerate()
                .filter(|(coin, _)| is_wanted(*coin))
            {
                set.dropped.asked += 1;
                let reason = if targets.value(row, coin).is_nan() {
                    Some(&mut set.dropped.no_target)
                } else if !is_known(coin) {
                    Some(&mut set.dropped.unknown_coin)
                } else if !eligibility.is(row, coin) {
                    Some(&mut set.dropped.bad_window)
                } else if is_settled(row, coin) {
                    Some(&mut set.dropped.settled)
                } else {
                    None
                };
                *counts = reason.is_none();
                if let Some(count) = reason {
                    *count += 1;
                }
            }
            if counts.contains(&true) {
                set.ends.push(row);
                set.counts.extend_from_slice(&counts);
            }
        }
        set
    }

    /// The windows of this set and then those of another of the same coins, which end later.
    pub fn followed_by(mut self, later: Self) -> Self {
        self.ends.extend(later.ends);
        self.counts.extend(later.counts);
        self.dropped += later.dropped;
        self
    }

    /// Sets of several horizons with the same ends, which are those of any of them: a coin counts in
    /// a set where it did before.
    pub fn aligned(sets: Vec<Self>) -> Vec<Self> {
        if sets.len() < 2 {
            return sets;
        }
        let ends: BTreeSet<usize> = sets.iter().flat_map(|set| &set.ends).copied().collect();
        let ends: Vec<usize> = ends.into_iter().collect();
        let coins = |set: &Self| set.counts.len().checked_div(set.len()).unwrap_or(0);
        let coins = sets.iter().map(coins).max().unwrap_or(0);
        let aligned = |set: Self| {
            let mut next = 0;
            let mut counts = Vec::new();
            for end in &ends {
                if set.ends.get(next) == Some(end) {
                    counts.extend_from_slice(&set.counts[next * coins..(next + 1) * coins]);
                    next += 1;
                } else {
                    counts.resize(counts.len() + coins, false);
                }
            }
            Self {
                ends: ends.clone(),
                counts,
                dropped: set.dropped,
            }
        };
        sets.into_iter().map(aligned).collect()
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no windows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::Symbol;

    use super::*;
    use crate::{CandleTable, Column};

    /// Two coins of 150 minutes; the second one has a hole.
    fn panel() -> Panel {
        let candles = |coin: usize| {
            let mut candles = CandleTable::default();
            for row in (0..150).filter(|row| coin == 0 || !(100..104).contains(row)) {
                let mut values = [f64::NAN; Column::ALL.len()];
                values[Column::Close as usize] = 100.0 + (row * 7 % 31) as f64;
                candles.push_row(row as i64 * 60_000, values);
            }
            (Symbol::new(&format!("COIN{coin}")).unwrap(), candles)
        };
        let coins = [0, 1].map(candles);
        let span = (0, 150 * 60_000);
        Panel::build(&coins, "1m".parse().unwrap(), span, 60, &[])
    }

    #[test]
    fn some_rows_are_looked_at_as_all_are() {
        let config = FeatureConfig {
            set: "closes12".parse().unwrap(),
            lookback_bars: 7,
            max_filled_share: 0.3,
            ..FeatureConfig::default()
        };
        let panel = panel();
        let all = Eligibility::of(&panel, &config);
        for rows in [
            vec![0],
            vec![64, 69],
            vec![99, 101, 106, 120],
            vec![149],
            Vec::new(),
        ] {
            let some = Eligibility::at(&panel, &config, &rows);
            for (row, coin) in rows.iter().flat_map(|&row| [(row, 0), (row, 1)]) {
                assert_eq!(
                    some.refusal(row, coin),
                    all.refusal(row, coin),
                    "{row} {coin}"
                );
            }
        }
        assert!(all.is(120, 1) && !all.is(105, 1) && !all.is(62, 0));
    }

    #[test]
    fn what_is_left_out_is_told() {
        let all = DropCounts {
            asked: 100,
            no_target: 1,
            unknown_coin: 2,
            bad_window: 3,
            settled: 4,
            unknown_term: 5,
        };
        assert_eq!(all.kept(), 85);
        let text = all.to_string();
        assert!(text.starts_with("Of 100 (time, coin) pairs 85 are scored; left out: "));
        assert!(
            text.ends_with(
                "window, 4 of settled coins (universe.score_settled), 5 with a term of the model that is not known."
            ),
            "{text}"
        );
        let mut twice = all;
        twice += all;
        assert_eq!((twice.unknown_term, twice.kept()), (10, 170));
        assert!(
            DropCounts::default()
                .to_string()
                .ends_with("in the window.")
        );
    }

    #[test]
    fn sets_of_several_horizons_get_the_same_ends() {
        let set = |ends: &[usize], counts: &[bool]| WindowSet {
            ends: ends.to_vec(),
            counts: counts.to_vec(),
            dropped: DropCounts::default(),
        };
        let near = set(&[3, 4, 7], &[true, true, false, true, true, false]);
        let far = set(&[4, 5], &[true, false, true, true]);
        let none = set(&[], &[]);
        let sets = WindowSet::aligned(vec![near.clone(), far, none]);
        for set in &sets {
            assert_eq!(set.ends, [3, 4, 5, 7]);
        }
        let [yes, no] = [true, false];
        assert_eq!(sets[0].counts, [yes, yes, no, yes, no, no, yes, no]);
        assert_eq!(sets[1].counts, [no, no, yes, no, yes, yes, no, no]);
        assert_eq!(sets[2].counts, [no; 8]);
        let alone = WindowSet::aligned(vec![near.clone()]);
        assert_eq!(
            (&alone[0].ends, &alone[0].counts),
            (&near.ends, &near.counts)
        );
    }
}
