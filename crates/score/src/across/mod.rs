//! Several panels together: different coins, times or markets, the same forecasters.

mod means;
mod result;

pub use means::{PanelForecasts, across};
pub use result::{Across, AcrossFigure, AcrossFigures, PanelFigure, PanelSpan};
