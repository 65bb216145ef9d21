//! The data report as a page: its pictures, each with its sentence, and its tables.

use page::{
    Block, Chart, Document, Grid, Section, Series, SeriesRole, heatmap, histogram, line_chart,
    point_chart,
};

use super::captions;
use super::figures::Figures;
use super::histogram::Histogram;
use super::series::{series, spread_series, sum_series};
use super::tables::{
    CAP_COLUMNS, COIN_COLUMNS, FAULT_COLUMNS, Row, SIZE_COLUMNS, cap_rows, coin_row, fault_rows,
    median_row, size_rows,
};
use crate::words::{change, count, counted, day, length, names};

/// Rows of a table that are open from the start.
const MOST_OPEN: usize = 20;

/// The whole page. `command` makes it again.
pub(crate) fn document(figures: &Figures, command: &str) -> Document {
    Document::new("The data")
        .opening(Block::Verdict(headline(figures)))
        .opening(Block::Text(scope(figures)))
        .opening(Block::Chart(prices(figures)))
        .sections(sections(figures))
        .section(how_it_is_made(figures, command))
}

/// The sections, for this page and for the final report of a run.
pub(crate) fn sections(figures: &Figures) -> Vec<Section> {
    vec![
        coins(figures),
        returns_and_volatility(figures),
        traded(figures),
        distributions(figures),
        together(figures),
        by_size(figures),
        market_caps(figures),
        faults(figures),
    ]
}

/// What the candles are, in two sentences.
pub(crate) fn headline(figures: &Figures) -> String {
    let sampling = &figures.sampling;
    let candles: usize = figures.coins.iter().map(|coin| coin.candles).sum();
    let missing: i64 = figures
        .coins
        .iter()
        .map(|coin| coin.faults.missing_bars)
        .sum();
    let source = match figures.is_simulated {
        true => "the simulated market".to_owned(),
        false => figures.market.to_string(),
    };
    format!(
        "{} of {} in bars of {}, {} to {} UTC: {} candles of {source}. {} are missing between the coins' first and last candles.",
        counted(figures.coins.len(), "coin"),
        length(sampling.until_ms - sampling.from_ms),
        sampling.interval,
        day(sampling.from_ms),
        day(sampling.until_ms),
        count(candles),
        counted(usize::try_from(missing).unwrap_or(0), "bar"),
    )
}

/// What the figures are of, and that nothing is fitted on them.
fn scope(figures: &Figures) -> String {
    let sampling = &figures.sampling;
    format!(
        "This describes all candles from {} to {} UTC, those that forecasts are scored on among them. Nothing here is learnt from: every \
         statistic that a forecaster uses is fitted on the training rows of its fold alone.",
        day(sampling.from_ms),
        day(sampling.until_ms),
    )
}

/// The log of prices over time.
pub(crate) fn prices(figures: &Figures) -> Chart {
    let lines = &figures.over_time.log_prices;
    line_chart(
        "Prices",
        "ln of price over the first one",
        &spread_series(figures, lines, 1.0),
        &[],
    )
    .caption(captions::prices(figures))
}

fn coins(figures: &Figures) -> Section {
    let all = &figures.coins;
    let open = &all[..all.len().min(MOST_OPEN)];
    let mut rows: Vec<Row> = open.iter().map(coin_row).collect();
    if all.len() > 1 {
        rows.push(median_row(format!("median of {}", count(all.len())), all));
    }
    let further: Vec<Row> = all[open.len()..].iter().map(coin_row).collect();
    let reference = figures
        .reference
        .as_ref()
        .map_or("-", |symbol| symbol.as_str());
    let section = Section::new("Coins")
        .text(format!(
            "The coins that are traded most first. Returns are logs from close to close over one bar; those past a ratio of {} and those \
             over a hole are left out. Correlations are with {reference}, of returns over {}.",
            figures.jump_ratio,
            length(figures.sampling.return_ms),
        ))
        .table(grid("coin", &COIN_COLUMNS, rows));
    let section = folded(
        section,
        format!("the other {}", count(further.len())),
        ("coin", &COIN_COLUMNS),
        further,
    );
    let mut moves = Grid::new("largest moves of a bar", ["coin", "move"]);
    for one in &figures.largest_moves {
        moves.row(
            day(one.time_ms),
            [one.symbol.to_string(), change(one.log_return)],
        );
    }
    section.table(moves)
}

