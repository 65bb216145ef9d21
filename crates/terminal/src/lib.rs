//! Tables of text for a terminal or a pipe: aligned columns without frames, colours or escape codes.

mod table;
mod width;

pub use table::Table;
pub use width::{line_width, set_width};
