//! Words where a chart is pointed at.

use std::cell::RefCell;

use maud::html;

use statistics::ConfidenceInterval;

/// Radius of what is pointed at around a point, in pixels.
const REACH: i32 = 8;

/// What is said where a chart is pointed at: transparent marks above the drawing, each with its words.
#[derive(Debug, Default)]
pub(crate) struct Tips(RefCell<String>);

impl Tips {
    /// Words around a pixel.
    pub(crate) fn at(&self, (x, y): (i32, i32), words: &str) {
        self.add(&html! { circle cx=(x) cy=(y) r=(REACH) { title { (words) } } }.into_string());
    }

    /// Words over a rectangle between two pixels.
    pub(crate) fn over(&self, [from, until]: [(i32, i32); 2], words: &str) {
        let (left, top) = (from.0.min(until.0), from.1.min(until.1));
        let (width, height) = ((from.0 - until.0).abs(), (from.1 - until.1).abs());
        self.add(
            &html! { rect x=(left) y=(top) width=(width.max(1)) height=(height.max(1)) { title { (words) } } }
                .into_string(),
        );
    }

    fn add(&self, mark: &str) {
        self.0.borrow_mut().push_str(mark);
    }

    pub(crate) fn layer(self) -> String {
        let marks = self.0.into_inner();
        match marks.as_str() {
            "" => marks,
            marks => format!("<g fill=\"transparent\">{marks}</g>"),
        }
    }
}

/// What is said of a point: whose, where, its value with its interval.
pub(crate) fn point_words(
    label: &str,
    place: &str,
    (value, ends): &(Option<f64>, Option<ConfidenceInterval>),
    scale: f64,
) -> String {
    let figure = |value: f64| figure(value * scale);
    let value = value.map_or_else(|| "-".to_owned(), figure);
    let ends = ends.map_or_else(String::new, |[low, high]| {
        format!(" ({} to {})", figure(low), figure(high))
    });
    match place {
        "" => format!("{label}: {value}{ends}"),
        place => format!("{label}, {place}: {value}{ends}"),
    }
}

/// A number with four digits that count.
pub(crate) fn figure(value: f64) -> String {
    let size = if value == 0.0 || !value.is_finite() {
        0
    } else {
        value.abs().log10().floor() as i64
    };
    let digits = usize::try_from((3 - size).clamp(0, 8)).unwrap_or(0);
    format!("{value:.digits$}")
}
