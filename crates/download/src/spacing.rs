//! The length of a file's candles, as its rows themselves show it.

use std::collections::BTreeMap;

use anyhow::anyhow;
use cli::WithHint;
use market::Interval;

use crate::file_candles::FileCandles;

/// So many steps of one coin that are all multiples of a longer bar are no accident of a coin that
/// seldom trades.
const STEPS_THAT_TELL: usize = 10;

/// The interval that is given, or else the one of the file's name, of its close times or of the
/// steps between its candles.
///
/// # Errors
/// Candles that have another length than is said; steps that do not show one.
pub fn interval_of(file: &FileCandles, given: Option<Interval>) -> anyhow::Result<Interval> {
    let said = given.or(file.interval);
    let (length, steps) = (most_common(&file.lengths_ms), steps(file));
    let path = file.path.display();
    let is_another = |length_ms: i64| said.is_none_or(|said| said.ms() != length_ms);
    if let Some((length_ms, _)) = length.filter(|&(length_ms, _)| is_another(length_ms)) {
        let found = format!("candles that close {} after they open", duration(length_ms));
        let known = Interval::from_ms(length_ms);
        return match (said, known) {
            (None, Some(interval)) => Ok(interval),
            (Some(said), _) => Err(anyhow!(
                "{path}: found {found}, expected candles of {said}, as {} says",
                whose(given)
            )
            .hint(way_out(known))),
            (None, None) => Err(
                anyhow!("{path}: found {found}, expected one of {}", known_ones())
                    .hint(way_out(None)),
            ),
        };
    }
    let Some(said) = said else {
        return of_steps(file, &steps);
    };
    // Candles of a longer bar lie on the grid of a shorter one, where nothing else would tell.
    let total: usize = steps.values().sum();
    let common = divisor(steps.keys().copied());
    let is_longer = |step_ms: i64| step_ms > said.ms() && step_ms % said.ms() == 0;
    if is_longer(common) && total > 0 && length.is_none() {
        let known = Interval::from_ms(common);
        return Err(anyhow!(
            "{path}: found candles {} apart or multiples of it, expected some {said} \
             apart, as {} says",
            duration(common),
            whose(given)
        )
        .hint(way_out(known)));
    }
    for (symbol, rows) in file.coins.iter().filter(|_| length.is_none()) {
        let steps = steps_of(&rows.candles.open_time_ms);
        let common = divisor(steps.keys().copied());
        if is_longer(common) && steps.values().sum::<usize>() >= STEPS_THAT_TELL {
            return Err(anyhow!(
                "{path}: found all candles of {symbol} {} apart or multiples of it, \
                 expected some {said} apart, as {} says",
                duration(common),
                whose(given)
            )
            .hint(format!(
                "import that coin from a file of its own; {}",
                way_out(Interval::from_ms(common))
            )));
        }
    }
    Ok(said)
}

/// The most common step, where no other interval would fit the steps as well.
fn of_steps(file: &FileCandles, steps: &BTreeMap<i64, usize>) -> anyhow::Result<Interval> {
    let path = file.path.display();
    let Some((common_ms, count)) = most_common(steps) else {
        return Err(anyhow!(
            "{path}: found no two candles of one symbol, expected candles that show their interval"
        )
        .hint("--interval 1m says it"));
    };
    let total: usize = steps.values().sum();
    let found = format!("steps of {} ({count} of {total})", duration(common_ms));
    let Some(interval) = Interval::from_ms(common_ms) else {
        // Sparse candles of a shorter bar, if some steps are such a bar.
        let smaller = steps.keys().find_map(|step| Interval::from_ms(*step));
        let hint = smaller.map_or_else(
            || way_out(None),
            |interval| {
                format!(
                    "--interval {interval} says that they are candles of {interval}, of \
                     which some lack"
                )
            },
        );
        return Err(anyhow!(
            "{path}: found {found}, expected candles of a known interval: {}",
            known_ones()
        )
        .hint(hint));
    };
    match Interval::from_ms(divisor(steps.keys().copied())) {
        Some(shorter) if shorter < interval => Err(anyhow!(
            "{path}: found {found} and shorter ones, expected candles of one \
                 interval"
        )
        .hint(format!(
            "--interval {shorter} says that they are candles of {shorter}, of which \
                 some lack; --interval {interval} that the others are wrong"
        ))),
        _ => Ok(interval),
    }
}

fn whose(given: Option<Interval>) -> &'static str {
    if given.is_some() {
        "--interval"
    } else {
        "the file's name"
    }
}

fn known_ones() -> String {
    Interval::ALL.map(|interval| interval.to_string()).join(" ")
}

fn way_out(known: Option<Interval>) -> String {
    known.map_or_else(
        || {
            "candles of another length are not taken: fetch them as one of the known intervals"
                .to_owned()
        },
        |interval| format!("--interval {interval} takes them as what they are"),
    )
}

/// `7 d`, `90 s`: a length as people say it.
fn duration(ms: i64) -> String {
    match ms {
        _ if ms % 86_400_000 == 0 => format!("{} d", ms / 86_400_000),
        _ if ms % 3_600_000 == 0 => format!("{} h", ms / 3_600_000),
        _ if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        _ if ms % 1000 == 0 => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}

/// The greatest common divisor; 0 of nothing.
fn divisor(steps: impl Iterator<Item = i64>) -> i64 {
    fn of_two(a: i64, b: i64) -> i64 {
        if b == 0 { a } else { of_two(b, a % b) }
    }
    steps.fold(0, of_two)
}

fn most_common(counts: &BTreeMap<i64, usize>) -> Option<(i64, usize)> {
    counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .map(|(&ms, &count)| (ms, count))
}

/// How often each step between a coin's candles comes, over all coins.
fn steps(file: &FileCandles) -> BTreeMap<i64, usize> {
    let mut all: BTreeMap<i64, usize> = BTreeMap::new();
    for rows in file.coins.values() {
        for (step, count) in steps_of(&rows.candles.open_time_ms) {
            *all.entry(step).or_default() += count;
        }
    }
    all
}

fn steps_of(times: &[i64]) -> BTreeMap<i64, usize> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut steps: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in times.windows(2).filter(|pair| pair[0] != pair[1]) {
        *steps.entry(pair[1] - pair[0]).or_default() += 1;
    }
    steps
}
