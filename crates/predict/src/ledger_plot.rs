//! `quarterhour ledger --plot`: what a watch came to, as a page of pictures.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Config, Payoff, TimeSpan, format_time};
use page::{Block, Chart, Document, Grid, Section, Series, SeriesRole, line_chart};
use trading::{
    CoinSummary, FEWEST_OUTCOMES, Ledger, LivePearson, Position, SUMMARY_COLUMNS, rolling_pearson,
    summary_note,
};

/// Most points of the correlation: each has a bootstrap of its own.
const MOST_WINDOWS: usize = 96;

/// Most points of the equity: about two a pixel.
const MOST_POINTS: usize = 1500;

/// What the page is of.
pub(crate) struct LedgerPage<'a> {
    /// Name of the run.
    pub run: &'a str,
    pub config: &'a Config,
    /// Settled forecasts of a window of the correlation (`watch.pearson_forecasts`).
    pub pearson_forecasts: usize,
    pub positions: &'a [Position],
    /// A line a coin, that of all last.
    pub lines: &'a [CoinSummary],
    /// Forecasts that the model had seen.
    pub in_sample: usize,
}

/// Refuses a name that is no page's.
///
/// # Errors
/// Another ending than `.html`.
pub(crate) fn check_name(path: &Path) -> anyhow::Result<()> {
    match path.extension().is_some_and(|ending| ending == "html") {
        true => Ok(()),
        false => Err(cli::usage(
            anyhow!(
                "--plot {}: expected a name that ends in .html",
                path.display()
            )
            .hint(format!(
                "--plot {}",
                cli::quoted(path.with_extension("html").display())
            )),
        )),
    }
}

impl LedgerPage<'_> {
    /// The page as one HTML file.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn html(&self, ledger: &Ledger) -> anyhow::Result<String> {
        let mut document = Document::new(format!("Paper trading with {}", self.run))
            .opening(Block::Verdict(self.verdict()))
            .opening(Block::Soft(
                "Paper only: no order was ever sent. Times are UTC.".to_owned(),
            ));
        if self.in_sample > 0 {
            document = document.opening(Block::Note(format!(
                "{} forecasts are in sample: model or thresholds had seen their time, and what they earned says nothing.",
                self.in_sample
            )));
        }
        let document = document
            .section(self.equity())
            .section(self.correlation(ledger)?)
            .section(self.by_coin())
            .section(
                Section::new("How this page is made")
                    .code(format!("quarterhour {}", cli::arguments())),
            );
        Ok(document.html())
    }

    fn verdict(&self) -> String {
        match self.lines.last().filter(|all| all.trades > 0) {
            None => "No position is closed yet.".to_owned(),
            Some(all) => format!(
                "{} closed positions came to {:+.3} % of the capital after costs ({:+.3} % before), with a largest fall of {:.3} %.",
                all.trades,
                all.net * 100.0,
                all.gross * 100.0,
                all.max_drawdown * 100.0
            ),
        }
    }

    fn by_coin(&self) -> Section {
        let mut grid = Grid::new("coin", SUMMARY_COLUMNS);
        for line in self.lines {
            // A number and its % sign stay on one line.
            let cells = line.cells().map(|cell| cell.replace(' ', "\u{a0}"));
            grid.row(&line.symbol, cells);
        }
        let section = Section::new("By coin").table(grid);
        match self.lines.last() {
            Some(all) => section.soft(summary_note(all).replace('\n', " ")),
            None => section,
        }
    }

    fn equity(&self) -> Section {
        let share = self.lines.last().map_or(1.0, |all| all.share);
        let after = sums(self.positions, share, Position::net);
        let before = sums(self.positions, share, Position::gross);
        let Some((last_ms, last)) = after.last().copied() else {
            return Section::new("Equity");
        };
        let line = |label: &str, role, points| Series {
            label: label.to_owned(),
            role,
            points,
        };
        let series = [
            line("after costs", SeriesRole::Model(0), after),
            line("before costs", SeriesRole::Control(0), before),
        ];
        let chart = line_chart("Equity after costs", "% of the capital", &series, &[]);
        Section::new("Equity").chart(chart.caption(format!(
            "Sum of the profits of all positions that were closed by then, each with {:.4} of the capital: {last:+.3} % after costs at {} UTC.",
            share,
            format_time(last_ms)
        )))
    }

    fn correlation(&self, ledger: &Ledger) -> anyhow::Result<Section> {
        let section = Section::new("Correlation of forecasts and returns");
        let config = self.config;
        if config.target.init(config.data.interval).earned() != Payoff::FromClose {
            return Ok(section.text(
                "Forecasts of this target are not scored live: only what came of `return` is computed.",
            ));
        }
        let outcomes = ledger.outcomes(config.target.horizon.ms(), usize::MAX)?;
        let bars = (self.pearson_forecasts)
            .div_ceil(config.universe.symbols.len().max(1))
            .max(1);
        let window = TimeSpan::of_bars(bars, config.data.interval);
        let points = rolling_pearson(&outcomes, window.ms(), config.horizon_bars(), MOST_WINDOWS);
        let Some(last) = points.last() else {
            return Ok(section.text(format!(
                "{} forecasts are settled; there is no correlation before {FEWEST_OUTCOMES} of them.",
                outcomes.len()
            )));
        };
        let interval = last.interval.map_or(
            "too few blocks of time for an interval".to_owned(),
            |[low, high]| format!("{low:.3} to {high:.3}"),
        );
        let caption = format!(
            "Pearson correlation of all forecasts of the {window} before each point with what came, and its 95 % interval by block bootstrap \
             over times; the last one is {:.3} ({interval}) of {} forecasts.",
            last.value, last.forecasts
        );
        Ok(section.chart(pearson_chart(&points).caption(caption)))
    }
}

