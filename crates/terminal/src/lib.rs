//! Tables of text for a terminal or a pipe: aligned columns without frames, colours or escape codes.

mod table;

pub use table::Table;