/// A folded table, where it has rows.
fn folded(
    section: Section,
    summary: String,
    (label, columns): (&str, &[&str]),
    rows: Vec<Row>,
) -> Section {
    match rows.is_empty() {
        true => section,
        false => section.folded(
            summary,
            false,
            vec![Block::Table(grid(label, columns, rows))],
        ),
    }
}

fn grid(label: &str, columns: &[&str], rows: Vec<Row>) -> Grid {
    let mut grid = Grid::new(label, columns.iter().copied());
    for (label, cells) in rows {
        grid.row(label, cells);
    }
    grid
}

fn returns_and_volatility(figures: &Figures) -> Section {
    let over = &figures.over_time;
    let series = vec![
        series(
            "mean of all coins",
            SeriesRole::Model(0),
            figures,
            &over.mean_returns,
            100.0,
        ),
        series(
            "10 % of coins below",
            SeriesRole::Control(0),
            figures,
            &over.returns.low,
            100.0,
        ),
        series(
            "10 % of coins above",
            SeriesRole::Control(1),
            figures,
            &over.returns.high,
            100.0,
        ),
    ];
    let unit = format!("return over {} (%)", length(figures.sampling.period_ms));
    let returns = line_chart("Returns", &unit, &series, &[]);
    let volatility = spread_series(figures, &over.volatility, 100.0);
    Section::new("Returns and volatility over time")
        .text(
            "A volatility is the standard deviation of the log returns of a bar over the time before, times the root of the bars of a day.",
        )
        .chart(returns.caption(captions::returns(figures)))
        .chart(
            line_chart("Volatility", "volatility a day (%)", &volatility, &[])
                .caption(captions::volatility(figures)),
        )
}

fn traded(figures: &Figures) -> Section {
    let sums = &figures.over_time.traded_per_day;
    if !sums.total.iter().any(|value| value.is_finite()) {
        return Section::new("Traded amounts").text(captions::traded(figures));
    }
    let chart = line_chart(
        "Traded amounts",
        "millions a day",
        &sum_series(figures, sums, 1e-6),
        &[],
    );
    Section::new("Traded amounts").chart(chart.caption(captions::traded(figures)))
}

fn distributions(figures: &Figures) -> Section {
    let found = &figures.histograms;
    let bins = |histogram: &Histogram, scale: f64| -> Vec<(f64, f64, usize)> {
        let bins = histogram.bins.iter();
        bins.map(|bin| (bin.from * scale, bin.until * scale, bin.count))
            .collect()
    };
    let mut section = Section::new("Distributions")
        .chart(
            histogram(
                "Returns in units of each coin's standard deviation",
                "standard deviations from the mean",
                &bins(&found.standardized_returns, 1.0),
            )
            .caption(captions::return_histogram(figures)),
        )
        .chart(
            histogram(
                "Volatilities",
                "volatility a day (%)",
                &bins(&found.volatilities, 100.0),
            )
            .caption(captions::volatility_histogram(figures)),
        );
    if !found.log10_amounts.bins.is_empty() {
        section = section.chart(
            histogram(
                "Amounts traded in a candle",
                "power of ten of the amount",
                &bins(&found.log10_amounts, 1.0),
            )
            .caption(captions::amount_histogram(figures)),
        );
    }
    section
}

fn together(figures: &Figures) -> Section {
    let mut section = Section::new("How coins move together");
    if let (Some(pairs), Some(caption)) = (&figures.pairs, captions::pairs(figures)) {
        let names: Vec<String> = pairs.shown.iter().map(ToString::to_string).collect();
        if names.len() < figures.coins.len() {
            section = section.text(format!(
                "The picture has the {} coins that are traded most; the sentence below it is of all {}.",
                names.len(),
                count(figures.coins.len())
            ));
        }
        section = section.text(
            "Columns stand in the order of the rows; the darker a cell, the closer to 1 (blue) or to -1 (orange).",
        );
        let title = format!(
            "Correlation of returns over {}",
            length(figures.sampling.return_ms)
        );
        let ends = [-1.0, 1.0];
        section =
            section.chart(heatmap(&title, [&names, &names], &pairs.matrix, ends).caption(caption));
    }
    if let (Some(reference), Some(caption)) = (&figures.reference, captions::rolling(figures)) {
        let lines = spread_series(figures, &figures.over_time.correlation, 1.0);
        let title = format!("Correlation with {reference}");
        let unit = format!(
            "Pearson over {}",
            length(figures.sampling.correlation_window_ms)
        );
        section = section.chart(line_chart(&title, &unit, &lines, &[]).caption(caption));
    }
    match section.blocks.is_empty() {
        true => section.text("No two coins share enough returns to be compared."),
        false => section,
    }
}

