//! Threshold against profit of one coin as SVG: buy on the left, sell on the right, mean above,
//! total below.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use rules::{Candidate, CoinTuning, SideTuning};

use super::charts::{
    self, Area, COLOURS, Chart, DrawResult, FONT, GREYS, INK, Tips, padded, quiet, svg, tick,
};
use crate::text::format::grouped;

const HEIGHT: u32 = 560;

/// The coin's chart as an SVG file of its own.
///
/// Candidates with fewer than `min_trades` trades are grey and do not set the scale. A vertical
/// line is the threshold that was taken.
pub fn thresholds_svg(coin: &CoinTuning, min_trades: usize) -> String {
    let name = format!("Threshold against profit of {}", coin.symbol);
    svg(&name, HEIGHT, |area, tips| {
        let columns = area.split_evenly((1, coin.sides.len().max(1)));
        for ((side, column), colour) in coin.sides.iter().zip(&columns).zip(COLOURS) {
            let (title, rest) = column.split_vertically(34);
            let text = format!("{} {}", coin.symbol, side.side.name());
            let style = (FONT, 15, &INK)
                .into_text_style(&title)
                .pos(Pos::new(HPos::Left, VPos::Center));
            title.draw(&Text::new(text, (72, 20), style))?;
            let (above, below) = rest.split_vertically(HEIGHT * 11 / 20);
            panel(&above, (side, min_trades), colour, &MEAN, tips)?;
            panel(&below, (side, min_trades), colour, &TOTAL, tips)?;
        }
        Ok(())
    })
}

/// One of the two figures that are drawn.
struct Figure {
    unit: &'static str,
    /// The value in the unit.
    value: fn(&Candidate) -> Option<f64>,
    /// Its interval, if it has one.
    interval: fn(&Candidate) -> Option<[f64; 2]>,
    /// Whether numbers of trades stand along the top.
    counts: bool,
}

const MEAN: Figure = Figure {
    unit: "mean profit of a trade (bp)",
    value: |candidate| Some(candidate.tuned.mean? * 1e4),
    interval: |candidate| Some(candidate.tuned.interval?.map(|end| end * 1e4)),
    counts: true,
};

const TOTAL: Figure = Figure {
    unit: "total profit (%)",
    value: |candidate| Some(candidate.tuned.total * 100.0).filter(|_| candidate.tuned.trades > 0),
    interval: |_| None,
    counts: false,
};

/// What a panel draws: the candidates that count, and the ends of its axes.
struct Axes<'a> {
    counted: Vec<&'a Candidate>,
    x: [f64; 2],
    y: [f64; 2],
}

/// Size of a candidate's threshold in basis points.
fn place(candidate: &Candidate) -> f64 {
    candidate.threshold.abs() * 1e4
}

impl<'a> Axes<'a> {
    fn new(side: &'a SideTuning, min_trades: usize, figure: &Figure) -> Self {
        let is_counted = |candidate: &&Candidate| candidate.tuned.trades >= min_trades;
        let counted: Vec<&Candidate> = side.candidates.iter().filter(is_counted).collect();
        // Where no candidate has enough trades, all of them set the scale.
        let scale = if counted.is_empty() {
            side.candidates.iter().collect()
        } else {
            counted.clone()
        };
        let ends = |candidate: &Candidate| {
            let [low, high] = (figure.interval)(candidate).unwrap_or([f64::NAN; 2]);
            [(figure.value)(candidate).unwrap_or(f64::NAN), low, high]
        };
        let (low, high) = padded(scale.iter().flat_map(|candidate| ends(candidate)));
        let thresholds = || side.candidates.iter().map(place);
        let (left, right) = (
            thresholds().fold(f64::INFINITY, f64::min),
            thresholds().fold(f64::NEG_INFINITY, f64::max),
        );
        let (left, right) = if left < right {
            (left, right)
        } else {
            (left.min(1.0) - 1.0, right.max(0.0) + 1.0)
        };
        let room = (right - left) * 0.03;
        Self {
            counted,
            x: [left - room, right + room],
            y: [low, high],
        }
    }
}

