//! What documents are made of.

use super::grid::Grid;
use crate::picture::Chart;

/// A part of a document with its heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Heading; also its line in the contents.
    pub heading: String,
    /// Blocks in their order.
    pub blocks: Vec<Block>,
}

/// A paragraph, table or chart.
///
/// In running text what stands between backquotes is code, which HTML shows as such.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A sentence of what is to be known first.
    Verdict(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in the colour of what stands beside the matter.
    Soft(String),
    /// A paragraph that is not to be overlooked.
    Note(String),
    /// Paragraphs of one kind.
    List(Vec<String>),
    /// Words with what they mean.
    Words(Vec<(String, String)>),
    /// A command or a file's content.
    Code(String),
    /// A heading below the section's.
    Heading(String),
    /// A table.
    Table(Grid),
    /// A picture.
    Chart(Chart),
    /// What only a page shows, as HTML.
    Html(String),
    /// Blocks that HTML shows where the reader asks for them.
    Folded {
        /// The line that stands for them.
        summary: String,
        /// Whether they are shown from the start.
        is_open: bool,
        /// The blocks.
        blocks: Vec<Block>,
    },
}

impl Block {
    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Words(words) => words.is_empty(),
            Self::Table(grid) => grid.is_empty(),
            Self::Chart(chart) => chart.is_empty(),
            Self::Folded { blocks, .. } => blocks.iter().all(Self::is_empty),
            Self::Verdict(text)
            | Self::Text(text)
            | Self::Soft(text)
            | Self::Note(text)
            | Self::Code(text)
            | Self::Heading(text)
            | Self::Html(text) => text.is_empty(),
        }
    }
}

impl Section {
    /// A section without blocks.
    pub fn new(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            blocks: Vec::new(),
        }
    }

    /// Whether it has nothing but headings.
    pub fn is_empty(&self) -> bool {
        let is_heading = |block: &Block| matches!(block, Block::Heading(_));
        self.blocks.iter().all(is_heading)
    }

    /// The section with one block more; an empty one is left out.
    pub fn block(mut self, block: Block) -> Self {
        if !block.is_empty() {
            self.blocks.push(block);
        }
        self
    }

    /// The section with these blocks more; empty ones are left out.
    pub fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Self {
        blocks.into_iter().fold(self, Self::block)
    }

    /// The section with a paragraph more.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.block(Block::Text(text.into()))
    }

    /// The section with a paragraph more, in the colour of what stands beside the matter.
    pub fn soft(self, text: impl Into<String>) -> Self {
        self.block(Block::Soft(text.into()))
    }

    /// The section with a paragraph more that is not to be overlooked.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.block(Block::Note(text.into()))
    }

    /// The section with a list more.
    pub fn list(self, items: impl IntoIterator<Item = String>) -> Self {
        self.block(Block::List(items.into_iter().collect()))
    }

    /// The section with words and what they mean.
    pub fn words(self, words: impl IntoIterator<Item = (String, String)>) -> Self {
        self.block(Block::Words(words.into_iter().collect()))
    }

    /// The section with a command or a file's content more.
    pub fn code(self, text: impl Into<String>) -> Self {
        self.block(Block::Code(text.into()))
    }

    /// The section with a heading below its own.
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.block(Block::Heading(text.into()))
    }

    /// The section with a table more.
    pub fn table(self, grid: Grid) -> Self {
        self.block(Block::Table(grid))
    }

    /// The section with a picture more.
    pub fn chart(self, chart: Chart) -> Self {
        self.block(Block::Chart(chart))
    }

    /// The section with blocks that HTML shows where the reader asks for them.
    pub fn folded(self, summary: impl Into<String>, is_open: bool, blocks: Vec<Block>) -> Self {
        self.block(Block::Folded {
            summary: summary.into(),
            is_open,
            blocks,
        })
    }
}
