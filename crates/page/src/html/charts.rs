//! Charts as SVG, drawn by plotters.
//!
//! Colours are those of Okabe and Ito, which people of any colour vision tell apart; controls are
//! grey.

use maud::html;
use notation::format_time;
use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use statistics::ConfidenceInterval;

use super::deciles::Decile;
pub(crate) use super::ticks::{month_and_day, tick, time_on_axis};
pub(crate) use super::tips::{Tips, figure, point_words};

pub(crate) const WIDTH: u32 = 960;
pub(crate) const FONT: &str = "sans-serif";
pub(crate) const INK: RGBColor = RGBColor(60, 60, 60);
const LIGHT: RGBColor = RGBColor(225, 225, 225);
pub(crate) const GREYS: [RGBColor; 5] = [
    RGBColor(90, 90, 90),
    RGBColor(165, 165, 165),
    RGBColor(125, 125, 125),
    RGBColor(60, 60, 60),
    RGBColor(190, 190, 190),
];
pub(crate) const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Where the names above a chart begin.
const LEGEND_LEFT: i32 = 84;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// A value with its interval.
pub type Point = (Option<f64>, Option<ConfidenceInterval>);

/// Whose line or points they are, counted among their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesRole {
    /// What a chart is about: in colour.
    Model(usize),
    /// What stands beside it: in grey, lines dashed.
    Control(usize),
}

impl SeriesRole {
    pub(crate) fn colour(self) -> RGBColor {
        match self {
            Self::Model(place) => COLOURS[place % COLOURS.len()],
            Self::Control(place) => GREYS[place % GREYS.len()],
        }
    }
}

/// Counts models and controls, each among their like, so that all charts draw a forecaster alike.
#[derive(Debug, Default)]
pub(crate) struct SeriesRoles {
    models: usize,
    controls: usize,
}

impl SeriesRoles {
    pub(crate) fn next(&mut self, is_model: bool) -> SeriesRole {
        if is_model {
            self.models += 1;
            SeriesRole::Model(self.models - 1)
        } else {
            self.controls += 1;
            SeriesRole::Control(self.controls - 1)
        }
    }
}

/// A line or row of points with its name.
#[derive(Debug, Clone)]
pub struct ChartSeries<T> {
    /// Name in the legend.
    pub label: String,
    /// Colour and form.
    pub role: SeriesRole,
    /// Points in their order.
    pub points: Vec<T>,
}

