//! What a watch shows of each bar: a line where stdout is piped, a table in place on a terminal.

use std::collections::VecDeque;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use cli::Stderr;
use dataset::format_time;
use terminal::Table;
use trading::{LivePearson, Position};

use crate::ForecastUnit;

/// Log lines that stand below the table.
const LINES: usize = 8;

/// Moves to the upper left corner and clears what is below it.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// A coin in a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct CoinView {
    /// The coin.
    pub symbol: String,
    /// Its last close.
    pub close: Option<f64>,
    /// The forecast.
    pub forecast: Option<f64>,
    /// `buy` or `sell` where the forecast is beyond its threshold.
    pub signal: Option<&'static str>,
    /// Why it is refused, or not acted on; empty otherwise.
    pub note: String,
    /// Distance of its features from training, standard deviations.
    pub drift_std: Option<f64>,
}

/// A bar with what stands around it.
#[derive(Debug)]
pub struct BarView<'a> {
    /// Name of the run.
    pub run: &'a str,
    /// Open time of the bar, UTC ms.
    pub time_ms: i64,
    /// What forecasts are written in.
    pub unit: ForecastUnit,
    /// One entry a coin; empty where the bar was not forecast.
    pub coins: &'a [CoinView],
    /// From the close to the forecasts.
    pub delay_secs: Option<f64>,
    /// Open positions.
    pub open: &'a [Position],
    /// Profits after costs, as a fraction of the capital that the positions share.
    pub net: f64,
    /// How forecasts and what came go together.
    pub pearson: Option<LivePearson>,
    /// Whether nothing is opened.
    pub is_paused: bool,
    /// What a person should know.
    pub warnings: &'a [String],
}

impl BarView<'_> {
    /// The bar in one line.
    pub fn line(&self) -> String {
        let mut text = format!("{} UTC", format_time(self.time_ms));
        if self.coins.is_empty() {
            text.push_str("  no forecasts");
        } else {
            let made = || self.coins.iter().filter(|coin| coin.forecast.is_some());
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "  {} of {} forecast",
                made().count(),
                self.coins.len()
            );
            if let Some(secs) = self.delay_secs {
                let _ = write!(text, " in {secs:.2} s");
            }
            let value = |coin: &&CoinView| coin.forecast.unwrap_or(f64::NAN);
            let by_value = |a: &&CoinView, b: &&CoinView| value(a).total_cmp(&value(b));
            if let (Some(low), Some(high)) = (made().min_by(by_value), made().max_by(by_value)) {
                let text_of = |coin: &CoinView| {
                    let value = coin.forecast.map(|value| self.unit.text(value, 2));
                    format!("{} {}", coin.symbol, value.unwrap_or_default())
                };
                let unit = self.unit.title();
                let _ = write!(
                    text,
                    "  lowest {}, highest {}{unit}",
                    text_of(low),
                    text_of(high)
                );
            }
        }
        let signals: Vec<String> = (self.coins.iter())
            .filter_map(|coin| Some(format!("{} {}", coin.signal?, coin.symbol)))
            .collect();
        if !signals.is_empty() {
            let _ = write!(text, "  signals: {}", signals.join(", "));
        }
        text + "  " + &self.account() + "\n"
    }

    fn account(&self) -> String {
        let mut text = format!(
            "{} open  equity {:+.3} %",
            self.open.len(),
            self.net * 100.0
        );
        if let Some(found) = &self.pearson {
            let interval = found.interval.map_or(String::new(), |[low, high]| {
                format!("{low:.3} to {high:.3}, ")
            });
            let _ = write!(
                text,
                "  Pearson {:.3} ({interval}n {})",
                found.value, found.forecasts
            );
        }
        if self.is_paused {
            text.push_str("  PAUSED");
        }
        text
    }

    /// The bar as a table, with the last lines of the log, on a terminal of so many lines and columns.
    pub fn table(&self, log: &[String], size: Option<[usize; 2]>) -> String {
        let coins = match self.coins.is_empty() {
            true => "no forecasts of this bar\n".to_owned(),
            false => self.coins_table(),
        };
        fitted(&self.head(), &coins, log, size)
    }

    /// What stands above the coins.
    fn head(&self) -> String {
        let mut text = format!(
            "{}  {} UTC  {}  (paper only: no order is ever sent)\n",
            self.run,
            format_time(self.time_ms),
            self.account()
        );
        for warning in self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn coins_table(&self) -> String {
        let forecast = format!("forecast{}", self.unit.title());
        let mut header = vec!["coin", "close", &forecast, "signal", "drift", "position"];
        let has_notes = self.coins.iter().any(|coin| !coin.note.is_empty());
        if has_notes {
            header.push("");
        }
        let mut table = Table::new(header).left([3, 5, 6]).unbroken();
        let bar = format_time(self.time_ms);
        let day = bar.split(' ').next().unwrap_or_default();
        let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        for coin in self.coins {
            let is_its = |position: &&Position| position.symbol.as_str() == coin.symbol;
            let position = self.open.iter().rfind(is_its).map(|position| {
                let due = format_time(position.due_ms);
                let due_today = due.strip_prefix(day).unwrap_or(&due).trim_start();
                format!("{}, due {due_today}", position.side.name())
            });
            let mut cells = vec![
                known(coin.close.map(|close| close.to_string())),
                known(coin.forecast.map(|value| self.unit.text(value, 2))),
                coin.signal.unwrap_or("").to_owned(),
                known(coin.drift_std.map(|std| format!("{std:+.1}"))),
                position.unwrap_or_default(),
            ];
            cells.extend(has_notes.then(|| coin.note.clone()));
            table.push(&coin.symbol, cells);
        }
        table.render()
    }
}

