//! A document as text for a terminal.

use terminal::Table;

use super::blocks::{Block, Section};
use super::grid::{Grid, GridRow};
use crate::text::format::{legend_line, wrapped};

/// The whole document: blocks with an empty line between them, sentences of one kind without.
pub(super) fn document(title: &str, opening: &[Block], sections: &[Section]) -> String {
    let mut blocks: Vec<Block> = vec![Block::Heading(title.to_owned())];
    blocks.extend(opening.iter().cloned());
    for section in sections {
        blocks.push(Block::Heading(section.heading.clone()));
        blocks.extend(section.blocks.iter().cloned());
    }
    blocks_text(&blocks)
}

/// Blocks without a title.
fn blocks_text(blocks: &[Block]) -> String {
    let mut text = String::new();
    let mut before: Option<&Block> = None;
    for one in blocks {
        let drawn = block(one);
        if drawn.is_empty() {
            continue;
        }
        let is_alike = before.is_some_and(|before| is_running(before) && is_running(one));
        if before.is_some() && !is_alike {
            text.push('\n');
        }
        text += &drawn;
        before = Some(one);
    }
    text
}

/// Whether a block is sentences, which follow each other without an empty line.
fn is_running(block: &Block) -> bool {
    !matches!(
        block,
        Block::Table(_) | Block::Heading(_) | Block::Code(_) | Block::Folded { .. }
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Verdict(text) | Block::Text(text) | Block::Soft(text) | Block::Note(text) => {
            wrapped(text)
        }
        Block::List(items) => items.iter().map(|item| wrapped(item)).collect(),
        Block::Words(words) => words
            .iter()
            .map(|(word, meaning)| legend_line(word, meaning))
            .collect(),
        Block::Code(text) => text.lines().map(|line| format!("  {line}\n")).collect(),
        Block::Heading(text) if text.is_empty() => String::new(),
        Block::Heading(text) => wrapped(text),
        Block::Html(_) => String::new(),
        Block::Table(grid) => table(grid),
        Block::Chart(chart) => chart.words().map_or_else(String::new, wrapped),
        Block::Folded {
            summary, blocks, ..
        } => format!("{}\n{}", wrapped(summary), blocks_text(blocks)),
    }
}

/// A table: the titles of a column side by side.
fn table(grid: &Grid) -> String {
    let is_grouped = grid.columns.iter().any(|titles| titles.len() > 1);
    let table = match is_grouped {
        true => Table::grouped(&grid.label, grid.columns.iter().cloned()),
        false => Table::new(std::iter::once(&grid.label).chain(grid.columns.iter().flatten())),
    };
    let mut table = match grid.is_unbroken {
        true => table.unbroken(),
        false => table,
    };
    for row in &grid.rows {
        match row {
            GridRow::Heading(text) => table.heading(text),
            GridRow::Cells { label, cells, .. } => {
                let cells = cells.iter().zip(&grid.columns).flat_map(|(cell, titles)| {
                    (0..titles.len())
                        .map(|place| cell.parts.get(place).cloned().unwrap_or_default())
                });
                table.push(label, cells);
            }
        }
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use crate::{Block, Document, Grid, Section};

    #[test]
    fn values_and_their_intervals_stand_side_by_side() {
        let mut grid = Grid::grouped("coin", [vec!["mean".to_owned(), "95 %".to_owned()]]);
        grid.row("BTC", [vec!["1".to_owned(), "0 to 2".to_owned()]]);
        grid.soft_row("zero", ["0"]);
        let section = Section::new("Means")
            .text("First.")
            .text("Second.")
            .table(grid);
        let text = Document::new("Report").section(section).text();
        assert_eq!(
            text,
            "Report\n\nMeans\n\nFirst.\nSecond.\n\ncoin  mean    95 %\nBTC      1  0 to 2\nzero     0\n"
        );
    }

    #[test]
    fn sections_and_blocks_without_content_are_left_out() {
        let empty = Section::new("Nothing").table(Grid::new("", ["x"])).list([]);
        let document = Document::new("Report").section(empty);
        assert_eq!(document.text(), "Report\n");
        let document = document.opening(Block::Verdict("It is ahead.".to_owned()));
        assert_eq!(document.text(), "Report\n\nIt is ahead.\n");
    }
}