fn pearson_chart(points: &[LivePearson]) -> Chart {
    let line = |label: &str, role, of: &dyn Fn(&LivePearson) -> Option<f64>| Series {
        label: label.to_owned(),
        role,
        points: points
            .iter()
            .filter_map(|point| Some((point.time_ms, of(point)?)))
            .collect(),
    };
    let series = [
        line("correlation", SeriesRole::Model(0), &|point| {
            Some(point.value)
        }),
        line(
            "lower end of its interval",
            SeriesRole::Control(1),
            &|point| point.interval.map(|[low, _]| low),
        ),
        line(
            "upper end of its interval",
            SeriesRole::Control(1),
            &|point| point.interval.map(|[_, high]| high),
        ),
    ];
    line_chart("Rolling Pearson correlation", "correlation", &series, &[])
}

/// Sums of profits in percent of the capital, at the ends of positions.
fn sums(
    positions: &[Position],
    share: f64,
    profit: fn(&Position) -> Option<f64>,
) -> Vec<(i64, f64)> {
    let mut ends: Vec<(i64, f64)> = (positions.iter())
        .filter_map(|position| Some((position.exit_ms?, profit(position)?)))
        .collect();
    ends.sort_by_key(|(time_ms, _)| *time_ms);
    let mut sum = 0.0;
    for (_, value) in &mut ends {
        sum += *value * share * 100.0;
        *value = sum;
    }
    let step = ends.len().div_ceil(MOST_POINTS).max(1);
    // The last one is always a point.
    let points = ends.iter().rev().step_by(step).rev();
    points.copied().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rules::{Costs, Side};

    use super::*;

    fn position(due_ms: i64, exit: Option<f64>) -> Position {
        Position {
            id: due_ms,
            symbol: market::Symbol::new("BTCUSDT").unwrap(),
            side: Side::Buy,
            forecast: 0.01,
            forecast_ms: 0,
            entry_ms: 0,
            entry_price: Some(100.0),
            due_ms,
            exit_ms: exit.map(|_| due_ms),
            exit_price: exit,
            is_last_known: false,
            costs: Costs {
                fee_bps: 0.0,
                slippage_bps: 0.0,
            },
            forecaster: None,
        }
    }

    #[test]
    fn profits_are_summed_in_the_order_of_their_ends_and_open_positions_have_none() {
        let positions = [
            position(3, Some(102.0)),
            position(1, Some(99.0)),
            position(2, None),
        ];
        let found = sums(&positions, 0.5, Position::gross);
        assert_eq!(
            found.iter().map(|point| point.0).collect::<Vec<_>>(),
            [1, 3]
        );
        for ((_, found), expected) in found.iter().zip([-0.5, 0.5]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        let many: Vec<Position> = (0..4000).map(|ms| position(ms, Some(100.0))).collect();
        let thinned = sums(&many, 1.0, Position::net);
        assert!(thinned.len() <= MOST_POINTS);
        assert_eq!(thinned.last().unwrap().0, 3999);
    }

    #[test]
    fn only_a_page_is_written() {
        check_name(Path::new("a/b.html")).unwrap();
        let error = check_name(Path::new("a/b.png")).unwrap_err();
        assert!(cli::is_usage(&error));
        assert_eq!(cli::hints(&error, |_| None), ["--plot a/b.html"]);
    }
}
