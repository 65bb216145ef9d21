//! Aligned columns of text: the first to the left, the others to the right.

use std::collections::BTreeSet;

/// Widest line a grid prints; columns that do not fit go into further blocks below.
const WIDTH: usize = 118;

/// The same of a grid whose columns belong together.
const WIDE: usize = 150;

/// Spaces between columns.
const GAP: usize = 2;

/// A header and rows of cells, every row as long as the header.
pub(crate) struct Grid {
    rows: Vec<Vec<String>>,
    width: usize,
    /// Columns that stand beside the one before them, whatever fits.
    bound: BTreeSet<usize>,
}

impl Grid {
    /// A grid with its header and no rows.
    pub fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            rows: vec![header.into_iter().map(Into::into).collect()],
            width: WIDTH,
            bound: BTreeSet::new(),
        }
    }

    /// A grid of up to 150 columns of text whose header comes in groups that stay together.
    pub fn grouped(label: &str, groups: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut header = vec![label.to_owned()];
        let mut bound = BTreeSet::new();
        for group in groups {
            bound.extend(header.len() + 1..header.len() + group.len());
            header.extend(group);
        }
        Self {
            width: WIDE,
            bound,
            ..Self::new(header)
        }
    }

    /// Adds a row: its label, then one cell for every further column.
    pub fn push(&mut self, label: &str, cells: impl IntoIterator<Item = String>) {
        let mut row = vec![label.to_owned()];
        row.extend(cells);
        self.rows.push(row);
    }

    /// Adds a line of its own between rows, which may be longer than their labels.
    pub fn heading(&mut self, text: &str) {
        self.rows.push(vec![text.to_owned()]);
    }

    /// The grid as lines, each ended by a line break.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        let label = widths.first().copied().unwrap_or(0);
        let mut blocks = Vec::new();
        let mut first = 1;
        while first < columns || blocks.is_empty() {
            let mut last = first;
            let mut used = label;
            while last < columns {
                let next = self.group_end(last, columns);
                let width: usize = widths[last..next].iter().map(|width| GAP + width).sum();
                if last > first && used + width > self.width {
                    break;
                }
                used += width;
                last = next;
            }
            blocks.push(self.block(&widths, first..last));
            first = last.max(first + 1);
        }
        blocks.join("\n")
    }

    /// The column after the last one that stays with `column`.
    fn group_end(&self, column: usize, columns: usize) -> usize {
        (column + 1..columns)
            .find(|next| !self.bound.contains(next))
            .unwrap_or(columns)
    }

    fn block(&self, widths: &[usize], columns: std::ops::Range<usize>) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let label = row.first().map(String::as_str).unwrap_or_default();
            let mut line = format!(
                "{label:<width$}",
                width = widths.first().copied().unwrap_or(0)
            );
            for column in columns.clone() {
                let cell = row.get(column).map(String::as_str).unwrap_or_default();
                line += &format!("{:GAP$}{cell:>width$}", "", width = widths[column]);
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let is_heading = |row: &&Vec<String>| row.len() == 1 && self.rows.len() > 1;
        let cells = self
            .rows
            .iter()
            .filter(|row| !is_heading(row))
            .filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_labels_left_and_cells_right() {
        let mut grid = Grid::new(["name", "x"]);
        grid.push("a", ["+0.1".to_owned()]);
        assert_eq!(grid.render(), "name     x\na     +0.1\n");
    }

    #[test]
    fn a_heading_takes_no_width() {
        let mut grid = Grid::new(["", "x"]);
        grid.heading("what follows");
        grid.push("  a", ["1".to_owned()]);
        assert_eq!(grid.render(), "     x\nwhat follows\n  a  1\n");
    }

    #[test]
    fn groups_of_columns_stay_together() {
        let group = |number: usize| vec![format!("column{number}"), "x".repeat(30)];
        let mut grid = Grid::grouped("name", (0..5).map(group));
        grid.push("row", (0..10).map(|n| n.to_string()));
        let text = grid.render();
        let headers: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("name"))
            .collect();
        assert!(headers.iter().all(|line| line.ends_with('x')), "{text}");
        assert!(headers.len() == 2 && text.lines().all(|line| line.len() <= WIDE));
    }

    #[test]
    fn columns_that_do_not_fit_go_below() {
        let mut grid = Grid::new(
            std::iter::once("name".to_owned()).chain((0..30).map(|n| format!("column{n}"))),
        );
        grid.push("row", (0..30).map(|n| n.to_string()));
        let text = grid.render();
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        assert!(
            text.contains("column29") && text.matches("name").count() == 3,
            "{text}"
        );
    }
}
