//! A picture as a value.

/// The dark counterpart of each colour that charts use.
pub(crate) const DARK_COLOURS: &str = include_str!("html/dark.css");

/// The back of a chart that is a file of its own.
const BACK: &str = ".chart { background: #fff }\n\
    @media screen and (prefers-color-scheme: dark) { .chart { background: #1b1b1b } }\n";

/// A picture: SVG, and a caption of one sentence under it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    svg: String,
    caption: Option<String>,
}

impl Chart {
    pub(crate) fn new(svg: String) -> Self {
        Self { svg, caption: None }
    }

    /// The picture with a caption.
    pub fn caption(self, words: impl Into<String>) -> Self {
        Self {
            caption: Some(words.into()),
            ..self
        }
    }

    /// The caption.
    pub(crate) fn words(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// Whether nothing could be drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.svg.is_empty()
    }

    /// The picture within a page, whose style has the dark colours.
    pub(crate) fn inline(&self) -> &str {
        &self.svg
    }

    /// The picture as a file of its own, with its colours for light and dark.
    pub fn svg(&self) -> String {
        match self.svg.split_once(">\n") {
            Some((tag, drawing)) => {
                format!("{tag}>\n<style>\n{BACK}{DARK_COLOURS}</style>\n{drawing}")
            }
            None => self.svg.clone(),
        }
    }
}