/// The head, the coins and the last lines of the log, as far as a terminal of so many lines and columns has room: the head always,
/// then the coins. What does not fit would push the head out at the top.
fn fitted(head: &str, coins: &str, log: &[String], size: Option<[usize; 2]>) -> String {
    let [lines, columns] = size.unwrap_or([usize::MAX, usize::MAX]);
    // The terminal breaks what is longer than its lines.
    let height = |text: &str| -> usize {
        let of_line = |line: &str| line.chars().count().div_ceil(columns.max(1)).max(1);
        text.lines().map(of_line).sum()
    };
    // One line is empty, the cursor is in another.
    let mut left = lines.saturating_sub(height(head) + 2);
    let mut text = format!("{head}\n");
    if height(coins) <= left {
        text += coins;
        left -= height(coins);
    } else {
        let shown = left.saturating_sub(1);
        coins.lines().take(shown).for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
        let more = coins.lines().count().saturating_sub(shown);
        let _ = writeln!(text, "{more} more lines do not fit into this terminal");
        left = 0;
    }
    left = left.saturating_sub(1);
    let fitting = (log.iter().rev()).take_while(|line| match left.checked_sub(height(line)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    let mut fitting: Vec<&String> = fitting.collect();
    fitting.reverse();
    if !fitting.is_empty() {
        text.push('\n');
        fitting.into_iter().for_each(|line| text.push_str(line));
    }
    text
}

/// How a watch shows its bars.
#[derive(Debug, Clone)]
pub enum Show {
    /// Not at all.
    Nothing,
    /// One line a bar.
    Lines,
    /// A table in place, with what is logged below it.
    Table(Arc<RecentLines>),
}

impl Show {
    /// What stdout is made for.
    pub fn for_stdout() -> Self {
        match io::stdout().is_terminal() {
            true => Self::Table(Arc::default()),
            false => Self::Lines,
        }
    }

    /// Shows a bar.
    ///
    /// # Errors
    /// A stdout that cannot be written; a reader that has gone away is none.
    pub fn bar(&self, view: &BarView<'_>) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Lines => cli::print(&view.line()),
            Self::Table(recent) => {
                let lines: Vec<String> = recent.lines().iter().cloned().collect();
                let table = view.table(&lines, cli::terminal_size());
                cli::print(&format!("{CLEAR}{table}"))
            }
        }
    }
}

/// The last lines of the log, which stand below every new table.
#[derive(Debug, Default)]
pub struct RecentLines {
    lines: Mutex<VecDeque<String>>,
}

impl RecentLines {
    fn lines(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes log lines to stderr at once, which is below the table, and keeps the last ones for the next table.
#[derive(Debug, Clone)]
pub struct RecentWriter(pub Arc<RecentLines>);

impl io::Write for RecentWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lines();
        lines.push_back(String::from_utf8_lossy(bytes).into_owned());
        if lines.len() > LINES {
            lines.pop_front();
        }
        Stderr.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coin(symbol: &str, forecast: Option<f64>, signal: Option<&'static str>) -> CoinView {
        CoinView {
            symbol: symbol.to_owned(),
            close: Some(100.5),
            forecast,
            signal,
            note: forecast.map_or("a hole".to_owned(), |_| String::new()),
            drift_std: Some(1.25),
        }
    }

    fn view<'a>(coins: &'a [CoinView], warnings: &'a [String]) -> BarView<'a> {
        BarView {
            run: "panel20",
            time_ms: 1_717_286_460_000,
            unit: ForecastUnit::BasisPoints,
            coins,
            delay_secs: Some(0.312),
            open: &[],
            net: 0.00123,
            pearson: Some(LivePearson {
                time_ms: 0,
                value: 0.0312,
                interval: Some([0.01, 0.0521]),
                forecasts: 2400,
            }),
            is_paused: true,
            warnings,
        }
    }

    #[test]
    fn a_bar_is_one_line_when_it_is_piped() {
        let coins = [
            coin("BTCUSDT", Some(0.000_31), Some("buy")),
            coin("ETHUSDT", Some(-0.000_12), None),
            coin("SOLUSDT", None, None),
        ];
        assert_eq!(
            view(&coins, &[]).line(),
            "2024-06-02 00:01 UTC  2 of 3 forecast in 0.31 s  lowest ETHUSDT -1.20, highest BTCUSDT +3.10 (bp)  \
             signals: buy BTCUSDT  0 open  equity +0.123 %  Pearson 0.031 (0.010 to 0.052, n 2400)  PAUSED\n"
        );
        let nothing = BarView {
            pearson: None,
            is_paused: false,
            ..view(&[], &[])
        };
        assert_eq!(
            nothing.line(),
            "2024-06-02 00:01 UTC  no forecasts  0 open  equity +0.123 %\n"
        );
    }

    #[test]
    fn a_table_has_every_coin_the_warnings_and_the_last_lines_of_the_log() {
        let coins = [
            coin("BTCUSDT", Some(0.000_31), Some("buy")),
            coin("SOLUSDT", None, None),
        ];
        let warnings = ["the model is old".to_owned()];
        let text = view(&coins, &warnings).table(&["position closed\n".to_owned()], None);
        for part in [
            "panel20  2024-06-02 00:01 UTC  0 open",
            "warning: the model is old\n",
            "BTCUSDT  100.5          +3.10  buy",
            "a hole\n",
            "\nposition closed\n",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn a_column_of_notes_is_there_only_where_there_is_one_and_todays_positions_say_the_time_alone()
    {
        let coins = [
            coin("BTCUSDT", Some(0.000_31), Some("buy")),
            coin("ETHUSDT", Some(0.0), None),
        ];
        let position = |id: i64, symbol: &str, due_ms| Position {
            id,
            symbol: market::Symbol::new(symbol).unwrap(),
            side: rules::Side::Buy,
            forecast: 0.01,
            forecast_ms: 0,
            entry_ms: 0,
            entry_price: None,
            due_ms,
            exit_ms: None,
            exit_price: None,
            is_last_known: false,
            costs: rules::Costs::default(),
            forecaster: None,
        };
        let open = [
            position(1, "BTCUSDT", 1_717_287_360_000),
            position(2, "ETHUSDT", 1_717_373_760_000),
        ];
        let text = BarView {
            open: &open,
            ..view(&coins, &[])
        }
        .coins_table();
        assert_eq!(
            text,
            "coin     close  forecast (bp)  signal  drift  position\n\
             BTCUSDT  100.5          +3.10  buy      +1.2  buy, due 00:16\n\
             ETHUSDT  100.5          +0.00           +1.2  buy, due 2024-06-03 00:16\n"
        );
    }

    #[test]
    fn a_terminal_that_is_too_low_shows_the_head_first_then_coins_then_the_last_of_the_log() {
        let log = ["old\n", "twelve chars\n", "new\n"].map(str::to_owned);
        let coins = "coin\nA\nB\n";
        let of = |lines| fitted("head\n", coins, &log, Some([lines, 10]));
        let whole = "head\n\ncoin\nA\nB\n\nold\ntwelve chars\nnew\n";
        assert_eq!(fitted("head\n", coins, &log, None), whole);
        // A line of twelve takes two of this terminal's.
        assert_eq!(of(11), whole);
        assert_eq!(of(10), whole.replace("old\n", ""));
        assert_eq!(of(8), "head\n\ncoin\nA\nB\n\nnew\n");
        assert_eq!(of(6), "head\n\ncoin\nA\nB\n");
        assert_eq!(
            of(5),
            "head\n\ncoin\n2 more lines do not fit into this terminal\n"
        );
        assert_eq!(
            of(0),
            "head\n\n3 more lines do not fit into this terminal\n"
        );
    }
}
