//! Several panels together: different coins, times or markets, the same forecasters.

mod means;
mod result;
mod table;

pub use means::{Panel, across};
pub use result::{Across, AcrossFigure, AcrossFigures, PanelFigure, PanelSpan};
