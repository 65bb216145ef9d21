//! What the sections of a run's page share: tables and pictures.

use crate::document::{Block, Section, breakable, running};
use maud::{Markup, PreEscaped, Render, html};

use crate::text::format::dash;

/// A part of the page of a run; nothing where its body is empty.
pub(super) fn part(heading: &str, body: Markup) -> Section {
    Section::new(heading).block(Block::Html(body.into_string()))
}

/// The last section of a page: what its figures are, and the command that makes the page again.
pub(super) fn figures_section(notes: Vec<String>, command: &str) -> Section {
    Section::new("What the figures are")
        .list(notes)
        .text("This page again:")
        .code(command)
}

/// A picture from the SVG that draws it, with a sentence under it; nothing where nothing was drawn.
pub(super) fn chart(svg: String, caption: &str) -> Markup {
    html! {
        @if !svg.is_empty() {
            figure {
                div { (PreEscaped(svg)) }
                @if !caption.is_empty() { figcaption { (running(caption)) } }
            }
        }
    }
}

/// A cell of a table: a value, and in small letters what belongs to it.
#[derive(Debug, Clone, Default)]
pub(super) struct PageCell {
    value: String,
    below: Vec<String>,
}

impl PageCell {
    /// The first text as the value, the others below it. What is undefined is `-`, once.
    pub fn stacked(texts: impl IntoIterator<Item = String>) -> Self {
        let mut texts = texts.into_iter();
        Self {
            value: texts.next().unwrap_or_default(),
            below: texts.filter(|text| *text != dash()).collect(),
        }
    }
}

impl From<String> for PageCell {
    fn from(value: String) -> Self {
        Self {
            value,
            below: Vec::new(),
        }
    }
}

impl From<&str> for PageCell {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

impl Render for PageCell {
    fn render(&self) -> Markup {
        html! {
            (running(&self.value))
            @for line in &self.below { small { (running(line)) } }
        }
    }
}

/// A row of a table.
#[derive(Debug, Clone)]
pub(super) struct PageRow {
    pub label: String,
    /// Whether it is in the colour of what stands beside the matter, such as controls.
    pub is_soft: bool,
    pub cells: Vec<PageCell>,
}

impl PageRow {
    /// A row in the usual colour.
    pub fn new(label: String, cells: impl IntoIterator<Item = impl Into<PageCell>>) -> Self {
        Self {
            label,
            is_soft: false,
            cells: cells.into_iter().map(Into::into).collect(),
        }
    }

    /// The row, soft where `is_soft`.
    pub fn soft(self, is_soft: bool) -> Self {
        Self { is_soft, ..self }
    }
}

/// A table from its header, whose first title is that of the labels, and its rows.
pub(super) fn table(
    header: impl IntoIterator<Item = impl Into<PageCell>>,
    rows: impl IntoIterator<Item = PageRow>,
) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        @for title in header { th { (title.into()) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr.soft[row.is_soft] {
                            th { (breakable(&row.label)) }
                            @for cell in &row.cells { td { (cell) } }
                        }
                    }
                }
            }
        }
    }
}
