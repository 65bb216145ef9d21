//! Where pairs of many rows lie: counts in cells, with the diagonal and the means by bin.

use plotters::prelude::*;
use statistics::quantile;

use super::charts::{COLOURS, INK, quiet, svg, tick};

/// Cells of a side.
const CELLS: usize = 48;

/// Share of the rows that is left out at either end of a side.
const OUTSIDE: f64 = 0.002;

/// Rows as pairs of logs, forecast and realized; lines through the means by bin.
pub(super) struct DensityPairs<'a> {
    pub forecast: &'a [f64],
    pub realized: &'a [f64],
    /// Means of both by bins of the forecast, as logs.
    pub bins: Vec<(f64, f64)>,
}

/// The chart; empty without rows. Axes are logarithmic, labelled in percent a day.
pub(super) fn density_chart(title: &str, pairs: &DensityPairs<'_>) -> String {
    let (Some([left, right]), Some([low, high])) = (ends(pairs.forecast), ends(pairs.realized))
    else {
        return String::new();
    };
    let counts = counts(pairs, [left, right], [low, high]);
    let most = counts.iter().copied().max().unwrap_or(1) as f64;
    let percent = |log: &f64| format!("{} %", tick((log.exp() * 1000.0).round() / 10.0));
    svg(title, 460, |area, tips| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(30)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(left..right, low..high)?;
        let (width, height) = ((right - left) / CELLS as f64, (high - low) / CELLS as f64);
        let cell = |(place, &count): (usize, &usize)| {
            let (column, row) = ((place % CELLS) as f64, (place / CELLS) as f64);
            let corner = (left + column * width, low + row * height);
            let other = (corner.0 + width, corner.1 + height);
            let share = (count as f64).ln_1p() / most.ln_1p();
            Rectangle::new(
                [corner, other],
                COLOURS[0].mix(0.08 + 0.92 * share).filled(),
            )
        };
        let cells = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        chart.draw_series(cells.map(cell))?;
        quiet(&mut chart.configure_mesh())
            .x_labels(9)
            .y_labels(9)
            .x_label_formatter(&percent)
            .y_label_formatter(&percent)
            .x_desc("forecast volatility per day")
            .y_desc("realized volatility per day")
            .draw()?;
        let (from, until) = (left.max(low), right.min(high));
        let diagonal = [(from, from), (until, until)];
        chart.draw_series(DashedLineSeries::new(diagonal, 6, 4, INK.stroke_width(1)))?;
        let bins = || pairs.bins.iter().copied();
        chart.draw_series(LineSeries::new(bins(), COLOURS[1].stroke_width(2)))?;
        chart.draw_series(bins().map(|at| Circle::new(at, 4, COLOURS[1].filled())))?;
        for at in bins() {
            let words = format!("{} forecast, {} came", percent(&at.0), percent(&at.1));
            tips.at(chart.plotting_area().map_coordinate(&at), &words);
        }
        Ok(())
    })
}

/// Both ends of what is shown of a side; None where it has no width.
fn ends(values: &[f64]) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (
        quantile(&sorted, OUTSIDE)?,
        quantile(&sorted, 1.0 - OUTSIDE)?,
    );
    let room = ((high - low) * 0.03).max(1e-3);
    Some([low - room, high + room])
}

/// Rows in each cell, from the lowest left one on.
fn counts(pairs: &DensityPairs<'_>, x: [f64; 2], y: [f64; 2]) -> Vec<usize> {
    let mut counts = vec![0; CELLS * CELLS];
    let place = |value: f64, [low, high]: [f64; 2]| {
        let share = (value - low) / (high - low);
        (0.0..1.0)
            .contains(&share)
            .then_some((share * CELLS as f64) as usize)
    };
    for (&forecast, &realized) in pairs.forecast.iter().zip(pairs.realized) {
        if let (Some(column), Some(row)) = (place(forecast, x), place(realized, y)) {
            counts[row * CELLS + column] += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_their_cells() {
        let pairs = DensityPairs {
            forecast: &[0.0, 0.0, 0.999],
            realized: &[0.0, 0.0, 0.5],
            bins: Vec::new(),
        };
        let counts = counts(&pairs, [0.0, 1.0], [0.0, 1.0]);
        assert_eq!(
            (
                counts[0],
                counts[24 * CELLS + 47],
                counts.iter().sum::<usize>()
            ),
            (2, 1, 3)
        );
        assert!(
            density_chart(
                "none",
                &DensityPairs {
                    forecast: &[],
                    realized: &[],
                    bins: Vec::new()
                }
            )
            .is_empty()
        );
    }
}
