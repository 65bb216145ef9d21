//! The one renderer: a page or report as a value, from which text for a terminal and HTML are made.

mod blocks;
mod grid;
mod html;
mod text;

pub(crate) use html::{breakable, running};

pub use blocks::{Block, Section};
pub use grid::{Grid, GridCell};

/// A page or report: its title, what stands first, its sections.
///
/// # Examples
/// ```
/// use page::{Document, Grid, Section};
///
/// let mut grid = Grid::new("coin", ["trades"]);
/// grid.row("BTCUSDT", ["12"]);
/// let document = Document::new("Trades").section(Section::new("By coin").table(grid));
/// assert_eq!(document.text(), "Trades\n\nBy coin\n\ncoin     trades\nBTCUSDT      12\n");
/// assert!(document.html().contains("<h2>By coin</h2>"));
/// ```
#[derive(Debug, Clone)]
pub struct Document {
    title: String,
    opening: Vec<Block>,
    sections: Vec<Section>,
}

impl Document {
    /// A document with its title alone.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            opening: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// The document with one block more before its sections.
    pub fn opening(mut self, block: Block) -> Self {
        self.opening.push(block);
        self
    }

    /// The document with these blocks more before its sections.
    pub fn openings(mut self, blocks: impl IntoIterator<Item = Block>) -> Self {
        self.opening.extend(blocks);
        self
    }

    /// The document with one section more; a section without blocks is left out.
    pub fn section(self, section: Section) -> Self {
        self.sections([section])
    }

    /// The document with these sections more; those without blocks are left out.
    pub fn sections(mut self, sections: impl IntoIterator<Item = Section>) -> Self {
        let sections = sections.into_iter();
        self.sections
            .extend(sections.filter(|section| !section.is_empty()));
        self
    }

    /// One HTML file that needs no other file, no script and no network: the title, what stands first,
    /// the contents, the sections.
    pub fn html(&self) -> String {
        html::page(&self.title, &self.opening, &self.sections)
    }

    /// Text for a terminal; of charts the captions alone.
    pub fn text(&self) -> String {
        text::document(&self.title, &self.opening, &self.sections)
    }
}
