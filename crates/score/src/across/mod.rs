//! Several panels together: different coins, times or markets, the same forecasters.

mod figures;
mod means;
mod panel_draws;
mod result;

pub use means::across;
pub use panel_draws::PanelForecasts;
pub use result::{Across, AcrossFigure, AcrossFigures, PanelFigure, PanelSpan};
