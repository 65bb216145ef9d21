//! The page's section on bins and capital: what forecasts are worth once they are traded on.

use rules::{
    Backtest, BacktestOptions, Direction, Error, QuantileOptions, Signal, Trial, backtest,
    quantiles,
};
use statistics::Layout;

use super::charts::{self, Kind, Point, Series};
use super::equity_chart::thinned;
use super::page::{Page, escaped, model_series, models, table};
use crate::text::{BACKTEST_COLUMNS, backtest_cells, scope_words};
use crate::time::format_time;

/// Bins of the chart, where there are as many coins.
const BINS: usize = 10;

/// The section; empty where rows do not tell what a bar brought, or nothing can be ranked.
pub(super) fn trading(page: &Page<'_>) -> String {
    section(page).unwrap_or_default()
}

fn section(page: &Page<'_>) -> Result<String, Error> {
    let rows = page.rows;
    let usual = QuantileOptions::usual(rows);
    let bins = if rows.symbols.len() > 1 {
        BINS.min(rows.symbols.len())
    } else {
        BINS
    };
    let options = QuantileOptions { bins, ..usual };
    let trial = Trial {
        signal: Signal::Quantile { bins },
        direction: Direction::LongShort,
        hold_bars: page.report.reach_bars.min(10_000),
    };
    let (mut means, mut tests) = (Vec::new(), Vec::new());
    for place in models(page) {
        let forecaster = &page.forecasters[place];
        let found = quantiles(rows, forecaster, &options)?;
        means.push((
            place,
            found
                .quantiles
                .iter()
                .map(|one| (one.mean, one.interval))
                .collect::<Vec<Point>>(),
        ));
        let settings = BacktestOptions {
            scope: options.scope,
            ..BacktestOptions::usual(rows)
        };
        tests.push(backtest(
            rows,
            forecaster,
            std::slice::from_ref(&trial),
            &settings,
        )?);
    }
    let names: Vec<String> = (1..=bins).map(|bin| bin.to_string()).collect();
    let of_model = |wanted: usize| {
        let found = means.iter().find(|(place, _)| *place == wanted);
        found.map(|(_, points)| points.clone()).unwrap_or_default()
    };
    let means = charts::groups(
        &names,
        &model_series(page, of_model),
        "mean realized (basis points)",
        1e4,
    );
    let labels = page.report.labels();
    let places: Vec<usize> = models(page).collect();
    let lines: Vec<Series<(i64, f64)>> = places
        .iter()
        .zip(&tests)
        .enumerate()
        .flat_map(|(number, (place, found))| {
            [
                line(
                    &labels[*place],
                    "before fees",
                    Kind::Model(2 * number),
                    found,
                    &found.curve.equity_before_fees,
                ),
                line(
                    &labels[*place],
                    "after",
                    Kind::Model(2 * number + 1),
                    found,
                    &found.curve.equity,
                ),
            ]
        })
        .collect();
    let folds = Layout::new(&rows.fold, &rows.time_ms).folds;
    let marks: Vec<i64> = folds
        .iter()
        .map(|fold| rows.time_ms[fold.rows.start])
        .collect();
    let capital = charts::lines(&lines, &marks, "growth of the capital (%)", |time| {
        format_time(time)[5..10].to_owned()
    });
    let header: Vec<&str> = std::iter::once("").chain(BACKTEST_COLUMNS).collect();
    let cells = places.iter().zip(&tests).map(|(place, found)| {
        let cells = found
            .trials
            .first()
            .map(|trial| backtest_cells(&trial.performance));
        (labels[*place].clone(), false, cells.unwrap_or_default())
    });
    Ok(format!(
        "<section><h2>Quantiles and capital</h2>\n<p>Every forecast is ranked among {}, which could be known then. Above, the \
         mean that was realized in each of {bins} bins, lowest forecasts first, before fees; rows of one slice of time count \
         as one event in an interval. Below, the capital of who buys the highest bin and sells the lowest, half of the \
         capital each where coins are ranked among each other, each signal held for {} bars, at {} basis points a fill. \
         Gross is before fees, net after them; break-even is the fee of a fill, in basis points, at which the profits add \
         up to 0.</p>\n{means}{capital}{}</section>\n",
        escaped(&scope_words(options.scope, options.trailing_bars)),
        trial.hold_bars,
        BacktestOptions::usual(rows).fee_bps,
        table(&header, cells),
    ))
}

fn line(
    label: &str,
    what: &str,
    kind: Kind,
    found: &Backtest,
    equity: &[f64],
) -> Series<(i64, f64)> {
    let points = thinned(&found.curve.time_ms, equity, |stretch| {
        Some((stretch.last()? - 1.0) * 100.0)
    });
    Series {
        label: format!("{label}, {what}"),
        kind,
        points: points
            .into_iter()
            .map(|(time, value)| (time as i64, value))
            .collect(),
    }
}
