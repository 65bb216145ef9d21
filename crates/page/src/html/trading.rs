//! The page's section on bins and capital: what forecasts are worth once they are traded on.

use maud::html;
use rules::{
    Backtest, BacktestOptions, Direction, Error, QuantileOptions, QuantileReport, SignalRule,
    Trial, backtest, quantiles,
};
use statistics::RowSpans;

use super::captions;
use super::charts::{self, ChartSeries, Point, SeriesRole};
use super::content::{Page, model_series, models};
use super::document::{PageRow, chart, part, table};
use super::equity_chart::thinned;
use super::shapes::fold_starts;
use crate::document::Section;
use crate::text::{BACKTEST_COLUMNS, backtest_cells, left_out_note, scope_words};

/// Bins of the chart, where there are as many coins.
const BINS: usize = 10;

/// The section; empty where rows do not tell what a bar brought, or nothing can be ranked.
pub(super) fn trading(page: &Page<'_>) -> Section {
    traded(page).unwrap_or_else(|_| Section::new(""))
}

fn traded(page: &Page<'_>) -> Result<Section, Error> {
    let rows = page.rows;
    let TradingRule {
        bins,
        trial,
        options,
        settings,
    } = TradingRule::new(page);
    let found = models(page)
        .map(|place| {
            let forecaster = &page.forecasters[place];
            let ranked = quantiles(rows, forecaster, &options)?;
            let traded = backtest(rows, forecaster, std::slice::from_ref(&trial), &settings)?;
            Ok(TradedModel {
                place,
                ranked,
                traded,
            })
        })
        .collect::<Result<Vec<TradedModel>, Error>>()?;
    let labels = page.report.labels();
    let header = std::iter::once("").chain(BACKTEST_COLUMNS);
    let cells = found.iter().map(|one| {
        let trial = one.traded.trials.first();
        let cells = trial.map(|trial| backtest_cells(&trial.performance));
        PageRow::new(labels[one.place].clone(), cells.unwrap_or_default())
    });
    let scope = scope_words(options.scope, options.trailing_bars);
    let ranked = found.iter().map(|one| (&*labels[one.place], &one.ranked));
    let traded = found.iter().map(|one| (&*labels[one.place], &one.traded));
    Ok(part(
        "Quantiles and capital",
        html! {
            p {
                "Every forecast is ranked among " (scope) ", which could be known then. Above, the mean that was realized in \
                each of " (bins) " bins, lowest forecasts first, before fees; rows of one slice of time count as one event \
                in an interval. Below, the capital of who buys the highest bin and sells the lowest, half of the capital \
                each where coins are ranked among each other, each signal held for " (trial.hold_bars) " bars, at "
                (settings.fee_bps) " basis points a fill. Gross is before fees, net after them, each with its Sharpe ratio a \
                year; turnover and exposure are means of a bar, in parts of the capital; break-even is the fee of a fill, in \
                basis points, at which the profits add up to 0."
            }
            @for one in &found {
                @if let Some(note) = left_out_note(&one.ranked) {
                    p { (labels[one.place]) ": " (note) " Nothing is bought or sold by them." }
                }
            }
            (chart(means_chart(page, &found, bins), &captions::bins(ranked)))
            (chart(capital_chart(page, &found), &captions::capital(traded)))
            (table(header, cells))
        },
    ))
}

/// How forecasts are traded on for the page.
pub(super) struct TradingRule {
    pub bins: usize,
    pub trial: Trial,
    pub options: QuantileOptions,
    pub settings: BacktestOptions,
}

impl TradingRule {
    /// The rule for a page's rows.
    pub fn new(page: &Page<'_>) -> Self {
        let rows = page.rows;
        let usual = QuantileOptions::usual(rows);
        let bins = if rows.symbols.len() > 1 {
            BINS.min(rows.symbols.len())
        } else {
            BINS
        };
        let options = QuantileOptions { bins, ..usual };
        let trial = Trial {
            signal: SignalRule::Quantile { bins, bought: bins },
            direction: Direction::LongShort,
            hold_bars: page.report.reach_bars.min(10_000),
        };
        let settings = BacktestOptions {
            scope: options.scope,
            ..BacktestOptions::usual(rows)
        };
        Self {
            bins,
            trial,
            options,
            settings,
        }
    }
}

/// One model's bins, and its backtest.
struct TradedModel {
    place: usize,
    ranked: QuantileReport,
    traded: Backtest,
}

/// The mean that was realized in each bin.
fn means_chart(page: &Page<'_>, found: &[TradedModel], bins: usize) -> String {
    let names: Vec<String> = (1..=bins).map(|bin| bin.to_string()).collect();
    let of_model = |place: usize| -> Vec<Point> {
        let own = found.iter().filter(|one| one.place == place);
        let bins = own.flat_map(|one| &one.ranked.quantiles);
        bins.map(|bin| (bin.mean, bin.interval)).collect()
    };
    let unit = ("mean realized (basis points)", 1e4);
    charts::groups(
        "Mean realized in each bin",
        &names,
        &model_series(page, of_model),
        unit,
    )
}

/// The capital over time, before and after fees.
fn capital_chart(page: &Page<'_>, found: &[TradedModel]) -> String {
    let labels = page.report.labels();
    let lines: Vec<ChartSeries<(i64, f64)>> = found
        .iter()
        .enumerate()
        .flat_map(|(number, one)| {
            let (label, curve) = (&labels[one.place], &one.traded.curve);
            let before = format!("{label}, before fees");
            [
                line(
                    before,
                    2 * number,
                    &curve.time_ms,
                    &curve.equity_before_fees,
                ),
                line(
                    format!("{label}, after"),
                    2 * number + 1,
                    &curve.time_ms,
                    &curve.equity,
                ),
            ]
        })
        .collect();
    let marks = fold_starts(page, &RowSpans::new(&page.rows.fold, &page.rows.time_ms));
    charts::lines("Capital", &lines, &marks, "growth of the capital (%)")
}

fn line(label: String, colour: usize, time_ms: &[i64], equity: &[f64]) -> ChartSeries<(i64, f64)> {
    let growth = |stretch: &[f64]| Some((stretch.last()? - 1.0) * 100.0);
    let points = thinned(time_ms, equity, growth);
    ChartSeries {
        label,
        role: SeriesRole::Model(colour),
        points: points
            .into_iter()
            .map(|(time, value)| (time as i64, value))
            .collect(),
    }
}
