//! Log returns that volatility is made of: of target, controls and features alike.

use std::ops::Range;

use crate::{Column, Panel};

/// Log returns of a coin at some rows of a panel, `ln(close[t] / close[t - 1])`; NaN unless both
/// bars were observed (or filled with `data.fill = "previous"`), and where the ratio of the closes
/// is past [`Panel::jump_ratio`] and no fork explains it. The first row of a panel has none.
pub fn log_returns(panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<f64> {
    let largest = panel.jump_ratio().ln();
    let within = |(row, value): (usize, f64)| {
        if value.abs() <= largest || panel.is_fork(row, coin) {
            value
        } else {
            f64::NAN
        }
    };
    let values = of_known(panel, coin, rows.clone());
    rows.zip(values).map(within).collect()
}

/// How many log returns of a coin are past the jump ratio, and so count as missing.
pub fn count_jumps(panel: &Panel, coin: usize) -> usize {
    jump_rows(panel, coin, 0..panel.rows()).len()
}

/// The rows among some, in ascending order, whose log return of a coin is past the jump ratio, and so counts
/// as missing.
pub fn jump_rows(panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<usize> {
    let largest = panel.jump_ratio().ln();
    let returns = of_known(panel, coin, rows.clone());
    let is_jump = |(row, value): &(usize, f64)| value.abs() > largest && !panel.is_fork(*row, coin);
    let jumps = rows.zip(returns).filter(is_jump);
    jumps.map(|(row, _)| row).collect()
}

/// Log returns between bars whose closes count, whatever their size; NaN elsewhere.
fn of_known(panel: &Panel, coin: usize, rows: Range<usize>) -> impl Iterator<Item = f64> {
    let first = rows.start;
    let start = first.saturating_sub(1);
    let closes = panel.series(Column::Close, coin, start..rows.end);
    rows.map(move |row| {
        let has_close = |row| panel.has_return_close(row, coin);
        let is_known = row > 0 && has_close(row) && has_close(row - 1);
        if !is_known {
            return f64::NAN;
        }
        (closes[row - start] / closes[row - 1 - start]).ln()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Symbol};

    use super::*;
    use crate::CandleTable;

    fn panel() -> Panel {
        let day: Interval = "1d".parse().unwrap();
        let mut candles = CandleTable::default();
        for (row, close) in [
            (0, 10.0),
            (1, 11.0),
            (2, 70.0),
            (3, 11.0),
            (5, 12.0),
            (6, 2.0),
        ] {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close;
            candles.push_row(row * day.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(&coins, day, (0, 7 * day.ms()), 3, &[])
    }

    #[test]
    fn holes_and_jumps_have_no_return() {
        let panel = panel();
        let found = log_returns(&panel, 0, 0..7);
        assert!((found[1] - 1.1_f64.ln()).abs() < 1e-15);
        assert!(
            (found[6] - (2.0_f64 / 12.0).ln()).abs() < 1e-15,
            "a ratio of 6 itself is none"
        );
        for (row, why) in [
            (0, "nothing before"),
            (2, "times 6.4"),
            (3, "and back"),
            (4, "a filled bar"),
            (5, "from a filled bar"),
        ] {
            assert!(found[row].is_nan(), "{why}");
        }
        assert_eq!(count_jumps(&panel, 0), 2);
        assert_eq!(jump_rows(&panel, 0, 1..7), [2, 3]);
        assert_eq!(
            jump_rows(&panel, 0, 3..7),
            [3],
            "the row before is looked at"
        );
        let part = log_returns(&panel, 0, 1..3);
        assert_eq!(
            part[0].to_bits(),
            found[1].to_bits(),
            "the row before is looked at"
        );
        assert_eq!(part.len(), 2);
    }

    /// The date of a fork may be within a bar.
    #[test]
    fn the_return_of_the_bar_of_a_fork_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("symbols.toml");
        for (date, is_known) in [
            ("1970-01-03", true),
            ("1970-01-03T12:30", true),
            ("1970-01-03T23:59", true),
            ("1970-01-04", false),
            ("1970-01-02T23:59", false),
        ] {
            let event = format!("[[event]]\nsymbol = \"COIN\"\nkind = \"fork\"\ndate = \"{date}\"");
            std::fs::write(&path, event).unwrap();
            let data = crate::DataConfig {
                symbols_file: Some(path.clone()),
                ..crate::DataConfig::default()
            };
            let events = crate::SymbolEvents::of(&data).unwrap();
            let found = log_returns(&panel().with_events(&events), 0, 0..7);
            assert_eq!(found[2].is_finite(), is_known, "{date}");
        }
    }

    #[test]
    fn the_ratio_is_the_panels() {
        let panel = panel().with_jump_ratio(10.0);
        let found = log_returns(&panel, 0, 0..7);
        assert!((found[2] - (70.0_f64 / 11.0).ln()).abs() < 1e-15);
        assert_eq!(count_jumps(&panel, 0), 0);
        assert_eq!(panel.stretch(1..4).jump_ratio(), 10.0);
    }
}