fn panel(
    area: &Area<'_>,
    (side, min_trades): (&SideTuning, usize),
    colour: RGBColor,
    figure: &Figure,
    tips: &Tips,
) -> DrawResult {
    let axes = Axes::new(side, min_trades, figure);
    let ([left, right], [low, high]) = (axes.x, axes.y);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(20)
        .margin_top(if figure.counts { 22 } else { 8 })
        .x_label_area_size(38)
        .y_label_area_size(62)
        .build_cartesian_2d(left..right, low..high)?;
    quiet(&mut chart.configure_mesh())
        .disable_x_mesh()
        .x_labels(7)
        .y_labels(6)
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .x_desc(if figure.counts {
            ""
        } else {
            "threshold: size of the forecast (bp)"
        })
        .y_desc(figure.unit)
        .draw()?;
    let zero = [(left, 0.0), (right, 0.0)];
    chart.draw_series(LineSeries::new(zero, INK.stroke_width(1)))?;
    interval_band(&mut chart, &axes, colour, figure)?;
    if let Some(threshold) = side.threshold {
        let x = threshold.abs() * 1e4;
        chart.draw_series(LineSeries::new([(x, low), (x, high)], INK.stroke_width(2)))?;
    }
    let points = |candidate: &&Candidate| Some((place(candidate), (figure.value)(candidate)?));
    let points = axes.counted.iter().filter_map(points);
    chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    let dot = |candidate: &Candidate| {
        let value = (figure.value)(candidate).filter(|value| (low..=high).contains(value))?;
        let is_counted = candidate.tuned.trades >= min_trades;
        let colour = if is_counted { colour } else { GREYS[1] };
        Some(Circle::new((place(candidate), value), 3, colour.filled()))
    };
    chart.draw_series(side.candidates.iter().filter_map(dot))?;
    for candidate in &side.candidates {
        let value = (figure.value)(candidate).filter(|value| (low..=high).contains(value));
        let Some(value) = value else { continue };
        let words = format!(
            "threshold {} bp: {} {}, {} trades",
            charts::figure(place(candidate)),
            figure.unit,
            charts::figure(value),
            grouped(candidate.tuned.trades)
        );
        let at = chart
            .plotting_area()
            .map_coordinate(&(place(candidate), value));
        tips.at(at, &words);
    }
    if figure.counts {
        counts(area, &chart, side, (left, right), high)
    } else {
        Ok(())
    }
}

/// The intervals of the candidates as an area.
fn interval_band(
    chart: &mut Chart<'_, '_>,
    axes: &Axes<'_>,
    colour: RGBColor,
    figure: &Figure,
) -> DrawResult {
    let band = |end: usize| {
        let counted = axes.counted.iter();
        counted.filter_map(move |one| Some((place(one), (figure.interval)(one)?[end])))
    };
    let outline: Vec<(f64, f64)> = band(0)
        .chain(band(1).collect::<Vec<_>>().into_iter().rev())
        .collect();
    if outline.len() > 2 {
        chart.draw_series([Polygon::new(outline, colour.mix(0.18).filled())])?;
    }
    Ok(())
}

/// Numbers of trades above the plot, as many as fit.
fn counts(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    side: &SideTuning,
    ends: (f64, f64),
    top: f64,
) -> DrawResult {
    let (base_left, base_top) = area.get_base_pixel();
    let label = |x: i32, text: String, position: HPos| {
        let style = (FONT, 12, &INK)
            .into_text_style(area)
            .pos(Pos::new(position, VPos::Bottom));
        let (_, y) = chart.plotting_area().map_coordinate(&(ends.0, top));
        area.draw(&Text::new(text, (x - base_left, y - base_top - 5), style))
    };
    let mut free_from = i32::MIN;
    for candidate in &side.candidates {
        let (x, _) = chart
            .plotting_area()
            .map_coordinate(&(candidate.threshold.abs() * 1e4, top));
        if x < free_from {
            continue;
        }
        let text = grouped(candidate.tuned.trades);
        free_from = x + 18 + 7 * text.len() as i32;
        label(x, text, HPos::Center)?;
    }
    let (x, _) = chart.plotting_area().map_coordinate(&(ends.0, top));
    label(x - 8, "trades".to_owned(), HPos::Right)?;
    Ok(())
}