/// The drawing as text, named for who cannot see it; a chart that cannot be drawn is left out, the
/// tables say the same.
pub(crate) fn svg(
    name: &str,
    height: u32,
    draw: impl FnOnce(&Area<'_>, &Tips) -> DrawResult,
) -> String {
    let (mut text, tips) = (String::new(), Tips::default());
    let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
    let drawn = draw(&area, &tips).and_then(|()| Ok(area.present()?));
    drop(area);
    if drawn.is_err() {
        return String::new();
    }
    // Without a size of its own it takes the page's width.
    let size = format!("<svg width=\"{WIDTH}\" height=\"{height}\"");
    let named = format!(
        "<svg role=\"img\" class=\"chart\" aria-label=\"{}\"",
        html! { (name) }.into_string()
    );
    let text = text.replacen(&size, &named, 1);
    let drawing = text.trim_end().trim_end_matches("</svg>");
    format!("{drawing}{}</svg>\n", tips.layer())
}

/// Points with intervals side by side in named groups: folds or deciles.
/// `unit` is what stands at the axis, and how many of it a value of 1 is.
pub(crate) fn groups(
    title: &str,
    names: &[String],
    series: &[ChartSeries<Point>],
    (unit, scale): (&str, f64),
) -> String {
    let (low, high) = range(series.iter().flat_map(|one| &one.points), scale);
    svg(title, 360, |area, tips| {
        let area = legend(area, series)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(70)
            .build_cartesian_2d(-0.5..names.len() as f64 - 0.5, low..high)?;
        quiet(&mut chart.configure_mesh())
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(7)
            .y_label_formatter(&|value| tick(*value))
            .y_desc(unit)
            .draw()?;
        let zero = [(-0.5, 0.0), (names.len() as f64 - 0.5, 0.0)];
        chart.draw_series(LineSeries::new(zero, INK.stroke_width(1)))?;
        let plot = chart.plotting_area();
        for (place, name) in names.iter().enumerate() {
            let (x, _) = plot.map_coordinate(&(place as f64, low));
            let (_, bottom) = plot.get_pixel_range();
            let (left, top) = area.get_base_pixel();
            let at = (x - left, bottom.end - top + 8);
            write(&area, name, 15, at, Pos::new(HPos::Center, VPos::Top))?;
        }
        let step = 0.7 / series.len().max(1) as f64;
        for (index, one) in series.iter().enumerate() {
            let colour = one.role.colour();
            let offset = (index as f64 - (series.len() as f64 - 1.0) / 2.0) * step;
            for (place, (value, interval)) in one.points.iter().enumerate() {
                let x = place as f64 + offset;
                if let Some([low, high]) = interval {
                    let bar = [(x, low * scale), (x, high * scale)];
                    chart.draw_series(LineSeries::new(bar, colour.stroke_width(2)))?;
                }
                if let Some(value) = value {
                    chart.draw_series([Circle::new((x, value * scale), 4, colour.filled())])?;
                    let words =
                        point_words(&one.label, &names[place], &(Some(*value), *interval), scale);
                    tips.at(
                        chart.plotting_area().map_coordinate(&(x, value * scale)),
                        &words,
                    );
                }
            }
        }
        Ok(())
    })
}

/// One row a name, a point with its interval for each series: coins.
pub(crate) fn rows(
    title: &str,
    names: &[String],
    series: &[ChartSeries<Point>],
    unit: &str,
) -> String {
    let (low, high) = range(series.iter().flat_map(|one| &one.points), 1.0);
    let height = 90 + names.len() as u32 * (14 + 6 * series.len() as u32);
    svg(title, height, |area, tips| {
        let area = legend(area, series)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(room_for(names).max(110))
            .build_cartesian_2d(low..high, names.len() as f64 - 0.5..-0.5)?;
        quiet(&mut chart.configure_mesh())
            .disable_y_mesh()
            .x_labels(9)
            .y_labels(0)
            .x_label_formatter(&|value| tick(*value))
            .x_desc(unit)
            .draw()?;
        let zero = [(0.0, -0.5), (0.0, names.len() as f64 - 0.5)];
        chart.draw_series(LineSeries::new(zero, INK.stroke_width(1)))?;
        names_at_the_left(&area, &chart, names)?;
        let step = 0.7 / series.len().max(1) as f64;
        for (index, one) in series.iter().enumerate() {
            let colour = one.role.colour();
            let offset = (index as f64 - (series.len() as f64 - 1.0) / 2.0) * step;
            for (place, (value, interval)) in one.points.iter().enumerate() {
                let y = place as f64 + offset;
                if let Some([low, high]) = interval {
                    chart.draw_series(LineSeries::new(
                        [(*low, y), (*high, y)],
                        colour.stroke_width(2),
                    ))?;
                }
                if let Some(value) = value {
                    chart.draw_series([Circle::new((*value, y), 4, colour.filled())])?;
                    let words =
                        point_words(&one.label, &names[place], &(Some(*value), *interval), 1.0);
                    tips.at(chart.plotting_area().map_coordinate(&(*value, y)), &words);
                }
            }
        }
        Ok(())
    })
}

/// Lines over time; `marks` are the beginnings of folds, times are UTC milliseconds.
pub(crate) fn lines(
    title: &str,
    series: &[ChartSeries<(i64, f64)>],
    marks: &[i64],
    unit: &str,
) -> String {
    let points = || series.iter().flat_map(|one| &one.points);
    let (Some(from), Some(until)) = (points().map(|p| p.0).min(), points().map(|p| p.0).max())
    else {
        return String::new();
    };
    let (low, high) = padded(points().map(|p| p.1));
    svg(title, 380, |area, tips| {
        let area = legend(area, series)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(30)
            .x_label_area_size(34)
            .y_label_area_size(70)
            .build_cartesian_2d(from as f64..(until.max(from + 1)) as f64, low..high)?;
        quiet(&mut chart.configure_mesh())
            .disable_x_mesh()
            .x_labels(8)
            .y_labels(7)
            .x_label_formatter(&|time| time_on_axis(*time as i64, until - from))
            .y_label_formatter(&|value| tick(*value))
            .y_desc(unit)
            .draw()?;
        for &mark in marks {
            chart.draw_series(LineSeries::new(
                [(mark as f64, low), (mark as f64, high)],
                LIGHT.stroke_width(1),
            ))?;
        }
        let zero = [(from as f64, 0.0), (until as f64, 0.0)];
        chart.draw_series(LineSeries::new(zero, INK.stroke_width(1)))?;
        for one in series {
            // A value that is not known ends the line; the next one begins another.
            for part in one.points.split(|(_, value)| !value.is_finite()) {
                let points = part.iter().map(|&(time, value)| (time as f64, value));
                let style = one.role.colour().stroke_width(2);
                match one.role {
                    SeriesRole::Model(_) => {
                        chart.draw_series(LineSeries::new(points, style))?;
                    }
                    SeriesRole::Control(_) => {
                        chart.draw_series(DashedLineSeries::new(points, 6, 4, style))?;
                    }
                }
            }
        }
        line_tips(&chart, series, [from, until], tips);
        Ok(())
    })
}

/// Strips over a chart of lines, each with its time and every line's last value by then.
pub(super) fn line_tips(
    chart: &Chart<'_, '_>,
    series: &[ChartSeries<(i64, f64)>],
    [from, until]: [i64; 2],
    tips: &Tips,
) {
    const STRIPS: i32 = 80;
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let width = columns.end - columns.start;
    for strip in 0..STRIPS {
        let [left, right] = [strip, strip + 1].map(|end| columns.start + width * end / STRIPS);
        let time = from + (until - from) / i64::from(STRIPS) * i64::from(strip + 1);
        let mut words = format_time(time);
        for one in series {
            let is_known = |point: &&(i64, f64)| point.0 <= time && point.1.is_finite();
            let last = one.points.iter().rfind(is_known);
            words.extend(last.map(|(_, value)| format!("\n{}: {}", one.label, figure(*value))));
        }
        tips.over([(left, rows.start), (right, rows.end)], &words);
    }
}

/// The deciles of several forecasters, in basis points.
pub(super) fn deciles(series: &[ChartSeries<Decile>]) -> String {
    let names: Vec<String> = (1..=10).map(|tenth| tenth.to_string()).collect();
    let points = |one: &ChartSeries<Decile>| ChartSeries {
        label: one.label.clone(),
        role: one.role,
        points: one
            .points
            .iter()
            .map(|decile| (decile.mean, decile.interval))
            .collect(),
    };
    let series: Vec<ChartSeries<Point>> = series.iter().map(points).collect();
    let unit = ("mean realized (basis points)", 1e4);
    groups(
        "Mean realized in each tenth of the forecasts",
        &names,
        &series,
        unit,
    )
}

pub(crate) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<Coordinate, Coordinate>>;

pub(crate) type Coordinate = plotters::coord::types::RangedCoordf64;

/// Light lines and small letters.
pub(crate) fn quiet<'m, 'a, 'b, 'c>(
    mesh: &'m mut MeshStyle<'a, 'b, Coordinate, Coordinate, SVGBackend<'c>>,
) -> &'m mut MeshStyle<'a, 'b, Coordinate, Coordinate, SVGBackend<'c>> {
    mesh.max_light_lines(0)
        .bold_line_style(LIGHT)
        .axis_style(LIGHT)
        .label_style((FONT, 15, &INK))
        .axis_desc_style((FONT, 15, &INK))
}

/// Room for names at the left, in pixels.
pub(crate) fn room_for(names: &[String]) -> u32 {
    let longest = names.iter().map(|name| name.chars().count()).max();
    (16 + 8 * longest.unwrap_or(0) as u32).clamp(50, 300)
}

pub(crate) fn names_at_the_left(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    names: &[String],
) -> DrawResult {
    let plot = chart.plotting_area();
    let (left, top) = area.get_base_pixel();
    let (columns, _) = plot.get_pixel_range();
    for (place, name) in names.iter().enumerate() {
        let (_, y) = plot.map_coordinate(&(0.0, place as f64));
        let at = (columns.start - left - 8, y - top);
        write(area, name, 15, at, Pos::new(HPos::Right, VPos::Center))?;
    }
    Ok(())
}

/// Words centred below their pixel.
pub(crate) fn centred_below() -> Pos {
    Pos::new(HPos::Center, VPos::Top)
}

/// Draws words at a pixel of the area.
pub(crate) fn write(
    area: &Area<'_>,
    words: &str,
    size: u32,
    at: (i32, i32),
    position: Pos,
) -> DrawResult {
    let style = (FONT, size, &INK).into_text_style(area).pos(position);
    Ok(area.draw(&Text::new(words, at, style))?)
}

/// Names of the series in lines above, each after a patch of its colour, and the area below them.
pub(crate) fn legend<'a, T>(
    area: &Area<'a>,
    series: &[ChartSeries<T>],
) -> Result<Area<'a>, Box<dyn std::error::Error>> {
    legend_with(area, series, |above, kind, (x, y)| {
        let patch = [(x - 7, y - 4), (x + 7, y + 4)];
        Ok(above.draw(&Rectangle::new(patch, kind.colour().filled()))?)
    })
}

