//! The kinds of pictures that any report may draw, and those that are files of their own.

use plotters::prelude::*;
use rules::{Backtest, CoinTuning, QuantileReport};
use score::Report;

use crate::html;
use crate::html::charts::{
    self, COLOURS, INK, Point, names_at_the_left, padded, quiet, room_for, svg, tick, write,
};
use crate::importance::Importance;
use crate::picture::Chart;

/// A line or row of points with its name.
pub type Series<T> = charts::ChartSeries<T>;

/// Lines over time, in UTC milliseconds; upright lines at `marks`.
pub fn line_chart(title: &str, unit: &str, series: &[Series<(i64, f64)>], marks: &[i64]) -> Chart {
    Chart::new(charts::lines(title, series, marks, unit))
}

/// Points with intervals side by side in named groups. `unit` is what stands at the axis, and how many
/// of it a value of 1 is.
pub fn point_chart(
    title: &str,
    names: &[String],
    series: &[Series<Point>],
    unit: (&str, f64),
) -> Chart {
    Chart::new(charts::groups(title, names, series, unit))
}

/// One row a name, a point with its interval for each series.
pub fn row_chart(title: &str, names: &[String], series: &[Series<Point>], unit: &str) -> Chart {
    Chart::new(charts::rows(title, names, series, unit))
}

/// One bar a name, from 0.
pub fn bar_chart(title: &str, unit: &str, bars: &[(String, f64)]) -> Chart {
    let names: Vec<String> = bars.iter().map(|(name, _)| name.clone()).collect();
    let (low, high) = padded(bars.iter().map(|(_, value)| *value));
    let height = 60 + 24 * names.len() as u32;
    Chart::new(svg(title, height, |area, tips| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(room_for(&names))
            .build_cartesian_2d(low..high, names.len() as f64 - 0.5..-0.5)?;
        quiet(&mut chart.configure_mesh())
            .disable_y_mesh()
            .x_labels(9)
            .y_labels(0)
            .x_label_formatter(&|value| tick(*value))
            .x_desc(unit)
            .draw()?;
        names_at_the_left(area, &chart, &names)?;
        for (place, (name, value)) in bars.iter().enumerate() {
            let corners = [(0.0, place as f64 - 0.35), (*value, place as f64 + 0.35)];
            chart.draw_series([Rectangle::new(corners, COLOURS[0].filled())])?;
            let pixels = corners.map(|corner| chart.plotting_area().map_coordinate(&corner));
            tips.over(pixels, &format!("{name}: {}", charts::figure(*value)));
        }
        Ok(())
    }))
}

/// Counts of values between edges: left edge, right edge, count.
pub fn histogram(title: &str, unit: &str, bins: &[(f64, f64, usize)]) -> Chart {
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return Chart::default();
    };
    let (left, right) = (first.0, last.1.max(first.0 + f64::MIN_POSITIVE));
    let most = bins.iter().map(|bin| bin.2).max().unwrap_or(0).max(1) as f64;
    Chart::new(svg(title, 300, |area, tips| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(left..right, 0.0..most * 1.05)?;
        quiet(&mut chart.configure_mesh())
            .disable_x_mesh()
            .x_labels(9)
            .y_labels(6)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .x_desc(unit)
            .draw()?;
        for (from, until, count) in bins {
            let corners = [(*from, 0.0), (*until, *count as f64)];
            chart.draw_series([Rectangle::new(corners, COLOURS[0].mix(0.8).filled())])?;
            let pixels = [(*from, 0.0), (*until, most)]
                .map(|corner| chart.plotting_area().map_coordinate(&corner));
            let [from, until] = [from, until].map(|edge| charts::figure(*edge));
            tips.over(pixels, &format!("{from} to {until}: {count}"));
        }
        Ok(())
    }))
}

/// Values of rows by columns as colours, from the first end of the scale to the second: above 0 in one
/// colour, below it in another, 0 without any.
pub fn heatmap(
    title: &str,
    [rows, columns]: [&[String]; 2],
    values: &[Vec<Option<f64>>],
    ends: [f64; 2],
) -> Chart {
    let height = 100 + (460 / rows.len().max(1) as u32).clamp(14, 40) * rows.len() as u32;
    let shows_all = columns.len() <= 24;
    Chart::new(svg(title, height, |area, tips| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(room_for(rows))
            .build_cartesian_2d(
                -0.5..columns.len() as f64 - 0.5,
                rows.len() as f64 - 0.5..-0.5,
            )?;
        quiet(&mut chart.configure_mesh())
            .disable_mesh()
            .x_labels(0)
            .y_labels(0)
            .draw()?;
        names_at_the_left(area, &chart, rows)?;
        for (row, (name, cells)) in rows.iter().zip(values).enumerate() {
            for (column, (other, value)) in columns.iter().zip(cells).enumerate() {
                let Some(value) = value else { continue };
                let (x, y) = (column as f64, row as f64);
                let corners = [(x - 0.48, y - 0.48), (x + 0.48, y + 0.48)];
                let end = if *value < 0.0 { ends[0] } else { ends[1] };
                let share = (value / end).abs().clamp(0.0, 1.0);
                let colour = COLOURS[usize::from(*value < 0.0)];
                chart.draw_series([Rectangle::new(corners, colour.mix(share).filled())])?;
                let pixels = corners.map(|corner| chart.plotting_area().map_coordinate(&corner));
                tips.over(
                    pixels,
                    &format!("{name}, {other}: {}", charts::figure(*value)),
                );
            }
        }
        if shows_all {
            let plot = chart.plotting_area();
            let (left, top) = area.get_base_pixel();
            let (_, down) = plot.get_pixel_range();
            for (place, name) in columns.iter().enumerate() {
                let (x, _) = plot.map_coordinate(&(place as f64, 0.0));
                let short: String = name.trim_end_matches("USDT").chars().take(6).collect();
                let at = (x - left, down.end - top + 8);
                write(area, &short, 11, at, charts::centred_below())?;
            }
        }
        let edge = [
            (-0.5, rows.len() as f64 - 0.5),
            (columns.len() as f64 - 0.5, rows.len() as f64 - 0.5),
        ];
        chart.draw_series(LineSeries::new(edge, INK.mix(0.4)))?;
        Ok(())
    }))
}

/// The IC a day (of volatilities: QLIKE) of each fold and of all of them as an SVG file of its own: runs in
/// colour, controls in grey, each with its interval. The same report gives the same bytes.
pub fn folds_svg(report: &Report) -> String {
    Chart::new(html::folds_svg(report)).svg()
}

/// Capital and alpha factor of the best rule as an SVG file of its own.
pub fn backtest_svg(found: &Backtest) -> String {
    Chart::new(html::backtest_svg(found)).svg()
}

/// Mean and cumulative return of each bin as an SVG file of its own.
pub fn quantiles_svg(report: &QuantileReport) -> String {
    Chart::new(html::quantiles_svg(report)).svg()
}

/// Threshold against profit of a coin as an SVG file of its own; grey below `min_trades` trades.
pub fn thresholds_svg(coin: &CoinTuning, min_trades: usize) -> String {
    Chart::new(html::thresholds_svg(coin, min_trades)).svg()
}

/// Importance of features as an SVG file of its own.
pub fn importance_svg(importance: &Importance) -> String {
    Chart::new(html::importance_svg(importance)).svg()
}

/// What the values of the largest features do to a forecast, as an SVG file of its own.
pub fn dependence_svg(importance: &Importance) -> String {
    Chart::new(html::dependence_svg(importance)).svg()
}
