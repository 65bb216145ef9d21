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

    /// The bar as a table, with the last lines of the log.
    pub fn table(&self, log: &[String]) -> String {
        let mut text = format!(
            "{}  {} UTC  {}  (paper only: no order is ever sent)\n",
            self.run,
            format_time(self.time_ms),
            self.account()
        );
        for warning in self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        let forecast = format!("forecast{}", self.unit.title());
        let header = [
            "coin", "close", &forecast, "signal", "drift", "position", "",
        ];
        let mut table = Table::new(header).left([3, 5, 6]).unbroken();
        let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        for coin in self.coins {
            let is_its = |position: &&Position| position.symbol.as_str() == coin.symbol;
            let position = self.open.iter().rfind(is_its).map(|position| {
                let due = format_time(position.due_ms);
                format!("{}, due {due}", position.side.name())
            });
            let cells = [
                known(coin.close.map(|close| close.to_string())),
                known(coin.forecast.map(|value| self.unit.text(value, 2))),
                coin.signal.unwrap_or("").to_owned(),
                known(coin.drift_std.map(|std| format!("{std:+.1}"))),
                position.unwrap_or_default(),
                coin.note.clone(),
            ];
            table.push(&coin.symbol, cells);
        }
        match self.coins.is_empty() {
            true => text.push_str("\nno forecasts of this bar\n"),
            false => text = text + "\n" + &table.render(),
        }
        if !log.is_empty() {
            text.push('\n');
            log.iter().for_each(|line| text.push_str(line));
        }
        text
    }
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
                cli::print(&format!("{CLEAR}{}", view.table(&lines)))
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
        let text = view(&coins, &warnings).table(&["position closed\n".to_owned()]);
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
}