/// As [`legend`], with something else drawn around the pixel before each name.
pub(crate) fn legend_with<'a, T>(
    area: &Area<'a>,
    series: &[ChartSeries<T>],
    draw: impl Fn(&Area<'a>, SeriesRole, (i32, i32)) -> DrawResult,
) -> Result<Area<'a>, Box<dyn std::error::Error>> {
    let widths: Vec<i32> = series
        .iter()
        .map(|one| 40 + 7 * one.label.chars().count() as i32)
        .collect();
    let places = legend_places(&widths);
    let lines = places.last().map_or(1, |(line, _)| line + 1);
    let (above, below) = area.split_vertically(10 + 20 * lines);
    for (one, (line, x)) in series.iter().zip(places) {
        let y = 16 + 20 * line;
        draw(&above, one.role, (x + 7, y))?;
        let left = Pos::new(HPos::Left, VPos::Center);
        write(&above, &one.label, 15, (x + 20, y), left)?;
    }
    Ok(below)
}

/// Line and left end of each name, given the room that each takes: as many in a line as fit.
fn legend_places(widths: &[i32]) -> Vec<(i32, i32)> {
    let (mut line, mut x) = (0, LEGEND_LEFT);
    let place = |&width: &i32| {
        if x > LEGEND_LEFT && x + width > WIDTH as i32 {
            (line, x) = (line + 1, LEGEND_LEFT);
        }
        x += width;
        (line, x - width)
    };
    widths.iter().map(place).collect()
}