fn by_size(figures: &Figures) -> Section {
    let section = Section::new("Volatility by size");
    let (Some(sizes), Some(caption)) = (&figures.sizes, captions::sizes(figures)) else {
        return section
            .text("Fewer than eight coins have a size, so that quarters of them say nothing.");
    };
    let rows = size_rows(figures);
    let names: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    let points = sizes.quartiles.iter().map(|quartile| {
        let [low, median, high] = quartile.volatility;
        (median, low.zip(high).map(|(low, high)| [low, high]))
    });
    let medians = Series {
        label: "median coin, eight of ten within the line".to_owned(),
        role: SeriesRole::Model(0),
        points: points.collect(),
    };
    let groups = point_chart(
        "Volatility by size",
        &names,
        &[medians],
        ("volatility a day (%)", 100.0),
    );
    let lines = sizes.quartiles.iter().zip(&names).enumerate();
    let lines = lines.map(|(place, (quartile, name))| {
        series(
            name,
            SeriesRole::Model(place),
            figures,
            &quartile.over_time,
            100.0,
        )
    });
    let lines: Vec<Series<(i64, f64)>> = lines.collect();
    section
        .text(format!(
            "Coins by their {}, in four groups of as many coins each.",
            sizes.size.in_words()
        ))
        .chart(groups.caption(caption))
        .table(grid("coins by size", &SIZE_COLUMNS, rows))
        .chart(
            line_chart(
                "Volatility of the median coin by size",
                "volatility a day (%)",
                &lines,
                &[],
            )
            .caption(captions::sizes_over_time(figures)),
        )
}

fn market_caps(figures: &Figures) -> Section {
    let section = Section::new("Market caps");
    let (Some(sums), Some(caption)) = (
        &figures.over_time.market_caps,
        captions::market_caps(figures),
    ) else {
        return section.text("The candles have no market caps.");
    };
    let mut rows = cap_rows(figures);
    let further = rows.split_off(rows.len().min(MOST_OPEN));
    let chart = line_chart(
        "Market caps",
        "billions",
        &sum_series(figures, sums, 1e-9),
        &[],
    );
    let section = section
        .chart(chart.caption(caption))
        .table(grid("coin", &CAP_COLUMNS, rows));
    folded(
        section,
        format!("the other {}", count(further.len())),
        ("coin", &CAP_COLUMNS),
        further,
    )
}

fn faults(figures: &Figures) -> Section {
    let mut rows = fault_rows(figures);
    let mut section =
        Section::new("Holes, flat times, jumps and ends").list(captions::faults(figures));
    if !figures.left_out.is_empty() {
        section = section
            .text("The rule of the universe leaves coins out:")
            .list(figures.left_out.clone());
    }
    if rows.is_empty() {
        return section;
    }
    let further = rows.split_off(rows.len().min(MOST_OPEN));
    section = section.table(grid("coin", &FAULT_COLUMNS, rows));
    folded(
        section,
        format!("the other {}", count(further.len())),
        ("coin", &FAULT_COLUMNS),
        further,
    )
}

fn how_it_is_made(figures: &Figures, command: &str) -> Section {
    Section::new("How it is made")
        .list(methods(figures))
        .text("This page again:")
        .code(command)
}

/// How figures are made, and what is drawn with less than every candle.
pub(crate) fn methods(figures: &Figures) -> Vec<String> {
    let sampling = &figures.sampling;
    let bar = sampling.interval.ms();
    let mut lines = vec![
        "The figures of a coin, the histograms and the faults are of every candle.".to_owned(),
        "Skewness and kurtosis are the third and fourth standardized moment; the excess is what the kurtosis has over 3.".to_owned(),
        "A coin's size is its mean over the span, so that its quarter is not one that was known at the time.".to_owned(),
    ];
    if sampling.period_ms > bar {
        lines.push(format!(
            "Lines over time have a point for every {}: the last price, the sum of what was traded.",
            length(sampling.period_ms)
        ));
    }
    if sampling.return_ms > bar {
        lines.push(format!(
            "Coins are correlated by returns over {}, not of every bar of {}: shorter ones take too long and are correlated less.",
            length(sampling.return_ms),
            length(bar)
        ));
    }
    if figures.over_time.log_prices.others > 0 {
        let largest = &figures.over_time.log_prices.largest;
        lines.push(format!(
            "Only {} have lines of their own; the median and the band are of all coins.",
            names(
                &largest.iter().map(|line| &line.symbol).collect::<Vec<_>>(),
                largest.len()
            )
        ));
    }
    lines
}
