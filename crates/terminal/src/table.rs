//! Aligned columns: the first to the left, the others to the right unless they are named.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::width::line_width;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, presets};

/// Spaces between columns.
const GAP: u16 = 2;

/// Widest line of a table.
const WIDTH: usize = 118;

/// Widest line of a table whose columns come in groups.
const WIDE: usize = 150;

/// A header and rows of cells, drawn as aligned columns.
///
/// Columns that do not fit into a line go into further blocks below, each with the labels again.
///
/// # Examples
/// ```
/// let mut table = terminal::Table::new(["coin", "trades", "net"]);
/// table.push("BTCUSDT", ["12".to_owned(), "+0.40 %".to_owned()]);
/// assert_eq!(
///     table.render(),
///     "coin     trades      net\n\
///      BTCUSDT      12  +0.40 %\n"
/// );
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<TextRow>,
    /// Widest line.
    width: usize,
    /// Columns that are aligned to the left, besides the first.
    left: BTreeSet<usize>,
    /// Columns that stand beside the one before them in every case.
    bound: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum TextRow {
    Cells(Vec<String>),
    Heading(String),
}

impl Table {
    /// A table with its header and no rows, in lines of at most 118 characters.
    pub fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            width: WIDTH,
            left: BTreeSet::new(),
            bound: BTreeSet::new(),
        }
    }

    /// A table in lines of at most 150 characters, whose header comes in groups after the title of
    /// the labels. The columns of a group stay in one line.
    pub fn grouped(label: &str, groups: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut table = Self {
            width: WIDE,
            ..Self::new([label])
        };
        for group in groups {
            let first = table.header.len();
            table.bound.extend(first + 1..first + group.len());
            table.header.extend(group);
        }
        table
    }

    /// The table with all columns side by side, however long its lines get.
    pub fn unbroken(self) -> Self {
        Self {
            width: usize::MAX,
            ..self
        }
    }

    /// The table with these columns aligned to the left, counted from 0.
    pub fn left(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.left.extend(columns);
        self
    }

    /// Adds a row: its label, then the cells of the further columns.
    pub fn push(&mut self, label: &str, cells: impl IntoIterator<Item = String>) {
        let cells = std::iter::once(label.to_owned()).chain(cells).collect();
        self.rows.push(TextRow::Cells(cells));
    }

    /// Adds a line of its own between rows. It may be longer than their labels.
    pub fn heading(&mut self, text: &str) {
        self.rows.push(TextRow::Heading(text.to_owned()));
    }

    /// The table as lines, each ended by a line break. On a terminal they are no wider than it, as far
    /// as labels with one column fit.
    pub fn render(&self) -> String {
        self.render_in(line_width(self.width))
    }

    /// The table in lines of at most so many characters.
    fn render_in(&self, width: usize) -> String {
        let mut drawn = self.drawn();
        let widths = drawn.column_max_content_widths();
        let mut block = |shown: Range<usize>| {
            for (place, column) in drawn.column_iter_mut().enumerate() {
                if place == 0 || shown.contains(&place) {
                    column.remove_constraint();
                } else {
                    column.set_constraint(ColumnConstraint::Hidden);
                }
            }
            self.with_headings(drawn.lines())
        };
        let blocks: Vec<String> = self
            .blocks(&widths, width)
            .into_iter()
            .map(&mut block)
            .collect();
        blocks.join("\n")
    }

    /// Header and rows as the library's table. Headings are left out, as they take no width.
    fn drawn(&self) -> comfy_table::Table {
        let mut drawn = comfy_table::Table::new();
        drawn
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(&self.header);
        for row in &self.rows {
            if let TextRow::Cells(cells) = row {
                drawn.add_row(cells);
            }
        }
        for (place, column) in drawn.column_iter_mut().enumerate() {
            let is_left = place == 0 || self.left.contains(&place);
            column.set_padding((if place == 0 { 0 } else { GAP }, 0));
            column.set_cell_alignment(if is_left {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            });
        }
        drawn
    }

    /// The columns of every block, besides the first column that all blocks have.
    fn blocks(&self, widths: &[u16], line: usize) -> Vec<Range<usize>> {
        let columns = widths.len();
        let label = widths.first().map_or(0, |width| usize::from(*width));
        let mut blocks = Vec::new();
        let (mut first, mut last, mut used) = (1, 1, label);
        while last < columns {
            let mut next = (last + 1..columns)
                .find(|column| !self.bound.contains(column))
                .unwrap_or(columns);
            let width_until = |next: usize| -> usize {
                let group = widths.get(last..next).unwrap_or_default();
                group.iter().map(|width| usize::from(GAP + *width)).sum()
            };
            // A group wider than a line is broken.
            if label + width_until(next) > line {
                next = last + 1;
            }
            let width = width_until(next);
            if last > first && used + width > line {
                blocks.push(first..last);
                (first, used) = (last, label);
            }
            used += width;
            last = next;
        }
        blocks.push(first..last);
        blocks
    }

    /// The lines of header and rows with the headings between them.
    fn with_headings(&self, lines: impl Iterator<Item = String>) -> String {
        let mut lines = lines;
        let mut text = String::new();
        let mut add = |line: &str| {
            text += line.trim_end();
            text.push('\n');
        };
        lines.by_ref().take(1).for_each(|header| add(&header));
        for row in &self.rows {
            match row {
                TextRow::Heading(heading) => add(heading),
                TextRow::Cells(_) => lines.by_ref().take(1).for_each(|line| add(&line)),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_labels_left_and_cells_right() {
        let mut table = Table::new(["name", "x"]);
        table.push("a", ["+0.1".to_owned()]);
        assert_eq!(table.render(), "name     x\na     +0.1\n");
    }

    #[test]
    fn named_columns_are_aligned_left() {
        let mut table = Table::new(["name", "opened", "x", ""]).left([1, 3]);
        table.push("a", ["-", "10", "late"].map(str::to_owned));
        table.push("b", ["2021-05-01", "1", ""].map(str::to_owned));
        assert_eq!(
            table.render(),
            "name  opened       x\n\
             a     -           10  late\n\
             b     2021-05-01   1\n"
        );
    }

    #[test]
    fn a_heading_takes_no_width() {
        let mut table = Table::new(["", "x"]);
        table.heading("what follows");
        table.push("  a", ["1".to_owned()]);
        assert_eq!(table.render(), "     x\nwhat follows\n  a  1\n");
    }

    #[test]
    fn wide_letters_take_two_places() {
        let mut table = Table::new(["coin", "x"]);
        table.push("龙USDT", ["1".to_owned()]);
        table.push("AUSDT", ["22".to_owned()]);
        assert_eq!(table.render(), "coin     x\n龙USDT   1\nAUSDT   22\n");
    }

    #[test]
    fn groups_of_columns_stay_together() {
        let group = |number: usize| vec![format!("column{number}"), "x".repeat(30)];
        let mut table = Table::grouped("name", (0..5).map(group));
        table.push("row", (0..10).map(|n| n.to_string()));
        let text = table.render();
        let headers: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("name"))
            .collect();
        assert!(headers.iter().all(|line| line.ends_with('x')), "{text}");
        assert!(headers.len() == 2 && text.lines().all(|line| line.len() <= WIDE));
    }

    #[test]
    fn columns_that_do_not_fit_go_below() {
        let columns = (0..30).map(|n| format!("column{n}"));
        let header: Vec<String> = std::iter::once("name".to_owned()).chain(columns).collect();
        let mut table = Table::new(header.clone());
        table.push("row", (0..30).map(|n| n.to_string()));
        let text = table.render();
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        assert!(
            text.contains("column29") && text.matches("name").count() == 3,
            "{text}"
        );
        assert_eq!(Table::new(header).unbroken().render().lines().count(), 1);
    }

    #[test]
    fn a_table_fits_a_narrow_terminal_and_loses_no_column() {
        let group = |number: usize| vec![format!("column{number}"), "interval".to_owned()];
        let mut table = Table::grouped("name", (0..3).map(group));
        table.push("row", (0..6).map(|n| n.to_string()));
        assert_eq!(
            table.render_in(24),
            "name  column0  interval\nrow         0         1\n\n\
             name  column1  interval\nrow         2         3\n\n\
             name  column2  interval\nrow         4         5\n"
        );
        // A group wider than the line is broken.
        let narrow = table.render_in(16);
        assert!(narrow.lines().all(|line| line.len() <= 16), "{narrow}");
        assert_eq!(narrow.matches("interval").count(), 3);
    }

    #[test]
    fn a_column_wider_than_a_line_stands_alone() {
        let mut table = Table::new(["name".to_owned(), "x".repeat(200), "y".to_owned()]);
        table.push("row", ["1".to_owned(), "2".to_owned()]);
        assert_eq!(table.render().matches("name").count(), 2);
    }
}
