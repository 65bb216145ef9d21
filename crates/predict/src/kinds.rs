//! The list of forecasters that a saved run may be of.

use baseline::{TreeKind, TreesKind};
use ensemble::EnsembleKind;
use linear::RidgeKind;
use model::DeviceChoice;
use run::Kinds;
use train::NetworkKind;
use volatility::VolatilityKind;

/// Every kind of run that can forecast; `device` is for networks. A new kind is one line here.
pub fn kinds(device: DeviceChoice) -> Kinds {
    Kinds::new(vec![
        Box::new(NetworkKind { device }),
        Box::new(TreesKind(TreeKind::LightGbm)),
        Box::new(TreesKind(TreeKind::XgBoost)),
        Box::new(RidgeKind),
        Box::new(VolatilityKind),
        Box::new(EnsembleKind),
    ])
}