/// Room for all values, intervals and 0.
pub(crate) fn range<'a>(points: impl Iterator<Item = &'a Point>, scale: f64) -> (f64, f64) {
    padded(points.flat_map(|(value, interval)| {
        let ends = interval.unwrap_or([f64::NAN; 2]);
        [
            value.unwrap_or(f64::NAN) * scale,
            ends[0] * scale,
            ends[1] * scale,
        ]
    }))
}

pub(crate) fn padded(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(low, high): (f64, f64), value| {
            (low.min(value), high.max(value))
        });
    let room = ((high - low) * 0.05).max(1e-6);
    (low - room, high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line whose values are all equal, or a single point, is drawn.
    #[test]
    fn constant_series_are_drawn() {
        let series = |points: &[(i64, f64)]| ChartSeries {
            label: "flat".to_owned(),
            role: SeriesRole::Model(0),
            points: points.to_vec(),
        };
        for points in [
            &[(0, 3.0), (60_000, 3.0)][..],
            &[(0, 0.0)],
            &[(0, f64::NAN)],
        ] {
            let text = lines("Flat", &[series(points)], &[], "unit");
            assert!(text.contains("</svg>") && !text.contains("NaN"), "{text}");
        }
    }

    #[test]
    fn an_axis_of_few_days_has_times_of_day() {
        let (noon_ms, day_ms) = (1_717_243_200_000, 86_400_000);
        assert_eq!(time_on_axis(noon_ms, 2 * day_ms), "06-01 12:00");
        assert_eq!(time_on_axis(noon_ms, 4 * day_ms), "06-01");
    }

    #[test]
    fn names_that_do_not_fit_go_to_the_next_line() {
        assert_eq!(legend_places(&[200, 200]), [(0, 84), (0, 284)]);
        assert_eq!(
            legend_places(&[400, 400, 400, 900]),
            [(0, 84), (0, 484), (1, 84), (2, 84)]
        );
    }
}
