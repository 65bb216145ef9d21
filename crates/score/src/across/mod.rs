//! Several panels together: different coins, times or markets, the same forecasters.

mod drawn;
mod figures;
mod means;
mod result;

pub use drawn::PanelForecasts;
pub use means::across;
pub use result::{Across, AcrossFigure, AcrossFigures, PanelFigure, PanelSpan};
