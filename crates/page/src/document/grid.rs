//! A table as a value.

use crate::text::format::dash;

/// A table: the title of the labels, columns, rows.
///
/// A column may have several titles, such as a value and its interval. They stand side by side as text,
/// and one below the other in HTML.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    pub(super) label: String,
    /// The titles of each column, at least one.
    pub(super) columns: Vec<Vec<String>>,
    pub(super) rows: Vec<GridRow>,
    /// Whether text has all columns side by side where it is not for a terminal.
    pub(super) is_unbroken: bool,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum GridRow {
    /// A line between rows.
    Heading(String),
    Cells {
        label: String,
        /// Whether it is in the colour of what stands beside the matter, such as controls.
        is_soft: bool,
        cells: Vec<GridCell>,
    },
}

/// What stands under the titles of one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GridCell {
    pub(super) parts: Vec<String>,
    /// How dark its back is, from 0 to 1.
    pub(super) shade: f64,
}

impl GridCell {
    /// The cell on a back of this darkness, from 0 to 1.
    pub fn shaded(self, shade: f64) -> Self {
        Self { shade, ..self }
    }

    /// The texts below the first, with their titles; what is undefined is left out.
    pub(super) fn below<'a>(
        &'a self,
        titles: &'a [String],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let titles = titles
            .iter()
            .map(String::as_str)
            .chain(std::iter::repeat(""));
        let parts = self.parts.iter().map(String::as_str);
        let undefined = dash();
        titles
            .zip(parts)
            .skip(1)
            .filter(move |(_, part)| *part != undefined && !part.is_empty())
    }
}

impl From<String> for GridCell {
    fn from(value: String) -> Self {
        vec![value].into()
    }
}

impl From<&str> for GridCell {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

impl From<Vec<String>> for GridCell {
    fn from(parts: Vec<String>) -> Self {
        Self { parts, shade: 0.0 }
    }
}

impl Grid {
    /// A table whose columns have one title each, without rows.
    pub fn new(
        label: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self::grouped(label, columns.into_iter().map(|title| vec![title.into()]))
    }

    /// A table whose columns may have several titles each, without rows.
    pub fn grouped(
        label: impl Into<String>,
        columns: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        Self {
            label: label.into(),
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            is_unbroken: false,
        }
    }

    /// The table whose text has all columns side by side in a file or pipe, however long lines get.
    pub fn unbroken(self) -> Self {
        Self {
            is_unbroken: true,
            ..self
        }
    }

    /// Adds a row: its label, then the cells of the columns.
    pub fn row(
        &mut self,
        label: impl Into<String>,
        cells: impl IntoIterator<Item = impl Into<GridCell>>,
    ) {
        self.push(label.into(), false, cells);
    }

    /// Adds a row in the colour of what stands beside the matter.
    pub fn soft_row(
        &mut self,
        label: impl Into<String>,
        cells: impl IntoIterator<Item = impl Into<GridCell>>,
    ) {
        self.push(label.into(), true, cells);
    }

    /// Adds a row that is soft where `is_soft`.
    fn push(
        &mut self,
        label: String,
        is_soft: bool,
        cells: impl IntoIterator<Item = impl Into<GridCell>>,
    ) {
        self.rows.push(GridRow::Cells {
            label,
            is_soft,
            cells: cells.into_iter().map(Into::into).collect(),
        });
    }

    /// Adds a line between rows.
    pub fn heading_row(&mut self, text: impl Into<String>) {
        self.rows.push(GridRow::Heading(text.into()));
    }

    /// Returns true when it has no rows of cells.
    pub fn is_empty(&self) -> bool {
        let is_heading = |row: &GridRow| matches!(row, GridRow::Heading(_));
        self.rows.iter().all(is_heading)
    }
}
